"""Measure what the taps cost: `python3 tests/benchmarks [--records N] [--pairs N]`.

Each comparison runs A and B in turn within this one call and quotes the median of the pair ratios.
Nothing here passes or fails by time; it reports.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent.parent / "plugins"))
sys.path.insert(0, str(Path(__file__).parent.parent))

import bootstrap

bootstrap.enter(Path(__file__).parent, sys.argv[1:])

from benchmarks.report import main  # noqa: E402

main()
