"""A small kit for testing taps: run one, look at what it wrote, shape recorded answers.

Needs no test framework; whatever is wrong is an `AssertionError` that says what and where.
"""

from openplatform.testing.clocks import EpochClock, HeldClock, SharedClock
from openplatform.testing.messages import Messages
from openplatform.testing.running import (
    ProcessResult,
    catalog_selecting,
    run,
    run_process,
    tap_process,
)
from openplatform.testing.samples import Shaped, check_golden, load_sample, shape_answer
from openplatform.testing.truth import TruthLike, differences

__all__ = [
    "EpochClock",
    "HeldClock",
    "Messages",
    "ProcessResult",
    "Shaped",
    "SharedClock",
    "TruthLike",
    "catalog_selecting",
    "check_golden",
    "differences",
    "load_sample",
    "run",
    "run_process",
    "shape_answer",
    "tap_process",
]
