"""Every tap of the workspace, found by its folder, and its platform in the sandbox."""

from __future__ import annotations

import importlib
import typing as t
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from openplatform.tap import PlatformTap
from openplatform.testing import Messages, SharedClock, run
from sandbox import ManualClock, Sandbox, SandboxSettings

TAPS = sorted(
    folder.name for folder in (Path(__file__).parents[2] / "taps").glob("tap-*") if folder.is_dir()
)
NOW = 1_795_254_000  # 2026-11-21 17:40 in Beijing


def tap_class(name: str) -> type[PlatformTap]:
    """Return the tap that a folder's package holds."""
    module = importlib.import_module(f"{name.replace('-', '_')}.tap")
    return next(
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, PlatformTap) and kind is not PlatformTap
    )


@dataclass
class Platform:
    """A tap and what it reads; both share one clock that only the test moves."""

    kind: type[PlatformTap]
    box: Sandbox
    config: dict[str, t.Any]

    @property
    def slug(self) -> str:
        return self.kind.name.removeprefix("tap-").replace("-", "_")

    @property
    def accounts(self) -> list[str]:
        return self.box.accounts(self.slug)

    @property
    def simulated(self) -> t.Any:
        return self.box.world.platform(self.slug)

    @property
    def selected(self) -> list[str]:
        """The streams that are read when nobody chooses."""
        tap = self.kind(config=self.config)
        return [name for name, stream in tap.streams.items() if stream.selected]

    def run(
        self,
        *streams: str,
        state: Mapping[str, t.Any] | None = None,
        fails: bool = False,
        **settings: t.Any,
    ) -> Messages:
        return run(
            self.kind,
            {**self.config, **settings},
            select=streams or self.selected,
            state=state,
            clock=SharedClock(self.box.world.clock),
            fails=fails,
        )

    def keys(self, *runs: Messages) -> dict[tuple[str, str], set[str]]:
        """Return the keys of what came, by stream and account."""
        found: dict[tuple[str, str], set[str]] = {}
        for messages in runs:
            for stream in {message["stream"] for message in messages.of_type("SCHEMA")}:
                for account in self.accounts:
                    keys = found.setdefault((stream, account), set())
                    keys.update(messages.latest(stream, account))
        return found

    def change_answers(self, change: t.Callable[[t.Any, t.Any], t.Any]) -> None:
        """Let a function alter the platform's replies: called with call and reply."""
        handle = self.simulated.handle
        self.simulated.handle = lambda call: change(call, handle(call))


@pytest.fixture(params=TAPS)
def platform(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Platform]:
    kind = tap_class(request.param)
    settings = SandboxSettings(
        size=60, accounts=3, limits=False, history_days=5, clock=ManualClock(NOW)
    )
    with Sandbox(settings) as box:
        slug = kind.name.removeprefix("tap-").replace("-", "_")
        config = {
            **box.config(slug),
            "token_store": str(tmp_path / "tokens"),
            "start_date": "2026-11-10T00:00:00+08:00",
            "account_requests_per_second": 100_000,
            "concurrency": 4,
        }
        yield Platform(kind, box, config)
