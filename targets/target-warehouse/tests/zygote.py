"""The real program, started quickly many times: with a pipe into it, and what has come out of it."""

from __future__ import annotations

import json
import os
import signal
import threading
import typing as t
from pathlib import Path

from forking import Forked, Forker


class Zygote:
    """Starts the program by forks of one process that has imported it; ends with its `close`."""

    def __init__(self) -> None:
        self._environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
        dialects = ("target_warehouse.dialects.duckdb", "target_warehouse.dialects.postgres")
        self._forker = Forker(
            "target_warehouse.command:main",
            self._environment,
            preload=("duckdb", "psycopg", *dialects),
        )

    def start(self, config: Path, *arguments: str, limits: dict[str, int] | None = None) -> Program:
        """Start the program on a configuration; `limits` are limits of its process by name."""
        stdin, our_stdin = os.pipe()
        our_stdout, stdout = os.pipe()
        with Path(f"{config}.stderr").open("ab") as stderr:
            started = self._forker.start(
                ["target-warehouse", "--config", str(config), *arguments],
                folder=Path.cwd(),
                environment=self._environment,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr.fileno(),
                limits=limits,
            )
        os.close(stdin)
        os.close(stdout)
        return Program(started, our_stdin, our_stdout, Path(f"{config}.stderr"))

    def close(self) -> None:
        self._forker.close()


class Program:
    """One running program."""

    def __init__(self, started: Forked, stdin: int, stdout: int, stderr: Path) -> None:
        self.pid = started.pid
        self.stdin = os.fdopen(stdin, "wb", buffering=0)
        self.code: int | None = None
        self._started = started
        self._stderr = stderr
        self._printed: list[bytes] = []
        self._news = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, args=(stdout,), daemon=True)
        self._reader.start()

    def write(self, data: bytes) -> bool:
        """Write all of it; False when the program is no more."""
        try:
            while data:
                data = data[self.stdin.write(data) :]
        except BrokenPipeError:
            return False
        return True

    @property
    def states(self) -> list[t.Any]:
        """The STATE values that came out whole."""
        return [json.loads(line) for line in list(self._printed)]

    def await_states(self, count: int, seconds: float) -> bool:
        """Wait until so many STATEs are out; False when that took too long."""
        with self._news:
            self._news.wait_for(lambda: len(self._printed) >= count or self._ended, seconds)
            return len(self._printed) >= count

    def kill(self, number: int = signal.SIGKILL) -> int:
        """Kill the program; its exit code, once all that it printed is read."""
        self._started.send_signal(number)
        return self.wait()

    def finish(self) -> int:
        """Close its input, and wait for its end."""
        self.stdin.close()
        return self.wait()

    def wait(self) -> int:
        if self.code is None:
            self.code = self._started.wait()
            self._reader.join()
        return self.code

    @property
    def log(self) -> str:
        """What was logged by all programs of this configuration."""
        return self._stderr.read_text(errors="replace")

    def _read(self, descriptor: int) -> None:
        with os.fdopen(descriptor, "rb") as stdout:
            for line in stdout:
                with self._news:
                    if line.endswith(b"\n"):
                        self._printed.append(line)
                    self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()
