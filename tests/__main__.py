"""Run all tests: `python3 tests`. Words after it go to pytest: `python3 tests taps/tap-youzan`.

Makes .venv first when that is needed. PostgreSQL comes with a package and is started by the tests
that want it; nothing here needs a credential or leaves the machine, but for installing packages.

All tests run in as many processes as there are processors. With words after it there is one, so
that what was chosen runs plainly; `-n 4 --dist loadfile` among them asks for more.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "plugins"))

import bootstrap  # noqa: E402


def options(words: list[str], processors: int | None) -> list[str]:
    """Return what pytest is told.

    Args:
        words: What the user typed.
        processors: How many the machine has; None if that is not known.
    """
    if words or (processors or 1) == 1:
        return words
    # In the order of conftest.py, not by the number of tests in a file.
    return [f"--numprocesses={processors}", "--dist=loadfile", "--no-loadscope-reorder"]


if __name__ == "__main__":
    bootstrap.enter(Path(__file__).parent, sys.argv[1:])
    # As a command of its own, so that pytest starts in the project's folder without our path.
    words = options(sys.argv[1:], os.cpu_count())
    pytest = [str(bootstrap.PYTHON), "-m", "pytest", *words]
    sys.exit(subprocess.call(pytest, cwd=ROOT, env=bootstrap.environment()))
