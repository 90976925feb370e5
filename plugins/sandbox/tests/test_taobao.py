"""The simulator of 淘宝, as a strict reader of its sheet and clients of others would use it."""

from __future__ import annotations

import time
import warnings
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

import pytest
import requests
from sandbox import ManualClock, Sandbox, SandboxSettings
from sandbox.platforms.taobao import MARKET, OWN, sign
from wdtqm import WdtQimenSDK

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it was written for older Pythons
    import top.api.base
    from top import appinfo

NOW = 1_795_254_000
BEIJING = timezone(timedelta(hours=8))
SPAN = {"start_modified": "2026-11-20 00:00:00", "end_modified": "2026-11-20 12:00:00"}


@pytest.fixture
def box():
    with Sandbox(SandboxSettings(size=300, clock=ManualClock(NOW), history_days=5)) as running:
        yield running


def ask(box, method, *, app=MARKET, at=NOW, **params):
    moment = datetime.fromtimestamp(at, BEIJING).strftime("%Y-%m-%d %H:%M:%S")
    form = {"method": method, "app_key": app[0], "timestamp": moment, "v": "2.0", "format": "json"}
    form |= {"sign_method": "md5", **params}
    form = {name: value for name, value in form.items() if value is not None}
    form.setdefault("sign", sign(form, app[1]))
    answer = requests.post(f"{box.config('taobao')['base_url']}/router/rest", data=form, timeout=5)
    assert answer.status_code == 200
    return answer.json()


@pytest.fixture
def session(box):
    account = box.accounts("taobao")[0]
    body = ask(box, "taobao.top.auth.token.create", code=f"sandbox-code-{account}")
    text = body["top_auth_token_create_response"]["token_result"]
    return text.partition('"access_token":"')[2].partition('"')[0]


def trades(box, good, **changes):
    params = {"session": good, "fields": "tid,modified", "type": "fixed", **SPAN, **changes}
    return ask(box, "taobao.trades.sold.increment.get", **params)


def refused(body):
    return body["error_response"]["code"]


def test_only_what_is_asked_for_comes_in_the_wrapping_of_its_type(box, session):
    root = trades(box, session, page_size="5")["trades_sold_increment_get_response"]
    assert len(root["trades"]["trade"]) == 5
    assert root["trades"]["trade"][0].keys() == {"tid", "modified"}
    times = [trade["modified"] for trade in root["trades"]["trade"]]
    assert times == sorted(times, reverse=True), "the last change comes first"
    assert root["total_results"] > 5
    flagged = trades(box, session, page_size="5", use_has_next="true")
    root = flagged["trades_sold_increment_get_response"]
    assert root["has_next"] is True
    assert "total_results" not in root


def test_an_empty_list_is_absent(box, session):
    span = {"start_modified": "2020-01-01 00:00:00", "end_modified": "2020-01-01 01:00:00"}
    root = trades(box, session, **span)["trades_sold_increment_get_response"]
    assert root.keys() == {"total_results", "request_id"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sign": "0" * 32}, 25),
        ({"app_key": "1"}, 29),
        ({"app_key": None}, 28),
        ({"v": "1.0"}, 33),
        ({"format": None}, 23),
        ({"at": NOW - 3600}, 31),
        ({"session": None}, 26),
        ({"session": "sandbox-nonsense"}, 27),
        ({"fields": None}, 40),
        ({"page_size": "101"}, 41),
        ({"end_modified": "2026-11-22 00:00:00"}, 41),
        ({"start_modified": "2026-11-20"}, 41),
    ],
)
def test_what_is_wrong_is_refused_with_the_platforms_code(box, session, changes, code):
    assert refused(trades(box, session, **changes)) == code


def test_an_unknown_method_is_refused(box, session):
    assert refused(ask(box, "taobao.no.such.api", session=session)) == 22


def test_hidden_kinds_come_only_when_they_are_named(box, session):
    few = trades(box, session, type=None)["trades_sold_increment_get_response"]["total_results"]
    named = "guarantee_trade,cod,step,eticket,tmall_i18n"
    whole = trades(box, session, type=named)["trades_sold_increment_get_response"]
    assert whole["total_results"] > few > 0


def test_a_session_ends_and_one_of_fixed_length_does_not(box, session):
    account = box.accounts("taobao")[0]
    fixed = ask(box, "taobao.top.auth.token.create", app=OWN, code=f"sandbox-code-{account}-2")
    assert '"re_expires_in":0' in fixed["top_auth_token_create_response"]["token_result"]
    box.advance(86_401)
    assert refused(trades(box, session, at=NOW + 86_401)) == 27
    again = trades(box, f"sandbox-session-{account}", app=OWN, at=NOW + 86_401)
    assert again["trades_sold_increment_get_response"]["total_results"]


def test_too_many_calls_are_told_how_long_to_wait(box, session):
    told = [trades(box, session) for _ in range(52)]
    error = told[-1]["error_response"]
    assert error["code"] == 7
    assert error["sub_code"] == "accesscontrol.limited-by-app-api-access-count"
    assert error["sub_msg"] == "This ban will last for 1 more seconds"


def test_taobaos_own_sdk_is_answered(box, session, monkeypatch):
    class Increment(top.api.base.RestApi):
        def getapiname(self):
            return "taobao.trades.sold.increment.get"

    address = urlsplit(box.config("taobao")["base_url"])
    monkeypatch.setattr(top.api.base, "N_REST", f"{address.path}/router/rest")
    call = Increment(address.hostname, address.port)
    call.set_app_info(appinfo(*MARKET))
    for name, value in {"fields": "tid", "page_size": 10, **SPAN}.items():
        setattr(call, name, value)
    answer = call.getResponse(session)
    assert len(answer["trades_sold_increment_get_response"]["trades"]["trade"]) == 10
    call.set_app_info(appinfo(MARKET[0], "another-secret"))
    with pytest.raises(top.api.base.TopException) as caught:
        call.getResponse(session)
    assert caught.value.errorcode == 25


def test_a_client_of_scenarios_is_answered(box, monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Shanghai")  # it takes the machine's time for Beijing's
    time.tzset()
    address = f"{box.config('taobao')['base_url']}/router/qm"
    client = WdtQimenSDK(*MARKET, "87654321", "w", "a:b", "w3", address)
    account = box.accounts("taobao")[0]
    span = {"start_time": SPAN["start_modified"], "end_time": SPAN["end_modified"]}
    answer = client.call_api("demo.qimen.order.query", {"customerId": f"c-{account}", **span})
    assert answer["response"]["orders"]
    unknown = client.call_api("demo.qimen.order.query", {"customerId": "c-x", **span})
    assert unknown["response"]["sub_code"] == "no-customer"
