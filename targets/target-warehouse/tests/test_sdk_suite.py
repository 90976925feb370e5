"""The SDK's standard suite for targets, on both engines."""

from __future__ import annotations

import uuid

import pytest
from singer_sdk.testing import get_target_test_class
from singer_sdk.testing.runners import TargetTestRunner
from target_warehouse.target import TargetWarehouse

# A bad record must end the run for the suite, so nothing is quarantined silently.
_CONFIG = {"quarantine_threshold": 0}


def _with_runner(config_of):
    base = get_target_test_class(TargetWarehouse, config=dict(_CONFIG))

    class Suite(base):  # type: ignore[misc, valid-type]
        @pytest.fixture
        def runner(self, request, tmp_path):
            config = {**_CONFIG, **config_of(request, tmp_path)}
            return TargetTestRunner(TargetWarehouse, config=config)

    return Suite


TestDuckDB = _with_runner(lambda request, tmp_path: {"path": str(tmp_path / "suite.duckdb")})
TestPostgres = _with_runner(
    lambda request, tmp_path: {
        "url": request.getfixturevalue("postgres_uri"),
        "schema": "suite_" + uuid.uuid4().hex[:12],
    }
)
