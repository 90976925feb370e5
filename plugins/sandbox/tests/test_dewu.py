"""The simulator of 得物, as a strict reader of its sheet would use it."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import quote_plus

import pytest
import requests
from sandbox import ManualClock, Sandbox, SandboxSettings
from sandbox.platforms.dewu import ISV, OWN

NOW = 1_795_254_000
INCREMENT = "/dop/api/v1/order/generic_increment"
SPAN = {"start_modified": "2026-11-20 00:00:00", "end_modified": "2026-11-20 12:00:00"}
PASSPORT = "/api/v1/h5/passport/v1/oauth2"


@pytest.fixture
def box():
    with Sandbox(SandboxSettings(size=80, clock=ManualClock(NOW), history_days=3)) as running:
        yield running


def ask(box, path, params, *, app=ISV, method="POST", **changes):
    given = {"app_key": app[0], "timestamp": NOW * 1000, **params}
    texts = {n: ",".join(v) if isinstance(v, list) else str(v) for n, v in given.items()}
    joined = "&".join(f"{name}={quote_plus(texts[name])}" for name in sorted(texts))
    given["sign"] = hashlib.md5((joined + app[1]).encode()).hexdigest().upper()
    given |= changes
    address = box.config("dewu")["base_url"] + path
    if method == "GET":
        answer = requests.get(address, params=given, timeout=5)
    else:
        answer = requests.post(address, json=given, timeout=5)
    assert answer.status_code == 200
    return answer.json()


@pytest.fixture
def token(box):
    return grant(box, "token", authorization_code=f"sandbox-code-{box.accounts('dewu')[0]}")


def grant(box, step, **grants):
    asked = {"client_id": ISV[0], "client_secret": ISV[1], **grants}
    address = f"{box.config('dewu')['base_url']}{PASSPORT}/{step}"
    return requests.post(address, json=asked, timeout=5).json()


def test_orders_come_in_pages_with_their_number(box, token):
    access = {"access_token": token["data"]["access_token"]}
    told = ask(box, INCREMENT, {**SPAN, **access, "page_no": 1, "page_size": 2})
    assert told["code"] == 200
    assert len(told["data"]["orders"]) == 2 < told["data"]["total_results"]
    assert json.loads(told["data"]["orders"][0]["properties"])["尺码"] == "42"


@pytest.mark.parametrize(
    ("params", "changes", "code"),
    [
        ({}, {"sign": "0" * 32}, 401),
        ({"access_token": "sandbox-nonsense"}, {}, 5044),
        ({"access_token": None}, {"access_token": None}, 401),
        ({"end_modified": "2026-11-22 00:00:00"}, {}, 400),
        ({"start_modified": "yesterday"}, {}, 400),
        ({"page_size": 101}, {}, 400),
    ],
)
def test_what_is_wrong_is_refused(box, token, params, changes, code):
    given = {**SPAN, "access_token": token["data"]["access_token"], **params}
    assert ask(box, INCREMENT, given, **changes)["code"] == code


def test_a_call_wants_its_own_method_of_http(box):
    bills = "/dop/api/v2/bill/realtime_list"
    span = {"settle_start_time": "2026-11-18", "settle_end_time": "2026-11-19", "page_size": 100}
    told = ask(box, bills, span, app=OWN, method="GET")
    assert {row["real_stmt_time"][:10] for row in told["data"]["list"]} == {
        "2026-11-18",
        "2026-11-19",
    }
    assert ask(box, bills, span, app=OWN)["code"] == 404


def test_lists_are_signed_with_commas_and_sent_as_they_are(box):
    articles = {"article_numbers": ["DM6201-045", "DM6202-045"]}
    told = ask(box, "/dop/api/v1/spu/batch_article_number", articles, app=OWN)
    assert [product["article_number"] for product in told["data"]] == articles["article_numbers"]


def test_a_refresh_token_stays_and_a_code_works_once(box, token):
    account = box.accounts("dewu")[0]
    assert token["data"]["access_token_expires_in"] == 86_400
    again = grant(box, "refresh_token", refresh_token=token["data"]["refresh_token"])
    assert again["data"]["refresh_token"] == token["data"]["refresh_token"]
    assert again["data"]["access_token"] != token["data"]["access_token"]
    used = grant(box, "token", authorization_code=f"sandbox-code-{account}")
    assert (used["code"], "authorization_code" in used["msg"]) == (500, True)
    box.advance(86_401)
    late = ask(box, INCREMENT, {**SPAN, "access_token": token["data"]["access_token"]})
    assert late["code"] == 5044
