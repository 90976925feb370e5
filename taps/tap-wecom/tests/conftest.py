"""Two companies in the sandbox, whose clock only the test moves."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from openplatform.testing import Messages, SharedClock, run
from sandbox import ManualClock, Sandbox, SandboxSettings
from tap_wecom.tap import TapWeCom

NOW = 1_795_254_000  # 2026-11-21 17:40 in Beijing, a Saturday


class Companies:
    """A sandbox and a tap that share one clock."""

    def __init__(self, box: Sandbox, folder: Path) -> None:
        self.box = box
        self.clock = SharedClock(box.world.clock)
        self.corps = box.accounts("wecom")
        self.config: dict[str, t.Any] = {
            **box.config("wecom"),
            "token_store": str(folder),
            "start_date": "2026-11-11T00:00:00+08:00",
        }

    def run(
        self,
        *streams: str,
        state: Mapping[str, t.Any] | None = None,
        fails: bool = False,
        **settings: t.Any,
    ) -> Messages:
        """Run the tap over some streams; its settings are the demo's, and these."""
        return run(
            TapWeCom,
            {**self.config, **settings},
            select=streams,
            state=state,
            clock=self.clock,
            fails=fails,
        )

    def truth(self, stream: str) -> list[tuple[str, t.Any]]:
        """The true rows of all companies, each with its company."""
        return [
            (corp, row.record)
            for corp in self.corps
            for row in self.box.truth("wecom", corp, stream)
        ]

    def calls(self, api: str, corp: str | None = None) -> list[t.Any]:
        return self.box.requests("wecom", api=api, account=corp)


@pytest.fixture
def companies(tmp_path: Path) -> Iterator[Companies]:
    settings = SandboxSettings(
        size=300, accounts=2, limits=False, history_days=10, clock=ManualClock(NOW)
    )
    with Sandbox(settings) as box:
        yield Companies(box, tmp_path / "tokens")
