"""Make the workspace ready: a virtual environment in `.venv` with everything installed.

Standard library only, since it runs before anything is installed. A second call finds
nothing to do and returns at once; a changed pyproject.toml makes it install again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
STAMP = VENV / ".workspace-installed"
OLDEST = (3, 10)

NO_PIP = """\
This Python ({python}) can neither make a complete virtual environment nor install into one:
the modules ensurepip and pip are missing. On Debian and Ubuntu install them with

    apt-get install python3-venv

or install uv in any other way, and run the same command again."""


class BootstrapError(Exception):
    """The workspace cannot be made ready. The message says what to do."""


def enter(script: Path, arguments: t.Sequence[str], *, install: bool = True) -> None:
    """Return when this is the workspace's Python; else make it and run `script` with it.

    Args:
        script: File (or folder with a `__main__.py`) to start again inside `.venv`.
        arguments: What the user typed after the script.
        install: Install the workspace, if that is not done yet; else only make `.venv`.
    """
    try:
        prepare(install=install)
    except BootstrapError as error:
        sys.exit(f"error: {error}")
    if Path(sys.prefix).resolve() == VENV.resolve():
        return
    command = [str(PYTHON), str(script), *arguments]
    if os.name == "nt":
        sys.exit(subprocess.call(command, env=environment()))
    sys.stdout.flush()
    os.execve(command[0], command, environment())  # noqa: S606


def prepare(*, install: bool = True) -> None:
    """Create `.venv` and install the workspace into it, unless that is done already.

    Args:
        install: Install the workspace; else only the environment and uv are there afterwards.

    Raises:
        BootstrapError: with the next step for the user.
    """
    if sys.version_info < OLDEST:
        raise BootstrapError(
            f"Python 3.10 or newer is needed; this is {sys.version.split()[0]} ({sys.executable})."
        )
    if not VENV.exists():
        _create()
    if not install:
        uv()
        return
    mark = _mark()
    if STAMP.exists() and STAMP.read_text(encoding="utf-8") == mark:
        return
    print("Installing the workspace into .venv ...", file=sys.stderr, flush=True)
    # uv's progress is for a terminal; elsewhere it would only list a hundred packages.
    quiet = [] if sys.stderr.isatty() else ["--quiet"]
    _run([*uv(), "sync", *quiet, "--all-packages", "--compile-bytecode", "--python", str(PYTHON)])
    STAMP.write_text(mark, encoding="utf-8")


def environment() -> dict[str, str]:
    """Return the environment for the commands of the workspace: its `bin` comes first."""
    env = {
        **os.environ,
        "PATH": os.pathsep.join([str(BIN), os.environ.get("PATH", os.defpath)]),
        "VIRTUAL_ENV": str(VENV),
        "UV_PROJECT_ENVIRONMENT": str(VENV),
        "UV_PYTHON_DOWNLOADS": "never",
    }
    env.pop("PYTHONHOME", None)
    # Without kept bytecode each start of a program compiles some hundred modules anew.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    # uv does not read pip's settings; who told pip of a mirror means uv as well.
    mirror = env.get("PIP_INDEX_URL") or _pip_mirror()
    if mirror and not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & env.keys():
        env["UV_DEFAULT_INDEX"] = mirror
    return env


def _create() -> None:
    """Create `.venv`, with pip when this Python can, else bare."""
    print("Creating the virtual environment .venv ...", file=sys.stderr, flush=True)
    venv = [sys.executable, "-m", "venv"]
    if _works([*venv, str(VENV)]):
        return
    # Debian without python3-venv: no ensurepip. A bare environment is enough for uv.
    shutil.rmtree(VENV, ignore_errors=True)
    if not _works([*venv, "--without-pip", str(VENV)]):
        raise BootstrapError(NO_PIP.format(python=sys.executable))


def uv() -> list[str]:
    """Return the command of uv, installing uv into `.venv` when there is none."""
    if not _works([str(PYTHON), "-c", f"import sys; sys.exit(sys.version_info < {OLDEST})"]):
        raise BootstrapError(
            f"{VENV} is no working environment with Python 3.10 or newer.\n"
            "Delete this folder and run the same command again."
        )
    inside = [str(PYTHON), "-m", "uv"]
    if _works([*inside, "--version"]):
        return inside
    install = ["install", "--quiet", "--disable-pip-version-check", "uv"]
    # pip's --python works on the bare environment from outside, so the system's own
    # rule against installing outside a virtual environment does not stand in the way.
    ways = ([str(PYTHON), "-m", "pip"], [sys.executable, "-m", "pip", "--python", str(PYTHON)])
    for pip in ways:
        if _works([*pip, "--version"]):
            _run([*pip, *install])
            return inside
    outside = shutil.which("uv")
    if outside:
        return [outside]
    shutil.rmtree(VENV, ignore_errors=True)
    raise BootstrapError(NO_PIP.format(python=sys.executable))


def _mark() -> str:
    """Return what `.venv` was made from: all project files and the interpreter."""
    digest = hashlib.sha256(str(PYTHON.resolve()).encode())
    for file in [ROOT / "pyproject.toml", *sorted(ROOT.glob("*/*/pyproject.toml"))]:
        digest.update(file.relative_to(ROOT).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _pip_mirror() -> str | None:
    """Return the index that pip's own settings name, if any."""
    command = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() or None


def _works(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _run(command: list[str]) -> None:
    if subprocess.run(command, cwd=ROOT, env=environment(), check=False).returncode:
        raise BootstrapError(
            "this command failed (its own words are above):\n    " + " ".join(command)
        )
