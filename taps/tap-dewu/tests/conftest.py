"""Two merchants in the sandbox, and a tap that shares its clock."""

from __future__ import annotations

import pytest
from tap_dewu.tap import TapDewu


@pytest.fixture
def merchants(trial_of):
    return trial_of(TapDewu, size=60, accounts=2, history_days=3)
