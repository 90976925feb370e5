"""The streams of 1688; each names its API at open.1688.com."""

from __future__ import annotations

import typing as t
from datetime import timedelta

from openplatform.accounts import Account
from openplatform.declarations import ById, Details, Each, FullTable, Incremental
from openplatform.paging import Offset, PageNumber
from openplatform.streams import PlatformStream
from openplatform.windows import TimeFilter
from typing_extensions import override

from tap_alibaba1688.client import Alibaba1688Stream

_TRADE = "com.alibaba.trade/alibaba.trade"
_PRODUCT = "com.alibaba.product/alibaba.product"
_LOGISTICS = "com.alibaba.logistics/alibaba"
# No longest span is documented; a month keeps the pages of a window few.
_MONTH = timedelta(days=31)
_ORDER_PARTS = "baseInfo,productItems,NativeLogistics,GuaranteesTerms,RateDetail,InvoiceInfo"
_WEB = {"webSite": "1688"}


class _Orders(Alibaba1688Stream):
    """Orders of one side, by update time; page by page, in an order that nobody promises."""

    records = "result[]"
    key = ("idOfStr",)
    lift: t.ClassVar = {"idOfStr": "baseInfo.idOfStr", "modifyTime": "baseInfo.modifyTime"}
    updated = "modifyTime"
    reads = Incremental(
        time=TimeFilter("modifyStartTime", "modifyEndTime", "compact", maximum=_MONTH),
        paging=PageNumber("page", "pageSize", 20, "totalRecord"),
        # The current orders first: one that becomes an old one meanwhile comes twice.
        each=(Each(values=("false", "true"), param="isHis", chosen="order_tables"),),
    )

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Single orders come from the call for details, which wants the site named."""
        return {**params, **_WEB} if "orderId" in params else params


class SellerOrders(_Orders):
    """alibaba.trade.getSellerOrderList: what the member sold."""

    name = "seller_orders"
    api = f"{_TRADE}.getSellerOrderList"
    by_id = ById("orderId", api=f"{_TRADE}.get.sellerView", records="result")
    params: t.ClassVar = {"needBuyerAddressAndPhone": True, "needMemoInfo": True}


class BuyerOrders(_Orders):
    """alibaba.trade.getBuyerOrderList: what the member bought."""

    name = "buyer_orders"
    api = f"{_TRADE}.getBuyerOrderList"
    by_id = ById("orderId", api=f"{_TRADE}.get.buyerView", records="result")
    selected_by_default = False


class _OrderDetails(Alibaba1688Stream):
    """Orders of one side, with shipments and invoice."""

    records = "result"
    key = ("idOfStr",)
    lift: t.ClassVar = {"idOfStr": "baseInfo.idOfStr", "modifyTime": "baseInfo.modifyTime"}
    updated = "modifyTime"
    params: t.ClassVar = {**_WEB, "includeFields": _ORDER_PARTS}


class SellerOrderDetails(_OrderDetails):
    """alibaba.trade.get.sellerView, for each order."""

    name = "seller_order_details"
    api = f"{_TRADE}.get.sellerView"
    reads = Details(of="seller_orders", field="idOfStr", param="orderId")


class BuyerOrderDetails(_OrderDetails):
    """alibaba.trade.get.buyerView, for each order."""

    name = "buyer_order_details"
    api = f"{_TRADE}.get.buyerView"
    reads = Details(of="buyer_orders", field="idOfStr", param="orderId")
    selected_by_default = False


class _Refunds(Alibaba1688Stream):
    """Refunds of one side, by update time; those applied for within the last 730 days."""

    records = "result.opOrderRefundModels[]"
    key = ("refundId",)
    updated = "gmtModified"
    # The platform's spelling; 0 means all.
    params: t.ClassVar = {"dipsuteType": 0}
    reads = Incremental(
        time=TimeFilter(
            "modifyStartTime",
            "modifyEndTime",
            "compact",
            maximum=_MONTH,
            retention=timedelta(days=730),
        ),
        paging=Offset("currentPageNum", "pageSize", 20, "result.totalCount"),
    )

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """These pages are counted from 0."""
        return {**params, "currentPageNum": params["currentPageNum"] // params["pageSize"]}


class SellerRefunds(_Refunds):
    """alibaba.trade.refund.queryOrderRefundList."""

    name = "seller_refunds"
    api = f"{_TRADE}.refund.queryOrderRefundList"


class BuyerRefunds(_Refunds):
    """alibaba.trade.refund.buyer.queryOrderRefundList; not for tokens of sub-accounts."""

    name = "buyer_refunds"
    api = f"{_TRADE}.refund.buyer.queryOrderRefundList"
    selected_by_default = False


class _RefundDetails(Alibaba1688Stream):
    """Refunds of one side, with what was done about them."""

    records = "result.opOrderRefundModelDetail"
    key = ("refundId",)
    updated = "gmtModified"
    params: t.ClassVar = {"needTimeOutInfo": True, "needOrderRefundOperation": True}


class SellerRefundDetails(_RefundDetails):
    """alibaba.trade.refund.OpQueryOrderRefund.sellerView, for each refund."""

    name = "seller_refund_details"
    api = f"{_TRADE}.refund.OpQueryOrderRefund.sellerView"
    reads = Details(of="seller_refunds", field="refundId", param="refundId")


class BuyerRefundDetails(_RefundDetails):
    """alibaba.trade.refund.OpQueryOrderRefund, for each refund."""

    name = "buyer_refund_details"
    api = f"{_TRADE}.refund.OpQueryOrderRefund"
    reads = Details(of="buyer_refunds", field="refundId", param="refundId")
    selected_by_default = False


class Items(Alibaba1688Stream):
    """com.alibaba.product: alibaba.product.list.get; its own filter knows days only."""

    name = "items"
    api = f"{_PRODUCT}.list.get"
    records = "result.pageResult.resultList[]"
    key = ("productID",)
    reads = FullTable(
        paging=PageNumber("pageNo", "pageSize", 20, "result.pageResult.totalRecords"),
        confirm_absence=2,
    )


class ItemDetails(Alibaba1688Stream):
    """com.alibaba.product: alibaba.product.get, for each item; the answer as a whole."""

    name = "item_details"
    api = f"{_PRODUCT}.get"
    records = ""
    key = ("productID",)
    lift: t.ClassVar = {"productID": "productInfo.productID"}
    params: t.ClassVar = _WEB
    reads = Details(of="items", field="productID", param="productID")


class _Shipments(Alibaba1688Stream):
    """The parcels of an order; one that was not sent yet has none."""

    records = "result[]"
    key = ("orderId", "logisticsBillNo")
    params: t.ClassVar = {**_WEB, "fields": "company,logisticsBillNo"}

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """A parcel without a number still needs a whole key."""
        return {**raw, "logisticsBillNo": raw.get("logisticsBillNo") or ""}


class SellerShipments(_Shipments):
    """com.alibaba.logistics: alibaba.trade.getLogisticsInfos.sellerView, for each order."""

    name = "seller_shipments"
    api = f"{_LOGISTICS}.trade.getLogisticsInfos.sellerView"
    reads = Details(of="seller_orders", field="idOfStr", param="orderId", carry="orderId")
    selected_by_default = False


class BuyerShipments(_Shipments):
    """com.alibaba.logistics: alibaba.trade.getLogisticsInfos.buyerView, for each order."""

    name = "buyer_shipments"
    api = f"{_LOGISTICS}.trade.getLogisticsInfos.buyerView"
    reads = Details(of="buyer_orders", field="idOfStr", param="orderId", carry="orderId")
    selected_by_default = False


class _ShipmentTraces(Alibaba1688Stream):
    """How the parcels of an order travelled."""

    records = "logisticsTrace[]"
    key = ("orderId", "logisticsId")
    params: t.ClassVar = _WEB


class SellerShipmentTraces(_ShipmentTraces):
    """com.alibaba.logistics: alibaba.trade.getLogisticsTraceInfo.sellerView, for each order."""

    name = "seller_shipment_traces"
    api = f"{_LOGISTICS}.trade.getLogisticsTraceInfo.sellerView"
    reads = Details(of="seller_orders", field="idOfStr", param="orderId", carry="orderId")
    selected_by_default = False


class BuyerShipmentTraces(_ShipmentTraces):
    """com.alibaba.logistics: alibaba.trade.getLogisticsTraceInfo.buyerView, for each order."""

    name = "buyer_shipment_traces"
    api = f"{_LOGISTICS}.trade.getLogisticsTraceInfo.buyerView"
    reads = Details(of="buyer_orders", field="idOfStr", param="orderId", carry="orderId")
    selected_by_default = False


class LogisticsCompanies(Alibaba1688Stream):
    """com.alibaba.logistics: alibaba.logistics.OpQueryLogisticCompanyList."""

    name = "logistics_companies"
    api = f"{_LOGISTICS}.logistics.OpQueryLogisticCompanyList"
    records = "result[]"
    key = ("id",)
    reads = FullTable()


ALL: tuple[type[PlatformStream], ...] = (
    SellerOrders,
    SellerOrderDetails,
    SellerShipments,
    SellerShipmentTraces,
    SellerRefunds,
    SellerRefundDetails,
    BuyerOrders,
    BuyerOrderDetails,
    BuyerShipments,
    BuyerShipmentTraces,
    BuyerRefunds,
    BuyerRefundDetails,
    Items,
    ItemDetails,
    LogisticsCompanies,
)
