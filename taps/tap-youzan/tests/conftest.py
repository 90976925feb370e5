"""Two shops in the sandbox, and a tap that shares its clock."""

from __future__ import annotations

import typing as t

import pytest
from openplatform.testing import HeldClock, Messages, SharedClock, run
from sandbox import ManualClock, Sandbox, SandboxSettings
from tap_youzan.tap import TapYouzan

NOW = 1_795_254_000  # 2026-11-21 17:40 in Beijing
SLUG = "youzan"
GRACE = 300  # seconds for which a used refresh token still answers


class Shops:
    """A sandbox with two shops."""

    def __init__(self, box: Sandbox, clock: SharedClock, folder: t.Any) -> None:
        self.box, self.clock = box, clock
        self.names = box.accounts(SLUG)
        self.config = {
            **box.config(SLUG),
            "token_store": str(folder),
            "start_date": "2026-11-11T00:00:00+08:00",
        }

    def run(
        self,
        *streams: str,
        state: t.Mapping[str, t.Any] | None = None,
        fails: bool = False,
        **settings: t.Any,
    ) -> Messages:
        config = {**self.config, **settings}
        return run(TapYouzan, config, select=streams, state=state, clock=self.clock, fails=fails)

    def calls(self, api: str, account: str | None = None) -> list[t.Any]:
        return self.box.requests(SLUG, api=api, account=account)


@pytest.fixture
def shops(tmp_path):
    clock = ManualClock(NOW)
    settings = SandboxSettings(
        size=250,
        accounts=2,
        limits=False,
        history_days=9,
        refresh_grace=GRACE,
        clock=clock,
    )
    with Sandbox(settings) as box:
        yield Shops(box, SharedClock(clock), tmp_path / "tokens")


@pytest.fixture
def tap(tmp_path):
    """A tap that is never called; its clock stands still."""
    config = {
        "app_key": "sandbox-client",
        "app_secret": "sandbox-client-secret",
        "accounts": [{"id": "42583152"}],
        "token_store": str(tmp_path),
    }
    made = TapYouzan(config=config)
    made.clock = HeldClock(SharedClock(ManualClock(NOW)).now())
    return made
