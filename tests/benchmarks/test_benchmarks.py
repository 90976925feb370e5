"""The benchmarks run, and compare like with like; how fast is for `python3 tests/benchmarks` to tell."""

from __future__ import annotations

from benchmarks.report import measure


def test_every_comparison_runs_on_equal_records(tmp_path):
    rows = measure(tmp_path, records=400, pairs=1, large=1000)
    assert len(rows) == 6
    assert "the same records" in rows[0][2]
    assert all(float(ratio) > 0 for _, ratio, _ in rows)
