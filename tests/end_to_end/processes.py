"""The real programs as processes, with the test between tap and target."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import typing as t
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from end_to_end.harness import Message

TESTS = Path(__file__).resolve().parent.parent
LAB = (sys.executable, "-m", "end_to_end.lab")
SECONDS = 90


def program(name: str) -> str:
    """Return the path of a console script of this environment."""
    return str(Path(sys.executable).parent / name)


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a process: ours, with the tests' own modules in reach."""
    return {**os.environ, "PYTHONPATH": str(TESTS), **more}


def write_json(path: Path, content: t.Any) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def run_tap(
    command: t.Sequence[str],
    folder: Path,
    config: Mapping[str, t.Any],
    *arguments: str,
    state: Message | str | None = None,
    **variables: str,
) -> subprocess.CompletedProcess[str]:
    """Run a tap to its end; a state that is text is written as it stands."""
    words = [*command, "--config", str(write_json(folder / "tap.json", config)), *arguments]
    if state is not None:
        path = folder / "state.json"
        path.write_text(state if isinstance(state, str) else json.dumps(state), encoding="utf-8")
        words += ["--state", str(path)]
    return subprocess.run(
        words, capture_output=True, text=True, timeout=SECONDS, check=False, cwd=folder,
        env=environment(**variables),
    )  # fmt: skip


@contextmanager
def gate(folder: Path, gates: Mapping[str, t.Any]) -> Iterator[str]:
    """Run an eventgate on a file in a folder; give the address that it answers at."""
    settings = write_json(folder / "gate.yml", {"platforms": gates})  # JSON is YAML
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    words = [sys.executable, "-m", "eventgate", "--config", str(settings), "serve", "--port", port]
    env = {n: v for n, v in environment().items() if not n.startswith("EVENTGATE_")}
    database = {"EVENTGATE_DATABASE": str(folder / "events.db")}
    with (folder / "gate.txt").open("wb") as told:
        process = subprocess.Popen(words, stderr=told, env={**env, **database}, cwd=folder)
        try:
            _await_port(int(port), process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=SECONDS)


def _await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a process listens."""
    deadline = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise AssertionError(f"nothing listens on port {port}")


@dataclass
class Piped:
    """How a tap and a target ended.

    Attributes:
        states: What the target passed on.
        messages: How many messages went from one to the other.
        tap_code: The tap's exit code.
        target_code: The target's exit code.
    """

    states: list[Message]
    messages: int
    tap_code: int
    target_code: int
    errors: str


def pipe(
    folder: Path,
    tap_config: Mapping[str, t.Any],
    target_config: Mapping[str, t.Any],
    *,
    state: Message | None = None,
    kill: t.Literal["tap", "target"] | None = None,
    after: int = 0,
    between: Callable[[int], None] | None = None,
    command: Sequence[str] = LAB,
    **variables: str,
) -> Piped:
    """Run tap | target with ourselves as the pipe, and kill one of them after so many messages."""
    folder.mkdir(exist_ok=True)
    words = [*command, "--config", str(write_json(folder / "tap.json", tap_config))]
    if state:
        words += ["--state", str(write_json(folder / "state.json", state))]
    target_words = [program("target-warehouse"), "--config"]
    target_words += [str(write_json(folder / "target.json", target_config))]
    errors, passed_on = folder / "stderr.txt", folder / "states.jsonl"
    count = 0
    with errors.open("wb") as err, passed_on.open("wb") as out:
        env = environment(**variables)
        # A small pipe and a small buffer: the tap cannot end before it is to be killed.
        tap = subprocess.Popen(
            words, stdout=subprocess.PIPE, stderr=err, env=env, cwd=folder,
            pipesize=4096, bufsize=1024,
        )  # fmt: skip
        target = subprocess.Popen(
            target_words, stdin=subprocess.PIPE, stdout=out, stderr=err, env=env, cwd=folder
        )
        assert tap.stdout is not None
        assert target.stdin is not None
        with tap.stdout as source, suppress(BrokenPipeError):
            for line in source:
                target.stdin.write(line)
                target.stdin.flush()
                count += 1
                if between is not None:
                    between(count)
                if kill is not None and count == after:
                    (tap if kill == "tap" else target).send_signal(signal.SIGKILL)
                    if kill == "target":
                        break
        with suppress(BrokenPipeError):
            target.stdin.close()
        if kill == "target" and count == after:
            tap.kill()
        tap_code, target_code = tap.wait(SECONDS), target.wait(SECONDS)
    lines = passed_on.read_text(encoding="utf-8").splitlines()
    return Piped(
        [json.loads(x) for x in lines], count, tap_code, target_code, errors.read_text("utf-8")
    )
