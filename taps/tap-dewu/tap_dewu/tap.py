"""tap-dewu: orders, settlements, bids and products of 得物 merchants."""

from __future__ import annotations

from openplatform.settings import common_settings
from openplatform.tap import PlatformTap
from singer_sdk import typing as th

from tap_dewu import streams
from tap_dewu.client import ASKED_BY_GET, DewuClient


class TapDewu(PlatformTap):
    """Singer tap for 得物 (Dewu, POIZON)."""

    name = "tap-dewu"
    client_class = DewuClient
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
            "increment_window",
            th.StringType,
            default="1h",
            description="Longest span of the lists by update time, which is not documented.",
        ),
        th.Property(
            "bidding_types",
            th.ArrayType(th.IntegerType),
            description="Types of bids to read. Default: 0 (普通现货), 6 (入仓) and 7 (极速现货).",
        ),
        th.Property(
            "get_apis",
            th.ArrayType(th.StringType),
            default=list(ASKED_BY_GET),
            description=(
                "APIs that are asked by GET, all others by POST: that of bills, for one, is not "
                "documented."
            ),
        ),
        th.Property(
            "keys",
            th.ObjectType(additional_properties=th.StringType),
            default={},
            description=(
                "For streams whose fields are not documented: the field that identifies a record, by "
                "stream name. Without it the content does."
            ),
        ),
        account=(
            th.Property(
                "refresh_token",
                th.StringType,
                secret=True,
                description="Apps of third parties (ISV): the refresh token. One's own app needs none.",
            ),
            th.Property(
                "code",
                th.StringType,
                secret=True,
                description="An authorisation code (once) instead of a refresh token.",
            ),
        ),
        zone="Asia/Shanghai",
    )


if __name__ == "__main__":
    TapDewu.cli()
