"""Two authorisations in the sandbox, each of two advertisers, and a tap that shares its clock."""

from __future__ import annotations

import pytest
from conformance.trial import resting_tap
from tap_kuaishou_ads.tap import TapKuaishouAds

from .test_conformance import FACTS

GRACE = 300  # seconds for which a used refresh token still answers


@pytest.fixture
def users(trial_of):
    return trial_of(TapKuaishouAds, size=60, accounts=2, history_days=9, refresh_grace=GRACE)


@pytest.fixture
def tap(tmp_path):
    """A tap that is never called; its clock stands still."""
    return resting_tap(TapKuaishouAds, FACTS.settings, tmp_path)
