"""What the sheet of 有赞 tells, as data; the tests come with it."""

from __future__ import annotations

from conformance import Conformance, Facts, Refusal, Sample, epoch
from conformance.sdk import sdk_suite
from openplatform.judging import Outcome
from tap_youzan.tap import TapYouzan

GATEWAY = [
    (Outcome.THROTTLED, 4101, "请求太频繁"),
    (Outcome.AUTH_EXPIRED, 4201, "非法的请求凭证"),
    (Outcome.AUTH_EXPIRED, 4202, "请求凭证过期"),
    (Outcome.AUTH_EXPIRED, 4203, "Token 不存在"),
    (Outcome.FATAL, 4204, "无权限访问"),
    (Outcome.FATAL, 4001, "非法请求地址"),
    (Outcome.FATAL, 4004, "非法的Content"),
    (Outcome.FATAL, 4005, "非法的API"),
    (Outcome.FATAL, 4007, "非法的请求姿势，httpMethod:POST, contentType:text/plain"),
    (Outcome.FATAL, 4008, "接口不支持富文本"),
    (Outcome.FATAL, 4010, "参数类型不匹配"),
]
BUSINESS = [
    (Outcome.THROTTLED, 500100004, "请求被限流"),
    (Outcome.THROTTLED, 123000042, "请求被限流"),
    (Outcome.THROTTLED, 141500203, "api rate limiting"),
    # Fatal for the call: the customer, item, refund or order does not exist, so it is left out.
    (Outcome.SKIP, 4009, "openid 不存在"),
    (Outcome.SKIP, 122001001, "商品不存在"),
    (Outcome.SKIP, 123005001, "商品不存在"),
    (Outcome.SKIP, 103011024, "not found"),
    (Outcome.SKIP, 144100000, "not this shop's customer"),
    (Outcome.SKIP, 144100001, "not found"),
    (Outcome.SKIP, 141001107, "cancelled"),
    (Outcome.SKIP, 5000, "trade not found"),
    (Outcome.FATAL, 5000, "每页最多显示100条数据"),
    (Outcome.FATAL, 5000, "开始时间不能大于结束时间"),
    (Outcome.FATAL, 5001, "系统异常"),
    (Outcome.FATAL, 5002, "业务异常"),
    (Outcome.FATAL, 5003, "插件执行异常"),
    (Outcome.TRANSIENT, 106000001, "请求超时"),
    (Outcome.SHRINK_WINDOW, 106000001, "每次可搜索一年订单记录,请重新选择起止时间"),
    (Outcome.TRANSIENT, 106100118, "请求超时"),
    (Outcome.TRANSIENT, -100, "操作异常"),
    (Outcome.FATAL, 106000003, "结束时间"),
    (Outcome.FATAL, 106000004, "订单号非法"),
    (Outcome.FATAL, 106100110, "订单号非法"),
    (Outcome.FATAL, 53002, "page_size"),
    (Outcome.FATAL, 103010052, "refund id invalid"),
    (Outcome.FATAL, 103010054, "shop not allowed"),
    (Outcome.FATAL, 200000026, "非法的page或pageSize"),
    (Outcome.FATAL, 18910002, "parameter empty"),
    (Outcome.FATAL, 301000002, "missing"),
    (Outcome.FATAL, 301000004, "illegal"),
    (Outcome.SHRINK_WINDOW, 142710032, "超过列表获取总数"),
    (Outcome.GRANT_DEAD, 1000, "应用信息错误"),
    (Outcome.GRANT_DEAD, 1004, "授权关系已过期"),
    (Outcome.GRANT_DEAD, 1005, "非法授权码"),
    (Outcome.GRANT_DEAD, 1103, "Client 不存在"),
    (Outcome.GRANT_DEAD, 1105, "不支持的应用类型"),
]


def gateway(code, text):
    return {"gw_err_resp": {"trace_id": "x", "err_msg": text, "err_code": code}}


def business(code, text):
    return {"code": code, "success": False, "message": text, "data": {"a": []}}


def with_its_number(answer):
    """The log broke off before the order's number."""
    order = answer["data"]["full_order_info_list"][0]["full_order_info"]
    order["order_info"] = {"tid": "E20260318000000000000001", "update_time": "2026-03-18 15:48:42"}
    return answer


def points_key(record):
    """The simulator keys points by epoch seconds."""
    moment = epoch(record["created_at"])
    return ":".join(map(str, (record["yz_open_id"], moment, record["amount"], record["biz_value"])))


FACTS = Facts(
    tap=TapYouzan,
    settings={
        "app_key": "sandbox-client",
        "app_secret": "sandbox-client-secret",
        "accounts": [{"id": "42583152"}],
    },
    samples=[
        Sample("order_details", "trade_detail"),
        Sample("orders", "orders_partial", repaired=with_its_number),
    ],
    refusals=[
        *(Refusal(outcome, gateway(code, text)) for outcome, code, text in GATEWAY),
        *(Refusal(outcome, business(code, text)) for outcome, code, text in BUSINESS),
        # Some APIs give their codes as text.
        Refusal(Outcome.SKIP, business("122001001", "商品不存在")),
        Refusal(
            Outcome.FATAL,
            gateway(4007, "源IP地址1.2.3.4非法调用有赞云，IP白名单配置"),
            advice="add this machine's IP address to the app's allow-list",
        ),
        Refusal(Outcome.FATAL, {"error_response": {"code": 5001, "msg": "系统异常"}}),
        Refusal(Outcome.FATAL, "business_error", known=False),
        Refusal(Outcome.SHRINK_WINDOW, "orders_error_span"),
        Refusal(Outcome.GRANT_DEAD, "token_error"),
        Refusal(Outcome.SKIP, "trade_detail_not_found"),
    ],
    answers=[
        {"code": 200, "success": True, "data": {}},
        {"code": 200, "data": [], "count": 0},
        {"response": {"a": 1}},
        {"success": True, "code": None, "data": {}},
    ],
    wrong=({"app_secret": "quite-another"}, "check app_key, app_secret"),
    keys={"points_changes": points_key},
    spare={
        "gateway_errors": "several refusals of different classes: test_quirks.py",
        "token_self_built": "an answer of the token call, which has no stream",
    },
)


class TestYouzan(Conformance):
    facts = FACTS


TestSdk = sdk_suite(FACTS)
