"""Running a command and reading off what it cost, as the operating system counts it."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import Self

LAUNCHER = [sys.executable, "-S", "-E", str(Path(__file__).with_name("launcher.py"))]


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run of a command took, its helper processes included.

    Attributes:
        wall: Seconds that passed.
        cpu: Seconds of processor time, user and system.
        peak_mib: Peak memory; with several processes the highest sum that was sampled.
        processes: The most processes that ran at once.
        server_cpu: Seconds of processor time that the database server took meanwhile.
    """

    wall: float
    cpu: float
    peak_mib: float
    processes: int = 1
    server_cpu: float = 0.0

    @property
    def both(self) -> float:
        """Seconds of processor time of client and server."""
        return self.cpu + self.server_cpu


def run(
    command: Sequence[str],
    *,
    source: Path | None = None,
    output: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Cost:
    """Run a command to its end, under a small parent of its own.

    Args:
        command: The command.
        source: What it reads; nothing when None.
        output: Where its standard output goes; thrown away when None.
        env: Its environment; ours when None.

    Raises:
        RuntimeError: It failed.
    """
    with (
        tempfile.TemporaryFile() as errors,
        tempfile.NamedTemporaryFile() as result,
        (source or Path(os.devnull)).open("rb") as data,
        (output or Path(os.devnull)).open("wb") as out,
    ):
        launched = subprocess.run(
            [*LAUNCHER, result.name, *command],
            stdin=data,
            stdout=out,
            stderr=errors,
            env=env,
            check=False,
        )
        told = json.loads(result.read() or b"{}")
        status = told.pop("status", launched.returncode)
        if status or not told:
            errors.seek(0)
            tail = errors.read().decode(errors="replace")[-2000:]
            msg = f"{' '.join(command)} ended with {status}:\n{tail}"
            raise RuntimeError(msg)
    return Cost(**told)


def digest(output: Path) -> tuple[int, str]:
    """Return how many records a tap wrote, and a digest of them whatever their order."""
    count, total = 0, 0
    with output.open(encoding="utf-8") as lines:
        for line in lines:
            message = json.loads(line)
            if message["type"] == "RECORD":
                text = json.dumps(message["record"], sort_keys=True, ensure_ascii=False)
                total += int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
                count += 1
    return count, f"{total % 2**256:064x}"


def median(values: Sequence[float]) -> float:
    """Return the middle value (of an even number, the mean of the two in the middle)."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


class Server:
    """A sandbox in a process of its own, so that its work is not counted as ours."""

    def __init__(self, **settings: t.Any) -> None:
        source = (
            "import json,sys\n"
            "from sandbox.settings import SandboxSettings\n"
            "from sandbox.testing import Sandbox\n"
            f"with Sandbox(SandboxSettings(**json.loads({json.dumps(json.dumps(settings))}))) as s:\n"
            "    print(json.dumps(s.config('lab')), flush=True)\n"
            "    sys.stdin.read()\n"
        )
        self._process = subprocess.Popen(
            [sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        self.config: dict[str, t.Any] = json.loads(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
