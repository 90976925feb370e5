"""Two companies in the sandbox, and a tap that shares its clock."""

from __future__ import annotations

import pytest
from conformance.trial import resting_tap
from tap_kingdee.tap import TapKingdee

from .test_conformance import FACTS


@pytest.fixture
def companies(trial_of):
    return trial_of(TapKingdee, size=60, accounts=2, history_days=9)


@pytest.fixture
def tap(tmp_path):
    """A tap that is never called; its clock stands still."""
    return resting_tap(TapKingdee, FACTS.settings, tmp_path)
