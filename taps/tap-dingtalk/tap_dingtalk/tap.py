"""tap-dingtalk: directory, attendance, approvals and HR records of companies on 钉钉."""

from __future__ import annotations

from openplatform.settings import common_settings
from openplatform.tap import PlatformTap
from singer_sdk import typing as th

from tap_dingtalk import streams
from tap_dingtalk.client import DingtalkClient


class TapDingtalk(PlatformTap):
    """Singer tap for 钉钉 (DingTalk)."""

    name = "tap-dingtalk"
    client_class = DingtalkClient
    stream_classes = streams.ALL
    config_jsonschema = common_settings(
        th.Property(
            "users_from",
            th.StringType,
            allowed_values=["users", "hrm_on_job_ids"],
            default="users",
            description=(
                "Stream that tells whose attendance is read: the directory, or 智能人事 where the app "
                "may not see the directory."
            ),
        ),
        th.Property(
            "roster_fields",
            th.ArrayType(th.StringType),
            description="Codes of the roster fields wanted, 100 at the most. Default: all of them.",
        ),
        account=(
            th.Property(
                "client_id",
                th.StringType,
                required=True,
                description="Client ID (AppKey) of the company's own app; the account's id is the corpId.",
            ),
            th.Property(
                "client_secret",
                th.StringType,
                required=True,
                secret=True,
                description="Client Secret (AppSecret) of the app.",
            ),
            th.Property(
                "agent_id",
                th.StringType,
                description="AgentId of the app; hrm_rosters needs it.",
            ),
            th.Property(
                "process_codes",
                th.ArrayType(th.StringType),
                description="Codes of the approval templates to read; approval_ids needs them.",
            ),
        ),
        zone="Asia/Shanghai",
        # On -1 (busy) the platform asks for three retries at the most.
        tries=4,
    )


if __name__ == "__main__":
    TapDingtalk.cli()
