"""tap-feishu: directory, attendance, approvals, tables and HR records of companies on 飞书."""

from __future__ import annotations

from openplatform.settings import common_settings
from openplatform.tap import PlatformTap
from singer_sdk import typing as th

from tap_feishu import streams
from tap_feishu.client import FeishuClient


class TapFeishu(PlatformTap):
    """Singer tap for 飞书 (Feishu, Lark)."""

    name = "tap-feishu"
    client_class = FeishuClient
    stream_classes = streams.ALL
    config_jsonschema = common_settings(
        account=(
            th.Property(
                "app_id",
                th.StringType,
                required=True,
                description="App ID of the company's own app; the account's id is the tenant_key.",
            ),
            th.Property(
                "app_secret",
                th.StringType,
                required=True,
                secret=True,
                description="App Secret of the app.",
            ),
            th.Property(
                "approval_codes",
                th.ArrayType(th.StringType),
                description="Codes of the approval forms to read; approval_ids needs them.",
            ),
            th.Property(
                "tables",
                th.ArrayType(th.StringType),
                description="Tables of 多维表格, each as app_token/table_id; bitable_records needs them.",
            ),
            th.Property(
                "corehr_fields",
                th.ArrayType(th.StringType),
                description=(
                    "Fields that corehr_employees asks for, such as person_info.legal_name. Default: "
                    "number, name, mail, department, job, manager, state and dates."
                ),
            ),
            th.Property(
                "root_departments",
                th.ArrayType(th.StringType),
                description=(
                    "Departments (open_department_id) to begin with, where the app may not see the "
                    "whole company. Default: 0, the root."
                ),
            ),
        ),
        zone="Asia/Shanghai",
    )


if __name__ == "__main__":
    TapFeishu.cli()
