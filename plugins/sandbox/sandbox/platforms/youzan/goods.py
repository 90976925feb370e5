"""Goods of 有赞: items in their old and new form, products, warehouses and stock papers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from typing_extensions import override

from sandbox.clock import beijing
from sandbox.dataset import Dataset, Numbered, Record, Row
from sandbox.mixing import digest, mix
from sandbox.money import yuan
from sandbox.platforms.youzan.orders import FIRST_ITEM
from sandbox.words import COLOURS, GOODS, PLACES

View = Callable[[Dataset, Row], Record]

_WAREHOUSES = 3


class YouzanItem(Numbered):
    """Items: the new search, the two old lists and the detail show the same rows."""

    name = "items"
    per_order = 0.2
    vanishes = True
    first = FIRST_ITEM

    @property
    @override
    def views(self) -> Mapping[str, View]:
        return {
            "items_onsale": self.old_form,
            "items_inventory": self.old_form,
            "item_details": self.detail,
        }

    def on_sale(self, data: Dataset, row: Row) -> bool:
        """Tell whether an item is on sale; the others lie in the warehouse."""
        return mix(data.seed, row.serial, 31) % 4 > 0

    def _title(self, row: Row) -> str:
        return f"{GOODS[row.serial % len(GOODS)]} v{row.version}"

    def _price(self, data: Dataset, row: Row) -> int:
        return 500 + mix(data.seed, row.serial, 32) % 30_000 + row.version

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        number = self.number(data, row)
        return {
            "item_id": number,
            "channel_item_id": number,
            "root_kdt_id": int(data.account),
            "title": self._title(row),
            "alias": digest(number)[:13],
            "item_code": f"SPU{number}",
            "display": int(self.on_sale(data, row)),
            "sold_status": 1,
            "start_sold_time": row.created // 1000,
            "delete": 0,
            "classification_id": 1 + number % 40,
            "leaf_category_id": 1000 + number % 40,
            "tag_ids": [100 + number % 7],
        }

    def old_form(self, data: Dataset, row: Row) -> Record:
        """Return a row of `items.onsale.get` and `items.inventory.get`; prices in fen."""
        number, alias = self.number(data, row), digest(self.number(data, row))[:13]
        image = f"https://img.example.com/{alias}.jpg"
        return {
            "item_id": number,
            "alias": alias,
            "title": self._title(row),
            "price": self._price(data, row),
            "item_type": 0,
            "item_no": f"SPU{number}",
            "quantity": mix(data.seed, row.serial, 33) % 900,
            "post_type": 1,
            "post_fee": 0,
            "created_time": beijing(row.created),
            "update_time": beijing(row.updated),
            "detail_url": f"https://h5.example.com/goods?alias={alias}",
            "num": 0,
            "origin": "",
            "image": image,
            "item_imgs": [
                {
                    "id": number * 10,
                    "url": image,
                    "thumbnail": image,
                    "medium": image,
                    "combine": image,
                    "created": beijing(row.created),
                }
            ],
            "delivery_template": {
                "delivery_template_id": 0,
                "delivery_template_fee": "",
                "delivery_template_name": "",
                "delivery_template_valuationType": 1,
            },
        }

    def detail(self, data: Dataset, row: Row) -> Record:
        """Return `data` of `item.detail.get`; prices in fen, times in milliseconds."""
        number, price = self.number(data, row), self._price(data, row)
        alias = digest(number)[:13]
        skus = [
            {
                "sku_id": number * 10 + place,
                "sku_no": f"SKU{number}{place}",
                "sku_barcode": f"69{number:011d}",
                "sku_barcodes": [f"69{number:011d}"],
                "sku_props": [
                    {
                        "prop_name_id": 1,
                        "prop_name": "颜色",
                        "prop_value_id": place,
                        "prop_value_name": COLOURS[place],
                    }
                ],
                "stock_num": mix(number, place) % 300,
                "quantity": mix(number, place) % 300,
                "sold_num": mix(number, place) % 40,
                "price": price + place,
                "cost_price": price // 2,
                "weight": 500,
                "sku_created_time": row.created,
                "sku_modified_time": row.updated,
                "is_fenxiao_sell": False,
            }
            for place in range(1 + number % 3)
        ]
        return {
            "kdt_id": int(data.account),
            "item_id": number,
            "root_item_id": number,
            "root_kdt_id": int(data.account),
            "item_type": 0,
            "is_virtual": False,
            "item_no": f"SPU{number}",
            "item_barcode": f"69{number:011d}",
            "item_barcodes": [f"69{number:011d}"],
            "title": self._title(row),
            "summary": "",
            "sell_point": f"v{row.version}",
            "cid": 1000 + number % 40,
            "created_time": row.created,
            "is_display": int(self.on_sale(data, row)),
            "quantity": sum(sku["quantity"] for sku in skus),
            "sold_num": sum(sku["sold_num"] for sku in skus),
            "tag_ids": [100 + number % 7],
            "images": [
                {"image_id": number * 10, "image_url": f"https://img.example.com/{alias}.jpg"}
            ],
            "item_price_param": {"price": price, "origin": "", "cost_price": price // 2},
            "sku_list": skus,
            "item_delivery_param": {"postage": 0, "delivery_template_id": 0},
            "desc": "<p>演示商品</p>",
            "messages": [],
            "alias": alias,
            "detail_url": f"https://h5.example.com/goods?alias={alias}",
        }


class YouzanProduct(Numbered):
    """`retail.open.spu.query`: the head office's product library."""

    name = "retail_products"
    per_order = 0.05
    vanishes = True
    first = 70_000_000

    def sku_code(self, data: Dataset, row: Row) -> str:
        """Return the code of a product's only sku."""
        return f"P{self.number(data, row)}"

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        number = self.number(data, row)
        return {
            "spu_id": number,
            "spu_code": f"SP{number}",
            "spu_no": f"SP{number}",
            "product_name": f"{GOODS[number % len(GOODS)]} v{row.version}",
            "unit": "件",
            "category_id": 10 + number % 9,
            "category_name": "默认分类",
            "create_time": beijing(row.created),
            "update_time": beijing(row.updated),
            "skus": [
                {
                    "sku_id": number * 10,
                    "sku_no": f"P{number}",
                    "sku_code": self.sku_code(data, row),
                    "retail_price": str(900 + mix(data.seed, row.serial) % 9000),
                }
            ],
        }


class YouzanWarehouse(Numbered):
    """`retail.open.warehouse.query`: a handful."""

    name = "warehouses"
    first = 900_001

    @override
    def size(self, orders: int) -> int:
        return _WAREHOUSES

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        province, city, area = PLACES[row.serial % len(PLACES)]
        return {
            "warehouse_id": self.number(data, row),
            "warehouse_code": self.code(row),
            "name": f"{city}仓 v{row.version}",
            "type": 1 + row.serial % 2,
            "status": 1,
            "province": province,
            "city": city,
            "area": area,
            "address": "演示路 1 号",
            "lng": "104.06",
            "lat": "30.54",
            "contact_name": "演示",
            "contact_phone": "",
            "remark": "",
        }

    def code(self, row: Row) -> str:
        """Return a warehouse's code."""
        return f"WH{row.serial + 1:03d}"


class _StockPaper(Numbered):
    per_order = 0.05
    frozen = True
    dated = False
    spread = 10_000_000

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        products = data.peer("retail_products")
        product = products.generated(row.serial % products.size)
        dice = mix(data.seed, row.serial, 41)
        cost = 1000 + dice % 9000
        return {
            "biz_bill_no": self.key(data, row),
            "warehouse_code": f"WH{dice % (_WAREHOUSES) + 1:03d}",
            "create_time": beijing(row.created),
            "order_type": "PURCHASE",
            "supplier_code": "S001",
            "supplier_name": "演示供应商",
            "remark": f"v{row.version}",
            "creator": "演示",
            "source_order_no": "",
            "order_items": [
                {
                    "sku_code": f"P{YouzanProduct.first + product.serial}",
                    "sku_no": f"P{YouzanProduct.first + product.serial}",
                    "product_name": GOODS[product.serial % len(GOODS)],
                    "unit": "件",
                    "quantity": str(1 + dice % 50),
                    "with_tax_cost": yuan(cost),
                    "with_tax_amount": yuan(cost * (1 + dice % 50)),
                    "without_tax_cost": yuan(cost * 100 // 113),
                    "without_tax_amount": yuan(cost * (1 + dice % 50) * 100 // 113),
                    "output_tax_rate": "13",
                    "input_tax_rate": "13",
                    "real_sales_price": yuan(cost * 2),
                    "with_tax_income": yuan(cost * 2),
                    "serial_nos": [],
                }
            ],
        }


class YouzanStockIn(_StockPaper):
    """`retail.open.stockinorder.query`."""

    name = "stock_in_orders"
    prefix = "RK"


class YouzanStockOut(_StockPaper):
    """`retail.open.stockoutorder.query`."""

    name = "stock_out_orders"
    prefix = "CK"
