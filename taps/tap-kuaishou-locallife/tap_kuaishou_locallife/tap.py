"""tap-kuaishou-locallife: orders, items and stores of merchants of 快手本地生活."""

from __future__ import annotations

from openplatform.settings import common_settings
from openplatform.tap import PlatformTap
from singer_sdk import typing as th

from tap_kuaishou_locallife import streams
from tap_kuaishou_locallife.client import KuaishouLocallifeClient


def _secret(name: str, description: str) -> th.Property[str]:
    return th.Property(name, th.StringType, secret=True, description=description)


class TapKuaishouLocallife(PlatformTap):
    """Singer tap for 快手本地生活 (Kuaishou Local Life)."""

    name = "tap-kuaishou-locallife"
    client_class = KuaishouLocallifeClient
    stream_classes = streams.ALL
    config_jsonschema = common_settings(
        th.Property("app_key", th.StringType, required=True, description="Key of the app."),
        th.Property(
            "app_secret",
            th.StringType,
            required=True,
            secret=True,
            description="Secret of the app; only for tokens.",
        ),
        th.Property(
            "shop_app_key",
            th.StringType,
            description="Key of the app on the gateway of 快手电商, where that is another one.",
        ),
        _secret("shop_app_secret", "Its secret."),
        _secret("sign_secret", "signSecret on the gateway of 快手电商, which orders need."),
        th.Property(
            "sign_method",
            th.StringType,
            allowed_values=["HMAC_SHA256", "MD5"],
            default="HMAC_SHA256",
            description="How calls of the gateway of 快手电商 are signed.",
        ),
        account=(
            _secret("refresh_token", "Goodlife gateway: the refresh token to begin with."),
            _secret("code", "Goodlife gateway: an authorisation code instead."),
            th.Property(
                "merchant_id",
                th.StringType,
                description="Goodlife gateway: the merchant, where the app is an agent's (服务商).",
            ),
            _secret("shop_refresh_token", "Gateway of 快手电商: the refresh token to begin with."),
            _secret("shop_code", "Gateway of 快手电商: an authorisation code instead."),
        ),
        zone="Asia/Shanghai",
    )


if __name__ == "__main__":
    TapKuaishouLocallife.cli()
