"""tap-taobao: orders, refunds, items, logistics and ratings of 淘宝 and 天猫 shops."""

from __future__ import annotations

from openplatform.settings import common_settings
from openplatform.tap import PlatformTap
from singer_sdk import typing as th

from tap_taobao import qimen, streams
from tap_taobao.client import TaobaoClient

ORDER_TYPES = (
    "fixed,auction,guarantee_trade,step,independent_simple_trade,independent_shop_trade,"
    "auto_delivery,ec,cod,game_equipment,shopex_trade,netcn_trade,external_trade,instant_trade,"
    "b2c_cod,hotel_trade,super_market_trade,super_market_cod_trade,taohua,waimai,o2o_offlinetrade,"
    "nopaid,eticket,tmall_i18n,insurance_plus,finance,pre_auth_type,lazada"
)


class TapTaobao(PlatformTap):
    """Singer tap for 淘宝 and 天猫 (Taobao, Tmall)."""

    name = "tap-taobao"
    client_class = TaobaoClient
    stream_classes = streams.ALL
    config_jsonschema = common_settings(
        th.Property("app_key", th.StringType, required=True, description="AppKey of the app."),
        th.Property(
            "app_secret",
            th.StringType,
            required=True,
            secret=True,
            description="AppSecret of the app.",
        ),
        th.Property(
            "sign_method",
            th.StringType,
            allowed_values=["md5", "hmac", "hmac-sha256"],
            default="md5",
            description="How calls are signed.",
        ),
        th.Property(
            "order_types",
            th.StringType,
            default=ORDER_TYPES,
            description="Kinds of orders to read, of refunds as well. Default: all that are documented.",
        ),
        th.Property(
            "push_database",
            th.StringType,
            secret=True,
            description=(
                "The MySQL in 聚石塔 that TOP pushes into, as mysql://user:password@host:3306/sys_info; "
                "for the streams pushed_orders, pushed_refunds and pushed_items."
            ),
        ),
        qimen.SETTING,
        account=(
            th.Property(
                "refresh_token",
                th.StringType,
                secret=True,
                description="Apps of the service market: the refresh token to begin with.",
            ),
            th.Property(
                "code",
                th.StringType,
                secret=True,
                description="An authorisation code (once) instead of a refresh token.",
            ),
            th.Property(
                "session",
                th.StringType,
                secret=True,
                description="Apps that cannot refresh (商家后台): the session key, of fixed length.",
            ),
            th.Property(
                "nick", th.StringType, description="The shop's nick, by which push tables name it."
            ),
            th.Property(
                "customer_id",
                th.StringType,
                description="What the provider of the scenario `qimen` calls the shop.",
            ),
        ),
        zone="Asia/Shanghai",
    )


if __name__ == "__main__":
    TapTaobao.cli()
