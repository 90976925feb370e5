"""The simulator of 京东联盟, as a strict reader of its sheet would use it."""

from __future__ import annotations

import hashlib
import json

import pytest
import requests
from sandbox import ManualClock, Sandbox, SandboxSettings

NOW = 1_795_254_000
APP = ("sandbox-jd-app", "sandbox-jd-secret")
HOUR = {"startTime": "2026-11-20 11:00:00", "endTime": "2026-11-20 12:00:00"}
PAGE = {"pageIndex": 1, "pageSize": 500, "type": 3}


@pytest.fixture
def box():
    with Sandbox(SandboxSettings(size=2000, clock=ManualClock(NOW), history_days=2)) as running:
        yield running


def ask(box, method, params, *, secret=APP[1], **changes):
    form = {
        "360buy_param_json": json.dumps(params),
        "app_key": APP[0],
        "format": "json",
        "method": method,
        "sign_method": "md5",
        "timestamp": "2026-11-21 17:40:00",
        "v": "1.0",
    }
    form |= changes
    text = "".join(name + form[name] for name in sorted(form))
    form["sign"] = hashlib.md5(f"{secret}{text}{secret}".encode()).hexdigest().upper()
    answer = requests.post(f"{box.config('jd_union')['base_url']}/routerjson", data=form, timeout=5)
    assert answer.status_code == 200
    return answer.json()


def orders(box, **changes):
    params = {"orderReq": {**PAGE, **HOUR, **changes}}
    return document(ask(box, "jd.union.open.order.row.query", params))


def document(body):
    (root,) = body
    assert root.endswith("_responce")
    assert body[root]["code"] == "0"
    (text,) = (body[root][name] for name in body[root] if name != "code")
    return json.loads(text)


def test_an_answer_is_text_within_json(box):
    told = orders(box)
    assert told["code"] == 200
    assert told["data"]
    assert told["hasMore"] is False
    assert {"goodsInfo", "sign"}.isdisjoint(told["data"][0])
    assert orders(box, fields="goodsInfo")["data"][0]["goodsInfo"]
    assert all(HOUR["startTime"] <= row["modifyTime"] <= HOUR["endTime"] for row in told["data"])


def test_pages_tell_whether_there_is_more(box):
    first = orders(box, pageSize=2)
    assert first["hasMore"] is True
    assert orders(box, pageSize=2, pageIndex=2)["data"][0] != first["data"][0]
    assert orders(box, pageSize=2, pageIndex=10_000)["data"] is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"endTime": "2026-11-20 12:00:01"}, 2002453),
        ({"startTime": "2026-08-01 11:00:00", "endTime": "2026-08-01 11:30:00"}, 2002453),
        ({"pageSize": 501}, 400),
        ({"startTime": "2026-11-20"}, 400),
        ({"type": None}, 400),
        ({"key": "a", "childUnionId": 1}, 400),
        ({"key": "nonsense"}, 2002401),
        ({"childUnionId": 1}, 2002410),
    ],
)
def test_what_is_wrong_is_told_within_the_document(box, changes, code):
    assert orders(box, **changes)["code"] == code


def test_too_many_rows_are_refused(box):
    box.set_limits(**{"jd_union.rows": 5})
    assert orders(box)["code"] == 2002452


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"secret": "another"}, "12"),
        ({"app_key": "another"}, "21"),
        ({"v": "2.0"}, "5"),
        ({"v": ""}, "4"),
        ({"timestamp": "1795254000"}, "8"),
        ({"access_token": ""}, "12"),
        ({"method": "jd.union.open.no.such.query"}, "15"),
    ],
)
def test_the_gateway_refuses_in_its_own_way(box, changes, code):
    changes = {"method": "jd.union.open.activity.query", **changes}
    body = ask(box, params={"activityReq": {"pageIndex": 1, "pageSize": 20}}, **changes)
    assert body["error_response"]["code"] == code


def test_nothing_is_told_by_a_code(box):
    params = {"activityReq": {"pageIndex": 9, "pageSize": 50}}
    assert document(ask(box, "jd.union.open.activity.query", params))["code"] == 1002003
    params = {"goodsReqDTO": {"pageIndex": 1000, "pageSize": 30}}
    assert document(ask(box, "jd.union.open.goods.query", params))["code"] == 202


def test_a_second_page_of_bonuses_needs_the_sort_value(box):
    span = {"startTime": NOW * 1000 - 200_000, "endTime": NOW * 1000, "optType": 2}
    params = {"orderReq": {**span, "pageNo": 2, "pageSize": 100}}
    assert document(ask(box, "jd.union.open.order.bonus.query", params))["code"] == 400
