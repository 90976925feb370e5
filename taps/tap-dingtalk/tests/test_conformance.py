"""What the sheet of 钉钉 tells, as data; the tests come with it."""

from __future__ import annotations

from datetime import datetime, timezone

from conformance import Conformance, Facts, Refusal, Sample
from conformance.facts import Built
from conformance.sdk import sdk_suite
from openplatform.http import Request
from openplatform.judging import Outcome
from tap_dingtalk.tap import TapDingtalk

OLD = {
    Outcome.TRANSIENT: "-1",
    Outcome.AUTH_EXPIRED: "40014 42001 40001",
    Outcome.SKIP: "33012 40003 60121 60111 46004 60003 40009",
    Outcome.THROTTLED: "90018 90002 90019 90001 90003 90010 90017 45009",
    Outcome.QUOTA_EXHAUSTED: "90020",
    Outcome.FATAL: (
        "40000 41001 40096 40089 40013 41002 41004 60011 60020 50002 50003 50005 33001 40035 400002 "
        "40063 40068 40069 43005 47001 22 404"
    ),
}
NEW = {
    Outcome.THROTTLED: [
        (403, "Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"),
        (403, "Forbidden.AccessDenied.QpsLimitForApi"),
        (400, "Throttling.User"),
    ],
    Outcome.QUOTA_EXHAUSTED: [(403, "Forbidden.AccessDenied.ApiCountLimitForOrg")],
    Outcome.AUTH_EXPIRED: [(400, "InvalidAuthentication"), (401, "InvalidAuthentication")],
    Outcome.TRANSIENT: [(400, "internalError"), (500, "systemError"), (500, "unknownError")],
    Outcome.SKIP: [(400, "processInstanceNotExist")],
    Outcome.FATAL: [
        (403, "Forbidden.AccessDenied.PermissionDenied"),
        (403, "Forbidden.AccessDenied.AccessTokenPermissionDenied"),
        (400, "AuthenticationFailed.MissingParameter"),
        (400, "invalidClientIdOrSecret"),
        (400, "invalidParameter"),
        (400, "invalidProcessCode"),
        (400, "invalidInstanceListIdsStartTime"),
        (400, "invalidNextToken"),
        (400, "invalidMaxResults"),
        (400, "invalidEndTime"),
        (400, "invalidUserIds"),
        (400, "noPermission"),
        (400, "needAuth"),
    ],
}
ADVICE = {
    "40096": "client_secret",
    "60011": "权限管理",
    "60020": "服务器出口IP",
    "50002": "通讯录权限范围",
    "90020": "next month",
    "Forbidden.AccessDenied.ApiCountLimitForOrg": "next month",
    "Forbidden.AccessDenied.PermissionDenied": "权限管理",
    "invalidClientIdOrSecret": "client_secret",
    "invalidProcessCode": "process_codes",
}
SECOND = {"90018", "90002", "90019"}
NOW = datetime(2026, 11, 21, tzinfo=timezone.utc)
JSON = {"Content-Type": "application/json"}


def wrapped(code):
    """How the gateway of `topapi` says it."""
    told = f"ding talk error[subcode={code},submsg=x]"
    return {"errcode": 88, "sub_code": code, "sub_msg": "x", "errmsg": told}


FACTS = Facts(
    tap=TapDingtalk,
    settings={
        "accounts": [
            {
                "id": "ding1",
                "client_id": "sample-key",
                "client_secret": "sample-secret",
                "agent_id": "1",
                "process_codes": ["PROC-1"],
            }
        ]
    },
    samples=[
        Sample("users"),
        Sample("attendance_results"),
        Sample("attendance_records"),
        Sample("approval_ids", "process_instance_ids", carried={"processCode": "PROC-1"}),
        Sample("approvals", "process_instance", carried={"processInstanceId": "123"}),
        Sample("hrm_on_job_ids"),
        Sample("hrm_rosters"),
    ],
    refusals=[
        *(
            Refusal(
                outcome,
                body,
                advice=ADVICE.get(code, ""),
                wait=1.0 if code in SECOND else None,
            )
            for outcome, codes in OLD.items()
            for code in codes.split()
            for body in ({"errcode": int(code), "errmsg": "x"}, wrapped(code))
        ),
        *(
            Refusal(
                outcome,
                {"code": code, "message": "x", "requestid": "R"},
                status=status,
                advice=ADVICE.get(code, ""),
            )
            for outcome, codes in NEW.items()
            for status, code in codes
        ),
        # The wall before the platform, should it answer in JSON.
        Refusal(
            Outcome.THROTTLED,
            {"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "xxx"},
            wait=300.0,
        ),
        Refusal(Outcome.FATAL, {"errcode": 88, "errmsg": "x"}, known=False),
        Refusal(Outcome.FATAL, {"code": "brandNew", "message": "x"}, status=400, known=False),
        Refusal(Outcome.FATAL, {"success": False}, known=False),
        Refusal(Outcome.TRANSIENT, {"error": "bad gateway"}, status=502),
        Refusal(Outcome.TRANSIENT, [], status=503),
    ],
    answers=[
        {"errcode": 0, "errmsg": "ok", "result": {}},
        {"result": {}, "success": "true"},
        {"accessToken": "a", "expireIn": 7200},
    ],
    calls=[
        Built(
            "topapi/v2/user/list",
            {"dept_id": 1, "cursor": 0, "size": 100},
            "T",
            NOW,
            Request(
                "POST",
                "/topapi/v2/user/list",
                {"access_token": "T"},
                b'{"dept_id":1,"cursor":0,"size":100}',
                JSON,
            ),
        ),
        Built(
            "v1.0/workflow/processInstances",
            {"processInstanceId": "a b"},
            "T",
            NOW,
            Request(
                "GET",
                "/v1.0/workflow/processInstances",
                {"processInstanceId": "a b"},
                None,
                {"x-acs-dingtalk-access-token": "T"},
            ),
        ),
        Built(
            "v1.0/hrm/rosters/lists/query",
            {"userIdList": ["a"], "appAgentId": 1},
            "T",
            NOW,
            Request(
                "POST",
                "/v1.0/hrm/rosters/lists/query",
                {},
                b'{"userIdList":["a"],"appAgentId":1}',
                JSON | {"x-acs-dingtalk-access-token": "T"},
            ),
        ),
    ],
    wrong=(
        {
            "accounts": [
                {
                    "id": "dingsandbox00000001",
                    "client_id": "dingapp00000001",
                    "client_secret": "mistyped",
                    "process_codes": ["PROC-SANDBOX-LEAVE"],
                }
            ]
        },
        "check client_id and client_secret",
    ),
    open_fields=frozenset({"extension"}),
    spare={
        "access_token_new": "an answer of the token call, which has no stream",
        "errors": "several refusals, each with its own status: test_quirks.py",
        "process_instance_ids_old": "the old generation's list, which new apps are not granted",
    },
)


class TestDingtalk(Conformance):
    facts = FACTS


TestSdk = sdk_suite(FACTS)
