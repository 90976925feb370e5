"""Two companies in the sandbox, and a tap that shares its clock."""

from __future__ import annotations

import pytest
from conformance.trial import resting_tap
from tap_qiyu.tap import TapQiyu

from .test_conformance import FACTS


@pytest.fixture
def companies(trial_of):
    return trial_of(TapQiyu, size=60, accounts=2, history_days=4)


@pytest.fixture
def tap(tmp_path):
    """A tap that is never called; its clock stands still."""
    return resting_tap(TapQiyu, FACTS.settings, tmp_path)
