"""Events become re-fetches: which records are asked for, and what becomes of those that are not there."""

from __future__ import annotations

from datetime import datetime

from end_to_end import harness
from end_to_end.eventshop import Shop, failures, hide


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
