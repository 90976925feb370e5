"""Two merchants in the sandbox, and a tap that shares its clock."""

from __future__ import annotations

import pytest
from conformance.trial import resting_tap
from tap_kuaishou_locallife.tap import TapKuaishouLocallife

from .test_conformance import FACTS


@pytest.fixture
def merchants(trial_of):
    return trial_of(TapKuaishouLocallife, size=60, accounts=2, history_days=9, refresh_grace=300)


@pytest.fixture
def tap(tmp_path):
    """A tap that is never called; its clock stands still."""
    return resting_tap(TapKuaishouLocallife, FACTS.settings, tmp_path)
