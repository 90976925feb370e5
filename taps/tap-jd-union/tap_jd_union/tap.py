"""tap-jd-union: orders with their commissions, bonuses, goods and activities of 京东联盟."""

from __future__ import annotations

from openplatform.settings import common_settings
from openplatform.tap import PlatformTap
from singer_sdk import typing as th

from tap_jd_union import streams
from tap_jd_union.client import JdUnionClient


class TapJdUnion(PlatformTap):
    """Singer tap for 京东联盟 (JD Union)."""

    name = "tap-jd-union"
    client_class = JdUnionClient
    stream_classes = streams.ALL
    config_jsonschema = common_settings(
        th.Property("app_key", th.StringType, required=True, description="appkey of the app."),
        th.Property(
            "app_secret",
            th.StringType,
            required=True,
            secret=True,
            description="secretkey of the app.",
        ),
        th.Property(
            "goods_filters",
            th.ArrayType(th.StringType),
            description=(
                'What goods to read, each filter a JSON text such as {"shopId": 45619}. Default: all '
                "that the platform lists, 100,000 at the most."
            ),
        ),
        th.Property(
            "elite_ids",
            th.ArrayType(th.IntegerType),
            description="Channels (eliteId) of jingfen_goods. Default: those that need no group.",
        ),
        account=(
            th.Property(
                "key",
                th.StringType,
                secret=True,
                description="授权Key of the promoter: for tool vendors, and for positions.",
            ),
            th.Property(
                "child_union_id",
                th.StringType,
                description="unionId of a sub-promoter whose orders are wanted; not together with key.",
            ),
        ),
        zone="Asia/Shanghai",
    )


if __name__ == "__main__":
    TapJdUnion.cli()
