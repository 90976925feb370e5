"""抖店: signature, tokens, windows and pages, over HTTP."""

from __future__ import annotations

import json
import typing as t

import pytest
import requests
from sandbox import ManualClock, Sandbox, SandboxSettings
from sandbox.platforms.douyin_shop import APP_KEY, APP_SECRET, TOOL, sign

NOW = 1_795_254_000
DAY = 86_400
SHOP = "4463798"
ORDERS = {"page": 0, "size": 20, "order_by": "update_time", "order_asc": True}


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        ("hmac-sha256", "994f1305a1fee4bb69cb3befa73c7fa9d5251d4fa588e0db6783ec9f4e6185ad"),
        ("md5", "a9156691bb5a4921e917c0ef0cbb3402"),
    ],
)
def test_the_worked_signature_of_the_sheet(how, wanted):
    body = b'{"order_asc":true,"order_by":"update_time","page":0,"size":100,"update_time_end":1700003600,"update_time_start":1700000000}'
    query = {"app_key": "7000000000000000001", "method": "order.searchList", "v": "2"}
    query |= {"timestamp": "1700003700", "sign_method": how}
    assert sign("00000000-aaaa-bbbb-cccc-111111111111", query, body) == wanted


class Shop:
    """A client of one shop."""

    def __init__(self, box: Sandbox, app: tuple[str, str] = (APP_KEY, APP_SECRET)) -> None:
        self.base, self.app = box.base_url("douyin_shop"), app
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["x-open-no-old-err-code"] = "1"
        self.token = ""
        self.clock = box.world.clock

    def send(self, method: str, params: t.Any, **changes: str) -> dict[str, t.Any]:
        body = json.dumps(
            params, sort_keys=True, separators=(",", ":"), ensure_ascii=False
        ).encode()
        query = {"app_key": self.app[0], "method": method, "v": "2", "sign_method": "hmac-sha256"}
        query |= {"timestamp": str(int(self.clock.now())), **changes}
        query.setdefault("sign", sign(self.app[1], query, body))
        url = f"{self.base}/{method.replace('.', '/')}"
        return self.session.post(url, params=query, data=body).json()

    def create(self, **asked: str) -> dict[str, t.Any]:
        wanted = {"code": "", "grant_type": "authorization_self", "shop_id": SHOP, **asked}
        return self.send("token.create", wanted)

    def call(self, method: str, params: t.Any, **changes: str) -> dict[str, t.Any]:
        if not self.token:
            self.token = self.create()["data"]["access_token"]
        return self.send(method, params, **{"access_token": self.token, **changes})


@pytest.fixture
def box():
    chosen = SandboxSettings(size=300, clock=ManualClock(NOW), limits=False, history_days=6)
    with Sandbox(chosen) as running:
        yield running


@pytest.fixture
def shop(box):
    return Shop(box)


def test_pages_of_orders_begin_at_0_and_ascend_when_told(box, shop):
    window = {"update_time_start": NOW - 8 * DAY, "update_time_end": NOW}
    seen: list[t.Any] = []
    for page in range(15):
        data = shop.call("order.searchList", {**ORDERS, **window, "page": page})["data"]
        assert data["total"] == 300
        seen += data["shop_order_list"]
    assert seen == [row.record for row in box.truth("douyin_shop", SHOP, "orders")]
    default = shop.call("order.searchList", {"page": 0, "size": 100, **window})["data"]
    times = [order["create_time"] for order in default["shop_order_list"]]
    assert times == sorted(times, reverse=True)


def test_cases_without_their_order_told_are_not_whole(box, shop):
    asked = {"page": 0, "size": 100, "update_start_time": NOW - 8 * DAY, "update_end_time": NOW}
    listed = shop.call("afterSale.List", {**asked, "order_by": ["update_time asc"]})["data"]
    assert listed["items"] == [row.record for row in box.truth("douyin_shop", SHOP, "refunds")]
    assert shop.call("afterSale.List", asked)["data"]["total"] < listed["total"]


def test_a_window_of_products_leaves_both_of_its_ends_out(box, shop):
    row = next(iter(box.truth("douyin_shop", SHOP, "items")))
    at, asked = int(row.update_time.timestamp()), {"page": 1, "size": 100}
    asked["status"] = row.record["status"]
    for start, end, wanted in ((at - 1, at + 1, True), (at, at + 1, False), (at - 1, at, False)):
        window = {"update_start_time": start, "update_end_time": end}
        came = shop.call("product.listV2", {**asked, **window})["data"]["data"]
        assert (row.record in came) == wanted


@pytest.mark.parametrize(
    ("changes", "code", "sub_code"),
    [
        ({"update_time_start": NOW - 91 * DAY}, 40004, "isv.parameter-invalid:20022"),
        ({"update_time_start": None}, 40004, "isv.parameter-invalid:20011"),
        ({"size": 101}, 40004, "isv.parameter-invalid:20008"),
        ({"page": -1}, 40004, "isv.parameter-invalid:10035"),
        ({"page": 2500}, 40004, "isv.parameter-invalid:20013"),
    ],
)
def test_a_wrong_parameter_has_its_number(shop, changes, code, sub_code):
    answer = shop.call("order.searchList", {**ORDERS, "update_time_start": NOW - DAY, **changes})
    assert (answer["code"], answer["sub_code"]) == (code, sub_code)


@pytest.mark.parametrize(
    ("changes", "sub_code"),
    [
        ({"sign": "0" * 64}, "isv.signature-invalid"),
        ({"app_key": "7"}, "isv.app-id-invalid"),
        ({"timestamp": str(NOW - DAY)}, "isv.timestamp-invalid"),
        ({"access_token": "sandbox-access-of-nobody"}, "isv.access-token-no-existed"),
    ],
)
def test_a_wrong_call_is_refused(shop, changes, sub_code):
    assert shop.call("shop.brandList", {}, **changes)["sub_code"] == sub_code


def test_who_does_not_ask_for_the_codes_of_today_gets_the_old_envelope(shop):
    shop.call("shop.brandList", {})
    del shop.session.headers["x-open-no-old-err-code"]
    beijing = "2026-11-21 17:40:00"
    answer = shop.call("shop.brandList", {}, timestamp=beijing)
    assert (answer["err_no"], len(answer["data"])) == (0, 2)
    refused = shop.call("shop.brandList", {}, access_token="sandbox-access-of-nobody")
    assert (refused["err_no"], refused["message"]) == (40003, "access_token不存在")


def test_other_bytes_than_the_signed_ones_are_refused(shop):
    shop.call("shop.brandList", {})
    query = {"app_key": APP_KEY, "method": "shop.brandList", "v": "2", "timestamp": str(NOW)}
    query["sign"] = sign(APP_SECRET, query, b"{}")
    query["access_token"] = shop.token
    url = f"{shop.base}/shop/brandList"
    assert shop.session.post(url, params=query, data=b"{}").json()["code"] == 10000
    assert shop.session.post(url, params=query, data=b"{ }").json()["code"] == 40003


def test_a_pair_of_tokens_stays_until_its_last_hour(box):
    shop = Shop(box, TOOL)
    first = shop.create(code=f"sandbox-code-{SHOP}", grant_type="authorization_code")["data"]

    def refreshed(token: str) -> dict[str, t.Any]:
        asked = {"grant_type": "refresh_token", "refresh_token": token}
        return shop.send("token.refresh", asked)

    same = refreshed(first["refresh_token"])["data"]
    assert same["access_token"] == first["access_token"]
    box.advance(7 * DAY - 1800)
    new = refreshed(first["refresh_token"])["data"]
    assert new["access_token"] != first["access_token"]
    assert new["refresh_token"] != first["refresh_token"]
    assert refreshed(first["refresh_token"])["sub_code"].endswith("token-expired")
    again = shop.create(code=f"sandbox-code-{SHOP}", grant_type="authorization_code")
    assert again["sub_code"] == "dop.token-generate-failed:code-expired"


def test_bills_go_on_by_index_and_time(box, shop):
    asked: dict[str, t.Any] = {"size": 7, "time_type": "0"}
    asked |= {"start_time": "2026-11-14 00:00:00", "end_time": "2026-11-21 00:00:00"}
    seen, end = [], 0
    while not end:
        data = shop.call("order.getSettleBillDetailV3", asked)["data"]
        assert data["code"] == "100000"
        seen += data["data"]
        end = data["is_end"]
        asked |= {"start_index": data["next_start_index"], "start_time": data["next_start_time"]}
    assert seen == [row.record for row in box.truth("douyin_shop", SHOP, "settled_bills")]
    refused = shop.call("order.getSettleBillDetailV3", {**asked, "start_time": "today"})
    assert (refused["code"], refused["data"]["code"]) == (10000, "100001")
