"""How far the position in the event log moves: limits, accounts, logs that fail or are others."""

from __future__ import annotations

import pytest
from openplatform.errors import ConfigurationError

from end_to_end import harness, lab
from end_to_end.eventshop import Shop


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
