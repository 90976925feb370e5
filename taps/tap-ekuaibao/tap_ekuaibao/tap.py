"""tap-ekuaibao: documents, requisitions, staff, master data and accounts of 易快报 corporations."""

from __future__ import annotations

from openplatform.settings import common_settings
from openplatform.tap import PlatformTap
from singer_sdk import typing as th

from tap_ekuaibao import streams
from tap_ekuaibao.client import EDITIONS, EkuaibaoClient


class TapEkuaibao(PlatformTap):
    """Singer tap for 易快报 / 合思 (Ekuaibao)."""

    name = "tap-ekuaibao"
    client_class = EkuaibaoClient
    stream_classes = streams.ALL
    config_jsonschema = common_settings(
        th.Property(
            "document_types",
            th.ArrayType(th.StringType),
            default=[],
            description="Types of documents to read. Default: the seven that are documented.",
        ),
        th.Property(
            "entity_ids",
            th.ArrayType(th.StringType),
            default=[],
            description="Business objects (业务对象) whose instances data_link_items reads.",
        ),
        account=(
            th.Property(
                "app_key",
                th.StringType,
                required=True,
                description="接入账号 (appKey) of the corporation.",
            ),
            th.Property(
                "app_secret",
                th.StringType,
                required=True,
                secret=True,
                description="接入密码 (appSecurity) of the corporation.",
            ),
            th.Property(
                "edition",
                th.StringType,
                allowed_values=list(EDITIONS),
                default="standalone",
                description="Which edition the corporation uses; another's address answers 403.",
            ),
            th.Property(
                "entity_ids",
                th.ArrayType(th.StringType),
                description="Business objects of this corporation, in place of the common ones.",
            ),
        ),
        zone="Asia/Shanghai",
    )


if __name__ == "__main__":
    TapEkuaibao.cli()
