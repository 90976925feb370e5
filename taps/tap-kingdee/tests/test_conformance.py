"""What the sheet of 金蝶 tells of 云·星空, as data; the tests come with it."""

from __future__ import annotations

from datetime import datetime, timezone

from conformance import Built, Conformance, Facts, Refusal
from conformance.sdk import sdk_suite
from openplatform.http import Request
from openplatform.judging import Outcome
from tap_kingdee.tap import TapKingdee

QUERY = "Kingdee.BOS.WebApi.ServicesStub.DynamicFormService."
END = ".common.kdsvc"
RETURNS = {
    "stream": "sales_returns",
    "form_id": "SAL_RETURNSTOCK",
    "fields": ["FBillNo", "FDate:date", "FDocumentStatus", "F_ABC_Reason"],
    "entry": "FEntity",
    "entry_fields": ["FMaterialId.FNumber", "FRealQty:decimal"],
}
TABLE = [
    (Outcome.FATAL, 0, "something"),
    (Outcome.FATAL, 0, "业务对象不存在"),
    (Outcome.AUTH_EXPIRED, 1, "会话信息已丢失，请重新登录"),
    (Outcome.AUTH_EXPIRED, 1, "上下文丢失"),
    (Outcome.FATAL, 2, "没有权限"),
    (Outcome.FATAL, 3, "操作标识为空"),
    (Outcome.TRANSIENT, 4, "异常"),
    (Outcome.FATAL, 5, "单据标识为空"),
    (Outcome.TRANSIENT, 6, "数据库操作失败"),
    (Outcome.FATAL, 7, "许可错误"),
    (Outcome.FATAL, 8, "参数错误"),
    (Outcome.FATAL, 9, "元数据中标识为X的字段不存在"),
    (Outcome.FATAL, 10, "未找到对应数据"),
    (Outcome.FATAL, 11, "验证失败"),
    (Outcome.FATAL, 12, "不可操作"),
    (Outcome.TRANSIENT, 13, "网控冲突"),
    (Outcome.THROTTLED, 14, "调用限制"),
    (Outcome.FATAL, 15, "禁止管理员登录"),
]


def refused(code, text):
    error = {"FieldName": None, "Message": text, "DIndex": 0}
    status = {"ErrorCode": 500, "IsSuccess": False, "Errors": [error], "MsgCode": code}
    return {"Result": {"ResponseStatus": status}}


def example(number, service, params, seconds, account, **signed):
    """One of the worked examples of the sheet: timestamp and nonce are equal."""
    path = f"/k3cloud/{QUERY}{service}{END}"
    return Built(
        api=service,
        params=params,
        token="",
        moment=datetime.fromtimestamp(seconds, tz=timezone.utc),
        account=account,
        request=Request(
            "POST",
            path,
            {},
            b'{"data":{"FormId":"%d"}}' % number,
            {
                "X-Api-Auth-Version": "2.0",
                "x-api-timestamp": str(seconds),
                "x-api-nonce": str(seconds),
                "x-api-signheaders": "x-api-timestamp,x-api-nonce",
                **signed,
            },
        ),
    )


FACTS = Facts(
    tap=TapKingdee,
    settings={
        "accounts": [
            {
                "id": "65f0a1b2c3d4e5",
                "server_url": "https://erp.example.com/k3cloud/",
                "username": "demo",
                "app_id": "271828_QUJDREVGR0hJSktMTU5PUFFSU1RVVldY",
                "app_secret": "0123456789abcdef0123456789abcdef",
            }
        ],
        "forms": [RETURNS],
    },
    refusals=[
        *(Refusal(outcome, [[refused(code, text)]]) for outcome, code, text in TABLE),
        # It occurs less nested as well.
        Refusal(Outcome.FATAL, refused(9, "元数据中标识为X的字段不存在"), advice="drop_fields"),
        Refusal(Outcome.THROTTLED, [refused(14, "调用限制")]),
        Refusal(Outcome.FATAL, refused(0, "业务对象不存在"), advice="form_id"),
        Refusal(Outcome.AUTH_EXPIRED, "k3cloud_error_session_lost", advice="app_secret"),
        Refusal(Outcome.FATAL, "k3cloud_error_field_missing", advice="drop_fields"),
        *(
            Refusal(Outcome.FATAL, {"LoginResultType": n, "Message": "x"}, advice="username")
            for n in (-1, -2, -3, -5, 0)
        ),
        Refusal(Outcome.FATAL, [[refused(99, "something new")]], known=False),
    ],
    answers=[
        [],
        [[1, "a"]],
        [["a"]],
        [[None]],
        {"Result": {"ResponseStatus": None, "Result": {}}},
        {"Result": {"ResponseStatus": {"IsSuccess": True}, "Result": {}}},
        {"LoginResultType": 1, "KDSVCSessionId": "x"},
    ],
    calls=[
        example(
            1,
            "ExecuteBillQuery",
            {"FormId": "1"},
            1_704_067_200,
            {},
            **{
                "X-Api-ClientID": "271828",
                "X-Api-Signature": (
                    "ZDUzYWQ0Y2M2NDllZGQ3MWRiNmNjYTUzZGEzODU4NjdlOTViNGM2YzhmNTczYTM4M2MxMTEyZWRlMTIy"
                    "MDQ0MA=="
                ),
                "X-Kd-Appkey": "271828_QUJDREVGR0hJSktMTU5PUFFSU1RVVldY",
                "X-Kd-Appdata": "NjVmMGExYjJjM2Q0ZTUsZGVtbywyMDUyLDA=",
                "X-Kd-Signature": (
                    "ZTM1MjcwMmRlZGJjOGZkOWJkODkxZmE5ZTAyMWNiYzVmNDUwYTMzYWU0ZTE0ODZkYTQ2NjQxOWM2ZWM2"
                    "YWE4OQ=="
                ),
            },
        ),
        example(
            2,
            "View",
            {"FormId": "2"},
            1_735_689_600,
            {
                "id": "5f3e2d1c0b9a88",
                "server_url": "https://demo.ik3cloud.com/k3cloud",
                "username": "张三",
                "app_id": "314159_y7d1QkR0c2FhMnZuWlB4c0FiQ2REZUZn",
                "app_secret": "fedcba9876543210fedcba9876543210",
                "org_num": "100",
            },
            **{
                "X-Api-ClientID": "314159",
                "X-Api-Signature": (
                    "ZWE5YzI1ZTg5MDY3ZjQ4ZGQzNmEwY2E0MDg4YzZhZjdkNWQzNzNjZGJkNzM2MDA1YTQxYmMyYWEzZDk5"
                    "MGQwMg=="
                ),
                "X-Kd-Appdata": "NWYzZTJkMWMwYjlhODgs5byg5LiJLDIwNTIsMTAw",
                "X-Kd-Signature": (
                    "ZTMwOTZiNzE2Y2E1MmI2OWQ0M2NlNDU5ZTFjMTY5MDRlYTNkNjViM2ZkYzVhOWY0Yjg0YmI0N2U5MjFi"
                    "N2U1Zg=="
                ),
            },
        ),
    ],
    wrong=(
        {
            "accounts": [
                {
                    "id": "sandboxacct0001",
                    "server_url": "http://erp.example.com/k3cloud",
                    "username": "sandbox-user",
                    "app_id": "271829_c2FuZGJveC1hcHAtMDAwMS4uLi4uLi4u",
                    "app_secret": "quite-another",
                }
            ]
        },
        "check the account's id (数据中心), username, app_id and app_secret",
    ),
    spare={
        "cosmic_purchase_order_query": "an answer of 苍穹, as all that begin so",
        "cosmic_get_token": "likewise",
        "cosmic_app_token_old": "likewise",
        "jdy_bom_list": "an answer of 云·星辰",
        "cosmic_event_push": "likewise",
    },
    keys={"inventory": lambda record: record["FMaterialId_FNumber"]},
    # Short windows, since one of three months would take a single call.
    reading={
        "forms": [RETURNS],
        "streams": {name: {"window": "1d"} for name in ("sales_orders", "vouchers", "materials")},
    },
)


class TestK3Cloud(Conformance):
    facts = FACTS
    # A row holds what was asked for, in that order, and nothing besides.
    test_a_field_that_nobody_knows_is_told_and_kept_raw = None


TestSdk = sdk_suite(FACTS)
