"""Two corporations in the sandbox, and a tap that shares its clock."""

from __future__ import annotations

import pytest
from conformance.trial import resting_tap
from tap_ekuaibao.tap import TapEkuaibao

from .test_conformance import FACTS


@pytest.fixture
def corporations(trial_of):
    return trial_of(TapEkuaibao, size=250, accounts=2, history_days=9)


@pytest.fixture
def tap(tmp_path):
    """A tap that is never called; its clock stands still."""
    return resting_tap(TapEkuaibao, FACTS.settings, tmp_path)
