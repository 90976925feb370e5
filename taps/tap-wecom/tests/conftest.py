"""Two companies in the sandbox, and a tap that shares its clock."""

from __future__ import annotations

import pytest
from tap_wecom.tap import TapWeCom


@pytest.fixture
def companies(trial_of):
    return trial_of(TapWeCom, size=300, accounts=2, history_days=10)
