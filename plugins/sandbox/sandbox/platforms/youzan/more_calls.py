"""The calls of 有赞 about stock, customers and organisations."""

from __future__ import annotations

import typing as t

import orjson

from sandbox.dataset import Dataset, Row
from sandbox.http import Call, Rejected
from sandbox.mixing import mix
from sandbox.platforms.youzan.calls import CALLS, DAY_MS, Body, named, page_of
from sandbox.platforms.youzan.goods import YouzanProduct, YouzanWarehouse
from sandbox.platforms.youzan.params import Params
from sandbox.platforms.youzan.rows import YouzanCustomer
from sandbox.words import EXPRESS

if t.TYPE_CHECKING:
    from sandbox.platform import Platform


# -- warehouses and stock ------------------------------------------------------------------------


@named("youzan.retail.open.warehouse.query", "3.0.0")
def warehouses(platform: Platform, call: Call, params: Params) -> Body:
    """Answer the warehouses."""
    data = platform.dataset(call.account, "warehouses", call)
    number, size = params.number("page_no", 1), params.number("page_size", 20)
    if number < 1 or not 1 <= size <= 20:
        raise Rejected(301000004, "分页参数非法")
    rows, total = page_of(call, data, (number, size), ("created", None, None), ascending=True)
    paging = {"total_count": total, "page": number, "page_size": size}
    return {"data": {"warehouses": data.json_list(rows), "paginator": paging}}


def stock(products: Dataset, row: Row, warehouse: int) -> Body:
    """Return the stock of one product in one warehouse."""
    dice = mix(products.seed, row.serial, warehouse, row.version)
    kind = t.cast("YouzanProduct", products.entity)
    return {
        "sku_code": kind.sku_code(products, row),
        "stock_num": str(dice % 500),
        "freeze_num": str(dice // 500 % 9),
        "plan_num": "0",
        "plan_freeze_num": "0",
        "road_num": str(dice // 5000 % 20),
    }


@named("youzan.retail.open.query.warehousestock", "1.0.0")
def warehouse_stock(platform: Platform, call: Call, params: Params) -> Body:
    """Answer stock by codes; `sku_codes` may be a list or its JSON text."""
    products = platform.dataset(call.account, "retail_products", call)
    houses = platform.dataset(call.account, "warehouses")
    codes = params.get("sku_codes")
    if isinstance(codes, str):
        try:
            codes = orjson.loads(codes)
        except ValueError:
            raise Rejected(301000004, "sku_codes 参数非法") from None
    if not isinstance(codes, list) or not 1 <= len(codes) <= 50:
        raise Rejected(301000004, "sku_codes 参数非法")
    place = t.cast("YouzanWarehouse", houses.entity)
    by_code = {place.code(row): row.serial for row in houses.rows()}
    code = params.text("warehouse_code")
    if code not in by_code:
        raise Rejected(301000004, "warehouse_code 参数非法")
    rows = [products.find(str(sku)[1:]) for sku in codes]
    found = [stock(products, row, by_code[code]) for row in rows if row is not None]
    return {"data": [] if call.blank else found, "count": len(found)}


def _papers(platform: Platform, call: Call, params: Params, entity: str) -> Body:
    data = platform.dataset(call.account, entity, call)
    if "create_time_start" not in params or "create_time_end" not in params:
        raise Rejected(301000002, "create_time_start 参数缺失")
    number, size = params.number("page_no", 1), params.number("page_size", 20)
    if number < 1 or not 1 <= size <= 100:
        raise Rejected(301000004, "分页参数非法")
    start, end = params.time("create_time_start"), params.time("create_time_end")
    rows, total = page_of(call, data, (number, size), ("created", start, end + 1000))
    records = [data.render(row) for row in rows]
    if not params.get("show_item"):
        for record in records:
            record.pop("order_items")
    paging = {"total_count": total, "page": number, "page_size": size}
    return {"data": {"orders": records, "paginator": paging}}


@named("youzan.retail.open.stockinorder.query", "3.0.0")
def stock_in_orders(platform: Platform, call: Call, params: Params) -> Body:
    """Answer the papers of goods received."""
    return _papers(platform, call, params, "stock_in_orders")


@named("youzan.retail.open.stockoutorder.query", "3.0.0")
def stock_out_orders(platform: Platform, call: Call, params: Params) -> Body:
    """Answer the papers of goods sent."""
    return _papers(platform, call, params, "stock_out_orders")


# -- customers -----------------------------------------------------------------------------------


@named("youzan.scrm.customer.list", "1.0.0")
def customers(platform: Platform, call: Call, params: Params) -> Body:
    """Answer the customers: by creation in seconds, newest first, 10,000 rows deep."""
    data = platform.dataset(call.account, "customers", call)
    number, size = params.number("page_no", 1), params.number("page_size", 20)
    if not (1 <= number <= 500 and 1 <= size <= 50):
        raise Rejected(301000004, "分页参数非法")
    if number * size > 10_000:
        raise Rejected(142710032, "超过列表获取总数")
    start = params.number("created_at_start", 0) * 1000
    end = params.number("created_at_end", 1 << 40) * 1000 + 1000
    rows, total = page_of(call, data, (number, size), ("created", start, end))
    return {"data": {"record_list": data.json_list(rows), "total": total, "page_no": number}}


def _customer(platform: Platform, call: Call, account: t.Any) -> tuple[Dataset, Row]:
    data = platform.dataset(call.account, "customers", call)
    if not isinstance(account, dict) or account.get("account_type") != 5:
        raise Rejected(301000004, "account_type 参数非法")
    row = data.find(str(account.get("account_id", "")))
    if row is None:
        raise Rejected(144100001, "客户不存在或已注销")
    return data, row


@named("youzan.scrm.customer.detail.get", "1.0.1")
def customer_detail(platform: Platform, call: Call, params: Params) -> Body:
    """Answer one customer."""
    account = params.get("account_info") or {
        "account_type": 5,
        "account_id": params.text("yz_open_id"),
    }
    data, row = _customer(platform, call, account)
    return {"data": orjson.Fragment(data.json(row, "customer_details"))}


@named("youzan.crm.customer.points.changelog.search", "4.0.2")
def points_changes(platform: Platform, call: Call, params: Params) -> Body:
    """Answer the changes of one customer's points: at most 31 days of the last 12 months."""
    data, row = _customer(platform, call, params.get("user"))
    number, size = params.number("page", 1), params.number("page_size", 20)
    start, end = params.time("begin_time"), params.time("end_time")
    if end - start > 31 * DAY_MS or start < call.now_ms - 366 * DAY_MS or start > end:
        raise Rejected(301000004, "查询时间范围非法")
    if number < 1 or not 1 <= size <= 50:
        raise Rejected(301000004, "分页参数非法")
    kind = t.cast("YouzanCustomer", data.entity)
    log = [record for at, record in kind.points_log(data, row) if start <= at < end + 1000]
    page = [] if call.blank else log[(number - 1) * size : number * size]
    paging = {"total_count": len(log), "page": number, "page_size": size}
    return {"data": {"items": page, "paginator": paging}}


@named("youzan.crm.customer.points.get", "1.0.0")
def points(platform: Platform, call: Call, params: Params) -> Body:
    """Answer one customer's points."""
    data, row = _customer(platform, call, params.get("user"))
    return {"data": {"point": data.render(row)["points"]}}


# -- organisations -------------------------------------------------------------------------------


@named("youzan.shop.chain.descendent.organization.list", "1.0.1")
def branches(platform: Platform, call: Call, params: Params) -> Body:
    """Answer a chain's organisations; the page parameter is `page_num` here."""
    data = platform.dataset(call.account, "branches", call)
    if "page_num" not in params or "page_size" not in params:
        raise Rejected(301000002, "page_num 参数缺失")
    number, size = params.number("page_num"), params.number("page_size")
    if number < 1 or not 1 <= size <= 50:
        raise Rejected(301000004, "分页参数非法")
    rows, total = page_of(call, data, (number, size), ("created", None, None), ascending=True)
    return {"data": {"organization_list": data.json_list(rows), "total": total}}


def shop_of(platform: Platform, account: str) -> Body:
    """Return one shop."""
    return {
        "sid": int(account),
        "name": f"演示店铺{platform.accounts.index(account) + 1}",
        "logo": "https://img.example.com/logo.png",
        "url": "https://h5.example.com/shop",
        "physical_url": "",
        "cert_type": 2,
    }


@named("youzan.shop.basic.get", "3.0.0")
def shop(platform: Platform, call: Call, _params: Params) -> Body:
    """Answer the shop that the token is for."""
    return {"data": shop_of(platform, call.account)}


def _stores(platform: Platform, call: Call, params: Params) -> Body:
    data = platform.dataset(call.account, "stores", call)
    number, size = params.number("page_no", 1), params.number("page_size", 20)
    rows, total = page_of(call, data, (number, size), ("created", None, None), ascending=True)
    return {"data": {"list": data.json_list(rows), "count": total}}


CALLS["youzan.multistore.store.list", "2.0.1"] = _stores
CALLS["youzan.multistore.offline.search", "3.0.0"] = _stores


COMPANIES: t.Final = [{"id": n, "name": name, "display": 1} for n, name in enumerate(EXPRESS, 1)]


@named("youzan.logistics.express.get", "3.0.0")
def express_companies(_platform: Platform, _call: Call, _params: Params) -> Body:
    """Answer the express companies."""
    return {"data": {"allExpress": COMPANIES}}


def _salesmen(platform: Platform, call: Call, params: Params) -> Body:
    data = platform.dataset(call.account, "salesmen", call)
    number, size = params.number("page_no", 1), params.number("page_size", 20)
    if number < 1 or not 1 <= size <= 100 or number * size > 3000:
        raise Rejected(301000004, "分页参数非法")
    rows, total = page_of(call, data, (number, size), ("created", None, None))
    return {"data": {"accounts": data.json_list(rows), "total_results": total}}


CALLS["youzan.salesman.account.list", "1.0.0"] = _salesmen
CALLS["youzan.salesman.accounts.get", "3.0.0"] = _salesmen
