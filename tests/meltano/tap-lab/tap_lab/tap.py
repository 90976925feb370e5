"""tap-lab: orders and items of the sandbox's invented platform."""

from __future__ import annotations

from openplatform.settings import common_settings
from openplatform.tap import PlatformTap
from singer_sdk import typing as th

from tap_lab import streams
from tap_lab.client import LabClient


class TapLab(PlatformTap):
    """Singer tap for 实验室 (Lab)."""

    name = "tap-lab"
    client_class = LabClient
    stream_classes = streams.ALL
    config_jsonschema = common_settings(
        account=(
            th.Property(
                "key",
                th.StringType,
                required=True,
                secret=True,
                description="Key of the account, sent in the header X-Lab-Key.",
            ),
        ),
        zone="Asia/Shanghai",
    )
