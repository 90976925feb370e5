"""Two companies in the sandbox, and a tap that shares its clock."""

from __future__ import annotations

import pytest
from conformance.trial import resting_tap
from tap_feishu.tap import TapFeishu

from .test_conformance import FACTS


@pytest.fixture
def companies(trial_of):
    found = trial_of(TapFeishu, size=300, accounts=2, history_days=9)
    found.config["start_date"] = "2026-11-12T00:00:00+08:00"
    return found


@pytest.fixture
def tap(tmp_path):
    """A tap that is never called; its clock stands still."""
    return resting_tap(TapFeishu, FACTS.settings, tmp_path)
