"""The streams of 易快报; each names its API at docs.ekuaibao.com."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from datetime import timedelta

from openplatform.declarations import ById, Details, Each, FullTable, Incremental, Reads
from openplatform.paging import Offset
from openplatform.streams import PlatformStream
from openplatform.windows import TimeFilter

from tap_ekuaibao.client import REQUISITIONS, ROOT, EkuaibaoStream

_DECADES = timedelta(days=20 * 365)
_PAGES = Offset("start", "count", 100, "count")
# No longest span is documented, and others read years in one: what holds much is split by its count.
_UPDATES = TimeFilter("startDate", "endDate", "local", maximum=timedelta(days=3650))
_BY_UPDATE: t.Final = {"orderBy": "updateTime", "orderByType": "asc"}
_TYPES = ("expense", "loan", "payment", "requisition", "custom", "receipt", "permit")
_EACH_TYPE = (Each(param="type", values=_TYPES, chosen="document_types"),)


class _List(EkuaibaoStream):
    """What all lists have in common; without `active` they tell of what was deleted as well."""

    records = "items[]"
    key: t.ClassVar[tuple[str, ...]] = ("id",)
    params: t.ClassVar[Mapping[str, t.Any]] = _BY_UPDATE
    reads: t.ClassVar[Reads] = FullTable(paging=_PAGES)


class _OneShot(_List):
    """Short lists without pages."""

    params: t.ClassVar[Mapping[str, t.Any]] = {}
    reads: t.ClassVar[Reads] = FullTable()


class Documents(_List):
    """v1.1/docs/getApplyList, for each type: claims, loans, payments, requisitions and others."""

    name = "documents"
    api = f"{ROOT}v1.1/docs/getApplyList"
    updated = "updateTime"
    reads = Incremental(time=_UPDATES, paging=_PAGES, each=_EACH_TYPE, history=_DECADES)


class DeletedDocuments(_List):
    """v1.1/docs/getApplyList, only the deleted: it is not told whether deleting counts as an update."""

    name = "deleted_documents"
    api = f"{ROOT}v1.1/docs/getApplyList"
    shaped_as = "documents"
    updated = "updateTime"
    params: t.ClassVar[Mapping[str, t.Any]] = {**_BY_UPDATE, "active": "false"}
    reads = Incremental(
        time=_UPDATES,
        paging=_PAGES,
        each=_EACH_TYPE,
        history=_DECADES,
        lookback=timedelta(days=90),
    )


class DocumentDetails(_OneShot):
    """v1.1/flowDetails, for each document: names the kinds of costs that the list has the ids of."""

    name = "document_details"
    api = f"{ROOT}v1.1/flowDetails"
    records = "value"
    shaped_as = "documents"
    updated = "updateTime"
    reads = Details(of="documents", field="id", param="flowId")
    selected_by_default = False


class Requisitions(_OneShot):
    """v1/requisition/getData, for each member of staff: 申请事项 with what was spent on them."""

    name = "requisitions"
    api = REQUISITIONS
    params: t.ClassVar[Mapping[str, t.Any]] = {"state": "ALL"}
    # One that is shared comes with each of those who share it.
    reads = FullTable(paging=_PAGES, each=(Each("staffs", "id", "staffId"),), distinct=True)
    selected_by_default = False


class Staffs(_List):
    """v1.1/staffs, the disabled among them."""

    name = "staffs"
    api = f"{ROOT}v1.1/staffs"


class Departments(_List):
    """v1/departments, the disabled among them."""

    name = "departments"
    api = f"{ROOT}v1/departments"


class FeeTypes(_OneShot):
    """v1/feeTypes."""

    name = "fee_types"
    api = f"{ROOT}v1/feeTypes"


class Dimensions(_OneShot):
    """v1/dimensions: 自定义档案."""

    name = "dimensions"
    api = f"{ROOT}v1/dimensions"
    reads = FullTable(paging=_PAGES)


class DimensionItems(_List):
    """v1/dimensions/items, of all dimensions."""

    name = "dimension_items"
    api = f"{ROOT}v1/dimensions/items"
    updated = "updateTime"
    reads = Incremental(time=_UPDATES, paging=_PAGES, history=_DECADES)


class PayeeAccounts(_List):
    """v2.1/payeeInfos: 收款账户; three parameters must be there, even if they are empty."""

    name = "payee_accounts"
    api = f"{ROOT}v2.1/payeeInfos"
    params: t.ClassVar[Mapping[str, t.Any]] = {**_BY_UPDATE, "ids": "", "names": "", "cardNos": ""}
    by_id = ById("ids")


class PaymentAccounts(_OneShot):
    """v1/paymentAccounts: 付款账户."""

    name = "payment_accounts"
    api = f"{ROOT}v1/paymentAccounts"


class Specifications(_OneShot):
    """v2/specifications: the templates (单据模板) in use."""

    name = "specifications"
    api = f"{ROOT}v2/specifications"


class DataLinkItems(_List):
    """v2.1/datalink, for each business object of the setting; in the order of creation."""

    name = "data_link_items"
    api = f"{ROOT}v2.1/datalink"
    updated = "updateTime"
    params: t.ClassVar[Mapping[str, t.Any]] = {}
    reads = Incremental(
        time=_UPDATES,
        paging=_PAGES,
        each=(Each(param="entityId", chosen="entity_ids"),),
        history=_DECADES,
    )
    selected_by_default = False


class Roles(_OneShot):
    """v1/roleDefGroups: groups with their roles."""

    name = "roles"
    api = f"{ROOT}v1/roleDefGroups"


class Budgets(_OneShot):
    """v2/budgets."""

    name = "budgets"
    api = f"{ROOT}v2/budgets"
    reads = FullTable(paging=_PAGES, confirm_absence=2)
    selected_by_default = False


class Currencies(_OneShot):
    """v2.1/currency: the rates of each 本位币."""

    name = "currencies"
    api = f"{ROOT}v2.1/currency"
    key = ("orgCode",)
    selected_by_default = False


class OutboundMessageFailures(_OneShot):
    """v1/outboundMessageLogs: messages of the corporation that could not be delivered."""

    name = "outbound_message_failures"
    api = f"{ROOT}v1/outboundMessageLogs"
    updated = "updateTime"
    reads = Incremental(
        time=TimeFilter("startDate", "endDate", "ms", maximum=timedelta(days=30)),
        each=(
            Each(
                param="messageType",
                values=(
                    "flow",
                    "message",
                    "dataLink",
                    "message_center",
                    "repayment",
                    "InternalMessage",
                ),
            ),
        ),
        history=timedelta(days=30),
    )
    selected_by_default = False


ALL: tuple[type[PlatformStream], ...] = (
    Documents,
    DeletedDocuments,
    DocumentDetails,
    Requisitions,
    Staffs,
    Departments,
    FeeTypes,
    Dimensions,
    DimensionItems,
    PayeeAccounts,
    PaymentAccounts,
    Specifications,
    DataLinkItems,
    Roles,
    Budgets,
    Currencies,
    OutboundMessageFailures,
)
