"""The truth of the streams of 有赞 that are not plain rows of a data set."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator

from sandbox.platform import Platform, TruthRow
from sandbox.platforms.youzan.goods import YouzanItem, YouzanWarehouse
from sandbox.platforms.youzan.more_calls import COMPANIES, shop_of, stock
from sandbox.platforms.youzan.rows import YouzanCustomer


def _old_items(platform: Platform, account: str, stream: str) -> Iterator[TruthRow]:
    data = platform.dataset(account, "items")
    kind = t.cast("YouzanItem", data.entity)
    for row in data.rows():
        if kind.on_sale(data, row) == (stream == "items_onsale"):
            yield platform.truth_row(data, row, stream)


def _items_onsale(platform: Platform, account: str) -> Iterator[TruthRow]:
    return _old_items(platform, account, "items_onsale")


def _items_inventory(platform: Platform, account: str) -> Iterator[TruthRow]:
    return _old_items(platform, account, "items_inventory")


def _skus(platform: Platform, account: str) -> Iterator[TruthRow]:
    for item in platform.truth(account, "item_details"):
        for sku in item.record["sku_list"]:
            key = f"{item.key}:{sku['sku_id']}"
            yield TruthRow(key, None, item.version, {"item_id": int(item.key), **sku})


def _stock(platform: Platform, account: str) -> Iterator[TruthRow]:
    houses = platform.dataset(account, "warehouses")
    products = platform.dataset(account, "retail_products")
    kind = t.cast("YouzanWarehouse", houses.entity)
    for house in houses.rows():
        for product in products.rows():
            record = stock(products, product, house.serial)
            key = f"{kind.code(house)}:{record['sku_code']}"
            yield TruthRow(key, None, product.version, record)


def _points_changes(platform: Platform, account: str) -> Iterator[TruthRow]:
    data = platform.dataset(account, "customers")
    kind = t.cast("YouzanCustomer", data.entity)
    for row in data.rows():
        for _, change in kind.points_log(data, row):
            parts = [
                data.key(row),
                *(change[name] for name in ("created_at", "amount", "biz_value")),
            ]
            yield TruthRow(":".join(map(str, parts)), None, 1, change)


def _shops(platform: Platform, account: str) -> Iterator[TruthRow]:
    yield TruthRow(account, None, 1, shop_of(platform, account))


def _express_companies(_platform: Platform, _account: str) -> Iterator[TruthRow]:
    for company in COMPANIES:
        yield TruthRow(str(company["id"]), None, 1, company)


OWN_TRUTH: dict[str, Callable[[Platform, str], Iterator[TruthRow]]] = {
    "items_onsale": _items_onsale,
    "items_inventory": _items_inventory,
    "skus": _skus,
    "warehouse_stock": _stock,
    "points_changes": _points_changes,
    "shops": _shops,
    "express_companies": _express_companies,
}
"""By stream: what a perfect copy of it would hold."""
