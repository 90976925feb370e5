"""What the sheet of 易快报 tells, as data; the tests come with it."""

from __future__ import annotations

from datetime import datetime, timezone

from conformance import Built, Conformance, Facts, Refusal, Sample
from conformance.sdk import sdk_suite
from openplatform.http import Request
from openplatform.judging import Outcome
from sandbox.platforms.ekuaibao.rows import ENTITIES
from tap_ekuaibao.tap import TapEkuaibao

TABLE = [
    (Outcome.AUTH_EXPIRED, 403, "未授权"),
    (Outcome.AUTH_EXPIRED, 401, "请先登录"),
    (Outcome.FATAL, 403, "密钥无效"),
    (Outcome.FATAL, 403, "未开通功能，无权访问"),
    (Outcome.FATAL, 403, "您没有权限执行此操作"),
    (Outcome.FATAL, 403, "不允许调用此接口"),
    (Outcome.FATAL, 400, "参数type无法识别"),
    (Outcome.FATAL, 400, "输入存在错误: - 缺少count参数"),
    (Outcome.FATAL, 400, "输入存在错误: - 缺少start参数"),
    (Outcome.FATAL, 400, "count参数不能大于100"),
    (Outcome.FATAL, 412, "超过最大查询数量100！"),
    # Fatal for that record: it is left out.
    (Outcome.SKIP, 412, "单据不存在"),
    (Outcome.SKIP, 412, "单据已删除"),
    (Outcome.FATAL, 412, "查询的费用类型不存在, 请输入有效的查询条件"),
    (Outcome.FATAL, 404, "Error 404 Not Found"),
    (Outcome.FATAL, 413, "413 Request Entity Too Large"),
    (Outcome.TRANSIENT, 500, "服务器内部错误：x"),
    (Outcome.THROTTLED, 429, "too many"),
    (Outcome.TRANSIENT, 502, "bad gateway"),
    (Outcome.TRANSIENT, 503, "unavailable"),
    (Outcome.TRANSIENT, 504, "timeout"),
]


def refused(status, text):
    return {"errorCode": status, "errorMessage": text}


FACTS = Facts(
    tap=TapEkuaibao,
    settings={
        "accounts": [
            {
                "id": "sandboxcorp0001",
                "app_key": "sandbox-key",
                "app_secret": "sandbox-secret",
            }
        ],
    },
    samples=[
        Sample("documents", "documents_expense"),
        Sample("documents", "documents_loan", golden="documents_loan"),
        Sample("document_details", "document_detail_expense"),
        Sample("requisitions"),
        Sample("staffs"),
        Sample("departments"),
        Sample("fee_types"),
        Sample("dimensions"),
        Sample("dimension_items"),
        Sample("payee_accounts"),
        Sample("payment_accounts"),
        Sample("specifications"),
        Sample("data_link_items"),
        Sample("outbound_message_failures"),
    ],
    refusals=[
        *(Refusal(outcome, refused(code, text), status=code) for outcome, code, text in TABLE),
        Refusal(
            Outcome.FATAL, refused(403, "密钥无效"), status=403, advice="the account's edition"
        ),
        # Others have seen these names of the fields, and refusals that are HTTP 200.
        Refusal(Outcome.AUTH_EXPIRED, {"code": 403, "msg": "未授权"}, status=403),
        Refusal(Outcome.FATAL, {"code": "403", "msg": "密钥无效"}),
        Refusal(Outcome.FATAL, refused(400, "something new"), status=400, known=False),
        Refusal(Outcome.FATAL, refused(1, "something new"), known=False),
    ],
    answers=[{"count": 7, "items": []}, {"items": []}, {"value": None}],
    calls=[
        Built(
            api="api/openapi/v1.1/staffs",
            params={"start": 0, "count": 100, "orderBy": "updateTime"},
            token="ID_3LRUarl0$v:demo",
            moment=datetime(2026, 11, 21, tzinfo=timezone.utc),
            settings={"base_url": "http://127.0.0.1:1"},
            request=Request(
                "GET",
                "/api/openapi/v1.1/staffs",
                {
                    "accessToken": "ID_3LRUarl0$v:demo",
                    "start": "0",
                    "count": "100",
                    "orderBy": "updateTime",
                },
            ),
        )
    ],
    wrong=(
        {
            "accounts": [
                {
                    "id": "sandboxcorp0001",
                    "app_key": "sandbox-key-sandboxcorp0001",
                    "app_secret": "quite-another",
                }
            ]
        },
        "check app_key, app_secret and the account's edition",
    ),
    # Windows of few records, since there are seven lists of documents.
    reading={"entity_ids": list(ENTITIES), "window_records": 5},
    open_fields=frozenset(
        {
            "actions",
            "attachments",
            "attributes",
            "currInfos",
            "customFields",
            "details",
            "flowCounts",
            "form",
            "ledgerAmount",
            "ledgerAmountModel",
            "request",
            "response",
            "staffCustomForm",
        }
    ),
    spare={
        "auth_token": "an answer of the token call, which has no stream",
        "auth_refresh": "an answer of a call that the tap does not need",
        "location": "an answer of the look-up of addresses, which has no stream",
    },
)


class TestEkuaibao(Conformance):
    facts = FACTS


TestSdk = sdk_suite(FACTS)
