"""tap-kuaishou-open: the profile and the videos of users of 快手."""

from __future__ import annotations

from openplatform.settings import common_settings
from openplatform.tap import PlatformTap
from singer_sdk import typing as th

from tap_kuaishou_open import streams
from tap_kuaishou_open.client import KuaishouOpenClient


class TapKuaishouOpen(PlatformTap):
    """Singer tap for 快手开放平台 (Kuaishou Open)."""

    name = "tap-kuaishou-open"
    client_class = KuaishouOpenClient
    stream_classes = streams.ALL
    config_jsonschema = common_settings(
        th.Property("app_key", th.StringType, required=True, description="app_id of the app."),
        th.Property(
            "app_secret",
            th.StringType,
            required=True,
            secret=True,
            description="app_secret of the app; also what push messages are signed with.",
        ),
        th.Property(
            "video_page_size",
            th.IntegerType,
            default=20,
            description="Videos a page; 200 at the most in the API's twin of 快手小店.",
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
                description="An authorisation code (once) instead of a refresh token.",
            ),
        ),
        zone="Asia/Shanghai",
    )


if __name__ == "__main__":
    TapKuaishouOpen.cli()
