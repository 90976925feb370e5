"""Running a tap: in this process, or as the command that Meltano runs."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
import tempfile
import typing as t
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

from openplatform.clock import Clock
from openplatform.errors import OpenPlatformError
from openplatform.tap import PlatformTap
from openplatform.testing.messages import Messages


@dataclass(frozen=True)
class ProcessResult:
    """How a tap's process ended.

    Attributes:
        code: Exit code.
        messages: What it wrote to standard output.
        log: What it wrote to standard error.
    """

    code: int
    messages: Messages
    log: str


def run(
    tap_class: type[PlatformTap],
    config: Mapping[str, t.Any],
    *,
    select: Collection[str] | None = None,
    state: Mapping[str, t.Any] | None = None,
    clock: Clock | None = None,
    fails: bool | None = False,
) -> Messages:
    """Run a tap in this process.

    Args:
        tap_class: The tap.
        config: Its settings.
        select: Streams to read; None for those selected by default.
        state: The state to go on from; not changed.
        clock: The tap's time; None for the machine's.
        fails: Return what came before the error, with the error, instead of raising it; None where
            the run may fail or not.

    Raises:
        AssertionError: The run was expected to fail and did not.
        OpenPlatformError: What ended the run.
    """
    tap = tap_class(config=dict(config), state=deepcopy(dict(state)) if state else None)
    if clock is not None:
        tap.clock = clock
    if select is not None:
        for stream in tap.streams.values():
            stream.selected = stream.name in select
    written = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    error: OpenPlatformError | None = None
    try:
        with contextlib.redirect_stdout(written):
            tap.sync_all()
    except OpenPlatformError as exc:
        if fails is False:
            raise
        error = exc
    if fails and error is None:
        raise AssertionError("the run was expected to fail, and it did not")
    written.seek(0)
    return Messages.parse(written, error)


class Process(t.Protocol):
    """A started program, as `subprocess.Popen` shows it."""

    @property
    def pid(self) -> int:
        """Its process id."""

    @property
    def returncode(self) -> int | t.Any:
        """Its exit code, negative for a signal."""

    def communicate(self, input: None = None, timeout: float | None = None) -> tuple[str, str]:  # noqa: A002
        """Wait for its end; return what it wrote to standard output and standard error."""

    def kill(self) -> None:
        """Kill it."""


Start = Callable[[Sequence[str]], contextlib.AbstractContextManager[Process]]


def _popen(command: Sequence[str]) -> contextlib.AbstractContextManager[Process]:
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, encoding="utf-8")


@contextlib.contextmanager
def tap_process(
    tap_class: type[PlatformTap],
    config: Mapping[str, t.Any],
    *arguments: str,
    select: Collection[str] | None = None,
    state: Mapping[str, t.Any] | None = None,
    start: Start = _popen,
) -> Iterator[Process]:
    """Start a tap's command line as a process of its own, with pipes; it ends with the context.

    Args:
        tap_class: The tap; its module is run.
        config: Its settings.
        arguments: More arguments, such as `--discover`.
        select: Streams to read; None for those selected by default.
        state: The state to go on from.
        start: Starts a command line.
    """
    with tempfile.TemporaryDirectory() as folder:
        files: dict[str, t.Any] = {"config": dict(config)}
        if state:
            files["state"] = state
        if select is not None:
            files["catalog"] = catalog_selecting(tap_class, config, select)
        command = [sys.executable, "-m", tap_class.__module__, *arguments]
        for name, content in files.items():
            path = Path(folder, f"{name}.json")
            path.write_text(json.dumps(content), encoding="utf-8")
            command += [f"--{name}", str(path)]
        with start(command) as process:
            try:
                yield process
            finally:
                process.kill()


def run_process(
    tap_class: type[PlatformTap],
    config: Mapping[str, t.Any],
    *arguments: str,
    select: Collection[str] | None = None,
    state: Mapping[str, t.Any] | None = None,
    timeout: float = 120.0,
    start: Start = _popen,
) -> ProcessResult:
    """Run a tap's command line as a process to its end; see `tap_process`.

    Args:
        tap_class: The tap.
        config: Its settings.
        arguments: More arguments; what is written to standard output must be lines of JSON.
        select: Streams to read; None for those selected by default.
        state: The state to go on from.
        timeout: Seconds after which the process is killed.
        start: Starts a command line.

    Raises:
        subprocess.TimeoutExpired: It ran too long.
    """
    with tap_process(
        tap_class, config, *arguments, select=select, state=state, start=start
    ) as process:
        output, log = process.communicate(timeout=timeout)
    return ProcessResult(process.returncode, Messages.parse(output.split("\n")), log)


def catalog_selecting(
    tap_class: type[PlatformTap],
    config: Mapping[str, t.Any],
    select: Collection[str] | None = None,
) -> dict[str, t.Any]:
    """Return a tap's catalog with just these streams selected; all of them when none are named."""
    catalog = deepcopy(tap_class(config=dict(config)).catalog_dict)
    for stream in catalog["streams"]:
        for entry in stream["metadata"]:
            if not entry["breadcrumb"]:
                entry["metadata"]["selected"] = select is None or stream["stream"] in select
    return t.cast("dict[str, t.Any]", catalog)
