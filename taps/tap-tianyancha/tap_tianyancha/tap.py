"""tap-tianyancha: companies of a list, with their shareholders, changes, reports and risks."""

from __future__ import annotations

from functools import cached_property

from openplatform.settings import Settings, common_settings
from openplatform.tap import PlatformTap
from singer_sdk import typing as th
from typing_extensions import override

from tap_tianyancha import streams
from tap_tianyancha.client import TianyanchaClient
from tap_tianyancha.companies import with_companies
from tap_tianyancha.interfaces import DETAILS

_DURATION = {"type": ["string", "number", "null"]}


class TapTianyancha(PlatformTap):
    """Singer tap for 天眼查 (Tianyancha)."""

    name = "tap-tianyancha"
    client_class = TianyanchaClient
    stream_classes = streams.ALL
    config_jsonschema = common_settings(
        th.Property(
            "companies",
            th.ArrayType(th.StringType),
            description=(
                "The companies to read: exact full names, ids of 天眼查, 注册号 or 统一社会信用代码."
            ),
        ),
        th.Property(
            "companies_file",
            th.StringType,
            description=(
                "File with more companies: one a line, a CSV file whose first column names them, or JSON as "
                "`syncops hotset --stream companies` writes it from a query."
            ),
        ),
        th.Property(
            "company_detail",
            th.StringType,
            allowed_values=list(DETAILS),
            default="normal",
            description="How much to buy of a company itself: normal (1116), contacts (818) or staff (819).",
        ),
        th.Property(
            "paid_calls",
            th.IntegerType,
            default=500,
            description=(
                "Calls that one run may pay for; then it ends well, and the next one goes on. Answers "
                "that are kept cost nothing."
            ),
        ),
        th.Property(
            "cache_ttl",
            th.CustomType(_DURATION),
            default="30d",
            description=(
                "How long an answer serves before it is paid for again. Seconds, or text such as 36h, 30d."
            ),
        ),
        th.Property(
            "cache_ttls",
            th.ObjectType(additional_properties=th.CustomType(_DURATION)),
            default={},
            description="Overrides cache_ttl for single streams, by stream name.",
        ),
        th.Property(
            "search_words",
            th.ArrayType(th.StringType),
            description="Words that search_results looks for.",
        ),
        account=(
            th.Property(
                "token",
                th.StringType,
                required=True,
                secret=True,
                description="Token of the account, in 数据中心 at open.tianyancha.com.",
            ),
            th.Property(
                "companies",
                th.ArrayType(th.StringType),
                description="Overrides companies for this account.",
            ),
        ),
        zone="Asia/Shanghai",
    )

    @cached_property
    @override
    def settings(self) -> Settings:
        """The settings, with the companies from wherever they are named."""
        return Settings(with_companies(self.config), lambda: self.clock.now())  # noqa: PLW0108 - it may be set later


if __name__ == "__main__":
    TapTianyancha.cli()
