"""tap-youzan: orders, refunds, items, stock and customers of 有赞 shops."""

from __future__ import annotations

from openplatform.settings import common_settings
from openplatform.tap import PlatformTap
from singer_sdk import typing as th

from tap_youzan import streams
from tap_youzan.client import YouzanClient


class TapYouzan(PlatformTap):
    """Singer tap for 有赞 (Youzan)."""

    name = "tap-youzan"
    client_class = YouzanClient
    stream_classes = streams.ALL
    config_jsonschema = common_settings(
        th.Property("app_key", th.StringType, required=True, description="client_id of the app."),
        th.Property(
            "app_secret",
            th.StringType,
            required=True,
            secret=True,
            description="client_secret of the app.",
        ),
        th.Property(
            "customer_time_unit",
            th.StringType,
            allowed_values=["s", "ms"],
            default="s",
            description="Unit of the customer list's time filter, which the documentation tells both ways.",
        ),
        account=(
            th.Property(
                "refresh_token",
                th.StringType,
                secret=True,
                description="Tool apps (工具型): the refresh token to begin with. Self-built apps need none.",
            ),
            th.Property(
                "code",
                th.StringType,
                secret=True,
                description="Tool apps: an authorisation code (2 minutes, once) instead of a refresh token.",
            ),
        ),
        zone="Asia/Shanghai",
    )


if __name__ == "__main__":
    TapYouzan.cli()
