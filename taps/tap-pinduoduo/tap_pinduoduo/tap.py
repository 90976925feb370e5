"""tap-pinduoduo: orders, after-sales cases and items of 拼多多 shops."""

from __future__ import annotations

from openplatform.settings import common_settings
from openplatform.tap import PlatformTap
from singer_sdk import typing as th

from tap_pinduoduo import streams
from tap_pinduoduo.client import PinduoduoClient


class TapPinduoduo(PlatformTap):
    """Singer tap for 拼多多 (Pinduoduo)."""

    name = "tap-pinduoduo"
    client_class = PinduoduoClient
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
            "token_api",
            th.StringType,
            allowed_values=["router", "oauth"],
            default="router",
            description=(
                "Where grants become tokens: `router` (pdd.pop.auth.token.*, signed), or the older "
                "`oauth` (open-api.pinduoduo.com/oauth/token)."
            ),
        ),
        th.Property(
            "after_sales_statuses",
            th.ArrayType(th.IntegerType),
            description=(
                "States that refunds are asked for, one call each in every half hour. Default: all "
                "26 that are documented. [1] once meant all; whether it still does is not known."
            ),
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
                description="An authorisation code (10 minutes, once) instead of a refresh token.",
            ),
        ),
        zone="Asia/Shanghai",
    )


if __name__ == "__main__":
    TapPinduoduo.cli()
