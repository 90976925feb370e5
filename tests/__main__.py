"""Run all tests: `python3 tests`. Words after it go to pytest: `python3 tests taps/tap-youzan`.

Makes .venv first when that is needed. PostgreSQL comes with a package and is started by the tests
that want it; nothing here needs a credential or leaves the machine, but for installing packages.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "plugins"))

import bootstrap  # noqa: E402

if __name__ == "__main__":
    bootstrap.enter(Path(__file__).parent, sys.argv[1:])
    # As a command of its own, so that pytest starts in the project's folder without our path.
    pytest = [str(bootstrap.PYTHON), "-m", "pytest", *sys.argv[1:]]
    sys.exit(subprocess.call(pytest, cwd=ROOT, env=bootstrap.environment()))
