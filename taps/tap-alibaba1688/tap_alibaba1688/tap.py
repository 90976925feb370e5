"""tap-alibaba1688: orders sold and bought, refunds, items and shipments of 1688 members."""

from __future__ import annotations

from openplatform.settings import common_settings
from openplatform.tap import PlatformTap
from singer_sdk import typing as th

from tap_alibaba1688 import streams
from tap_alibaba1688.client import Alibaba1688Client


class TapAlibaba1688(PlatformTap):
    """Singer tap for 1688 (Alibaba)."""

    name = "tap-alibaba1688"
    client_class = Alibaba1688Client
    stream_classes = streams.ALL
    config_jsonschema = common_settings(
        th.Property("app_key", th.StringType, required=True, description="AppKey of the app."),
        th.Property(
            "app_secret",
            th.StringType,
            required=True,
            secret=True,
            description="App Secret of the app; also what push messages are signed with.",
        ),
        th.Property(
            "order_tables",
            th.ArrayType(th.StringType),
            default=["false", "true"],
            description=(
                'Values of isHis that order lists are asked with: "false" for about the last three '
                'months, "true" for what is older. Without the latter, older orders do not come.'
            ),
        ),
        th.Property(
            "encrypted_orders",
            th.BooleanType,
            default=False,
            description="Ask the twins of the sellers' order APIs that tell buyers masked only.",
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
            th.Property(
                "redirect_uri",
                th.StringType,
                description="The address that the code was sent to.",
            ),
        ),
        zone="Asia/Shanghai",
    )


if __name__ == "__main__":
    TapAlibaba1688.cli()
