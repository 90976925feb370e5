"""有赞: the gateway, the tokens and each call, over HTTP."""

from __future__ import annotations

import typing as t

import pytest
import requests
from sandbox import ManualClock, Sandbox, SandboxSettings
from sandbox.clock import beijing

NOW = 1_795_254_000
SHOP = "42583152"


class Shop:
    """A client of one shop."""

    def __init__(self, box: Sandbox, account: str = SHOP) -> None:
        self.box, self.account = box, account
        self.base = box.base_url("youzan")
        self.session = requests.Session()
        self.session.trust_env = False

    def token(self, **changes: t.Any) -> dict[str, t.Any]:
        body = {
            "client_id": "sandbox-client",
            "client_secret": "sandbox-client-secret",
            "authorize_type": "silent",
            "grant_id": self.account,
            "refresh": False,
        }
        answer = self.session.post(f"{self.base}/auth/token", json=body | changes)
        assert answer.status_code == 200
        return answer.json()

    def call(self, api: str, params: t.Any = None, **more: t.Any) -> dict[str, t.Any]:
        name, _, version = api.rpartition("/")
        token = more.pop("token", None) or self.token()["data"]["access_token"]
        more.setdefault("json", params or {})
        answer = self.session.post(
            f"{self.base}/api/{name}/{version}", params={"access_token": token}, **more
        )
        assert answer.status_code == 200
        return answer.json()


@pytest.fixture
def box():
    with Sandbox(SandboxSettings(size=400, clock=ManualClock(NOW), limits=False)) as running:
        yield running


@pytest.fixture
def shop(box):
    return Shop(box)


def window(days: float = 31, kind: str = "update") -> dict[str, str]:
    start = int((NOW - days * 86_400) * 1000)
    return {f"start_{kind}": beijing(start), f"end_{kind}": beijing(NOW * 1000)}


ORDERS = "youzan.trades.sold.get/4.0.4"


def test_orders_come_in_pages_newest_first_and_match_the_truth(box, shop):
    seen = []
    for page in range(1, 6):
        answer = shop.call(ORDERS, {**window(), "page_no": page, "page_size": 100})
        assert answer["success"] is True
        assert answer["code"] == 200
        assert answer["data"]["total_results"] == 400
        seen += [one["full_order_info"] for one in answer["data"]["full_order_info_list"]]
    times = [order["order_info"]["update_time"] for order in seen]
    assert times == sorted(times, reverse=True)
    truth = {row.key: row.record for row in box.truth("youzan", SHOP, "orders")}
    assert {order["order_info"]["tid"]: order for order in seen} == truth
    for order in seen[:20]:
        lines = sum(round(float(line["payment"]) * 100) for line in order["orders"])
        assert lines == round(float(order["pay_info"]["payment"]) * 100)
        assert order["order_info"]["tid"][1:15] == "".join(
            c for c in order["order_info"]["created"] if c.isdigit()
        )


def test_an_update_moves_an_order_out_of_its_window(box, shop):
    old = {**window(), "page_size": 1}
    tid = shop.call(ORDERS, old)["data"]["full_order_info_list"][0]["full_order_info"]
    tid = tid["order_info"]["tid"]
    box.advance(3600)
    assert box.mutate("youzan", SHOP, "orders", keys=[tid]) == [tid]
    assert shop.call(ORDERS, old)["data"]["total_results"] == 399
    detail = shop.call("youzan.trade.get/4.0.2", {"tid": tid})["data"]
    assert detail["full_order_info"]["remark_info"]["trade_memo"] == "v2"
    truth = {row.key: row for row in box.truth("youzan", SHOP, "order_details")}
    assert truth[tid].version == 2
    assert truth[tid].record == detail


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({**window(), "page_size": 101}, 5000),
        ({**window(), "page_no": 101}, 5000),
        ({"start_update": "2026-11-01", "end_update": "2026-11-02"}, 5001),
        ({"start_update": 1, "end_update": 2}, 5001),
        ({**window(100)}, 106000001),
        ({"start_update": beijing(NOW * 1000), "end_update": beijing(NOW * 1000 - 9000)}, 5000),
        ({**window(), "end_update": beijing((NOW + 9 * 86_400) * 1000)}, 106000003),
    ],
)
def test_wrong_order_searches_are_refused(shop, params, code):
    answer = shop.call(ORDERS, params)
    assert answer["success"] is False
    assert answer["code"] == code
    if code != 5001:
        assert "gw_err_resp" not in answer


def test_half_a_pair_is_ignored(shop):
    only_start = {"start_update": beijing((NOW + 3600) * 1000)}
    assert shop.call(ORDERS, only_start)["data"]["total_results"] == 400


def test_both_ends_are_inclusive(box, shop):
    first = next(box.truth("youzan", SHOP, "orders"))
    second = first.record["order_info"]["update_time"]
    answer = shop.call(ORDERS, {"start_update": second, "end_update": second})
    assert answer["data"]["total_results"] >= 1


def test_an_unknown_order_comes_with_empty_blocks(shop):
    answer = shop.call("youzan.trade.get/4.0.2", {"tid": "E" + "1" * 23})
    assert (answer["code"], answer["message"]) == (5000, "trade not found")
    assert answer["data"]["refund_order"] == []
    assert shop.call("youzan.trade.get/4.0.2", {"tid": "x"})["code"] == 106000004


def gateway(answer: dict[str, t.Any]) -> int:
    assert "code" not in answer
    assert "success" not in answer
    return answer["gw_err_resp"]["err_code"]


def test_the_gateway_refuses_in_its_own_envelope(box, shop):
    assert gateway(shop.call("youzan.nothing.get/1.0.0")) == 4005
    assert gateway(shop.call("youzan.trades.sold.get/9.9.9", token="x")) == 4005
    assert gateway(shop.call(ORDERS, token="unknown")) == 4203
    assert gateway(shop.call(ORDERS, json=None, data="{", headers=JSON)) == 4004
    assert (
        gateway(shop.call(ORDERS, json=None, data="x", headers={"Content-Type": "text/plain"}))
        == 4007
    )
    bare = requests.post(f"{shop.base}/api/youzan.trade.get/4.0.2", json={}, timeout=5)
    assert gateway(bare.json()) == 4201
    header = {"Authorization": "Bearer " + shop.token()["data"]["access_token"]}
    bare = requests.post(
        f"{shop.base}/api/youzan.trade.get/4.0.2", headers=header, json={}, timeout=5
    )
    assert gateway(bare.json()) == 4201
    assert gateway(requests.get(f"{shop.base}/other", timeout=5).json()) == 4001


JSON = {"Content-Type": "application/json"}


def test_get_with_query_parameters_answers_alike(shop):
    token = shop.token()["data"]["access_token"]
    query = {"access_token": token, "page_size": "3", **window()}
    answer = requests.get(f"{shop.base}/api/{ORDERS}", params=query, timeout=5).json()
    assert len(answer["data"]["full_order_info_list"]) == 3


def test_a_silent_token_stays_the_same_until_it_ends(box, shop):
    first = shop.token()["data"]
    assert shop.token()["data"] == first
    assert first["expires"] == (NOW + 7 * 86_400) * 1000
    assert first["authority_id"] == SHOP
    renewed = shop.token(refresh=True)["data"]
    assert renewed["access_token"] != first["access_token"]
    assert gateway(shop.call(ORDERS, token=first["access_token"])) == 4203
    box.advance(7 * 86_400 + 1)
    assert gateway(shop.call(ORDERS, token=renewed["access_token"])) == 4202
    assert shop.token()["data"]["access_token"] != renewed["access_token"]


def test_expired_on_request(box, shop):
    token = shop.token()["data"]["access_token"]
    assert box.expire_tokens("youzan", SHOP) == 1
    assert gateway(shop.call(ORDERS, token=token)) == 4202


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"client_id": "other"}, 1103),
        ({"client_secret": "wrong"}, 1000),
        ({"grant_id": "1"}, 1103),
        ({"refresh": "false"}, 1000),
        ({"authorize_type": "refresh_token"}, 1105),
    ],
)
def test_wrong_token_calls(shop, changes, code):
    answer = shop.token(**changes)
    assert (answer["success"], answer["code"], answer["data"]) == (False, code, None)


def test_a_form_is_refused_by_the_token_call(shop):
    answer = shop.session.post(f"{shop.base}/auth/token", data={"client_id": "x"}).json()
    assert answer["code"] == 1000


def test_the_tool_app_rotates_its_refresh_token(shop):
    tool = {"client_id": "sandbox-tool", "client_secret": "sandbox-tool-secret"}
    by_code = {**tool, "authorize_type": "authorization_code", "code": f"sandbox-code-{SHOP}"}
    first = shop.token(**by_code)["data"]
    assert shop.token(**by_code)["code"] == 1005
    again = {**tool, "authorize_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = shop.token(**again)["data"]
    assert second["refresh_token"] != first["refresh_token"]
    assert shop.token(**again)["code"] == 1004
    assert shop.call(ORDERS, token=second["access_token"])["success"] is True


def test_throttling_is_a_gateway_error():
    with Sandbox(
        SandboxSettings(size=10, limit_numbers={"youzan.youzan.trades.sold.get": 2})
    ) as box:
        shop = Shop(box)
        token = shop.token()["data"]["access_token"]
        codes = [shop.call(ORDERS, token=token) for _ in range(3)]
        assert gateway(codes[-1]) == 4101
        assert box.counts()["youzan", SHOP, ORDERS, "throttled"] >= 1


PAGED = [
    ("refunds", "youzan.trade.refund.search/3.0.1", {}, "refunds", "refund_id"),
    ("items", "youzan.item.base.search/1.0.0", {"kdt_id": 1, "channel": 0}, "items", "item_id"),
    ("items_onsale", "youzan.items.onsale.get/3.0.0", {}, "items", "item_id"),
    ("items_inventory", "youzan.items.inventory.get/3.0.0", {}, "items", "item_id"),
    ("retail_products", "youzan.retail.open.spu.query/3.0.0", {}, "spus", "spu_id"),
    ("warehouses", "youzan.retail.open.warehouse.query/3.0.0", {}, "warehouses", "warehouse_id"),
    (
        "stock_in_orders",
        "youzan.retail.open.stockinorder.query/3.0.0",
        {
            "create_time_start": "2026-09-01 00:00:00",
            "create_time_end": "2026-12-01 00:00:00",
            "show_item": True,
        },
        "orders",
        "biz_bill_no",
    ),
    (
        "stock_out_orders",
        "youzan.retail.open.stockoutorder.query/3.0.0",
        {
            "create_time_start": "2026-09-01 00:00:00",
            "create_time_end": "2026-12-01 00:00:00",
            "show_item": True,
        },
        "orders",
        "biz_bill_no",
    ),
    ("customers", "youzan.scrm.customer.list/1.0.0", {}, "record_list", "yz_open_id"),
    ("stores", "youzan.multistore.store.list/2.0.1", {}, "list", "id"),
    ("salesmen", "youzan.salesman.account.list/1.0.0", {}, "accounts", "seller"),
]


@pytest.mark.parametrize(("stream", "api", "params", "at", "key"), PAGED, ids=lambda v: str(v)[:20])
def test_each_list_brings_all_rows_of_the_truth(  # noqa: PLR0917
    box, shop, stream, api, params, at, key
):
    found = {}
    for page in range(1, 30):
        answer = shop.call(api, {**params, "page_no": page, "page_size": 15})
        rows = answer["data"][at]
        found |= {str(row[key]): row for row in rows}
        if not rows:
            break
    truth = {row.key: row.record for row in box.truth("youzan", SHOP, stream)}
    assert found == truth
    assert found


@pytest.mark.parametrize(
    ("api", "params", "code"),
    [
        ("youzan.trade.refund.search/3.0.1", {"page_no": 31, "page_size": 100}, 5000),
        ("youzan.trade.refund.search/3.0.1", {"page_size": 101}, 53002),
        ("youzan.item.base.search/1.0.0", {"kdt_id": 1, "channel": 0, "page_size": 51}, 200000026),
        (
            "youzan.item.base.search/1.0.0",
            {"kdt_id": 1, "channel": 0, "page_no": 101, "page_size": 50},
            200000026,
        ),
        ("youzan.item.base.search/1.0.0", {"page_size": 5}, 301000002),
        ("youzan.scrm.customer.list/1.0.0", {"page_no": 201, "page_size": 50}, 142710032),
        ("youzan.retail.open.stockinorder.query/3.0.0", {}, 301000002),
        ("youzan.retail.open.warehouse.query/3.0.0", {"page_size": 21}, 301000004),
        (
            "youzan.shop.chain.descendent.organization.list/1.0.1",
            {"page_no": 1, "page_size": 5},
            301000002,
        ),
        ("youzan.item.detail.get/1.0.1", {"item_id": 1}, 122001001),
        ("youzan.item.itemdetail.get/1.0.0", {"item_id": 457_000_000}, 301000002),
        ("youzan.trade.refund.get/3.0.1", {"refund_id": "1"}, 103010052),
        ("youzan.trade.refund.get/3.0.1", {"refund_id": "1" * 24}, 103011024),
        ("youzan.scrm.customer.detail.get/1.0.1", {"yz_open_id": "nobody"}, 144100001),
    ],
)
def test_caps_and_missing_rows_have_their_codes(shop, api, params, code):
    answer = shop.call(api, params)
    assert (answer["success"], answer["code"]) == (False, code)


def test_refunds_are_filtered_in_seconds(box, shop):
    rows = list(box.truth("youzan", SHOP, "refunds"))
    second = int(rows[0].update_time.timestamp())
    span = {"update_time_start": second, "update_time_end": second}
    answer = shop.call("youzan.trade.refund.search/3.0.1", span)["data"]
    assert rows[0].key in {row["refund_id"] for row in answer["refunds"]}
    assert answer["total"] < len(rows)
    in_ms = {"update_time_start": second * 1000, "update_time_end": second * 1000}
    assert shop.call("youzan.trade.refund.search/3.0.1", in_ms)["data"]["total"] == 0


def test_details_match_the_truth(box, shop):
    for stream, api, name in [
        ("refund_details", "youzan.trade.refund.get/3.0.1", "refund_id"),
        ("customer_details", "youzan.scrm.customer.detail.get/1.0.1", "yz_open_id"),
    ]:
        row = next(box.truth("youzan", SHOP, stream))
        assert shop.call(api, {name: row.key})["data"] == row.record
    row = next(box.truth("youzan", SHOP, "item_details"))
    assert (
        shop.call("youzan.item.detail.get/1.0.1", {"item_id": int(row.key)})["data"] == row.record
    )
    wrapped = {"request": {"kdt_id": int(SHOP), "item_id": int(row.key), "channel": 0}}
    assert shop.call("youzan.item.itemdetail.get/1.0.0", wrapped)["data"] == row.record
    skus = [sku.record for sku in box.truth("youzan", SHOP, "skus")]
    assert {**row.record["sku_list"][0], "item_id": int(row.key)} in skus


def test_stock_points_shops_and_companies(box, shop):
    stock = {row.key: row.record for row in box.truth("youzan", SHOP, "warehouse_stock")}
    codes = sorted({key.partition(":")[2] for key in stock})[:50]
    api = "youzan.retail.open.query.warehousestock/1.0.0"
    answer = shop.call(api, {"warehouse_code": "WH001", "sku_codes": codes})
    assert {f"WH001:{row['sku_code']}": row for row in answer["data"]}.items() <= stock.items()
    assert answer["count"] == len(codes)
    assert shop.call(api, {"warehouse_code": "WH001", "sku_codes": str(codes).replace("'", '"')})[
        "count"
    ] == len(codes)
    assert shop.call(api, {"warehouse_code": "WH001", "sku_codes": ["a"] * 51})["code"] == 301000004
    change = next(box.truth("youzan", SHOP, "points_changes"))
    user = {"account_type": 5, "account_id": change.key.partition(":")[0]}
    created = change.record["created_at"] * 1000
    span = {"begin_time": beijing(created), "end_time": beijing(created + 86_400_000)}
    api = "youzan.crm.customer.points.changelog.search/4.0.2"
    assert change.record in shop.call(api, {"user": user, **span})["data"]["items"]
    span["end_time"] = beijing(created + 40 * 86_400_000)
    assert shop.call(api, {"user": user, **span})["code"] == 301000004
    api = "youzan.shop.chain.descendent.organization.list/1.0.1"
    listed = shop.call(api, {"page_num": 1, "page_size": 50})["data"]
    assert listed["organization_list"] == [r.record for r in box.truth("youzan", SHOP, "branches")]
    shops = [r.record for r in box.truth("youzan", SHOP, "shops")]
    assert [shop.call("youzan.shop.basic.get/3.0.0")["data"]] == shops
    companies = [r.record for r in box.truth("youzan", SHOP, "express_companies")]
    assert shop.call("youzan.logistics.express.get/3.0.0")["data"]["allExpress"] == companies
    assert "point" in shop.call("youzan.crm.customer.points.get/1.0.0", {"user": user})["data"]
