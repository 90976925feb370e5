"""SIGKILL at random moments, again and again: no row lost, none twice, no STATE ahead of its commit.

The default size is small. The full one, which takes long:

    python3 tests targets/target-warehouse/tests/test_kill_rounds.py \\
        --kill-rounds 50 --kill-records 200000 --log-cli-level INFO
"""

from __future__ import annotations

import pytest

from .crash import Changes, Reads
from .kills import rounds

ENGINES = ["duckdb", "postgres"]
MODES = ["upsert", "append", "soft_delete", "snapshot", "overwrite", "history"]


@pytest.fixture
def size(request) -> tuple[int, int]:
    """How often to kill, and how many records there are."""
    kills = request.config.getoption("--kill-rounds", None) or 6
    return kills, request.config.getoption("--kill-records", None) or 6000


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("mode", ["upsert", "append", "soft_delete", "history"])
def test_changes(make_warehouse, zygote, engine, mode, size):
    kills, records = size
    source = Changes(records, every=max(records // 200, 10), seed=records)
    rounds(zygote, make_warehouse(engine), source, mode, kills=kills)


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("resume", [True, False], ids=["resumed", "restarted"])
@pytest.mark.parametrize("mode", MODES)
def test_full_reads(make_warehouse, zygote, engine, mode, resume, size):  # noqa: PLR0917
    kills, records = size
    reads = 10 if resume else kills
    every = max(records // 200, 10)
    source = Reads(records, every, seed=records, reads=reads, resume=resume)
    rounds(zygote, make_warehouse(engine), source, mode, kills=kills)
