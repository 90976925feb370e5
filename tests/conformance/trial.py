"""A tap and its simulated platform, which share one clock that only the test moves."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from openplatform.tap import PlatformTap
from openplatform.testing import HeldClock, Messages, SharedClock, differences, run
from sandbox import ManualClock, Sandbox, SandboxSettings

NOW = 1_795_254_000  # 2026-11-21 17:40 in Beijing, a Saturday
Table = Mapping[str, Mapping[str, t.Any]]


class Trial:
    """A tap that reads the sandbox.

    Attributes:
        kind: The tap.
        slug: The platform's name in the sandbox.
        box: The sandbox, filled for this trial alone.
        clock: The clock of both, as the tap sees it; sleeping moves it on.
        names: The accounts.
        config: The tap's settings; a test may change them.
    """

    def __init__(
        self, kind: type[PlatformTap], box: Sandbox, folder: Path, platform: str = ""
    ) -> None:
        self.kind = kind
        self.slug = platform or kind.name.removeprefix("tap-").replace("-", "_")
        self.box = box
        self.clock = SharedClock(box.world.clock)
        self.names = box.accounts(self.slug)
        self.config: dict[str, t.Any] = {
            **box.config(self.slug),
            "token_store": str(folder),
            "start_date": "2026-11-11T00:00:00+08:00",
            # Nothing waits for the limits of the platform, but where a test switches them on.
            "account_requests_per_second": 100_000,
        }

    @property
    def simulated(self) -> t.Any:
        """The simulated platform."""
        return self.box.world.platform(self.slug)

    @cached_property
    def selected(self) -> list[str]:
        """The streams that are read when nobody chooses."""
        streams = self.kind(config=self.config).streams
        return [name for name, stream in streams.items() if stream.selected]

    def run(
        self,
        *streams: str,
        state: Mapping[str, t.Any] | None = None,
        fails: bool | None = False,
        **settings: t.Any,
    ) -> Messages:
        """Run the tap over streams, or over those that are read when nobody chooses."""
        return run(
            self.kind,
            {**self.config, **settings},
            select=streams or self.selected,
            state=state,
            clock=self.clock,
            fails=fails,
        )

    def calls(self, api: str = "", account: str | None = None) -> list[t.Any]:
        """Return the calls that came, of one API or of all."""
        return self.box.requests(self.slug, api=api or None, account=account)

    def truth(self, stream: str) -> list[tuple[str, t.Any]]:
        """Return the true rows of all accounts, each with its account."""
        return [
            (name, row.record)
            for name in self.names
            for row in self.box.truth(self.slug, name, stream)
        ]

    def wrong(
        self,
        messages: Messages,
        stream: str,
        *,
        key: Callable[[Mapping[str, t.Any]], str] | None = None,
        ignore: frozenset[str] = frozenset(),
    ) -> list[str]:
        """Return how what came differs from the truth, over all accounts.

        Args:
            messages: What the tap wrote.
            stream: The stream.
            key: The simulator's key of a record, where it differs from ours.
            ignore: Fields that may differ.
        """
        tap = self.kind(config=self.config)
        found = []
        for name in self.names:
            table: Table = messages.latest(stream, name)
            if key is not None:
                table = {key(record): record for record in table.values()}
            truth = self.box.truth(self.slug, name, stream)
            found += differences(tap, stream, truth, table, ignore=ignore)
        return found

    def keys(self, *runs: Messages) -> dict[tuple[str, str], set[str]]:
        """Return the keys of what came, by stream and account."""
        found: dict[tuple[str, str], set[str]] = {}
        for messages in runs:
            for stream in {message["stream"] for message in messages.of_type("SCHEMA")}:
                for account in self.names:
                    keys = found.setdefault((stream, account), set())
                    keys.update(messages.latest(stream, account))
        return found

    def change_answers(self, change: Callable[[t.Any, t.Any], t.Any]) -> Callable[[], None]:
        """Let a function alter the platform's replies: called with call and reply.

        Returns:
            What ends it.
        """
        platform, handle = self.simulated, self.simulated.handle
        platform.handle = lambda call: change(call, handle(call))

        def end() -> None:
            platform.handle = handle

        return end

    def stored(self) -> list[dict[str, t.Any]]:
        """Return the tokens that the tap has stored."""
        folder = Path(self.config["token_store"])
        return [json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))]

    def secrets(self) -> list[str]:
        """Return every secret setting, and every token that the tap has stored."""
        properties = self.kind.config_jsonschema["properties"]
        found = list(_secret(self.config, properties))
        for account in self.config["accounts"]:
            found += _secret(account, properties["accounts"]["items"]["properties"])
        for token in self.stored():
            found += [token[name] for name in ("access", "refresh") if token.get(name)]
        return found

    def forget_tokens(self) -> None:
        """Delete the stored tokens."""
        for file in Path(self.config["token_store"]).glob("*.json"):
            file.unlink()


def _secret(settings: Mapping[str, t.Any], properties: Mapping[str, t.Any]) -> Iterator[str]:
    for name, schema in properties.items():
        value = settings.get(name)
        if value and (schema.get("secret") or schema.get("writeOnly")):
            yield from value.values() if isinstance(value, dict) else [value]


def filled(box: Sandbox, **settings: t.Any) -> Sandbox:
    """Fill a running sandbox anew; its clock stands at `NOW`."""
    box.refill(SandboxSettings(**{"limits": False, "clock": ManualClock(NOW), **settings}))
    return box


def resting_tap(
    kind: type[PlatformTap], settings: Mapping[str, t.Any], folder: Path
) -> PlatformTap:
    """Return a tap that is never called; its clock stands still at `NOW`."""
    tap = kind(config={"token_store": str(folder), **settings})
    tap.clock = HeldClock(SharedClock(ManualClock(NOW)).now())
    return tap
