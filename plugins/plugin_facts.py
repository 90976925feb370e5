"""What each plugin says about itself: `--about` tells settings and capabilities, `--discover` the streams."""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import io
import json
import subprocess
import typing as t
import zlib
from dataclasses import dataclass
from pathlib import Path

import bootstrap

Json = dict[str, t.Any]


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream of a tap, as its catalog describes it."""

    name: str
    incremental: bool
    default: bool = True  # selected without being asked for
    confirmed: bool = True  # by the platform's own documents


@dataclass(frozen=True, slots=True)
class Plugin:
    """What one plugin says about itself."""

    name: str
    folder: str
    about: Json
    streams: tuple[Stream, ...] = ()

    @property
    def slug(self) -> str:
        """The platform's name in jobs and schedules: `youzan` for tap-youzan."""
        return self.name.removeprefix("tap-")

    @property
    def minute(self) -> int:
        """The minute of the hour in which its schedules begin."""
        return zlib.crc32(self.slug.encode()) % 60


class PluginError(Exception):
    """A plugin did not say what it is. The message names the plugin."""


def read_tap(folder: Path) -> Plugin:
    """Ask a tap for its settings and its streams; in this process, since many share their imports."""
    name = folder.name
    found = _ask_here(name, "--discover")["streams"]
    doubtful = _unconfirmed(name)
    streams = tuple(_stream(entry, doubtful) for entry in found)
    return Plugin(name, relative(folder), _ask_here(name, "--about", "--format=json"), streams)


def _unconfirmed(name: str) -> frozenset[str]:
    """Return the streams of a tap of which its platform's own documents do not tell."""
    (script,) = importlib.metadata.entry_points(group="console_scripts", name=name)
    kind = getattr(importlib.import_module(script.module), script.attr.partition(".")[0])
    return frozenset(one.name for one in kind.stream_classes if not one.confirmed)


def _stream(entry: Json, doubtful: t.Container[str]) -> Stream:
    root: Json = next((m["metadata"] for m in entry["metadata"] if not m["breadcrumb"]), {})
    return Stream(
        name=entry["tap_stream_id"],
        incremental=bool(entry.get("replication_key")),
        default=root.get("selected-by-default", True),
        confirmed=entry["tap_stream_id"] not in doubtful,
    )


def read_target(folder: Path) -> Plugin:
    """Ask a target for its settings."""
    return Plugin(folder.name, relative(folder), ask(folder.name, "--about", "--format=json"))


def _ask_here(name: str, *arguments: str) -> Json:
    try:
        (script,) = importlib.metadata.entry_points(group="console_scripts", name=name)
        output, log = io.StringIO(), io.StringIO()
        with (
            contextlib.redirect_stdout(output),
            contextlib.redirect_stderr(log),
            contextlib.suppress(SystemExit),  # a command may end so
        ):
            script.load().main(arguments, prog_name=name, standalone_mode=False)
        return t.cast("Json", json.loads(output.getvalue()))
    except Exception as error:  # a plugin may be broken in any way
        told = f"{name} {' '.join(arguments)}: {type(error).__name__}: {error}"
        raise PluginError(told) from error


def ask(name: str, *arguments: str) -> Json:
    """Ask a program of the workspace, in a process of its own.

    Raises:
        PluginError: It did not answer with a JSON object.
    """
    command = [str(bootstrap.BIN / name), *arguments]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=bootstrap.ROOT
        )
        answer = json.loads(done.stdout) if done.returncode == 0 else None
    except (OSError, ValueError) as error:
        raise PluginError(f"{name} {' '.join(arguments)}: {error}") from error
    if not isinstance(answer, dict):
        raise PluginError(f"{name} {' '.join(arguments)} failed:\n{done.stderr.strip()}")
    return t.cast("Json", answer)


def pushes(folder: Path) -> bool:
    """Tell whether a tap understands its platform's push messages."""
    return any(folder.glob("tap_*/push.py"))


def expect_settings(taps: t.Iterable[Path], about: Json) -> None:
    """Make sure that eventgate told the settings of all these taps.

    Raises:
        PluginError: One is not installed beside it, so that its settings would be left out.
    """
    slugs = {folder.name: folder.name.removeprefix("tap-").replace("-", "_") for folder in taps}
    told = tuple(about["settings"]["properties"])
    silent = [tap for tap, slug in slugs.items() if not any(n.startswith(f"{slug}_") for n in told)]
    if silent:
        raise PluginError(
            f"eventgate does not tell the settings of {', '.join(silent)}: not installed beside it. "
            "Install them (`uv sync --all-packages`), then run this again."
        )


def relative(folder: Path) -> str:
    """Return a path within the project as definitions write it."""
    return folder.relative_to(bootstrap.ROOT).as_posix()
