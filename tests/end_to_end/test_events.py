"""Events become re-fetches: which records are asked for, and how far the position in the log moves."""

from __future__ import annotations

import typing as t
from datetime import datetime

import pytest
from openplatform.errors import ConfigurationError
from sandbox.http import json_reply

from end_to_end import eventlog, harness, lab

STREAMS = ("orders", "order_details", "items")


@pytest.fixture
def log():
    with eventlog.serving() as served:
        yield served


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


def test_the_first_run_takes_what_came_before_it_as_read(world, log):
    shop = Shop(world, log)
    last = [shop.tell(key) for key in shop.orders()][-1]
    shop.run()
    assert shop.version == last
    assert shop.count("orders/id") == 40, "each detail once, with its list"
    assert not shop.differences()


def test_a_record_is_asked_for_once_however_many_events_name_it(world, log):
    shop = Shop(world, log)
    shop.run()
    first, second = shop.orders()[:2]
    for key in (first, second, first, first):
        shop.tell(key)
    shop.tell(first, "order_details")
    shop.sandbox.mutate("lab", shop.account, "orders", keys=[first, second])
    outcome = shop.run(events={"only": True})
    assert shop.count("orders/id") == 4, "list record and details of both"
    assert shop.count("orders/pages") == 0
    assert {r["id"] for r in outcome.records("orders")} == {first, second}
    assert shop.version == log.end
    assert not shop.differences()
    again = shop.run(events={"only": True})
    assert not again.of("RECORD")


def test_only_what_is_done_for_good_is_told_to_the_log(world, log):
    shop = Shop(world, log)
    log.page = 2
    shop.run()
    done = shop.version
    for key in shop.orders()[:5]:
        shop.tell(key)
    log.asked.clear()
    shop.run(events={"only": True})
    assert [(int(q["version"]), q.get("reader")) for q in log.asked] == [
        (done or 0, "test"), (6, None), (12, None)
    ]  # fmt: skip
    assert all(q["platform"] == "lab" for q in log.asked)


def test_what_does_not_exist_yet_is_owed_then_parked(world, log):
    shop = Shop(world, log)
    shop.run()
    bookmark = shop.partition("orders")["replication_key_value"]
    ghost = "6999999999999999999"
    shop.tell(ghost)
    waits = []
    for attempt in range(1, 5):
        shop.run(events={"only": True})
        assert failures(shop, "orders") == [(ghost, attempt, attempt == 4)]
        assert failures(shop, "order_details") == [(ghost, attempt, attempt == 4)]
        failure = shop.partition("orders")["failures"][0]
        told = datetime.fromisoformat(failure["next_attempt"].replace("Z", "+00:00"))
        waits.append(round((told - harness.TapTime(shop.clock).now()).total_seconds()))
        assert failure["awaited"] is True
        assert "an event told of it" in failure["reason"]
    assert waits[:3] == [10, 20, 40]
    assert shop.version == log.end
    assert shop.partition("orders")["replication_key_value"] == bookmark
    shop.run(events={"only": True})
    assert not shop.asked(), "parked: asked for on request only"


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


def test_what_comes_into_being_settles_the_failure(world, log):
    shop = Shop(world, log)
    shop.run()
    before = set(shop.orders())
    shop.sandbox.mutate("lab", shop.account, "orders", "insert")
    new = (set(shop.orders()) - before).pop()
    hidden = hide(shop, new)
    shop.tell(new)
    shop.run(events={"only": True})
    assert failures(shop, "orders") == failures(shop, "order_details") == [(new, 1, False)]
    hidden.clear()
    shop.run(events={"only": True})
    assert failures(shop, "orders") == failures(shop, "order_details") == []
    assert not shop.differences()


def test_windows_settle_what_is_parked(world, log):
    shop = Shop(world, log)
    shop.run(streams=("orders",))
    before = set(shop.orders())
    shop.sandbox.mutate("lab", shop.account, "orders", "insert")
    new = (set(shop.orders()) - before).pop()
    shop.state["bookmarks"]["orders"]["partitions"][0]["failures"] = [
        {"key": new, "stream": "orders", "bookmark": None, "attempts": 4, "reason": "not found",
         "next_attempt": "2026-11-20T08:00:00.000Z", "parked": True, "awaited": True},
    ]  # fmt: skip
    shop.clock.advance(120)
    shop.run(streams=("orders",))
    assert failures(shop, "orders") == []


def test_a_deleted_entity_is_no_failure_after_the_event_that_tells_it(world, log):
    shop = Shop(world, log, accept_empty=True)
    shop.run()
    keys = sorted(key for _, key in shop.truth("items"))
    shop.sandbox.mutate("lab", shop.account, "items", "delete", keys=keys[:2])
    shop.tell(keys[0], "items", "item_deleted")
    shop.tell(keys[1], "items", "item_changed")
    shop.run(events={"only": True})
    assert [key for key, _, _ in failures(shop, "items")] == [keys[1]]


def test_a_full_read_that_follows_still_notices_what_is_gone(world, log):
    """The row is seen by id first and vanishes before the list is read."""
    shop = Shop(world, log, confirm_absence=1)
    shop.run()
    key = min(key for _, key in shop.truth("items"))
    shop.tell(key, "items")
    gone = []

    def vanish() -> None:
        if not gone and shop.count("items/id"):
            gone.extend(shop.sandbox.mutate("lab", shop.account, "items", "delete", keys=[key]))

    original = shop.sandbox.world.platform("lab").handle

    def handle(call):
        vanish()
        return original(call)

    shop.sandbox.world.platform("lab").handle = handle
    outcome = shop.run(streams=("items",))
    versions = {m["record"]["id"]: m["version"] for m in outcome.of("RECORD", "items")}
    (activated,) = {m["version"] for m in outcome.of("ACTIVATE_VERSION")}
    assert gone == [key]
    assert versions[key] < activated
    assert not [d for d in shop.differences() if "not deleted" in d]


def test_at_most_so_many_records_a_run_and_the_rest_in_the_next(world, log):
    shop = Shop(world, log)
    shop.run()
    keys = shop.orders()[:7]
    versions = [shop.tell(key) for key in keys]
    seen = []
    for most in (3, 3, 3):
        outcome = shop.run(events={"only": True, "most": most})
        seen.append(sorted(r["id"] for r in outcome.records("orders")))
    assert seen == [keys[:3], keys[3:6], keys[6:]]
    assert shop.version == versions[-1]


def test_young_events_wait(world, log):
    shop = Shop(world, log)
    shop.run()
    old, young = shop.orders()[:2]
    shop.tell(old)
    shop.clock.advance(40)
    shop.tell(young)
    outcome = shop.run(events={"only": True, "wait": "30s"}, after=10)
    assert [r["id"] for r in outcome.records("orders")] == [old]
    outcome = shop.run(events={"only": True, "wait": "30s"})
    assert [r["id"] for r in outcome.records("orders")] == [young]


def test_events_of_others_and_of_no_stream_are_passed(world, log):
    shop = Shop(world, log)
    shop.run()
    shop.log.add("another shop", "orders", "1")
    shop.tell("1", "")
    shop.tell("1", "no_such_stream")
    shop.tell("1", "items")
    outcome = shop.run(events={"only": True}, streams=("orders",))
    assert not outcome.of("RECORD")
    assert not shop.asked()
    assert shop.version == log.end


def test_a_dead_account_keeps_its_place_and_the_others_go_on(world, log):
    shop = Shop(world, log, accounts=2)
    shop.run(streams=("orders",))
    first, second = shop.sandbox.accounts("lab")
    keys = {a: next(k for x, k in shop.truth("orders") if x == a) for a in (first, second)}
    start = shop.version
    for account, key in keys.items():
        shop.tell(key, account=account)
    accounts = shop.config["accounts"]
    dead = [{**accounts[0], "key": "wrong"}, accounts[1]]
    outcome = shop.run(streams=("orders",), accounts=dead, events={"only": True})
    assert outcome.failed is not None
    versions = {
        p["context"]["_account"]: p["version"]
        for p in shop.state["bookmarks"]["_events"]["partitions"]
    }
    assert (versions[first], versions[second]) == (start, log.end)
    outcome = shop.run(streams=("orders",), events={"only": True})
    assert [(r["_account"], r["id"]) for r in outcome.records("orders")] == [(first, keys[first])]


def test_an_account_that_has_its_fill_does_not_starve_the_others(world, log):
    shop = Shop(world, log, accounts=2)
    shop.run(streams=("orders",))
    first, second = shop.sandbox.accounts("lab")
    keys = {a: sorted(k for x, k in shop.truth("orders") if x == a) for a in (first, second)}
    versions = [shop.tell(key, account=first) for key in keys[first][:5]]
    last = shop.tell(keys[second][0], account=second)
    outcome = shop.run(streams=("orders",), events={"only": True, "most": 3})
    came = [(r["_account"], r["id"]) for r in outcome.records("orders")]
    assert sorted(came) == sorted(
        [(first, k) for k in keys[first][:3]] + [(second, keys[second][0])]
    )
    places = {
        p["context"]["_account"]: p["version"]
        for p in shop.state["bookmarks"]["_events"]["partitions"]
    }
    assert versions[2] <= places[first] < versions[3]
    assert places[second] == last
    outcome = shop.run(streams=("orders",), events={"only": True, "most": 3})
    assert sorted(r["id"] for r in outcome.records("orders")) == keys[first][3:5]


def test_an_account_that_fails_midway_resumes_behind_what_is_written(world, log):
    shop = Shop(world, log, concurrency=1)
    shop.run(streams=("orders",))
    keys = shop.orders()
    versions = [shop.tell(key) for key in keys * 3]
    more = [f"69{n:017d}" for n in range(80)]
    versions += [shop.tell(key) for key in more]
    outcome = shop.run(streams=("orders",), events={"only": True})
    states = [
        m["value"]["bookmarks"]["_events"]["partitions"][0].get("version")
        for m in outcome.of("STATE")
        if "_events" in m["value"]["bookmarks"]
    ]
    assert states == sorted(states)
    # Forty records and the first ten that do not exist: then the place lies before the eleventh.
    assert versions[len(keys) * 3 + 10] - 1 in states
    assert states[-1] == log.end


def test_the_log_away_does_not_keep_the_lists_from_being_read(world, log):
    shop = Shop(world, log)
    outcome = shop.run(events={"url": "http://127.0.0.1:9"})
    assert "_events" in str(outcome.failed)
    assert not shop.differences()
    assert shop.version is None


def test_a_token_that_the_log_refuses_is_named_but_not_shown(world, log, caplog):
    shop = Shop(world, log)
    log.token = "right"
    assert shop.run(events={"token": "wrong-one"}).failed is not None
    assert "Set events.token" in caplog.text
    assert "wrong-one" not in caplog.text
    assert shop.run(events={"token": "right"}).failed is None


def test_another_log_is_read_from_its_beginning_and_told(world, log, caplog):
    shop = Shop(world, log)
    shop.tell(shop.orders()[0])
    shop.run()
    key = shop.orders()[1]
    shop.state["bookmarks"]["_events"]["partitions"][0]["version"] = 10**9
    shop.tell(key)
    outcome = shop.run(events={"only": True})
    assert outcome.failed is not None
    assert key in {r["id"] for r in outcome.records("orders")}
    assert shop.version == log.end
    assert "another one than before" in caplog.text
    assert shop.run(events={"only": True}).failed is None


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"url": "ftp://x"}, "url is 'ftp://x'"),
        ({"url": "http://x", "most": 0}, "most must be 1"),
        ({"url": "http://x", "wait": "soon"}, "events.wait"),
    ],
)
def test_a_setting_that_makes_no_sense_stops_before_the_first_call(world, log, setting, said):
    shop = Shop(world, log)
    with pytest.raises(ConfigurationError, match=said):
        shop.run(events=setting)
    assert not shop.asked()


def test_a_damaged_place_in_the_log_is_named(world, log):
    shop = Shop(world, log)
    shop.run()
    shop.state["bookmarks"]["_events"]["partitions"][0]["version"] = "far"
    with pytest.raises(ConfigurationError, match="no number"):
        shop.run()


class TestHotSet:
    def test_only_these_ids_are_asked_for_and_no_bookmark_moves(self, world, log, tmp_path):
        shop = Shop(world, log)
        shop.run()
        bookmark = shop.partition("orders")["replication_key_value"]
        orders, items = shop.orders(), sorted(key for _, key in shop.truth("items"))
        shop.sandbox.mutate("lab", shop.account, "orders", keys=orders[:2])
        shop.sandbox.mutate("lab", shop.account, "items", keys=items[:1])
        shop.tell(orders[5])
        version = shop.version
        file = tmp_path / "hot.json"
        file.write_text(f'{{"orders": {{"{shop.account}": ["{orders[1]}"]}}}}', encoding="utf-8")
        hot = {"orders": [orders[0]], "order_details": orders[:2], "items": items[:1]}
        outcome = shop.run(hot_set=hot, hot_set_file=str(file))
        assert {r["id"] for r in outcome.records("orders")} == set(orders[:2])
        assert not shop.count("orders/pages")
        assert not outcome.of("ACTIVATE_VERSION")
        assert shop.partition("orders")["replication_key_value"] == bookmark
        assert shop.version == version
        assert not shop.differences()

    def test_what_is_seen_now_came_after_any_full_read_that_has_begun(self, world, log):
        shop = Shop(world, log)
        key = min(key for _, key in shop.truth("items"))
        begun = shop.clock.seconds() * 1000
        outcome = shop.run(hot_set={"items": [key]}, streams=("items",))
        assert [m["version"] > begun for m in outcome.of("RECORD")] == [True]

    def test_an_id_that_is_gone_is_no_failure(self, world, log):
        shop = Shop(world, log)
        outcome = shop.run(hot_set={"orders": ["6999999999999999999"]})
        assert outcome.failed is None
        assert not shop.state["bookmarks"].get("orders", {}).get("partitions")

    @pytest.mark.parametrize(
        ("config", "said"),
        [
            ({"hot_set": {"order": ["1"]}}, "'order' cannot be asked for by id"),
            ({"hot_set": {"orders": "1"}}, "no list of ids"),
            ({"hot_set": {"orders": [True]}}, "no list of ids"),
            ({"hot_set_file": "nowhere.json"}, "nowhere.json cannot be read"),
        ],
    )
    def test_what_makes_no_sense_is_told(self, world, log, config, said):
        shop = Shop(world, log)
        with pytest.raises(ConfigurationError, match=said):
            shop.run(**config)


def test_killed_between_events_nothing_is_lost(world, log):
    """Every STATE that left is a place from which the rest follows."""
    shop = Shop(world, log, concurrency=2)
    shop.run(streams=("orders",))
    keys = shop.orders()
    shop.sandbox.mutate("lab", shop.account, "orders", keys=keys)
    for key in keys:
        shop.tell(key)
    for _ in range(3):
        for n in range(60):
            shop.tell(f"69{n:017d}")
    outcome = shop.run(streams=("orders",), events={"only": True})
    cuts = [n for n, m in enumerate(outcome.messages) if m["type"] == "STATE"]
    assert len(cuts) >= 3
    for cut in cuts:
        table = harness.Warehouse().load(outcome.messages[: cut + 1]).tables.get("orders", {})
        state = outcome.messages[cut]["value"]
        shop.clock.advance(60)
        rest = harness.run(
            lab.tap_class(),
            {**shop.config, "events": {**shop.config["events"], "only": True}},
            streams=("orders",), state=state, clock=shop.clock,
        )  # fmt: skip
        came = {key for _, key in table} | {r["id"] for r in rest.records("orders")}
        assert came == set(keys)
