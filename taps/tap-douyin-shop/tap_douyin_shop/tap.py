"""tap-douyin-shop: orders, after-sales cases, items, bills and warehouses of 抖店 shops."""

from __future__ import annotations

from openplatform.settings import common_settings
from openplatform.tap import PlatformTap
from singer_sdk import typing as th

from tap_douyin_shop import streams
from tap_douyin_shop.client import DouyinShopClient


class TapDouyinShop(PlatformTap):
    """Singer tap for 抖店 (Douyin Shop)."""

    name = "tap-douyin-shop"
    client_class = DouyinShopClient
    stream_classes = streams.ALL
    config_jsonschema = common_settings(
        th.Property("app_key", th.StringType, required=True, description="app_key of the app."),
        th.Property(
            "app_secret",
            th.StringType,
            required=True,
            secret=True,
            description="app_secret of the app.",
        ),
        th.Property(
            "sign_method",
            th.StringType,
            allowed_values=["hmac-sha256", "md5"],
            default="hmac-sha256",
            description="How calls are signed.",
        ),
        th.Property(
            "test_shop",
            th.BooleanType,
            default=False,
            description="The shops are test shops, of the platform's test host (see base_url).",
        ),
        account=(
            th.Property(
                "refresh_token",
                th.StringType,
                secret=True,
                description=(
                    "Tool apps (工具型): the refresh token to begin with. Self-built apps need none."
                ),
            ),
            th.Property(
                "code",
                th.StringType,
                secret=True,
                description="Tool apps: an authorisation code (10 minutes, once) instead of one.",
            ),
            th.Property(
                "auth_subject_type",
                th.StringType,
                description=(
                    "Self-built apps: what the id names where that is no shop, such as YunCang, MCN, "
                    "DouKe or Colonel."
                ),
            ),
        ),
        zone="Asia/Shanghai",
    )


if __name__ == "__main__":
    TapDouyinShop.cli()
