"""The platform's error table, row by row, in each of its three envelopes, and recorded refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openplatform.judging import Failure, Outcome
from tap_youzan.client import ERRORS

SAMPLES = Path(__file__).parent / "samples"
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
    (Outcome.FATAL, 4007, "源IP地址1.2.3.4非法调用有赞云，IP白名单配置"),
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


def judge(tap, body, status=200):
    failure = tap.client.failure(status, body)
    return failure and ERRORS.find(failure)


@pytest.mark.parametrize(("outcome", "code", "text"), GATEWAY)
def test_every_refusal_of_the_gateway_has_its_class(tap, outcome, code, text):
    rule = judge(tap, {"gw_err_resp": {"trace_id": "x", "err_msg": text, "err_code": code}})
    assert rule.outcome is outcome
    assert rule in ERRORS.rules, "a row of the table is not an unknown failure"


@pytest.mark.parametrize(("outcome", "code", "text"), BUSINESS)
@pytest.mark.parametrize("kind", [int, str])
def test_every_refusal_of_an_api_has_its_class(tap, kind, outcome, code, text):
    rule = judge(tap, {"code": kind(code), "success": False, "message": text, "data": {"a": []}})
    assert rule.outcome is outcome
    assert rule in ERRORS.rules


def test_the_old_envelope_is_understood(tap):
    body = {"error_response": {"code": 5001, "msg": "系统异常"}}
    assert tap.client.failure(200, body) == Failure(200, "5001", "系统异常")


@pytest.mark.parametrize(
    "body",
    [
        {"code": 200, "success": True, "data": {}},
        {"code": 200, "data": [], "count": 0},
        {"response": {"a": 1}},
        {"success": True, "code": None, "data": {}},
    ],
)
def test_answers_with_data_are_no_failure(tap, body):
    assert tap.client.failure(200, body) is None


def test_what_the_table_does_not_know_is_fatal_and_says_so(tap):
    answer = json.loads((SAMPLES / "business_error.json").read_text(encoding="utf-8"))
    rule = judge(tap, answer)
    assert rule.outcome is Outcome.FATAL
    assert "not in the tap's error table" in rule.advice


@pytest.mark.parametrize(
    ("sample", "outcome"),
    [
        ("orders_error_span", Outcome.SHRINK_WINDOW),
        ("token_error", Outcome.GRANT_DEAD),
        ("trade_detail_not_found", Outcome.SKIP),
    ],
)
def test_a_recorded_refusal_has_its_class(tap, sample, outcome):
    body = json.loads((SAMPLES / f"{sample}.json").read_text(encoding="utf-8"))
    assert judge(tap, body).outcome is outcome


def test_the_recorded_refusals_of_the_gateway(tap):
    bodies = json.loads((SAMPLES / "gateway_errors.json").read_text(encoding="utf-8"))
    assert [judge(tap, body).outcome for body in bodies] == [
        Outcome.AUTH_EXPIRED,
        Outcome.AUTH_EXPIRED,
        Outcome.FATAL,
        Outcome.FATAL,
        Outcome.FATAL,
    ]


def test_the_allow_list_is_told_from_a_wrong_call(tap):
    refusals = [text for _, code, text in GATEWAY if code == 4007]
    advice = [
        judge(tap, {"gw_err_resp": {"err_msg": text, "err_code": 4007}}).advice for text in refusals
    ]
    assert advice == ["", "add this machine's IP address to the app's allow-list"]
