"""What the sheet of 飞书 tells, as data; the tests come with it."""

from __future__ import annotations

from datetime import datetime, timezone

from conformance import Conformance, Facts, Refusal, Sample
from conformance.facts import Built
from conformance.sdk import sdk_suite
from openplatform.http import Request
from openplatform.judging import Outcome
from tap_feishu.tap import TapFeishu

CODES = {
    Outcome.THROTTLED: [(429, "99991400 1"), (400, "99991400 1254290")],
    Outcome.AUTH_EXPIRED: [(400, "99991663 99991664"), (401, "99991668 99991677")],
    Outcome.TRANSIENT: [
        (500, "40003 1225000 1226500 1227500 1228000 7"),
        (400, "1395001"),
        (200, "1254291 1254607 1254036 1255040"),
    ],
    Outcome.SKIP: [(400, "40015 43010 1390003")],
    Outcome.FATAL: [
        (200, "99991543 10003 10014 99991662 99991673"),
        (
            400,
            (
                "99991661 99991671 99991672 99991676 99991679 99992402 40001 40011 40012 1220001 "
                "1220002 1220004 1220005 1390001 1390002 230027"
            ),
        ),
        (403, "40004 41050"),
        (401, "42008"),
    ],
}
ADVICE = {
    "10014": "app_secret",
    "99991672": "权限管理",
    "40004": "root_departments",
    "1390002": "approval_codes",
}
NOW = datetime(2026, 11, 21, tzinfo=timezone.utc)
BEARER = {"Authorization": "Bearer t-1"}

FACTS = Facts(
    tap=TapFeishu,
    settings={
        "accounts": [
            {
                "id": "tenant1",
                "app_id": "cli_1",
                "app_secret": "sample-secret",
                "approval_codes": ["FORM-1"],
                "tables": ["app1/tbl1"],
            }
        ]
    },
    samples=[
        Sample("departments"),
        Sample("users"),
        Sample("attendance_user_tasks"),
        Sample("attendance_user_flows"),
        Sample("approval_ids", "approval_instance_codes", carried={"approval_code": "FORM-1"}),
        Sample("approvals", "approval_instance"),
        Sample("approval_instances_query"),
        Sample("bitable_records", carried={"table": "app1/tbl1"}),
        Sample("ehr_employees"),
    ],
    refusals=[
        *(
            Refusal(
                outcome,
                {"code": int(code), "msg": "x"},
                status=status,
                advice=ADVICE.get(code, ""),
            )
            for outcome, rows in CODES.items()
            for status, codes in rows
            for code in codes.split()
        ),
        Refusal(Outcome.FATAL, {"code": 123456, "msg": "x"}, status=400, known=False),
        Refusal(Outcome.TRANSIENT, {"error": "bad gateway"}, status=502),
        Refusal(Outcome.THROTTLED, [], status=429),
    ],
    answers=[{"code": 0, "data": {}}, {"code": 0, "msg": "ok", "tenant_access_token": "t-1"}],
    calls=[
        Built(
            "contact/v3/departments/:department_id/children",
            {"department_id": "od-a/b", "fetch_child": "true", "page_token": "AQ+/="},
            "t-1",
            NOW,
            Request(
                "GET",
                "/open-apis/contact/v3/departments/od-a%2Fb/children",
                {"fetch_child": "true", "page_token": "AQ+/="},
                None,
                BEARER,
            ),
        ),
        Built(
            "bitable/v1/apps/:app_token/tables/:table_id/records/search",
            {"app_token": "a", "table_id": "t", "page_size": 500, "automatic_fields": True},
            "t-1",
            NOW,
            Request(
                "POST",
                "/open-apis/bitable/v1/apps/a/tables/t/records/search",
                {"page_size": "500"},
                b'{"automatic_fields":true}',
                {"Content-Type": "application/json; charset=utf-8"} | BEARER,
            ),
        ),
    ],
    wrong=(
        {
            "accounts": [
                {
                    "id": "sandboxtenant0001",
                    "app_id": "cli_sandbox00000001",
                    "app_secret": "mistyped",
                    "approval_codes": ["FORM-1"],
                    "tables": ["app1/tbl1"],
                }
            ]
        },
        "check app_id and app_secret",
    ),
    open_fields=frozenset({"fields"}),
    keys={
        "bitable_records": lambda record: f"{record['table']}:{record['record_id']}",
        "corehr_employees": lambda record: f"ou_sandbox{record['employment_id'][-5:]}",
    },
    spare={
        "errors": "several refusals, each with its own status: test_quirks.py",
        "tenant_access_token": "an answer of the token call, which has no stream",
    },
)


class TestFeishu(Conformance):
    facts = FACTS


TestSdk = sdk_suite(FACTS)
