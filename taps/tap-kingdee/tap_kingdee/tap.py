"""tap-kingdee: orders, stock, vouchers and master data of companies on 金蝶."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from openplatform.errors import ConfigurationError
from openplatform.http import PlatformClient
from openplatform.settings import common_settings
from openplatform.streams import PlatformStream
from openplatform.tap import PlatformTap
from singer_sdk import typing as th
from typing_extensions import override

from tap_kingdee import forms, jdy_streams, queries
from tap_kingdee.cosmic import CosmicClient
from tap_kingdee.jdy import JdyClient
from tap_kingdee.k3cloud import K3CloudClient, K3CloudSessionClient

_ZONE = "Asia/Shanghai"


class TapKingdee(PlatformTap):
    """Singer tap for 金蝶 (Kingdee) 云·星空, 苍穹, 星瀚 and 云·星辰."""

    name = "tap-kingdee"
    client_class = K3CloudClient
    stream_classes = forms.PRESETS
    zone = _ZONE
    config_jsonschema = common_settings(
        th.Property(
            "app_key", th.StringType, description="云·星辰: client_id of our app, for all accounts."
        ),
        th.Property(
            "app_secret",
            th.StringType,
            secret=True,
            description="云·星辰: its client_secret.",
        ),
        th.Property(
            "product",
            th.StringType,
            allowed_values=["k3cloud", "cosmic", "jdy"],
            default="k3cloud",
            description="k3cloud: 云·星空. cosmic: 苍穹 and 星瀚. jdy: 云·星辰.",
        ),
        th.Property(
            "auth",
            th.StringType,
            allowed_values=[
                "signature",
                "login_by_app_secret",
                "login_by_sign",
                "token",
                "app_token",
            ],
            description=(
                "How the product knows us. 云·星空: signature (default), login_by_app_secret or "
                "login_by_sign. 苍穹: token (default), or app_token before V6."
            ),
        ),
        forms.setting(),
        queries.setting(),
        jdy_streams.setting(),
        th.Property(
            "check_filter",
            th.BooleanType,
            default=True,
            description="苍穹: whether a query whose echo lacks the times asked for is an error.",
        ),
        th.Property(
            "time_zone",
            th.StringType,
            default=_ZONE,
            description="Time zone of the server, whose times tell none.",
        ),
        th.Property(
            "verify_ssl",
            th.BooleanType,
            default=True,
            description=(
                "Whether the server's certificate is checked; a company's own one is better named in "
                "REQUESTS_CA_BUNDLE."
            ),
        ),
        account=(
            th.Property(
                "server_url",
                th.StringType,
                description=(
                    "The server, such as https://erp.example.com/k3cloud; its case is part of the "
                    "signature."
                ),
            ),
            th.Property(
                "username", th.StringType, description="The 集成用户, or the 代理用户 of 苍穹."
            ),
            th.Property(
                "app_id",
                th.StringType,
                secret=True,
                description=(
                    "appId of 第三方系统登录授权, in which a second secret hides; client_id of 苍穹."
                ),
            ),
            th.Property(
                "app_secret",
                th.StringType,
                secret=True,
                description="Its appSecret; client_secret of 苍穹.",
            ),
            th.Property("tenant_id", th.StringType, description="苍穹 before V6: the tenant."),
            th.Property(
                "user_type",
                th.StringType,
                description="苍穹 before V6: what username is. Mobile, Email or UserName (default).",
            ),
            th.Property(
                "lcid", th.IntegerType, default=2052, description="Language; 2052 is 简体中文."
            ),
            th.Property(
                "org_num", th.StringType, description="Number of the organisation, if any."
            ),
        ),
        zone=_ZONE,
        timeout="180s",
    )

    @classmethod
    @override
    def chosen(
        cls, config: Mapping[str, t.Any]
    ) -> tuple[type[PlatformClient], tuple[type[PlatformStream], ...]]:
        if config.get("product") == "cosmic":
            return CosmicClient, queries.streams(config)
        if config.get("product") == "jdy":
            return JdyClient, jdy_streams.streams(config)
        signed = (config.get("auth") or "signature") == "signature"
        return K3CloudClient if signed else K3CloudSessionClient, forms.streams(config)

    @property
    @override
    def zone_info(self) -> ZoneInfo:
        name = str(self.config.get("time_zone") or _ZONE)
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as exc:
            msg = f"Setting time_zone: {name!r} is no time zone. Write for instance Asia/Shanghai."
            raise ConfigurationError(msg) from exc


if __name__ == "__main__":
    TapKingdee.cli()
