"""Which tests run in one process when `python3 tests` uses several."""

from __future__ import annotations

from typing_extensions import override
from xdist.scheduler import LoadFileScheduling

# Its files share a project whose plugins Meltano has installed, which takes long.
SHARING = "tests/meltano/"
# What crosses packages takes longest.
FIRST = "tests/"


class Together(LoadFileScheduling):
    """The tests of a file go to one process, and so do those of a folder that share something."""

    @override
    def _split_scope(self, nodeid: str) -> str:
        return SHARING if nodeid.startswith(SHARING) else nodeid.partition("::")[0]
