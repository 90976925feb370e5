"""Benchmarks: `python3 tests/benchmarks` measures the taps against a plain SDK tap, in one run."""
