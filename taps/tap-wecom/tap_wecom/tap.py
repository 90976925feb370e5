"""tap-wecom: directory, attendance, approvals, reports and customers of 企业微信 companies."""

from __future__ import annotations

from openplatform.settings import common_settings
from openplatform.tap import PlatformTap
from singer_sdk import typing as th

from tap_wecom import streams
from tap_wecom.client import WeComClient


class TapWeCom(PlatformTap):
    """Singer tap for 企业微信 (WeCom)."""

    name = "tap-wecom"
    client_class = WeComClient
    stream_classes = streams.ALL
    config_jsonschema = common_settings(
        th.Property(
            "users_from",
            th.StringType,
            allowed_values=["users", "users_simple", "user_ids"],
            default="users",
            description=(
                "Stream that tells whose attendance is read. Where user/list is refused, use "
                "users_simple or, with the secret of 通讯录同步, user_ids."
            ),
        ),
        account=(
            th.Property(
                "secret",
                th.StringType,
                required=True,
                secret=True,
                description="Secret of the company's self-built app; the account's id is the corpid.",
            ),
            th.Property(
                "secrets",
                th.ObjectType(additional_properties=th.StringType),
                secret=True,
                description=(
                    "Other secrets for single APIs (user/list_id) or families of them (department, "
                    "user, checkin, oa, oa/journal, externalcontact); the longest name wins."
                ),
            ),
        ),
        zone="Asia/Shanghai",
        # On -1 (busy) the platform asks for three retries at the most.
        tries=4,
    )


if __name__ == "__main__":
    TapWeCom.cli()
