"""What every tap must do. A tap declares what its platform's sheet says, and gets the tests:

    class TestYouzan(Conformance):
        facts = Facts(tap=TapYouzan, ...)

One such class stands in `tests/test_conformance.py` of each tap.
"""

from __future__ import annotations

from conformance.changing import Changing
from conformance.describing import Describing
from conformance.facts import Built, Facts, Refusal, Sample, epoch
from conformance.failing import Failing
from conformance.people import People
from conformance.sheet import Sheet
from conformance.single import Single
from conformance.trial import NOW, Trial

__all__ = ["NOW", "Built", "Conformance", "Facts", "Refusal", "Sample", "Trial", "epoch"]


class Conformance(Describing, Sheet, Changing, Failing, Single, People):
    """All tests; a subclass brings its `facts`."""
