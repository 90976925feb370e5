"""奇门 custom scenarios: an interface that a third party, such as an ERP, publishes through TOP's gateway.

Its host, method, parameters and answers are the provider's choice, so they are settings. Source: the
documentation of 快麦 (奇门自定义接口接入说明); the signature as for TOP, over all parameters.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from urllib.parse import urlsplit

from openplatform.accounts import Account
from openplatform.declarations import Incremental
from openplatform.errors import ConfigurationError
from openplatform.judging import Failure
from openplatform.paging import PageNumber
from openplatform.settings import parse_duration
from openplatform.streams import PlatformStream
from openplatform.windows import TimeFilter
from singer_sdk import typing as th
from typing_extensions import override

if t.TYPE_CHECKING:
    from openplatform.tap import PlatformTap

API: t.Final = "qimen"
PROVIDER: t.Final = "provider"
"""Our own name for the code of what a provider refuses, since each has codes of its own."""

SETTING = th.Property(
    "qimen",
    th.ObjectType(
        th.Property("url", th.StringType, required=True, description="Address of the scenario."),
        th.Property("method", th.StringType, required=True, description="Its method."),
        th.Property(
            "target_app_key", th.StringType, required=True, description="AppKey of the provider."
        ),
        th.Property("records", th.StringType, required=True, description="Path of the records."),
        th.Property("total", th.StringType, required=True, description="Path of their number."),
        th.Property("key", th.StringType, required=True, description="Field of a record's id."),
        th.Property(
            "updated", th.StringType, required=True, description="Field of its update time."
        ),
        th.Property(
            "route",
            th.StringType,
            description="Parameter that names the shop. Default: customerId.",
        ),
        th.Property("start", th.StringType, description="Default: start_time."),
        th.Property("end", th.StringType, description="Default: end_time."),
        th.Property("page", th.StringType, description="Default: page_no."),
        th.Property("size", th.StringType, description="Default: page_size."),
        th.Property("limit", th.IntegerType, description="Records a page. Default: 50."),
        th.Property("window", th.StringType, description="Longest window. Default: 1d."),
        th.Property(
            "params",
            th.ObjectType(additional_properties=th.StringType),
            description="Further parameters.",
        ),
    ),
    description=(
        "A 奇门 custom scenario (自定义接口), read as the stream qimen_records, with the names that "
        "its provider documents."
    ),
)


@dataclass(frozen=True)
class Scenario:
    """One scenario, as the setting `qimen` tells it."""

    url: str
    method: str
    target_app_key: str
    records: str
    total: str
    key: str
    updated: str
    route: str = "customerId"
    start: str = "start_time"
    end: str = "end_time"
    page: str = "page_no"
    size: str = "page_size"
    limit: int = 50
    window: str = "1d"
    params: Mapping[str, t.Any] | None = None

    @classmethod
    def of(cls, config: Mapping[str, t.Any]) -> Scenario:
        """Return the configured scenario.

        Raises:
            ConfigurationError: There is none.
        """
        told = config.get("qimen")
        if not told:
            msg = "Setting qimen: it is empty, so there is no scenario to read qimen_records from."
            raise ConfigurationError(msg)
        known = [field.name for field in fields(cls)]
        return cls(**{name: told[name] for name in known if told.get(name) is not None})

    @property
    def host(self) -> str:
        """Scheme and host."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def path(self) -> str:
        """Path below the host."""
        return urlsplit(self.url).path

    def routing(self, account: Account) -> dict[str, t.Any]:
        """Return the parameters that lead to the provider, and there to the shop.

        Raises:
            ConfigurationError: The account does not say what the provider calls its shop.
        """
        customer = account.settings.get("customer_id")
        if not customer:
            msg = (
                f"Setting accounts: account {account.id} has no customer_id, which the scenario "
                f"takes as {self.route}."
            )
            raise ConfigurationError(msg)
        return {
            "method": self.method,
            "target_app_key": self.target_app_key,
            self.route: customer,
            **(self.params or {}),
        }


class QimenRecords(PlatformStream):
    """The records of the scenario that the setting `qimen` describes, as they come."""

    name = "qimen_records"
    api = API
    records = ""
    key = ("id",)
    updated = "updated"
    package = "tap_taobao"
    confirmed = False
    reads = Incremental(
        time=TimeFilter("start_time", "end_time", "local", maximum=timedelta(days=1)),
        paging=PageNumber("page_no", "page_size", 50, "total"),
    )
    selected_by_default = False

    @override
    def __init__(self, tap: PlatformTap, *, incremental: bool) -> None:
        """Take paths and names from the settings, since each provider has its own."""
        super().__init__(tap, incremental=incremental)
        self._names = ("", "")
        if not tap.config.get("qimen"):
            return
        told = Scenario.of(tap.config)
        self._names = (told.key, told.updated)
        longest = parse_duration(told.window, setting="window of qimen")
        stream = t.cast("t.Any", self)  # for this one, declared for the class elsewhere
        stream.records = told.records
        stream.reads = Incremental(
            time=TimeFilter(told.start, told.end, "local", maximum=longest),
            paging=PageNumber(told.page, told.size, told.limit, told.total),
        )

    @override
    def flatten(self, raw: t.Any) -> dict[str, t.Any]:
        """Nobody knows a provider's fields beforehand, so the record stays whole."""
        key, updated = self._names
        return {"id": raw.get(key), "updated": raw.get(updated), "content": raw}


def failure(status: int, body: Mapping[str, t.Any]) -> Failure | None:
    """Return what a scenario's provider complains about, within an answer of its own."""
    inner = body.get("response")
    told = inner if isinstance(inner, dict) else body
    if told.get("flag") != "failure":
        return None
    parts = (
        told.get("sub_code") or told.get("code"),
        told.get("sub_message") or told.get("message"),
    )
    return Failure(status, PROVIDER, ": ".join(str(part) for part in parts if part))
