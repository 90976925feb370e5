"""快手小店: signature, tokens, windows, cursors, over HTTP."""

from __future__ import annotations

import json
import typing as t

import pytest
import requests
from sandbox import ManualClock, Sandbox, SandboxSettings
from sandbox.platforms.kuaishou_shop import APP_KEY, APP_SECRET, SIGN_SECRET, sign

NOW = 1_795_254_000
NOW_MS = NOW * 1000
DAY = 86_400_000
SELLER = "12342323"

EXAMPLE = {
    "access_token": "ChFvYXV0aC5hY2Nlc3NUb2tlbhJ4AAA",
    "appkey": "ks700000000000000001",
    "method": "open.order.cursor.list",
    "param": '{"beginTime":1700000000000,"cursor":"","endTime":1700086400000,"orderViewStatus":1,"pageSize":50,"queryType":2,"sort":2}',
    "timestamp": "1700086405123",
    "version": "1",
}


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"signMethod": "HMAC_SHA256"}, "aILU6DrfiSvxgSNcTd8pHbGWGutNqZRg7Q70lhjZEhs="),
        ({"signMethod": "MD5"}, "0c91d1fb7d22d3a757258fd8ee587d0f"),
        (
            {
                "signMethod": "MD5",
                "method": "open.shop.info.get",
                "param": "{}",
                "timestamp": "1700086405456",
            },
            "f516492b210e392856439c7c24426778",
        ),
    ],
)
def test_the_worked_signatures_of_the_sheet(changes, wanted):
    assert sign(EXAMPLE | changes, "sandboxSignSecret01") == wanted


class Seller:
    """A client of one shop."""

    def __init__(self, box: Sandbox, account: str = SELLER) -> None:
        self.box, self.base = box, box.base_url("kuaishou_shop")
        self.session = requests.Session()
        self.session.trust_env = False
        self.refresh_token = f"sandbox-refresh-{account}-1"
        self.token = ""

    def refresh(self, refresh_token: str | None = None) -> dict[str, t.Any]:
        fields = {
            "grant_type": "refresh_token",
            "refresh_token": refresh_token or self.refresh_token,
            "app_id": APP_KEY,
            "app_secret": APP_SECRET,
        }
        answer = self.session.post(f"{self.base}/oauth2/refresh_token", data=fields).json()
        if answer["result"] == 1:
            self.token, self.refresh_token = answer["access_token"], answer["refresh_token"]
        return answer

    def call(self, method: str, param: t.Any = None, **changes: str) -> dict[str, t.Any]:
        if not self.token:
            self.refresh()
        public = {
            "appkey": APP_KEY,
            "method": method,
            "version": "1",
            "param": json.dumps(param or {}, ensure_ascii=False),
            "access_token": self.token,
            "timestamp": str(NOW_MS),
            "signMethod": "HMAC_SHA256",
        } | changes
        public.setdefault("sign", sign(public, SIGN_SECRET))
        path = method.replace(".", "/")
        return self.session.get(f"{self.base}/{path}", params=public).json()


@pytest.fixture
def box():
    chosen = SandboxSettings(size=600, clock=ManualClock(NOW), limits=False, history_days=6)
    with Sandbox(chosen) as running:
        yield running


@pytest.fixture
def seller(box):
    return Seller(box)


def orders(begin: int, end: int, **more: t.Any) -> dict[str, t.Any]:
    return {
        "orderViewStatus": 1,
        "pageSize": 50,
        "sort": 2,
        "queryType": 2,
        "beginTime": begin,
        "endTime": end,
        "cursor": "",
        **more,
    }


@pytest.mark.parametrize("sort", [1, 2])
def test_orders_by_cursor_are_the_truth(box, seller, sort):
    cursor, seen = "", []
    while cursor != "nomore":
        answer = seller.call(
            "open.order.cursor.list", orders(NOW_MS - 7 * DAY, NOW_MS, cursor=cursor, sort=sort)
        )
        assert answer["result"] == 1
        seen += answer["data"]["orderList"]
        assert len(answer["data"]["orderList"]) <= 50
        cursor = answer["data"]["cursor"]
    times = [order["orderBaseInfo"]["updateTime"] for order in seen]
    assert times == sorted(times, reverse=sort == 1)
    truth = [row.record for row in box.truth("kuaishou_shop", SELLER, "orders")]
    assert seen == (truth if sort == 2 else truth[::-1])


def test_defaults_are_created_and_descending(seller):
    param = orders(NOW_MS - 7 * DAY, NOW_MS)
    del param["sort"], param["queryType"]
    listed = seller.call("open.order.cursor.list", param)["data"]["orderList"]
    times = [order["orderBaseInfo"]["createTime"] for order in listed]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize(
    ("param", "code"),
    [
        (orders(NOW_MS, NOW_MS - 1), 300003),
        (orders(NOW_MS - 8 * DAY, NOW_MS), 300004),
        (orders(NOW_MS - 91 * DAY, NOW_MS - 90 * DAY), 300005),
        (orders(NOW_MS - DAY, NOW_MS, pageSize=51), 100200100),
        ({k: v for k, v in orders(NOW_MS - DAY, NOW_MS).items() if k != "cursor"}, 100200100),
        (orders(NOW_MS - DAY, NOW_MS, beginTime="1"), 100200100),
    ],
)
def test_wrong_windows_have_their_codes(seller, param, code):
    assert seller.call("open.order.cursor.list", param)["result"] == code


def test_a_wrong_signature_is_refused(seller):
    answer = seller.call("open.shop.info.get", sign="AAAA")
    assert (answer["result"], answer["error_msg"], answer["data"]) == (28, "签名校验失败", None)
    assert seller.call("open.shop.info.get", appkey="other")["result"] == 100200101
    assert seller.call("open.shop.info.get", signMethod="MD5")["result"] == 1
    assert seller.call("open.nothing.get")["result"] == 100200100


def test_refresh_rotates_and_the_old_token_is_discarded(box, seller):
    first = seller.refresh_token
    answer = seller.refresh()
    assert (answer["expires_in"], answer["refresh_token_expires_in"]) == (172_800, 180 * 86_400)
    again = seller.refresh(first)
    assert (again["result"], again["error"], again["error_msg"]) == (
        100200102,
        "access_denied",
        "refreshToken.discarded",
    )
    old = seller.token
    box.advance(86_400)
    assert seller.refresh()["refresh_token_expires_in"] == 179 * 86_400
    assert seller.call("open.shop.info.get", access_token=old)["result"] == 1  # both live
    box.advance(86_401)
    assert seller.call("open.shop.info.get", access_token=old)["result"] == 21
    assert seller.call("open.shop.info.get", access_token="unknown")["result"] == 100200102
    assert seller.refresh("nonsense")["error_msg"] == "invalid refresh_token"
    assert seller.refresh(f"sandbox-refresh-{SELLER}-40")["result"] == 1  # of an earlier life


def test_a_used_refresh_token_may_live_on_for_a_grace():
    with Sandbox(SandboxSettings(size=5, refresh_grace=300, clock=ManualClock(NOW))) as box:
        seller = Seller(box)
        first = seller.refresh_token
        assert seller.refresh()["result"] == 1
        box.advance(299)
        assert seller.refresh(first)["result"] == 1
        box.advance(2)
        assert seller.refresh(first)["result"] == 100200102


def test_codes_and_app_tokens(box, seller):
    query = {
        "app_id": APP_KEY,
        "app_secret": APP_SECRET,
        "grant_type": "code",
        "code": f"sandbox-code-{SELLER}",
    }
    url = f"{seller.base}/oauth2/access_token"
    answer = seller.session.get(url, params=query).json()
    assert answer["result"] == 1
    assert answer["refresh_token"] == f"sandbox-refresh-{SELLER}-1"
    assert seller.session.get(url, params=query).json()["result"] == 100200105
    query["grant_type"] = "client_credentials"
    app = seller.session.get(url, params=query).json()["access_token"]
    refused = seller.call("open.shop.info.get", access_token=app)
    assert (refused["result"], refused["error_msg"]) == (26, "主账号不存在")
    wrong = {**query, "app_secret": "x"}
    assert seller.session.get(url, params=wrong).json()["result"] == 100200101


def test_too_many_calls_are_refused_in_words():
    numbers = {"kuaishou_shop.open.shop.info.get": 2, "kuaishou_shop.day": 4}
    with Sandbox(SandboxSettings(size=5, limit_numbers=numbers, clock=ManualClock(NOW))) as box:
        seller = Seller(box)
        answers = [seller.call("open.shop.info.get") for _ in range(3)]
        assert answers[1]["result"] == 1
        assert "Exceed qps limit, KEY [apiId:open.shop.info.get;appkey:" in answers[2]["error_msg"]
        assert "MAX_QPS [2.0]" in answers[2]["error_msg"]
        box.advance(2)
        answers = [seller.call("open.user.seller.get") for _ in range(3)]
        assert "Exceed quota limit, KEY [appkey:" in answers[2]["error_msg"]
        box.advance(86_400)
        assert seller.call("open.user.seller.get")["result"] == 1


def test_refunds_by_day_are_the_truth(box, seller):
    seen, first_total = {}, 0
    for day in range(-7, 0):
        cursor = ""
        while cursor != "nomore":
            param = {
                "beginTime": NOW_MS + day * DAY,
                "endTime": NOW_MS + (day + 1) * DAY,
                "type": 9,
                "pageSize": 20,
                "currentPage": 1,
                "sort": 2,
                "queryType": 2,
                "pcursor": cursor,
            }
            data = seller.call("open.seller.order.refund.pcursor.list", param)["data"]
            seen |= {str(row["refundId"]): row for row in data["refundOrderInfoList"]}
            first_total += data["totalSize"]
            cursor = data["pcursor"]
    assert seen == {r.key: r.record for r in box.truth("kuaishou_shop", SELLER, "refunds")}
    assert first_total >= len(seen)
    param |= {"beginTime": NOW_MS - 2 * DAY, "pcursor": ""}
    assert seller.call("open.seller.order.refund.pcursor.list", param)["result"] == 300019
    del param["currentPage"]
    assert seller.call("open.seller.order.refund.pcursor.list", param)["result"] == 100200100


def test_items_details_skus(box, seller):
    seen = {}
    for page in range(1, 10):
        data = seller.call("open.item.list.get", {"pageNumber": page, "pageSize": 10})["data"]
        seen |= {str(row["kwaiItemId"]): row for row in data["items"]}
        if page >= data["totalPage"]:
            break
    assert seen == {r.key: r.record for r in box.truth("kuaishou_shop", SELLER, "items")}
    assert data["totalItemCount"] == len(seen)
    for row in list(box.truth("kuaishou_shop", SELLER, "item_details"))[:5]:
        param = {"kwaiItemId": int(row.key)}
        assert seller.call("open.item.get", param)["data"] == row.record
        skus = seller.call("open.item.sku.list.get", param)["data"]
        assert skus["skuCount"] == len(skus["skuList"])
        assert skus["skuList"] == seen[row.key]["skuList"]
    gone = box.mutate("kuaishou_shop", SELLER, "items", "delete", count=3)
    assert box.deleted_keys("kuaishou_shop", SELLER, "items") == gone
    assert seller.call("open.item.get", {"kwaiItemId": int(gone[0])})["result"] != 1


def test_details_comments_funds_bills(box, seller):
    for stream, api, name in [
        ("order_details", "open.order.detail", "oid"),
        ("refund_details", "open.seller.order.refund.detail", "refundId"),
    ]:
        row = next(box.truth("kuaishou_shop", SELLER, stream))
        assert seller.call(api, {name: int(row.key)})["data"] == row.record
    seen = []
    while page := seller.call("open.comment.list.get", {"offset": len(seen), "limit": 20})["data"][
        "rootComment"
    ]:
        seen += page
    assert seen[::-1] == [r.record for r in box.truth("kuaishou_shop", SELLER, "comments")]
    assert seller.call("open.comment.list.get", {"offset": 0, "limit": 21})["result"] == 100200100
    api, cursor, seen = "open.funds.financial.statement.list", "", []
    while cursor != "no_more":
        span = {"startTime": NOW_MS - 20 * DAY, "endTime": NOW_MS}
        data = seller.call(api, {**span, **({"cursor": cursor} if cursor else {})})["data"]
        assert len(data["record"]) <= 20
        seen += data["record"]
        cursor = data["cursor"]
    assert seen == [r.record for r in box.truth("kuaishou_shop", SELLER, "funds_statements")]
    api, cursor, seen = "open.funds.financial.settled.bill.detail", "", []
    while True:
        span = {"settlementStartTime": NOW_MS - 20 * DAY, "settlementEndTime": NOW_MS, "size": 50}
        data = seller.call(api, {**span, "cursor": cursor})["data"]
        if not data["orders"]:
            assert data["cursor"] == cursor
            break
        seen += data["orders"]
        cursor = data["cursor"]
    assert seen == [r.record for r in box.truth("kuaishou_shop", SELLER, "settled_bills")]


def test_shop_seller_and_the_daily_bill(box, seller):
    assert str(seller.call("open.user.seller.get")["data"]["sellerId"]) == SELLER
    assert "shopName" in seller.call("open.shop.info.get")["data"]
    param = {"billDate": "20261120", "billType": 1}
    steps = [seller.call("open.funds.center.get.daily.bill", param)["data"] for _ in range(3)]
    assert [step["processStatus"] for step in steps] == [1, 2, 3]
    assert requests.get(steps[2]["downloadUrl"], timeout=5).text.startswith("\ufeff账单时间")


def test_a_json_body_is_refused(seller):
    answer = requests.post(f"{seller.base}/open/shop/info/get", json={"a": 1}, timeout=5).json()
    assert answer["result"] == 100200100
