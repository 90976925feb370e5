"""Two shops in the sandbox, and a tap that shares its clock."""

from __future__ import annotations

import pytest
from conformance.trial import resting_tap
from tap_pinduoduo.tap import TapPinduoduo

from .test_conformance import FACTS

GRACE = 300  # seconds for which a used refresh token still answers


@pytest.fixture
def shops(trial_of):
    trial = trial_of(TapPinduoduo, **{"accounts": 2, "refresh_grace": GRACE, **FACTS.world})
    trial.config |= FACTS.reading
    return trial


@pytest.fixture
def tap(tmp_path):
    """A tap that is never called; its clock stands still."""
    return resting_tap(TapPinduoduo, FACTS.settings, tmp_path)
