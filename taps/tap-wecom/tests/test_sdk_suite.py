"""The SDK's own suite for taps, over all streams."""

from __future__ import annotations

import atexit
import shutil
import tempfile

import pytest
from sandbox import Sandbox, SandboxSettings
from singer_sdk.testing import get_tap_test_class
from tap_wecom.tap import TapWeCom

# Optional fields that no record of the sandbox holds.
pytestmark = pytest.mark.filterwarnings("ignore:Fields in transformed catalog")

# The suite wants its settings when the class is made, so the sandbox lives as long as the module.
_BOX = Sandbox(SandboxSettings(size=60, accounts=1, limits=False, history_days=5)).start()
atexit.register(_BOX.stop)
_FOLDER = tempfile.mkdtemp()
atexit.register(shutil.rmtree, _FOLDER)
_CONFIG = {**_BOX.config("wecom"), "token_store": _FOLDER, "start_date": "2026-01-01"}


def _everything() -> dict[str, object]:
    catalog = TapWeCom(config=_CONFIG).catalog_dict
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = True
    return catalog


TestTapWeCom = get_tap_test_class(TapWeCom, config=_CONFIG, catalog=_everything())
