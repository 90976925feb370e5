"""Write the pins of pyproject.toml: one exact version for every package that the workspace needs.

    python3 plugins/pins.py             add what is missing, drop what nobody needs
    python3 plugins/pins.py --upgrade   take the newest versions

The pins hold for every Python from 3.10 on: where a version does not, its marker says so.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import typing as t
from pathlib import Path

import bootstrap

PROJECT = bootstrap.ROOT / "pyproject.toml"
BUILD_BACKEND = "hatchling\neditables\n"
QUIET = ("--quiet", "--no-header", "--no-annotate", "--no-emit-index-url")


def workspace_pins(*, upgrade: bool) -> list[str]:
    """Return pins for all members with all their extras and for the dev group.

    Without upgrade, uv prefers the versions of the last uv.lock.
    """
    _uv("lock", "--quiet", *(["--upgrade"] if upgrade else []))
    everything = ("--all-packages", "--all-extras", "--all-groups", "--no-emit-workspace")
    return _uv("export", "--no-hashes", *everything, *QUIET[:3]).splitlines()


def build_pins() -> list[str]:
    """Return pins for the build backend and what it needs."""
    oldest = ".".join(map(str, bootstrap.OLDEST))
    compile_ = ("pip", "compile", "-", "--universal", "--python-version", oldest, "--no-config")
    return _uv(*compile_, *QUIET, stdin=BUILD_BACKEND).splitlines()


def paste(text: str, block: str, pins: t.Iterable[str]) -> str:
    """Replace the pins between the block's two comments."""
    begin, end = f"    # {block}: begin\n", f"    # {block}: end\n"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    lines = "".join(f'    "{pin}",\n' for pin in pins)
    return f"{before}{begin}{lines}{end}{after}"


def _uv(*arguments: str, stdin: str | None = None) -> str:
    done = subprocess.run(
        [*bootstrap.uv(), *arguments],
        input=stdin,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=bootstrap.ROOT,
        env=bootstrap.environment(),
    )
    return done.stdout


def main() -> None:
    """Run the script; leave pyproject.toml as it was when uv finds no solution."""
    parser = argparse.ArgumentParser(description="Write the pins of pyproject.toml.")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions")
    upgrade = parser.parse_args().upgrade
    before = PROJECT.read_text(encoding="utf-8")
    free = paste(before, "pins", [])
    PROJECT.write_text(free, encoding="utf-8")
    try:
        pinned = paste(free, "pins", workspace_pins(upgrade=upgrade))
        pinned = paste(pinned, "build pins", build_pins())
    except BaseException as error:
        PROJECT.write_text(before, encoding="utf-8")
        if isinstance(error, subprocess.CalledProcessError):
            sys.exit("error: uv found no versions that fit together; pyproject.toml is as it was")
        raise
    PROJECT.write_text(pinned, encoding="utf-8")


if __name__ == "__main__":
    # Not the whole workspace: the pins may be the very thing that keeps it from installing.
    bootstrap.enter(Path(__file__), sys.argv[1:], install=False)
    main()
