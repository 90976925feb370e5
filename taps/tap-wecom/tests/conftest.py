"""Two companies in the sandbox, whose clock only the test moves."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from pathlib import Path

import pytest
from sandbox import ManualClock, Sandbox, SandboxSettings

from .running import Message, Ran, StillClock, run

NOW = 1_795_254_000  # 2026-11-21 17:40 in Beijing, a Saturday


class Companies:
    """A sandbox and a tap that share one clock."""

    def __init__(self, box: Sandbox, clock: StillClock, folder: Path) -> None:
        self.box = box
        self.clock = clock
        self.corps = box.accounts("wecom")
        self.config: Message = {
            **box.config("wecom"),
            "token_store": str(folder),
            "start_date": "2026-11-11T00:00:00+08:00",
        }

    def run(self, *streams: str, state: Message | None = None, **settings: t.Any) -> Ran:
        """Run the tap; its settings are the demo's, and these."""
        return run({**self.config, **settings}, *streams, clock=self.clock, state=state)

    def truth(self, stream: str) -> dict[tuple[str, str], Message]:
        """The rows of all companies by company and key."""
        return {
            (corp, row.key): row.record
            for corp in self.corps
            for row in self.box.truth("wecom", corp, stream)
        }

    def calls(self, api: str, corp: str | None = None) -> list[t.Any]:
        return self.box.requests("wecom", api=api, account=corp)


@pytest.fixture
def companies(tmp_path: Path) -> Iterator[Companies]:
    clock = ManualClock(NOW)
    settings = SandboxSettings(size=300, accounts=2, limits=False, history_days=10, clock=clock)
    with Sandbox(settings) as box:
        yield Companies(box, StillClock(clock), tmp_path / "tokens")
