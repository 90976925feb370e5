"""tap-kuaishou-shop: orders, refunds, items, comments and funds of 快手小店 shops."""

from __future__ import annotations

from openplatform.settings import common_settings
from openplatform.tap import PlatformTap
from singer_sdk import typing as th

from tap_kuaishou_shop import streams
from tap_kuaishou_shop.client import KuaishouShopClient


class TapKuaishouShop(PlatformTap):
    """Singer tap for 快手小店 (Kuaishou Shop)."""

    name = "tap-kuaishou-shop"
    client_class = KuaishouShopClient
    stream_classes = streams.ALL
    config_jsonschema = common_settings(
        th.Property("app_key", th.StringType, required=True, description="appKey of the app."),
        th.Property(
            "app_secret",
            th.StringType,
            required=True,
            secret=True,
            description="appSecret of the app; only for tokens.",
        ),
        th.Property(
            "sign_secret",
            th.StringType,
            required=True,
            secret=True,
            description="signSecret of the app; only for signatures.",
        ),
        th.Property(
            "sign_method",
            th.StringType,
            allowed_values=["HMAC_SHA256", "MD5"],
            default="HMAC_SHA256",
            description="How calls are signed.",
        ),
        th.Property(
            "bill_page_size",
            th.IntegerType,
            default=10,
            description="Rows a page of settled_bills, whose greatest size is not documented.",
        ),
        account=(
            th.Property(
                "refresh_token",
                th.StringType,
                secret=True,
                description="The refresh token to begin with; the tap stores those that follow.",
            ),
            th.Property(
                "code",
                th.StringType,
                secret=True,
                description="An authorisation code (2 minutes, once) instead of a refresh token.",
            ),
        ),
        zone="Asia/Shanghai",
    )


if __name__ == "__main__":
    TapKuaishouShop.cli()
