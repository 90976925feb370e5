"""Starts a Python program quickly, many times: one process imports it, and forks for each start.

Each start is a process of its own, with its own folder, environment and streams, and can be killed as
any other; only the seconds of CPU time for the imports are saved. Run as a script, this file is that
process.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import resource
import select
import signal
import socket
import subprocess
import sys
import threading
import typing as t
from collections.abc import Mapping, Sequence
from pathlib import Path

_LONGEST = 1 << 18  # of an order; an environment is its largest part


class Forked:
    """A started program; what of `subprocess.Popen` a test wants of it.

    Args:
        forker: Who started it, and tells its exit code.
        arguments: Its command line.
        pid: Its process id.
        alive: A pipe that ends when the program does.
    """

    def __init__(self, forker: Forker, arguments: Sequence[str], pid: int, alive: int) -> None:
        self.args = list(arguments)
        self.pid = pid
        self.returncode: int | None = None
        self._forker = forker
        self._alive = alive

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal; None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end.

        Raises:
            subprocess.TimeoutExpired: It goes on for longer.
        """
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it, unless it has ended."""
        self.send_signal(signal.SIGKILL)

    def _ended(self, seconds: float | None) -> int | None:
        if self.returncode is None and select.select([self._alive], [], [], seconds)[0]:
            os.close(self._alive)
            self.returncode = self._forker.ask({"reap": self.pid})["code"]
        return self.returncode


class Forker:
    """The process that forks; ends with its `close`.

    Args:
        program: Module and function of the program, such as `meltano.cli:main`.
        environment: What the program is imported with.
        preload: Modules to import beside it, which it else imports in each run.
    """

    def __init__(
        self, program: str, environment: Mapping[str, str], *, preload: Sequence[str] = ()
    ) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        for end in (self._socket, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _LONGEST)
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, str(Path(__file__)), program, str(theirs.fileno()), *preload],
            pass_fds=[theirs.fileno()],
            env=dict(environment),
        )
        theirs.close()

    def start(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        stdout: int,
        stderr: int,
        stdin: int | None = None,
        new_session: bool = False,
        limits: Mapping[str, int] | None = None,
    ) -> Forked:
        """Start the program.

        Args:
            arguments: Its command line, beginning with its name.
            folder: Where it runs.
            environment: Its whole environment.
            stdout: Descriptor for its standard output.
            stderr: Descriptor for its standard error.
            stdin: Descriptor for its standard input, which else is empty.
            new_session: Whether it leads a process group of its own.
            limits: Limits of its process, such as `RLIMIT_FSIZE`.
        """
        alive, theirs = os.pipe()
        order = {
            "arguments": list(arguments),
            "folder": str(folder),
            "environment": dict(environment),
            "new_session": new_session,
            "limits": dict(limits or {}),
        }
        given = os.open(os.devnull, os.O_RDONLY) if stdin is None else stdin
        pid = self.ask(order, [given, stdout, stderr, theirs])["pid"]
        os.close(theirs)
        if stdin is None:
            os.close(given)
        return Forked(self, arguments, pid, alive)

    def run(
        self,
        arguments: Sequence[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        seconds: float,
    ) -> subprocess.CompletedProcess[str]:
        """Run the program to its end.

        Raises:
            subprocess.TimeoutExpired: It ran too long, and was killed.
        """
        texts = ["", ""]

        def read(number: int, descriptor: int) -> None:
            with os.fdopen(descriptor, encoding="utf-8", errors="replace") as stream:
                texts[number] = stream.read()

        (out, our_out), (err, our_err) = os.pipe(), os.pipe()
        readers = [
            threading.Thread(target=read, args=end, daemon=True) for end in enumerate((out, err))
        ]
        for reader in readers:
            reader.start()
        try:
            program = self.start(
                arguments, folder=folder, environment=environment, stdout=our_out, stderr=our_err
            )
        finally:
            os.close(our_out)
            os.close(our_err)
        try:
            code = program.wait(seconds)
        finally:
            program.kill()
        for reader in readers:
            reader.join(seconds)
        return subprocess.CompletedProcess(program.args, code, *texts)

    def ask(self, question: Mapping[str, t.Any], descriptors: Sequence[int] = ()) -> t.Any:
        """Ask the process that forks."""
        with self._lock:
            socket.send_fds(self._socket, [json.dumps(question).encode()], list(descriptors))
            return json.loads(self._socket.recv(1000))

    def close(self) -> None:
        """End it; programs that still run go on."""
        self._socket.close()
        self._process.wait()


def serve(program: str, descriptor: int, *preload: str) -> None:
    """Fork on demand until the other side is gone."""
    for name in preload:
        importlib.import_module(name)
    module, _, function = program.partition(":")
    main = getattr(importlib.import_module(module), function)
    assert threading.active_count() == 1, "a process with threads must not fork"
    with socket.socket(fileno=descriptor) as channel:
        while True:
            text, descriptors, _flags, _address = socket.recv_fds(channel, _LONGEST, 4)
            if not text:
                return
            order = json.loads(text)
            if "reap" in order:
                _, status = os.waitpid(order["reap"], 0)
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
    main: t.Callable[[], t.Any], descriptors: list[int], order: dict[str, t.Any]
) -> t.NoReturn:
    *streams, alive = descriptors
    os.set_inheritable(alive, False)  # what the program starts may outlive it
    if order["new_session"]:
        os.setsid()
    for number, descriptor in enumerate(streams):
        os.dup2(descriptor, number)
        os.close(descriptor)
    for name, limit in order["limits"].items():
        resource.setrlimit(getattr(resource, name), (limit, limit))
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv[:] = order["arguments"]
    code: t.Any = 1
    try:
        main()
        code = 0
    except SystemExit as end:
        code = end.code
        if isinstance(code, str):
            print(code, file=sys.stderr)  # noqa: T201 - as the interpreter does
            code = 1
    except BaseException:  # noqa: BLE001 - as the interpreter does
        sys.excepthook(*sys.exc_info())
    finally:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(code or 0))


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
