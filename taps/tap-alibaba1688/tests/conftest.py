"""Two members in the sandbox, and a tap that shares its clock."""

from __future__ import annotations

import pytest
from conformance.trial import resting_tap
from tap_alibaba1688.tap import TapAlibaba1688

from .test_conformance import FACTS


@pytest.fixture
def members(trial_of):
    return trial_of(TapAlibaba1688, size=120, accounts=2, history_days=9, refresh_grace=300)


@pytest.fixture
def tap(tmp_path):
    """A tap that is never called; its clock stands still."""
    return resting_tap(TapAlibaba1688, FACTS.settings, tmp_path)
