"""Taps as processes that are started without their imports, which take longer than most runs do.

Each is a process of its own that can be killed as any other; see `forking`.
"""

from __future__ import annotations

import atexit
import functools
import os
import runpy
import sys
import threading
import typing as t
from collections.abc import Sequence
from pathlib import Path

import openplatform.tap  # noqa: F401 - what every tap imports
from forking import Forked, Forker
from typing_extensions import Self

ENDS_WITHIN = 60


class TapProcess:
    """A started tap; what of `subprocess.Popen` a test wants of it.

    Args:
        command: A Python, `-m`, the tap's module, and its command line.
    """

    def __init__(self, command: Sequence[str]) -> None:
        _python, _m, *arguments = command
        self._texts = ["", ""]
        ends = [os.pipe(), os.pipe()]
        self._readers = [
            threading.Thread(target=self._read, args=(number, ours), daemon=True)
            for number, (ours, _) in enumerate(ends)
        ]
        for reader in self._readers:
            reader.start()
        out, err = (theirs for _, theirs in ends)
        try:
            self._process: Forked = forker().start(
                arguments, folder=Path.cwd(), environment=os.environ, stdout=out, stderr=err
            )
        finally:
            os.close(out)
            os.close(err)

    def _read(self, number: int, descriptor: int) -> None:
        with os.fdopen(descriptor, encoding="utf-8") as stream:
            self._texts[number] = stream.read()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        return self._process.poll()

    def communicate(self, input: None = None, timeout: float | None = None) -> tuple[str, str]:  # noqa: A002
        """Wait for its end; return what it wrote to standard output and standard error."""
        self._process.wait(timeout)
        for reader in self._readers:
            reader.join(timeout)
        return self._texts[0], self._texts[1]

    def kill(self) -> None:
        """Kill it, unless it has ended."""
        self._process.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.communicate(timeout=ENDS_WITHIN)


@functools.cache
def forker() -> Forker:
    """Return what starts them; one for each process of tests."""
    made = Forker("forked_taps:main", os.environ)
    atexit.register(made.close)
    return made


def main() -> t.Any:
    """Run the module that the command line begins with, as `python -m` does."""
    return runpy.run_module(sys.argv[0], run_name="__main__")
