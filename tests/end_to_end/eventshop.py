"""A shop whose changes an event log tells, and the pipeline that follows both."""

from __future__ import annotations

import typing as t

from sandbox.http import json_reply

from end_to_end import harness, lab

STREAMS = ("orders", "order_details", "items")


class Shop:
    """A sandbox that does not change by itself, a clock, and the pipeline that follows both."""

    def __init__(self, world, log, *, accounts=1, **more: t.Any) -> None:
        self.clock = harness.SharedTime()
        self.sandbox = world(
            accounts=accounts, size=40, history_days=2, history_end=harness.NOW, limits=False,
            clock=harness.SandboxTime(self.clock), seed=3,
        )  # fmt: skip
        self.log = log
        self.config: dict[str, t.Any] = {
            **self.sandbox.config("lab"),
            "start_date": "2026-11-01",
            "lookback": 0,
            "events": {"url": log.url, "reader": "test"},
            **more,
        }
        self.state: harness.Message | None = None
        self.warehouse = harness.Warehouse()

    @property
    def account(self) -> str:
        return self.sandbox.accounts("lab")[0]

    def orders(self) -> list[str]:
        return sorted(key for account, key in self.truth("orders") if account == self.account)

    def truth(self, entity: str) -> dict[tuple[str, str], harness.Row]:
        return harness.truth(self.sandbox, entity)

    def tell(self, key: str, stream: str = "orders", kind: str = "changed", **more: t.Any) -> int:
        at = harness.TapTime(self.clock).now()
        return self.log.add(more.get("account", self.account), stream, key, kind, at=at)

    def run(
        self, *, streams=STREAMS, events=None, after: float = 60, **more: t.Any
    ) -> harness.Outcome:
        self.clock.advance(after)
        self.sandbox.clear_requests()
        config = {**self.config, **more}
        config["events"] = {**config["events"], **(events or {})}
        outcome = harness.run(
            lab.tap_class(), config, streams=streams, state=self.state, clock=self.clock
        )
        self.state = outcome.state
        self.warehouse.load(outcome.messages)
        return outcome

    def asked(self) -> list[str]:
        return [request.api for request in self.sandbox.requests("lab")]

    def count(self, api: str) -> int:
        return len(self.sandbox.requests("lab", api=api))

    def partition(self, stream: str) -> dict[str, t.Any]:
        found = self.state["bookmarks"].get(stream, {}).get("partitions", [])
        return next((p for p in found if p["context"]["_account"] == self.account), {})

    @property
    def version(self) -> int | None:
        return self.partition("_events").get("version")

    def differences(self) -> list[t.Any]:
        pairs = [("orders", "orders"), ("order_details", "orders"), ("items", "items")]
        return [
            found
            for stream, entity in pairs
            if (found := harness.differences(self.sandbox, self.warehouse, stream, entity))
        ]


def failures(shop: Shop, stream: str) -> list[tuple[str, int, bool]]:
    found = shop.partition(stream).get("failures", [])
    return [(f["key"], f["attempts"], f["parked"]) for f in found]


def hide(shop: Shop, key: str) -> set[str]:
    """Let the platform not know a record yet, until the returned set is emptied."""
    hidden = {key}
    platform = shop.sandbox.world.platform("lab")
    original = platform.handle

    def handle(call):
        if call.path.rpartition("/")[2] in hidden:
            return json_reply({"ok": False, "code": 1004, "message": "not found"})
        return original(call)

    platform.handle = handle
    return hidden
