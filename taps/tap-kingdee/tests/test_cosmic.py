"""What the sheet of 金蝶 tells of 苍穹 / 星瀚, as data, and what is odd about it."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from datetime import datetime, timezone

import pytest
from conformance import Built, Conformance, Facts, Refusal, Sample
from openplatform.accounts import Account
from openplatform.errors import ConfigurationError
from openplatform.http import Request
from openplatform.judging import Outcome
from sandbox.http import json_reply
from sandbox.platforms.kingdee_cosmic import ROWS, described
from tap_kingdee.tap import TapKingdee

TOKEN = "ierp/kapi/oauth2/getToken"
ORDERS = "ierp/kapi/v2/sm/sm_salorder/query"
USERS = "ierp/kapi/v2/base/bos_user/query"
QUERIES = [described(kind.name, kind.path, kind.rows) for kind in ROWS]
TABLE = [
    (Outcome.FATAL, "400", "请求参数没有 data 数据。"),
    (Outcome.FATAL, "400", "页大小pageSize不能为空。"),
    (Outcome.AUTH_EXPIRED, "401", "未经授权的访问"),
    (Outcome.THROTTLED, "401", "错误已连续5次，请在180秒后再试"),
    (Outcome.FATAL, "403", "该接口需要第三方应用授权"),
    (Outcome.FATAL, "403", "该第三方应用-X没有此接口访问权限"),
    (Outcome.FATAL, "404", "Cannot found OpenAPI(or disabled)"),
    *((Outcome.FATAL, code, "x") for code in ("405", "406", "415", "601", "602", "604")),
    (Outcome.THROTTLED, "429", "API被限流"),
    (Outcome.TRANSIENT, "500", "x"),
    (Outcome.FATAL, "603", "代理用户为空或userName不在代理用户中"),
    (Outcome.TRANSIENT, "603", "nonce重复"),
    *((Outcome.FATAL, code, "x") for code in ("611", "612", "701", "702")),
    (Outcome.TRANSIENT, "999", "x"),
]


def refused(code, text):
    return {"data": None, "errorCode": code, "message": text, "status": False}


def with_keys(answer):
    """The manual's own query returned neither ids nor the time of the last change."""
    for row in answer["data"]["rows"]:
        row |= {"id": row["billno"], "modifytime": row.pop("biztime")}
    return answer


FACTS = Facts(
    tap=TapKingdee,
    platform="kingdee_cosmic",
    settings={
        "product": "cosmic",
        "accounts": [
            {
                "id": "1700000000000000001",
                "server_url": "https://erp.example.com/ierp",
                "username": "sandbox-agent",
                "app_id": "sandbox-app",
                "app_secret": "sandbox-secret",
            }
        ],
        "queries": QUERIES,
    },
    samples=[
        Sample(
            "purchase_orders",
            "cosmic_purchase_order_query",
            repaired=with_keys,
            golden="cosmic_purchase_order_query",
        )
    ],
    refusals=[
        *(Refusal(outcome, refused(code, text)) for outcome, code, text in TABLE),
        Refusal(Outcome.THROTTLED, refused("401", "错误已连续5次，请在180秒后再试"), wait=180),
        Refusal(Outcome.FATAL, refused("404", "x"), advice="correct path"),
        Refusal(Outcome.FATAL, refused("603", "代理用户为空"), advice="代理用户"),
        Refusal(
            Outcome.AUTH_EXPIRED,
            {"data": {"success": False, "error_code": "401", "error_desc": "x"}, "state": "error"},
            advice="app_secret",
        ),
        Refusal(Outcome.FATAL, refused("777", "something new"), known=False),
    ],
    answers=[
        {"data": {"rows": []}, "errorCode": "0", "message": None, "status": True},
        {"data": {"app_token": "x", "success": True, "error_code": "0"}, "state": "success"},
    ],
    calls=[
        Built(
            api="/kapi/v2/sm/sm_salorder/query",
            params={"data": {}, "pageNo": 1, "pageSize": 100},
            token="tok",
            moment=datetime(2026, 11, 21, tzinfo=timezone.utc),
            request=Request(
                "POST",
                "/ierp/kapi/v2/sm/sm_salorder/query",
                {},
                b'{"data":{},"pageNo":1,"pageSize":100}',
                {"accesstoken": "tok", "Content-Type": "application/json"},
            ),
        ),
        Built(
            api="GET /kapi/v2/pm/pm_purorderbill/query",
            params={"pageNo": 1, "pageSize": 100},
            token="tok",
            moment=datetime(2026, 11, 21, tzinfo=timezone.utc),
            request=Request(
                "GET",
                "/ierp/kapi/v2/pm/pm_purorderbill/query",
                {"pageNo": "1", "pageSize": "100"},
                None,
                {"accesstoken": "tok"},
            ),
        ),
    ],
    wrong=(
        {
            "accounts": [
                {
                    "id": "1700000000000000001",
                    "server_url": "https://erp.example.com/ierp",
                    "username": "sandbox-agent",
                    "app_id": "sandbox-app-1700000000000000001",
                    "app_secret": "quite-another",
                }
            ]
        },
        "check the account's id (数据中心), app_id, app_secret and username",
    ),
    reading={"window_records": 6},
    spare={
        "cosmic_get_token": "an answer of the token call, which has no stream",
        "cosmic_app_token_old": "an answer of the older token call",
        "jdy_bom_list": "an answer of 云·星辰",
        "cosmic_event_push": "an event, which the tests of messages read",
        "k3cloud_error_session_lost": "an answer of 云·星空",
        "k3cloud_error_field_missing": "an answer of 云·星空",
    },
)


class TestCosmic(Conformance):
    facts = FACTS


@pytest.fixture
def one(trial_of):
    trial = trial_of(TapKingdee, platform="kingdee_cosmic", size=60, accounts=1, history_days=9)
    trial.config["window_records"] = 20
    return trial


@pytest.fixture
def bodies(one):
    """The bodies that come, by the name of the API."""
    found = defaultdict(list)

    def keep(call, reply):
        if call.body:
            found[call.api].append(json.loads(call.body))
        return reply

    one.change_answers(keep)
    return found


def test_paging_stands_beside_the_filters_and_data_is_always_there(one, bodies):
    one.run("sales_orders", "users")
    for body in bodies[ORDERS]:
        assert set(body) == {"data", "pageNo", "pageSize"}
        assert set(body["data"]) == {"starttime", "endtime"}
    assert {body["data"] == {} for body in bodies[USERS]} == {True}
    assert {call.outcome for call in one.calls()} == {"ok"}


def test_a_filter_that_is_misspelt_is_told_before_it_brings_everything(one, caplog):
    wrong = {**QUERIES[0], "start_param": "startime"}
    messages = one.run("sales_orders", queries=[wrong], fails=True)
    assert messages.records("sales_orders") == []
    assert "startime was not applied" in caplog.text
    settings = {"queries": [wrong], "check_filter": False, "window_records": 1000}
    assert one.run("sales_orders", **settings).records("sales_orders")


def test_the_older_logins_read_as_well(one):
    messages = one.run("sales_orders", "materials", auth="app_token")
    for stream in ("sales_orders", "materials"):
        assert one.wrong(messages, stream) == []
    assert one.calls(TOKEN) == []
    assert len(one.calls("ierp/api/login.do")) == 1


def test_a_token_whose_answer_was_lost_is_asked_for_with_another_nonce(one, bodies):
    lost = []

    def change(call, reply):
        if call.api == TOKEN and not lost:
            lost.append(call)
            return replace(reply, body=reply.body[:20])
        return reply

    one.change_answers(change)
    assert one.run("materials").records("materials")
    nonces = [body["nonce"] for body in bodies[TOKEN]]
    assert len(set(nonces)) == len(nonces) == 2


def test_an_answer_without_a_total_is_read_to_its_last_page(one):
    def change(call, reply):
        content = json.loads(reply.body)
        if isinstance(content.get("data"), dict) and "totalCount" in content["data"]:
            del content["data"]["totalCount"]
            return json_reply(content)
        return reply

    one.change_answers(change)
    messages = one.run("users", "sales_orders")
    assert one.wrong(messages, "users") == []
    assert one.wrong(messages, "sales_orders") == []


def test_bills_are_counted_by_the_total(one):
    tap = TapKingdee(config=one.config)
    tap.clock = one.clock
    account = Account(one.names[0], one.config["accounts"][0])
    for name in ("sales_orders", "purchase_orders", "users"):
        assert tap.counter.count(tap.platform_streams[name], account, None) == len(one.truth(name))


def test_ids_and_amounts_stay_exact(one):
    (record, *_) = one.run("sales_orders").records("sales_orders")
    assert len(record["id"]) == 19
    assert len(record["totalamount"].partition(".")[2]) == 10
    assert {type(line["qty"]) for line in record["billentry"]} == {str}


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"stream": "x", "path": "kapi/v2/x", "fields": ["a"]}, "set fields, and path"),
        ({"stream": "x", "path": "/kapi/v2/x"}, "set fields, and path"),
        ({**QUERIES[0], "end_param": ""}, "set start_param and end_param, or neither"),
        ({**QUERIES[0], "fields": ["a:b"]}, "types: text"),
        ({**QUERIES[0], "fields": ["org.number"]}, "'org.number' is no field"),
    ],
)
def test_a_query_that_is_not_described_is_told(one, entry, told):
    with pytest.raises(ConfigurationError, match=told):
        one.run("x", queries=[entry])


def test_a_product_without_queries_says_what_to_set(one):
    with pytest.raises(ConfigurationError, match="set queries"):
        one.run("x", queries=[])
