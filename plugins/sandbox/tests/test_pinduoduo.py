"""拼多多: signature, tokens, windows and pages, over HTTP."""

from __future__ import annotations

import typing as t

import pytest
import requests
from sandbox import ManualClock, Sandbox, SandboxSettings
from sandbox.platforms.pinduoduo import CLIENT_ID, CLIENT_SECRET, sign

NOW = 1_795_254_000
MALL = "171504183"
INCREMENT = "pdd.order.number.list.increment.get"
REFUNDS = "pdd.refund.list.increment.get"
ALL = {"is_lucky_flag": "0", "order_status": "5", "refund_status": "5"}


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        (
            {
                "access_token": "asd78172s8ds9a921j9qqwda12312w1w21211",
                "client_id": "1",
                "data_type": "XML",
                "order_status": "1",
                "page": "1",
                "page_size": "10",
                "timestamp": "1480411125",
                "type": "pdd.order.number.list.get",
            },
            "E4DE3ED21002510DED352819E7AE6775",
        ),
        (
            {
                "access_token": "testToken",
                "client_id": "testClient",
                "data_type": "JSON",
                "end_updated_at": "1717213800",
                "page": "1",
                "page_size": "50",
                "start_updated_at": "1717212000",
                "timestamp": "1717214400",
                "type": INCREMENT,
                "use_has_next": "true",
                "version": "V1",
                **ALL,
            },
            "22F4F3C4B54EBE4518DC3281346B3077",
        ),
    ],
)
def test_the_worked_signatures_of_the_sheet(parameters, wanted):
    assert sign(parameters, "testSecret") == wanted


class Shop:
    """A client of one shop."""

    def __init__(self, box: Sandbox) -> None:
        self.base = box.base_url("pinduoduo")
        self.session = requests.Session()
        self.session.trust_env = False
        self.token = ""

    def send(self, kind: str, **changes: t.Any) -> dict[str, t.Any]:
        given = {"type": kind, "client_id": CLIENT_ID, "timestamp": str(NOW), **changes}
        given.setdefault("sign", sign(given, CLIENT_SECRET))
        return self.session.post(f"{self.base}/api/router", data=given).json()

    def call(self, kind: str, **params: t.Any) -> dict[str, t.Any]:
        if not self.token:
            given = self.send(
                "pdd.pop.auth.token.refresh", refresh_token=f"sandbox-refresh-{MALL}-1"
            )
            self.token = given["pop_auth_token_refresh_response"]["access_token"]
        return self.send(kind, **{"access_token": self.token, **params})


@pytest.fixture
def box():
    chosen = SandboxSettings(size=600, clock=ManualClock(NOW), limits=False, history_days=6)
    with Sandbox(chosen) as running:
        yield running


@pytest.fixture
def shop(box):
    return Shop(box)


def window(box: Sandbox, entity: str = "orders") -> dict[str, str]:
    """Return the half hour around the row in the middle of the history."""
    rows = list(box.truth("pinduoduo", MALL, entity))
    middle = int(rows[len(rows) // 2].update_time.timestamp())
    return {"start_updated_at": str(middle - 900), "end_updated_at": str(middle + 900)}


def code(answer: dict[str, t.Any]) -> int:
    return answer["error_response"]["error_code"]


def test_a_window_is_told_whole_by_number_or_by_has_next(box, shop):
    chosen = {**ALL, **window(box), "page_size": "3"}
    first = shop.call(INCREMENT, **chosen, page="1")["order_sn_increment_get_response"]
    total = first["total_count"]
    assert total > 3
    seen, page, more = [], 0, True
    while more:
        page += 1
        answer = shop.call(INCREMENT, **chosen, page=str(page), use_has_next="true")
        content = answer["order_sn_increment_get_response"]
        assert "total_count" not in content
        seen += content["order_sn_list"]
        more = content["has_next"]
    assert len({order["order_sn"] for order in seen}) == total
    start, end = int(chosen["start_updated_at"]), int(chosen["end_updated_at"])
    truth = {
        row.key
        for row in box.truth("pinduoduo", MALL, "orders")
        if start <= row.update_time.timestamp() <= end
    }
    assert {order["order_sn"] for order in seen} == truth


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"client_id": "another"}, 10016),
        ({"timestamp": str(NOW - 86_400)}, 10001),
        ({"timestamp": "now"}, 10001),
        ({"sign": "0" * 32}, 20004),
        ({"type": "pdd.no.such.api"}, 10017),
        ({"access_token": "sandbox-access-of-nobody"}, 20032),
        ({"end_updated_at": str(NOW + 1), "start_updated_at": str(NOW - 1800)}, 10000),
        ({"page_size": "101"}, 21001),
        ({"is_lucky_flag": "some"}, 21001),
        ({"is_lucky_flag": ""}, 21002),
        ({"page": ""}, 21002),
    ],
)
def test_a_wrong_call_has_its_code(shop, changes, wanted):
    right = {**ALL, "start_updated_at": str(NOW - 60), "end_updated_at": str(NOW), "page": "1"}
    kind = changes.pop("type", INCREMENT)
    assert code(shop.call(kind, **{**right, **changes})) == wanted


def test_a_token_ends(box, shop):
    shop.call("pdd.mall.info.get")
    box.expire_tokens("pinduoduo")
    assert code(shop.call("pdd.mall.info.get")) == 10019


def test_json_is_taken_as_well_and_a_boolean_is_its_word(shop):
    shop.call("pdd.mall.info.get")
    texts = {"type": "pdd.goods.list.get", "client_id": CLIENT_ID, "timestamp": str(NOW)}
    texts |= {"access_token": shop.token, "page": "1", "page_size": "10", "is_onsale": "true"}
    given = texts | {"page": 1, "page_size": 10, "is_onsale": True}
    given["sign"] = sign(texts, CLIENT_SECRET)
    answer = shop.session.post(f"{shop.base}/api/router", json=given).json()
    assert len(answer["goods_list_get_response"]["goods_list"]) == 10


def test_no_state_of_refunds_means_all(box, shop):
    chosen = {**window(box, "refunds"), "after_sales_type": "1"}
    assert code(shop.call(REFUNDS, **chosen, after_sales_status="1")) == 21001
    found = [
        case["after_sales_status"]
        for state in (2, 4, 10, 33)
        for case in shop.call(REFUNDS, **chosen, after_sales_status=str(state))[
            "refund_increment_get_response"
        ]["refund_list"]
    ]
    assert found
    assert set(found) <= {2, 4, 10}


def test_refunds_are_throttled_after_a_hundred_calls_in_ten_seconds(box, shop):
    box.set_limits(active=True)
    chosen = {"start_updated_at": str(NOW - 60), "end_updated_at": str(NOW)}
    chosen |= {"after_sales_type": "1", "after_sales_status": "2"}
    outcomes = ["error_response" in shop.call(REFUNDS, **chosen) for _ in range(101)]
    assert outcomes == [False] * 100 + [True]


def test_the_older_address_gives_flat_answers_and_a_new_consent_ends_the_old_tokens(shop):
    app = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    asked = {**app, "grant_type": "authorization_code", "code": f"sandbox-code-{MALL}"}
    shop.call("pdd.mall.info.get")
    given = shop.session.post(f"{shop.base}/oauth/token", json=asked).json()
    assert given["owner_id"] == MALL
    assert code(shop.call("pdd.mall.info.get")) == 20032
    shop.token = given["access_token"]
    assert "mall_info_get_response" in shop.call("pdd.mall.info.get")
    assert code(shop.session.post(f"{shop.base}/oauth/token", json=asked).json()) == 21001
