"""The benchmarks run, and compare like with like; how fast is for `python3 tests/benchmarks` to tell."""

from __future__ import annotations

from benchmarks.report import Plan, measure


def test_every_comparison_runs(tmp_path):
    wanted = frozenset({"T6", "T8", "T9", "T11", "T12", "P2", "P3", "P4", "P5"})
    results = list(measure(Plan(500, 1, wanted), tmp_path, print))
    assert {result.number for result in results} >= {*wanted, "T10"}
    assert [result.wrong for result in results] == [""] * len(results)
