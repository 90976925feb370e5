"""What was told to whom: the file `alerts.json`, and what follows from it and from a check.

An alert is told once to each of its channels, again after `repeat`, and once more when it is over.
A channel that did not take a message counts as not told, so that the next check tries again.
"""

from __future__ import annotations

import json
import os
import tempfile
import typing as t
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout
from openplatform.bookmarks import format_time

from syncops.alerts.checks import Problem
from syncops.alerts.sources import moment_of
from syncops.errors import SyncopsError

FILE = "alerts.json"
State = t.Literal["new", "still", "recovered"]
_LOCK_SECONDS = 60
UNCHECKED_AFTER = timedelta(hours=2)
"""A rule that could not be checked for so long is an alert of its own."""


class Alert(msgspec.Struct, kw_only=True):
    """Something that is wrong, or was until a channel has been told that it is over.

    Attributes:
        rule: The rule's name.
        about: What identifies it within the rule.
        stream: The stream, or empty.
        account: The account, or empty.
        message: What is wrong, as the last check put it.
        since: Time of the check that found it first.
        firing: Whether the last check still found it.
        told: When each channel was told last that it is wrong.
    """

    rule: str
    about: tuple[str, ...]
    stream: str = ""
    account: str = ""
    message: str = ""
    since: str
    firing: bool = True
    told: dict[str, str] = msgspec.field(default_factory=dict)


class Memory(msgspec.Struct, kw_only=True):
    """The file `alerts.json`.

    Attributes:
        checked_at: Time of the last check.
        alerts: What is wrong, by rule and what it is about.
        unchecked: Rules that could not be checked: since when.
        samples: Counts of earlier checks.
    """

    checked_at: str = ""
    alerts: dict[str, Alert] = msgspec.field(default_factory=dict)
    unchecked: dict[str, str] = msgspec.field(default_factory=dict)
    samples: dict[str, list[list[t.Any]]] = msgspec.field(default_factory=dict)


class MemoryFile:
    """`alerts.json` in a folder, held by one check at a time.

    Args:
        folder: The folder; made when it is first written.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE

    @contextmanager
    def held(self) -> Iterator[Memory]:
        """Read the file and keep other checks out.

        Raises:
            SyncopsError: Another check takes very long, or the folder cannot be used.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(f"{self.path}.lock", timeout=_LOCK_SECONDS):
                yield self.read()
        except Timeout:
            raise SyncopsError(
                f"Another check has held {self.path}.lock for {_LOCK_SECONDS} s; look for a "
                "`syncops alert check` that hangs."
            ) from None
        except OSError as error:
            raise SyncopsError(f"{self.path} cannot be used: {error}") from error

    def read(self) -> Memory:
        """Return what the file holds; one that is damaged is put aside, so that alerts go on."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=Memory)
        except FileNotFoundError:
            return Memory()
        except msgspec.MsgspecError:
            self.path.replace(self.path.with_suffix(".damaged"))
            return Memory()

    def write(self, memory: Memory) -> None:
        """Replace the file."""
        handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=".alerts-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(msgspec.to_builtins(memory), file, ensure_ascii=False, indent=1)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(self.path)


@dataclass(frozen=True)
class Found:
    """What one check found.

    Attributes:
        problems: What is wrong.
        checked: Names of the rules that could be checked.
        unchecked: Why others could not.
    """

    problems: Sequence[Problem] = ()
    checked: Collection[str] = ()
    unchecked: Mapping[str, str] = field(default_factory=dict)


def take_in(memory: Memory, found: Found, now: datetime) -> None:
    """Bring the memory up to date with a check, in place.

    Alerts of rules that could not be checked stay as they are; those of rules that are gone go.
    """
    memory.checked_at = format_time(now)
    memory.unchecked = {
        rule: memory.unchecked.get(rule, memory.checked_at) for rule in found.unchecked
    }
    wrong = {_key(problem.rule, problem.about): problem for problem in found.problems}
    for key, problem in wrong.items():
        alert = memory.alerts.get(key)
        if alert is None or not (alert.firing or alert.told):
            alert = Alert(rule=problem.rule, about=problem.about, since=memory.checked_at)
            memory.alerts[key] = alert
        alert.firing, alert.message = True, problem.text
        alert.stream, alert.account = problem.stream, problem.account
    known = {*found.checked, *found.unchecked}
    for key, alert in list(memory.alerts.items()):
        if alert.rule not in known:
            del memory.alerts[key]
        elif key not in wrong and alert.rule in found.checked:
            alert.firing = False


def long_unchecked(memory: Memory, rule: str, now: datetime) -> bool:
    """Tell whether a rule could not be checked for so long that someone should know."""
    since = moment_of(memory.unchecked.get(rule))
    return since is not None and now - since >= UNCHECKED_AFTER


def due(
    memory: Memory, channel: str, rules: Collection[str], repeat: timedelta, now: datetime
) -> list[tuple[State, Alert]]:
    """Return what a channel is to be told now, the worst first.

    Args:
        memory: What is wrong, and what was told.
        channel: The channel's name.
        rules: Names of the rules that tell it.
        repeat: After this time an alert that stands is told again.
        now: The present.
    """
    news: list[tuple[State, Alert]] = []
    for alert in memory.alerts.values():
        told = moment_of(alert.told.get(channel))
        if not alert.firing:
            if told is not None:
                news.append(("recovered", alert))
        elif alert.rule in rules:
            if told is None:
                news.append(("new", alert))
            elif now - told >= repeat:
                news.append(("still", alert))
    order: tuple[State, ...] = ("new", "still", "recovered")
    return sorted(news, key=lambda item: order.index(item[0]))


def told(news: Sequence[tuple[State, Alert]], channel: str, now: datetime) -> None:
    """Note that a channel has taken a message."""
    for state, alert in news:
        if state == "recovered":
            del alert.told[channel]
        else:
            alert.told[channel] = format_time(now)


def forget_settled(memory: Memory, channels: Collection[str]) -> None:
    """Drop alerts that are over and of which no channel waits to hear; of channels that are gone, all."""
    for key, alert in list(memory.alerts.items()):
        alert.told = {name: at for name, at in alert.told.items() if name in channels}
        if not alert.firing and not alert.told:
            del memory.alerts[key]


def _key(rule: str, about: Sequence[str]) -> str:
    return json.dumps([rule, *about], ensure_ascii=False)
