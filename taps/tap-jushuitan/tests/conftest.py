"""Two merchants in the sandbox, and a tap that shares its clock."""

from __future__ import annotations

import pytest
from conformance.trial import resting_tap
from tap_jushuitan.tap import TapJushuitan

from .test_conformance import FACTS


@pytest.fixture
def merchants(trial_of):
    trial = trial_of(TapJushuitan, size=250, accounts=2, history_days=9, refresh_grace=300)
    trial.config |= FACTS.reading
    return trial


@pytest.fixture
def tap(tmp_path):
    """A tap that is never called; its clock stands still."""
    return resting_tap(TapJushuitan, FACTS.settings, tmp_path)
