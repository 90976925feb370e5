"""tap-jushuitan: orders, after-sales, outbound, stock, goods and purchases of 聚水潭 merchants."""

from __future__ import annotations

from openplatform.settings import common_settings
from openplatform.tap import PlatformTap
from singer_sdk import typing as th

from tap_jushuitan import streams
from tap_jushuitan.client import JushuitanClient


class TapJushuitan(PlatformTap):
    """Singer tap for 聚水潭 (Jushuitan)."""

    name = "tap-jushuitan"
    client_class = JushuitanClient
    stream_classes = streams.ALL
    config_jsonschema = common_settings(
        th.Property(
            "app_key",
            th.StringType,
            description="app_key of the app; partnerid in the old generation.",
        ),
        th.Property(
            "app_secret",
            th.StringType,
            secret=True,
            description="app_secret of the app; partnerkey in the old generation.",
        ),
        th.Property(
            "generation",
            th.StringType,
            allowed_values=["new", "old"],
            default="new",
            description="Which open platform the app belongs to.",
        ),
        th.Property(
            "read_by",
            th.StringType,
            allowed_values=["modified", "ts"],
            default="modified",
            description=(
                "How the lists that have a row version are read: by windows of their update time, or "
                "from the largest ts on."
            ),
        ),
        th.Property(
            "purchase_receipts_api",
            th.StringType,
            default="purchasein.query",
            description=(
                "API of purchase_receipts; some apps are granted "
                "webapi.wmsapi.purchasein.purchaseinquery only."
            ),
        ),
        th.Property(
            "cross_border",
            th.BooleanType,
            default=False,
            description=(
                "Ask for the figures of cross-border trade (cb_finances, cb_finance) of orders and "
                "outbound_orders."
            ),
        ),
        account=(
            th.Property(
                "app_key",
                th.StringType,
                description="Key of the merchant's own app, in place of the common one.",
            ),
            th.Property(
                "app_secret",
                th.StringType,
                secret=True,
                description="Secret of the merchant's own app.",
            ),
            th.Property(
                "code",
                th.StringType,
                secret=True,
                description="Apps of the market: the code of the merchant's consent. One's own apps need none.",
            ),
            th.Property(
                "refresh_token",
                th.StringType,
                secret=True,
                description="A refresh token to begin with, instead of a code.",
            ),
            th.Property(
                "token",
                th.StringType,
                secret=True,
                description="Old generation: the merchant's token (授权码).",
            ),
        ),
        zone="Asia/Shanghai",
    )


if __name__ == "__main__":
    TapJushuitan.cli()
