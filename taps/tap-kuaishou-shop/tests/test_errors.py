"""The platform's error table, row by row, and the recorded refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openplatform.judging import Failure, Outcome
from tap_kuaishou_shop.client import ERRORS

SAMPLES = Path(__file__).parent / "samples"
QPS = "Exceed qps limit, KEY [apiId:123;appkey:ks700000000000000001], MAX_QPS [300.0]"
APP_QUOTA = "Exceed quota limit, KEY [appkey:ks700000000000000001]"
TEST_USER = "Exceed quota limit, KEY [appkey:ks700000000000000001;primaryUserId:12342323]"
USER_QUOTA = "[1017] exceed quota limit,[apiId:123;primaryUserId:12342323]"

TABLE = [
    # By text, whatever the code.
    (Outcome.THROTTLED, 99, QPS),
    (Outcome.THROTTLED, 24, QPS),
    (Outcome.QUOTA_EXHAUSTED, 99, APP_QUOTA),
    (Outcome.QUOTA_EXHAUSTED, 1016, TEST_USER),
    (Outcome.QUOTA_EXHAUSTED, 1017, USER_QUOTA),
    *((Outcome.THROTTLED, code, "too fast") for code in (15, 16, 17, 1016, 1017, 802000)),
    *((Outcome.THROTTLED, code, "") for code in (15, 16, 17, 1016, 1017, 802000)),
    (Outcome.AUTH_EXPIRED, 21, "token expired"),
    (Outcome.AUTH_EXPIRED, 21, ""),
    (Outcome.AUTH_EXPIRED, 99, "鉴权失败"),
    (Outcome.AUTH_EXPIRED, 99, "TOKEN过期"),
    (Outcome.GRANT_DEAD, 24, "AUTHORIZATION_REVOKED"),
    (Outcome.GRANT_DEAD, 99, "AUTHORIZATION_REVOKED"),
    (Outcome.GRANT_DEAD, 22, ""),
    (Outcome.GRANT_DEAD, 25, "token中无scope权限"),
    (Outcome.GRANT_DEAD, 99, "token中无scope权限"),
    (Outcome.GRANT_DEAD, 26, "主账号不存在"),
    (Outcome.GRANT_DEAD, 99, "主账号不存在"),
    (Outcome.FATAL, 27, "验签失败"),
    (Outcome.FATAL, 28, "签名校验失败"),
    (Outcome.FATAL, 99, "签名校验失败"),
    (Outcome.FATAL, 100200100, "invalid_request"),
    (Outcome.GRANT_DEAD, 100200101, "unauthorized_client"),
    (Outcome.AUTH_EXPIRED, 100200102, "access_denied: invalid access_token"),
    (Outcome.GRANT_DEAD, 100200103, "unsupported_response_type"),
    (Outcome.GRANT_DEAD, 100200104, "unsupported_grant_type"),
    (Outcome.GRANT_DEAD, 100200105, "invalid_grant"),
    (Outcome.GRANT_DEAD, 100200106, "invalid_scope"),
    (Outcome.GRANT_DEAD, 100200107, "invalid_openid"),
    (Outcome.TRANSIENT, 100200500, "server_error"),
    (Outcome.FATAL, 300003, "ENDTIME MUST AFTER BEGINTIME"),
    (Outcome.SHRINK_WINDOW, 300004, "SEARCH TIME RANGE EXPAND 7 DAYS"),
    (Outcome.FATAL, 300005, "CAN NOT SEARCH BEFORE 90 DAYS"),
    (Outcome.SHRINK_WINDOW, 300019, "SEARCH TIME RANGE EXPAND LIMIT"),
    (Outcome.FATAL, 300002, ""),
    *((Outcome.FATAL, code, "") for code in range(300006, 300019)),
]


def judge(client, body, status=200):
    failure = client.failure(status, body)
    return failure and ERRORS.find(failure)


@pytest.mark.parametrize(("outcome", "code", "text"), TABLE)
def test_every_row_of_the_table_has_its_class(tap, outcome, code, text):
    rule = judge(tap.client, {"result": code, "error_msg": text, "data": None})
    assert rule.outcome is outcome
    assert rule in ERRORS.rules, "a row of the table is not an unknown failure"


def test_success_is_no_failure(tap):
    assert tap.client.failure(200, {"result": 1, "error_msg": "SUCCESS", "data": {}}) is None
    assert tap.client.failure(200, {"result": 1, "access_token": "x"}) is None


def test_what_the_table_does_not_know_is_fatal(tap):
    rule = judge(tap.client, {"result": 4711, "error_msg": "?"})
    assert rule.outcome is Outcome.FATAL
    assert "not in the tap's error table" in rule.advice


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, {}, Outcome.TRANSIENT),
        (200, [], Outcome.TRANSIENT),
        (502, {"message": "bad gateway"}, Outcome.TRANSIENT),
        (500, {"result": 4711}, Outcome.TRANSIENT),
        (429, {}, Outcome.THROTTLED),
        # The body is asked before the status.
        (500, {"result": 24, "error_msg": "AUTHORIZATION_REVOKED"}, Outcome.GRANT_DEAD),
    ],
)
def test_answers_that_are_not_the_platforms_envelope(tap, status, body, outcome):
    assert judge(tap.client, body, status).outcome is outcome


@pytest.mark.parametrize("state", [1, 2])
def test_a_file_in_preparation_is_waited_for(tap, state):
    body = {"result": 1, "data": {"processStatus": state, "downloadUrl": ""}}
    assert judge(tap.client, body).outcome is Outcome.TRANSIENT


@pytest.mark.parametrize("state", [3, 4])
def test_a_file_that_is_made_or_failed_is_an_answer(tap, state):
    assert tap.client.failure(200, {"result": 1, "data": {"processStatus": state}}) is None


def test_a_thing_that_is_gone_is_left_out_but_a_missing_account_is_not(tap):
    assert judge(tap.client, {"result": 5, "error_msg": "商品不存在"}).outcome is Outcome.SKIP
    assert judge(tap.client, {"result": 5, "error_msg": "用户不存在"}).outcome is Outcome.FATAL


@pytest.mark.parametrize(
    ("sample", "outcome", "code", "message"),
    [
        ("error_no_main_account", Outcome.GRANT_DEAD, "26", "主账号不存在"),
        ("error_revoked", Outcome.GRANT_DEAD, "24", "AUTHORIZATION_REVOKED"),
        (
            "error_refresh_discarded",
            Outcome.AUTH_EXPIRED,
            "100200102",
            "access_denied: refreshToken.discarded",
        ),
    ],
)
def test_the_recorded_refusals(tap, sample, outcome, code, message):
    body = json.loads((SAMPLES / f"{sample}.json").read_text(encoding="utf-8"))
    assert tap.client.failure(200, body) == Failure(200, code, message)
    assert judge(tap.client, body).outcome is outcome


def test_errors_say_what_to_do_next(tap):
    for code in (24, 25, 26, 27, 100200101, 100200105, 300005):
        error = ERRORS.error(Failure(200, str(code), "x"), where="account 1, api")
        assert " — " in str(error), code
