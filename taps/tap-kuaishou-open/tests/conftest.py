"""Two users in the sandbox, and a tap that shares its clock."""

from __future__ import annotations

import pytest
from conformance.trial import resting_tap
from tap_kuaishou_open.tap import TapKuaishouOpen

from .test_conformance import FACTS

GRACE = 300  # seconds for which a used refresh token still answers


@pytest.fixture
def users(trial_of):
    return trial_of(TapKuaishouOpen, size=90, accounts=2, history_days=9, refresh_grace=GRACE)


@pytest.fixture
def tap(tmp_path):
    """A tap that is never called; its clock stands still."""
    return resting_tap(TapKuaishouOpen, FACTS.settings, tmp_path)
