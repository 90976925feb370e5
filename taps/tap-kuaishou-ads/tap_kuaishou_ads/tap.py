"""tap-kuaishou-ads: campaigns, units, creatives, reports and funds of 快手磁力引擎 advertisers."""

from __future__ import annotations

from openplatform.settings import common_settings
from openplatform.tap import PlatformTap
from singer_sdk import typing as th

from tap_kuaishou_ads import streams
from tap_kuaishou_ads.client import KuaishouAdsClient


class TapKuaishouAds(PlatformTap):
    """Singer tap for 快手磁力引擎 (Kuaishou Ads)."""

    name = "tap-kuaishou-ads"
    client_class = KuaishouAdsClient
    stream_classes = streams.ALL
    config_jsonschema = common_settings(
        th.Property("app_key", th.StringType, required=True, description="app_id of the app."),
        th.Property(
            "app_secret",
            th.StringType,
            required=True,
            secret=True,
            description="secret of the app.",
        ),
        th.Property(
            "fund_method",
            th.StringType,
            allowed_values=["GET", "POST"],
            default="GET",
            description=(
                "Verb of the fund APIs: the documentation has GET with a body, which some proxies drop; "
                "an SDK by others uses POST."
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
                description="An auth_code (10 minutes, once) instead of a refresh token.",
            ),
        ),
        zone="Asia/Shanghai",
    )


if __name__ == "__main__":
    TapKuaishouAds.cli()
