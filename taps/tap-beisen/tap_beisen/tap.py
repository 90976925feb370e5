"""tap-beisen: staff, organisations, positions and attendance of companies on 北森."""

from __future__ import annotations

from openplatform.settings import common_settings
from openplatform.tap import PlatformTap
from singer_sdk import typing as th

from tap_beisen import streams
from tap_beisen.client import BeisenClient


class TapBeisen(PlatformTap):
    """Singer tap for 北森 (Beisen iTalent)."""

    name = "tap-beisen"
    client_class = BeisenClient
    stream_classes = streams.ALL
    config_jsonschema = common_settings(
        th.Property(
            "meta_objects",
            th.ArrayType(th.StringType),
            default=[],
            description="Names of the objects of common_meta_objects. Default: the ten that are documented.",
        ),
        th.Property(
            "leave_item_codes",
            th.ArrayType(th.StringType),
            default=[],
            description=(
                "Codes of the leave items of leave_balances, such as AnnualLeave. Default: those of the "
                "leaves since start_date."
            ),
        ),
        th.Property(
            "leave_year",
            th.IntegerType,
            description="Year of leave_balances. Default: what the platform answers with.",
        ),
        account=(
            th.Property("app_key", th.StringType, description="AppKey of the tenant's connector."),
            th.Property(
                "app_secret",
                th.StringType,
                secret=True,
                description="AppSecret of the connector.",
            ),
            th.Property(
                "app_id",
                th.StringType,
                description="Older credentials: app_id; the account's id is the tenant_id then.",
            ),
            th.Property(
                "secret", th.StringType, secret=True, description="Older credentials: secret."
            ),
        ),
        zone="Asia/Shanghai",
    )


if __name__ == "__main__":
    TapBeisen.cli()
