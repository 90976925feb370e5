"""Starts the real program quickly, many times: one process imports it, and forks for each start.

Each start is a process of its own with pipes of its own, which can be killed as any other; only the
second of CPU time for the imports is saved. Run as a script, this file is that process.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import typing as t
from pathlib import Path


class Zygote:
    """The process that forks; ends with its `close`."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__)), str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )
        theirs.close()

    def start(self, config: Path, *arguments: str, limits: dict[str, int] | None = None) -> Program:
        """Start the program on a configuration; `limits` are limits of its process by name."""
        stdin, our_stdin = os.pipe()
        our_stdout, stdout = os.pipe()
        with Path(f"{config}.stderr").open("ab") as stderr:
            order = {"arguments": ["--config", str(config), *arguments], "limits": limits or {}}
            answer = self._ask(order, [stdin, stdout, stderr.fileno()])
        os.close(stdin)
        os.close(stdout)
        return Program(self, answer["pid"], our_stdin, our_stdout, Path(f"{config}.stderr"))

    def wait(self, pid: int) -> int:
        """Wait for the end of a program; its exit code, negative for a signal."""
        return int(self._ask({"wait": pid}, [])["code"])

    def close(self) -> None:
        self._socket.close()
        self._process.wait()

    def _ask(self, question: dict[str, t.Any], descriptors: list[int]) -> dict[str, t.Any]:
        with self._lock:
            text = json.dumps(question).encode()
            socket.send_fds(self._socket, [text], descriptors)
            return json.loads(self._socket.recv(1000))


class Program:
    """One running program: a pipe into it, and what has come out of it."""

    def __init__(self, zygote: Zygote, pid: int, stdin: int, stdout: int, stderr: Path) -> None:
        self.pid = pid
        self.stdin = os.fdopen(stdin, "wb", buffering=0)
        self.code: int | None = None
        self._zygote = zygote
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
        os.kill(self.pid, number)
        return self.wait()

    def finish(self) -> int:
        """Close its input, and wait for its end."""
        self.stdin.close()
        return self.wait()

    def wait(self) -> int:
        if self.code is None:
            self.code = self._zygote.wait(self.pid)
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


def serve(descriptor: int) -> None:
    """Fork on demand until the other side is gone."""
    import duckdb  # noqa: F401
    import psycopg  # noqa: F401
    from target_warehouse.command import main
    from target_warehouse.dialects import duckdb as _, postgres as __  # noqa: F401

    with socket.socket(fileno=descriptor) as channel:
        while True:
            text, descriptors, _flags, _address = socket.recv_fds(channel, 65_536, 3)
            if not text:
                return
            order = json.loads(text)
            if "wait" in order:
                status = os.waitpid(order["wait"], 0)[1]
                channel.send(json.dumps({"code": os.waitstatus_to_exitcode(status)}).encode())
                continue
            pid = os.fork()
            if pid == 0:
                channel.close()
                _become(main, descriptors, order)
            for number in descriptors:
                os.close(number)
            channel.send(json.dumps({"pid": pid}).encode())


def _become(
    main: t.Callable[[], t.NoReturn], descriptors: list[int], order: dict[str, t.Any]
) -> t.NoReturn:
    import resource

    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    for name, limit in order["limits"].items():
        resource.setrlimit(getattr(resource, name), (limit, limit))
    code = 1
    try:
        sys.argv[1:] = order["arguments"]
        main()
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
