"""Two shops in the sandbox, and a tap that shares its clock."""

from __future__ import annotations

import pytest
from conformance.trial import resting_tap
from tap_taobao.tap import TapTaobao

from .test_conformance import FACTS


@pytest.fixture
def shops(trial_of):
    return trial_of(TapTaobao, size=60, accounts=2, history_days=9, refresh_grace=300)


@pytest.fixture
def tap(tmp_path):
    """A tap that is never called; its clock stands still."""
    return resting_tap(TapTaobao, FACTS.settings, tmp_path)
