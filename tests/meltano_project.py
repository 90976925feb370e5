"""Meltano itself, run as a user runs it, in a copy of the project."""

from __future__ import annotations

import atexit
import functools
import json
import os
import signal
import subprocess
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

import bootstrap
from forking import Forked, Forker
from sandbox.testing import Sandbox

STATE_ID = "demo:tap-youzan-to-target-duckdb"
# What a developer's shell may hold and a test must not see.
FOREIGN = ("MELTANO_", "TAP_", "TARGET_", "SINGER_", "EVENTGATE_")
COMMAND_SECONDS = 240


def environment(**more: str) -> dict[str, str]:
    """Return an environment in which only the project's own settings count."""
    clean = {
        name: value
        for name, value in bootstrap.environment().items()
        if not name.startswith(FOREIGN) and name != "VIRTUAL_ENV"
    }
    return {**clean, "MELTANO_ENVIRONMENT": "demo", "NO_COLOR": "1", "COLUMNS": "300", **more}


@functools.cache
def meltano() -> Forker:
    """Return what starts Meltano without its imports, which take longer than most commands."""
    forker = Forker("meltano.cli:main", environment())
    atexit.register(forker.close)
    return forker


@dataclass(frozen=True)
class Project:
    """The project's folder, and the environment that ties it to one sandbox and one warehouse."""

    root: Path
    env: t.Mapping[str, str]

    def meltano(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command of Meltano to its end."""
        return meltano().run(
            ["meltano", *arguments],
            folder=self.root,
            environment={**self.env, **more},
            seconds=COMMAND_SECONDS,
        )

    def command(self, *command: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Run any command of the workspace to its end."""
        return subprocess.run(
            command,
            cwd=self.root,
            env={**self.env, **more},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_SECONDS,
        )

    def run(self, *blocks: str, **more: str) -> str:
        """Run blocks, which must succeed; return what was logged."""
        done = self.meltano("run", *blocks, **more)
        assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
        return done.stderr + done.stdout

    def start(self, *arguments: str) -> Forked:
        """Start a command of Meltano in a process group of its own."""
        with Path(os.devnull).open("wb") as nowhere:
            return meltano().start(
                ["meltano", *arguments],
                folder=self.root,
                environment=self.env,
                stdout=nowhere.fileno(),
                stderr=nowhere.fileno(),
                new_session=True,
            )

    def state(self, state_id: str = STATE_ID) -> dict[str, t.Any]:
        """Return the bookmarks of a state."""
        done = self.meltano("--log-level=error", "state", "get", state_id)
        assert done.returncode == 0, done.stderr
        state = json.loads(done.stdout.strip().splitlines()[-1])
        return t.cast("dict[str, t.Any]", state["singer_state"]["bookmarks"])

    def state_ids(self) -> set[str]:
        """Return the ids of all states."""
        done = self.meltano("--log-level=error", "state", "list")
        return {line.strip() for line in done.stdout.splitlines() if ":" in line}


def bookmarks(state: dict[str, t.Any], stream: str) -> dict[str, str]:
    """Return a stream's bookmark by account."""
    return {
        partition["context"]["_account"]: partition["replication_key_value"]
        for partition in state[stream]["partitions"]
    }


def calls(sandbox: Sandbox, api: str) -> int:
    """Return how many calls of an API the sandbox has answered."""
    return sum(entry.api.startswith(api) for entry in sandbox.requests("youzan"))


def truth(shop: Sandbox, entity: str = "orders") -> dict[tuple[str, str], str]:
    """Return (account, key) -> time of the last update, as bookmarks write it."""
    return {
        (account, row.key): row.update_time.strftime("%Y-%m-%dT%H:%M:%S")
        for account in shop.accounts("youzan")
        for row in shop.truth("youzan", account, entity)
        if row.update_time is not None
    }


def wait_for_calls(sandbox: Sandbox, api: str, number: int, process: Forked) -> None:
    """Wait until an API was called so often; the process must be alive then."""
    deadline = time.monotonic() + COMMAND_SECONDS
    while calls(sandbox, api) < number:
        assert process.poll() is None, f"the run ended before {number} calls of {api}"
        assert time.monotonic() < deadline, f"{calls(sandbox, api)} of {number} calls of {api}"
        time.sleep(0.02)


def end_group(process: Forked, number: signal.Signals) -> None:
    """Send a signal to a process and all that it started, and wait for its end."""
    os.killpg(process.pid, number)
    process.wait(timeout=COMMAND_SECONDS)
