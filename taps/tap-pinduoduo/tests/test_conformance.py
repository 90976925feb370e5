"""What the sheet of 拼多多 tells, as data; the tests come with it."""

from __future__ import annotations

from datetime import datetime, timezone
from urllib.parse import urlencode

from conformance import Built, Conformance, Facts, Refusal, Sample
from conformance.sdk import sdk_suite
from openplatform.http import Request
from openplatform.judging import Outcome
from tap_pinduoduo.tap import TapPinduoduo

TABLE = [
    (Outcome.FATAL, 10000, "参数错误"),
    (Outcome.FATAL, 10001, "公共参数错误"),
    (Outcome.FATAL, 10016, "client下线或者clientId不正确"),
    (Outcome.FATAL, 10017, "type不正确"),
    (Outcome.FATAL, 10018, "target_client_id下线或者target_client_id不正确"),
    (Outcome.AUTH_EXPIRED, 10019, "access_token已过期"),
    (Outcome.FATAL, 20004, "签名sign校验失败"),
    (Outcome.FATAL, 20005, "ip无权访问接口，请加入ip白名单"),
    (Outcome.FATAL, 20031, "用户没有授权访问此接口"),
    # Refreshed first: also seen after another consent.
    (Outcome.AUTH_EXPIRED, 20032, "access_token或client_id错误"),
    (Outcome.FATAL, 20034, "接口处于下线状态"),
    (Outcome.FATAL, 20035, "接口不属于当前网关"),
    (Outcome.FATAL, 21001, "请求参数错误"),
    (Outcome.FATAL, 21002, "请求参数不能为空"),
    (Outcome.FATAL, 30000, "没有调用此target接口权限"),
    (Outcome.FATAL, 30001, "client_id和partner_id不匹配"),
    (Outcome.TRANSIENT, 50000, "系统内部错误"),
    (Outcome.TRANSIENT, 50001, "业务服务错误"),
    (Outcome.TRANSIENT, 50002, "业务系统内部异常"),
    (Outcome.TRANSIENT, 52001, "网关业务服务错误"),
    (Outcome.TRANSIENT, 52002, "网关系统内部异常"),
    (Outcome.FATAL, 52004, "请求body 太大"),
    (Outcome.THROTTLED, 52101, "当前接口被限流，请稍后重试"),
    (Outcome.TRANSIENT, 52102, "当前接口暂时不可用，请稍后重试"),
    (Outcome.TRANSIENT, 52103, "服务暂时不可用，请稍后重试"),
    (Outcome.THROTTLED, 70031, "调用过于频繁，请调整调用频率"),
    (Outcome.FATAL, 70032, "当前请求被禁止调用"),
    (Outcome.TRANSIENT, 70033, "当前接口因系统维护，暂时下线，请稍后再试！"),
    (Outcome.FATAL, 70034, "当前用户或应用存在风险，禁止调用"),
    (Outcome.FATAL, 70035, "当前用户或应用存在风险，禁止调用"),
    (Outcome.QUOTA_EXHAUSTED, 70036, "应用处于测试状态，调用次数被限制"),
]

# The sheet's worked example, which the official PHP SDK signs alike.
EXAMPLE = {
    "access_token": "testToken",
    "client_id": "testClient",
    "data_type": "JSON",
    "end_updated_at": "1717213800",
    "is_lucky_flag": "0",
    "order_status": "5",
    "page": "1",
    "page_size": "50",
    "refund_status": "5",
    "start_updated_at": "1717212000",
    "timestamp": "1717214400",
    "type": "pdd.order.number.list.increment.get",
    "use_has_next": "true",
    "version": "V1",
}
SIGNATURE = "22F4F3C4B54EBE4518DC3281346B3077"
PLACEHOLDERS = ("promise_delivery_time", "urge_shipping_time")


def refused(code, text, more=""):
    return {
        "error_response": {
            "error_msg": text,
            "sub_msg": more,
            "sub_code": str(code),
            "error_code": code,
            "request_id": "15440104776643887",
        }
    }


def without_placeholders(answer):
    """The official example writes `str` where the platform writes a time."""
    for order in answer["order_list_get_response"]["order_list"]:
        order.update(dict.fromkeys(PLACEHOLDERS, ""))
    return answer


FACTS = Facts(
    tap=TapPinduoduo,
    settings={
        "app_key": "testClient",
        "app_secret": "testSecret",
        "accounts": [{"id": "171504183", "refresh_token": "sandbox-refresh"}],
    },
    samples=[
        Sample("orders_confirmed", "order_list", repaired=without_placeholders),
        Sample("refunds", "refund_increment"),
        Sample("items", "goods_list"),
    ],
    refusals=[
        *(Refusal(outcome, refused(code, text)) for outcome, code, text in TABLE),
        Refusal(Outcome.FATAL, refused(99999, "?"), known=False),
        Refusal(Outcome.FATAL, "error_parameter"),
        # A thing that is gone is left out; other refusals of the business are tried again.
        Refusal(Outcome.SKIP, refused(50001, "业务服务错误", "订单不存在")),
        Refusal(Outcome.TRANSIENT, refused(50001, "业务服务错误", "店铺不存在")),
        *(
            Refusal(Outcome.FATAL, refused(code, "公共参数错误:timestamp"), advice=advice)
            for code, advice in (
                (10001, "clock"),
                (10016, "check app_key"),
                (20004, "check app_secret"),
                (20005, "allow-list"),
                (20031, "permission package"),
            )
        ),
        # Answers that are not the platform's envelope.
        Refusal(Outcome.TRANSIENT, {}),
        Refusal(Outcome.TRANSIENT, []),
        Refusal(Outcome.THROTTLED, {}, status=429),
        Refusal(Outcome.TRANSIENT, {}, status=502),
    ],
    answers=[{"mall_info_get_response": {"mall_id": 1}, "request_id": "1"}, {"access_token": "x"}],
    calls=[
        Built(
            api=EXAMPLE["type"],
            params={
                "start_updated_at": 1717212000,
                "end_updated_at": 1717213800,
                "is_lucky_flag": 0,
                "order_status": 5,
                "refund_status": 5,
                "use_has_next": True,
                "page": 1,
                "page_size": 50,
                "trade_type": None,
            },
            token=EXAMPLE["access_token"],
            moment=datetime(2024, 6, 1, 4, 0, tzinfo=timezone.utc),
            request=Request(
                "POST", "/api/router", {}, urlencode(EXAMPLE | {"sign": SIGNATURE}).encode()
            ),
        )
    ],
    wrong=({"app_secret": "quite-another"}, "check app_secret"),
    apart={"daily_bills": "names files, of which the simulator keeps no list: test_quirks.py"},
    # Half an hour a window, and a call for each state of refunds.
    world={
        "size": 40,
        "history_days": 0.0625,
        "history_end": datetime(2026, 11, 21, 9, 0, tzinfo=timezone.utc),
    },
    reading={
        "start_date": "2026-11-21T15:20:00+08:00",
        "after_sales_statuses": [2, 4, 10, 33],
        "streams": {"daily_bills": {"start_date": "2026-11-18T00:00:00+08:00"}},
    },
    spare={"push_refund_created": "comes through a WebSocket, which is not part of the tap"},
)


class TestPinduoduo(Conformance):
    facts = FACTS


TestSdk = sdk_suite(FACTS)
