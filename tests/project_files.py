"""The files that belong to the project, and fresh copies of it for tests that run it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def project_files() -> list[Path]:
    """Return all files that are or would be committed, relative to the project's folder."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = (Path(name) for name in sorted(set(names.split("\0"))) if name)
    return [file for file in files if (ROOT / file).is_file()]


def copy_project(to: Path) -> Path:
    """Copy the project as a fresh clone would have it: no .venv, no .meltano, no data."""
    for file in project_files():
        (to / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, to / file)
    return to
