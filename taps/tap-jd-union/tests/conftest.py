"""Two promoters in the sandbox, and a tap that shares its clock."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from conformance.trial import resting_tap
from tap_jd_union.tap import TapJdUnion

from .test_conformance import FACTS


@pytest.fixture
def promoters(trial_of):
    end = datetime(2026, 11, 21, 9, 0, tzinfo=timezone.utc)
    trial = trial_of(TapJdUnion, size=60, accounts=2, history_days=0.0625, history_end=end)
    trial.config["start_date"] = "2026-11-21T15:20:00+08:00"
    return trial


@pytest.fixture
def tap(tmp_path):
    """A tap that is never called; its clock stands still."""
    return resting_tap(TapJdUnion, FACTS.settings, tmp_path)
