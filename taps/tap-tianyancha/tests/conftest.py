"""Two accounts in the sandbox, and a tap that shares its clock."""

from __future__ import annotations

import pytest
from conformance.trial import resting_tap
from tap_tianyancha.tap import TapTianyancha

from .test_conformance import FACTS


@pytest.fixture
def buyers(trial_of):
    return trial_of(TapTianyancha, size=40, accounts=2, history_days=4)


@pytest.fixture
def buyer(trial_of):
    """One account, with five companies."""
    return trial_of(TapTianyancha, size=40, accounts=1, history_days=4)


@pytest.fixture
def tap(tmp_path):
    """A tap that is never called; its clock stands still."""
    return resting_tap(TapTianyancha, FACTS.settings, tmp_path)
