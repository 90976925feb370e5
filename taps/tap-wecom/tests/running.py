"""Running the tap inside a test: in this process, with a clock that the test moves."""

from __future__ import annotations

import contextlib
import io
import json
import typing as t
from dataclasses import dataclass, field
from datetime import datetime, timezone

from openplatform.errors import OpenPlatformError
from tap_wecom.tap import TapWeCom

Message = dict[str, t.Any]


class StillClock:
    """The tap's view of a sandbox's clock: waiting moves it."""

    def __init__(self, clock: t.Any) -> None:
        self.clock = clock
        self.slept: list[float] = []

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.clock.now(), tz=timezone.utc)

    def monotonic(self) -> float:
        return self.clock.now()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(seconds)


@dataclass
class Ran:
    """What a run wrote, and how it ended."""

    messages: list[Message] = field(default_factory=list)
    error: OpenPlatformError | None = None
    tap: TapWeCom | None = None

    def records(self, stream: str) -> list[Message]:
        return [
            m["record"] for m in self.messages if m["type"] == "RECORD" and m["stream"] == stream
        ]

    def rows(self, stream: str) -> dict[tuple[str, ...], Message]:
        """What a table holds afterwards: the last record of each key."""
        schema = next(m for m in self.messages if m["type"] == "SCHEMA" and m["stream"] == stream)
        key = schema["key_properties"]
        return {tuple(record[name] for name in key): record for record in self.records(stream)}

    def activated(self) -> list[str]:
        return [m["stream"] for m in self.messages if m["type"] == "ACTIVATE_VERSION"]

    @property
    def state(self) -> Message:
        return [m["value"] for m in self.messages if m["type"] == "STATE"][-1]

    def partition(self, stream: str, account: str) -> Message:
        parts = self.state["bookmarks"][stream]["partitions"]
        return next(part for part in parts if part["context"]["_account"] == account)


def run(
    config: Message, *streams: str, clock: StillClock | None = None, state: Message | None = None
) -> Ran:
    """Run the tap over some streams; an error that it raises on purpose is kept, not raised."""
    tap = TapWeCom(config=config, state=json.loads(json.dumps(state)) if state else None)
    if clock is not None:
        tap.clock = clock
    for stream in tap.streams.values():
        stream.selected = stream.name in streams
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    error = None
    with contextlib.redirect_stdout(out):
        try:
            tap.sync_all()
        except OpenPlatformError as exc:
            error = exc
    lines = out.buffer.getvalue().decode().splitlines()
    return Ran([json.loads(line) for line in lines], error, tap)
