"""What the sheet of 北森 tells, as data; the tests come with it."""

from __future__ import annotations

from datetime import datetime, timezone

from conformance import Built, Conformance, Facts, Refusal, Sample, epoch
from conformance.sdk import sdk_suite
from openplatform.http import Request
from openplatform.judging import Outcome
from tap_beisen.tap import TapBeisen

IP = "当前企业已设置OpenAPI调用受信IP，当前调用端的IP不在受信IP范围内"
BAD_PARAMETERS = (
    "StartTime需大于等于1900-01-01的时间",
    "OId必须大于等于0",
    "OrgOId不能为空且为正整数！",
    "MetaObjectName不能为空",
    "stopDate参数格式不正确,请参考接口文档修改后重试！",
    "Value cannot be null.\r\nParameter name: Argument name: Ids is null",
)


def refused(code, text):
    return {"data": None, "code": code, "message": text}


def punch_key(record):
    """The simulator names a punch by its second."""
    return f"{record['staffId']}:{epoch(record['swipingCardDateTime'])}"


FACTS = Facts(
    tap=TapBeisen,
    settings={
        "accounts": [{"id": "100001", "app_key": "sandbox-key", "app_secret": "sandbox-secret"}],
    },
    samples=[Sample("employees"), Sample("organizations")],
    refusals=[
        Refusal(Outcome.FATAL, {"message": "Authorization header is empty"}, status=400),
        Refusal(Outcome.AUTH_EXPIRED, "error_unauthorized_http401", status=401),
        Refusal(Outcome.FATAL, {"error": "invalid_tenantid"}, status=400, advice="tenant_id"),
        Refusal(
            Outcome.FATAL,
            {
                "error": "invalid_request",
                "error_description": "找不到 Content-Type",
                "error_code": "400006",
            },
            status=400,
        ),
        Refusal(Outcome.FATAL, {"message": IP}, status=403, advice="受信IP"),
        Refusal(Outcome.THROTTLED, {"message": "API rate limit exceeded"}, status=429),
        Refusal(Outcome.SHRINK_WINDOW, "error_window_over_90_days"),
        *(Refusal(Outcome.FATAL, refused("417", text)) for text in BAD_PARAMETERS),
        Refusal(
            Outcome.FATAL,
            refused("417", "access denied! no permission for object 'EmploymentRecord'"),
            advice="EmployeeInformation and EmploymentRecord",
        ),
        Refusal(
            Outcome.FATAL,
            {"message": "access denied! no permission for object 'EmployeeInformation'"},
            advice="tick this object for the connector",
        ),
        Refusal(Outcome.TRANSIENT, refused("500", "error")),
        Refusal(Outcome.TRANSIENT, {"code": 500, "message": "error"}),
        Refusal(Outcome.AUTH_EXPIRED, refused("401", "无权限")),
        *(
            Refusal(Outcome.TRANSIENT, {"message": "bad gateway"}, status=s)
            for s in (502, 503, 504)
        ),
        Refusal(Outcome.FATAL, {"Code": 206, "Message": "partial"}, known=False),
        Refusal(Outcome.FATAL, refused("000001", "missing"), known=False),
    ],
    answers=[
        {"code": "200", "message": None, "data": []},
        {"code": 200, "data": {"items": []}},
        {"Code": 200, "Message": None},
        {"Code": "Succeed", "Message": None},
    ],
    calls=[
        Built(
            api="TenantBaseExternal/api/v5/Organization/GetByIds",
            params={"oIds": [1143532], "isWithDeleted": True, "columns": None},
            token="demo-token",
            moment=datetime(2026, 11, 21, tzinfo=timezone.utc),
            request=Request(
                "POST",
                "/TenantBaseExternal/api/v5/Organization/GetByIds",
                {},
                b'{"oIds":[1143532],"isWithDeleted":true,"columns":null}',
                {"Content-Type": "application/json", "Authorization": "Bearer demo-token"},
            ),
        )
    ],
    wrong=(
        {
            "accounts": [
                {"id": "100001", "app_key": "sandbox-key-100001", "app_secret": "quite-another"}
            ]
        },
        "check its credentials",
    ),
    keys={"clock_ins": punch_key},
    open_fields=frozenset({"customProperties", "sysMartionProperties"}),
    spare={
        "token_app_key": "an answer of the token call, which has no stream",
        "token_oauth": "an answer of the older token call: test_tokens.py",
        "user_id_by_email": "an answer of a search for one person, which is no stream",
    },
)


class TestBeisen(Conformance):
    facts = FACTS


TestSdk = sdk_suite(FACTS)
