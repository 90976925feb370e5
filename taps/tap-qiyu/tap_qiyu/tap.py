"""tap-qiyu: sessions, messages, tickets, staff and reports of 网易七鱼."""

from __future__ import annotations

from openplatform.settings import common_settings
from openplatform.tap import PlatformTap
from singer_sdk import typing as th

from tap_qiyu import streams
from tap_qiyu.client import QiyuClient


class TapQiyu(PlatformTap):
    """Singer tap for 网易七鱼 (Netease Qiyu)."""

    name = "tap-qiyu"
    client_class = QiyuClient
    stream_classes = streams.ALL
    config_jsonschema = common_settings(
        th.Property(
            "export_hours",
            th.StringType,
            default="02:00-06:00",
            description=(
                "Part of China's day in which exports (sessions, messages) may begin, HH:MM-HH:MM. By day "
                "these streams are put off."
            ),
        ),
        th.Property(
            "report_model",
            th.IntegerType,
            allowed_values=[1, 2, 3],
            default=1,
            description="Of what the staff reports tell: 1 all, 2 groups, 3 single staff (not for everyone).",
        ),
        th.Property(
            "ticket_filters",
            th.ArrayType(th.StringType),
            description=(
                "Filters of tickets that filtered_tickets reads, each as staffId:filterId, of the member of "
                "staff who sees it."
            ),
        ),
        account=(
            th.Property(
                "app_key",
                th.StringType,
                required=True,
                description="appKey of the company; the account's id is a name of your choice.",
            ),
            th.Property(
                "app_secret",
                th.StringType,
                required=True,
                secret=True,
                description="appSecret of the company.",
            ),
            th.Property(
                "ticket_filters",
                th.ArrayType(th.StringType),
                description="Overrides ticket_filters.",
            ),
        ),
        zone="Asia/Shanghai",
    )


if __name__ == "__main__":
    TapQiyu.cli()
