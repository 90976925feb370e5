"""Going live in the documented order, while the world goes on: eventgate, full read, compensation.

Everything is real but the platform: the sandbox pushes its changes as 有赞 does, eventgate runs as a
process, tap and target too. When the world comes to rest and nothing is owed any more, the warehouse
must be the truth, row by row.
"""

from __future__ import annotations

import json
import random
import signal
import threading
import typing as t
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from sandbox import Sandbox
from tap_youzan.tap import TapYouzan

from end_to_end import harness
from end_to_end.processes import gate, pipe, program, write_json

# Stream, and the column with its key.
STREAMS = {
    "orders": "tid",
    "order_details": "tid",
    "refunds": "refund_id",
    "refund_details": "refund_id",
    "items": "item_id",
    "item_details": "item_id",
}
CHANGING = ("orders", "refunds", "items")


class Life:
    """What happens in the shops. Rows change twice within a second, with one update time for both.

    Args:
        shop: The sandbox.
        deletions: Whether items vanish as well.

    Attributes:
        items: How often items change, compared to five orders. The full read of a list that never
            comes to rest fails, and the next run goes on.
    """

    def __init__(self, shop: Sandbox, *, deletions: bool) -> None:
        self._shop = shop
        self._deletions = deletions
        self.items = 0.0
        self._chance = random.Random(5)
        self._made = threading.Semaphore(0)
        self._places = [(a, e) for a in shop.accounts("youzan") for e in CHANGING]
        self._last: dict[tuple[str, str], str] = {}
        self._keys = {place: self._living(place) for place in self._places}

    def _living(self, place: tuple[str, str]) -> list[str]:
        return [row.key for row in self._shop.truth("youzan", *place)]

    def wait_for(self, count: int) -> None:
        """Wait until so many changes more have happened."""
        for _ in range(count):
            assert self._made.acquire(timeout=30)

    def step(self) -> None:
        """Let one thing happen."""
        account = self._chance.choice(self._shop.accounts("youzan"))
        place = (account, self._chance.choices(CHANGING, (5, 4, self.items))[0])
        kind = self._chance.choice(["update", "update", "insert"])
        if kind == "insert":
            keys = self._shop.mutate("youzan", *place, "insert")
            self._keys[place] += keys
        else:
            known = self._keys[place]
            key = self._chance.choice([self._chance.choice(known), self._last.get(place, known[0])])
            self._last[place] = key
            keys = [key]
            if self._deletions and place[1] == "items":
                del self._last[place]
                known.remove(key)
                kind = "delete"
            self._shop.mutate("youzan", *place, t.cast("t.Any", kind), keys=keys)
        self._made.release()

    @contextmanager
    def going_on(self) -> t.Iterator[None]:
        """Let it go on until the block ends."""
        over = threading.Event()

        def live() -> None:
            while not over.wait(0.04):
                self.step()

        thread = threading.Thread(target=live)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


class Pipeline:
    """One tap-youzan into one DuckDB file, with the state that the target has passed on."""

    def __init__(self, shop: Sandbox, folder: Path, url: str) -> None:
        self.folder = folder
        self.duck = harness.DuckFile(folder / "warehouse.duckdb")
        self.shop = shop
        self.state: harness.Message | None = None
        self.config: dict[str, t.Any] = {
            **shop.config("youzan"),
            "token_store": str(folder / "tokens"),
            "account_requests_per_second": 1000,
            "retry_wait": 0.05,
            "settle": 1,
            "failure_wait": 0.2,
            "include_raw": True,
            "concurrency": 2,
            "events": {"url": url, "wait": 1},
        }

    def run(self, *, events: t.Any = None) -> list[harness.Message]:
        """Run tap and target to their end; return the records that came."""
        outcome = harness.run(TapYouzan, self._config(events), streams=STREAMS, state=self.state)
        assert outcome.failed is None, outcome.failed
        self.state = self.duck.load(outcome.output, load_mode="soft_delete")[-1]
        return outcome.of("RECORD")

    def killed(self, *, after: int, events: t.Any = None) -> None:
        """Run tap | target as processes, and kill the tap after so many messages."""
        target = {"path": str(self.duck.path), "load_mode": "soft_delete"}
        command = [program("tap-youzan"), "--catalog", str(self._catalog())]
        piped = pipe(
            self.folder / "run", self._config(events), target,
            state=self.state, kill="tap", after=after, command=command,
        )  # fmt: skip
        assert piped.tap_code == -signal.SIGKILL, piped.errors[-3000:]
        self.state = [*([self.state] if self.state else []), *piped.states][-1]

    def _config(self, events: t.Any) -> dict[str, t.Any]:
        return {**self.config, "events": {**self.config["events"], **(events or {})}}

    def _catalog(self) -> Path:
        catalog = TapYouzan(config=self.config).catalog
        for name, entry in catalog.items():
            entry.metadata[()].selected = name in STREAMS
        return write_json(self.folder / "catalog.json", catalog.to_dict())

    def owed(self) -> int:
        """Count what is owed, parked or not."""
        assert self.state is not None
        return sum(
            len(partition.get("failures", []))
            for stream in self.state["bookmarks"].values()
            for partition in stream.get("partitions", [])
        )

    def differences(self) -> dict[str, t.Any]:
        """Compare every row of every table with the platform, as the platform sent it."""
        found: dict[str, t.Any] = {}
        for stream, key in STREAMS.items():
            want = {
                (account, row.key): json.loads(json.dumps(row.record))
                for account in self.shop.accounts("youzan")
                for row in self.shop.truth("youzan", account, stream)
            }
            rows = self.duck.query(
                f"SELECT _account, {key}, _raw FROM {stream} WHERE _deleted_at IS NULL"
            )
            have = {
                (account, str(identifier)): json.loads(raw) for account, identifier, raw in rows
            }
            assert len(have) == len(rows), f"a key stands twice in {stream}"
            assert want
            differing = {
                "missing": sorted(want.keys() - have.keys()),
                "not deleted": sorted(have.keys() - want.keys()),
                "stale": sorted(k for k in have.keys() & want.keys() if have[k] != want[k]),
            }
            if stream == "item_details":
                del differing["not deleted"]  # a full read of a list tells nothing of its details
            found |= {f"{stream}: {name}": keys[:5] for name, keys in differing.items() if keys}
        return found


@pytest.fixture
def shop(world):
    end = datetime.now(timezone.utc) - timedelta(hours=1)
    return world(seed=21, accounts=2, size=60, history_days=3, history_end=end, limits=False)


@pytest.mark.parametrize("deletions", [False, True], ids=["by events alone", "with deletions"])
def test_eventgate_then_the_full_read_then_compensation_end_as_the_truth(shop, tmp_path, deletions):
    # What is deleted comes out with the next full read; all else must come by events alone.
    events = {} if deletions else {"only": True}
    with gate(tmp_path, shop.world.gates()) as url:
        shop.push("youzan", f"{url}/push", repeat=0.3)
        pipeline = Pipeline(shop, tmp_path, url)
        life = Life(shop, deletions=deletions)
        with life.going_on():
            life.wait_for(20)
            pipeline.killed(after=100)
            life.wait_for(20)
            pipeline.run()
            life.items = 3.0
            life.wait_for(40)
            pipeline.killed(after=20, events=events)
            life.items = 0.0
            life.wait_for(20)
            pipeline.run(events=events)
        shop.pushed(30)
        shop.clear_requests()
        events["wait"] = 0
        runs = 1
        while pipeline.run(events=events) and pipeline.owed():
            runs += 1
            assert runs < 10
    if not deletions:
        assert not [r for r in shop.requests("youzan") if "start_update" in r.params]
    assert pipeline.differences() == {}
