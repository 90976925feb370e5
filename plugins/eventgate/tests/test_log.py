"""The event log on both engines: order, repetitions, readers, pruning, and writers side by side."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from eventgate.log import LogError, OtherLogError, open_log

from .conftest import NOW, new


def ids(page):
    return [event.id for event in page.events]


def everything(log, **options):
    found, version, more = [], 0, True
    while more:
        page = log.after(version, **options)
        found += page.events
        version, more = page.version, page.more
    return found


def test_an_event_comes_back_as_it_was_told(log):
    assert log.append([new("E1", body="{'é'}".encode())]) == 1
    (event,) = log.after().events
    assert (event.version, event.platform, event.account) == (1, "youzan", "1")
    assert (event.stream, event.id, event.kind) == ("orders", "E1", "trade_TradePaid")
    assert event.at == event.received_at == NOW
    assert log.body(1) == "{'é'}".encode()
    assert log.body(2) is None


def test_an_empty_log_says_that_nothing_is_there(log):
    page = log.after()
    assert (page.events, page.version, page.more) == ((), 0, False)


def test_repetitions_are_known_in_a_batch_and_later_but_not_across_platforms(log):
    assert log.append([new("a"), new("b"), new("a")]) == 2
    assert log.append([new("b"), new("c"), new("a", "wecom")]) == 2
    assert ids(log.after()) == ["a", "b", "c", "a"]
    versions = [event.version for event in log.after().events]
    assert versions == sorted(set(versions))


def test_the_log_survives_its_connection(open_database):
    first = open_database()
    first.append([new("a")])
    first.close()
    assert ids(open_database().after()) == ["a"]
    assert first.append([new("a")]) == 0  # a closed one connects again


def test_pages_follow_each_other_without_gap_or_repetition(log):
    log.append([new(f"{n}") for n in range(2500)])
    first = log.after(0, 10_000)
    assert (len(first.events), first.more) == (1000, True)
    assert [event.id for event in everything(log)] == [f"{n}" for n in range(2500)]
    assert [event.id for event in everything(log, limit=7)] == [f"{n}" for n in range(2500)]
    assert len(log.after(0, -5).events) == 1
    exact = log.after(0, 1000).version
    assert [log.after(exact, 1000).more, log.after(exact, 500).more] == [True, True]


def test_one_platform_only_and_its_version_passes_the_others_events(log):
    log.append([new("a"), new("b", "wecom"), new("c")])
    page = log.after(0, platform="wecom")
    assert (ids(page), page.version, page.more) == (["b"], log.after().version, False)
    assert ids(log.after(page.version)) == []


def test_a_version_beyond_the_end_is_an_error_and_no_silent_wait(log):
    log.append([new("a")])
    end = log.after().version
    assert log.after(end).events == ()
    with pytest.raises(OtherLogError, match="lies beyond the end"):
        log.after(end + 40)


def test_odd_text_hurts_nobody(log):
    odd = new("k\0\ud800", id="E\0\ud8001", kind="é" * 3000, body=b"\0\xff")
    assert log.append([new("a"), odd, new("x" * 5000), new("x" * 5001), new("b")]) == 5
    assert log.append([odd, new("x" * 5000)]) == 0
    assert ids(log.after())[1] == "E?1"
    assert log.body(2) == b"\0\xff"


def test_pruning_keeps_what_is_young_and_what_a_reader_has_not_done(log):
    old = NOW - timedelta(days=40)
    log.append([new("y1", received=old), new("w1", "wecom", received=old), new("y2", received=old)])
    log.append([new("y3"), new("w2", "wecom")])
    first, second = (event.version for event in log.after(0, 2).events)
    log.after(first, platform="youzan", reader="hourly")
    log.after(second, platform="wecom", reader="staff")
    assert log.prune(timedelta(days=30), NOW) == 2  # y2 waits for hourly
    assert ids(log.after()) == ["y2", "y3", "w2"]
    assert [(one.name, one.platform, one.version) for one in log.readers()] == [
        ("hourly", "youzan", first),
        ("staff", "wecom", second),
    ]
    assert log.forget("hourly") == 1
    assert log.forget("hourly") == 0
    assert log.prune(timedelta(days=30), NOW) == 1
    assert ids(log.after()) == ["y3", "w2"]


def test_a_reader_of_everything_holds_every_platform_and_may_go_back(log):
    old = NOW - timedelta(days=40)
    log.append([new("a", received=old), new("b", "wecom", received=old)])
    log.after(log.after().version, reader="all")
    log.after(0, reader="all")
    assert log.prune(timedelta(days=1), NOW) == 0
    log.after(log.after().version, reader="all")
    assert log.prune(timedelta(days=1), NOW) == 2
    assert log.count() == 0


def test_versions_are_never_given_twice(open_database):
    log = open_database()
    log.append([new("a"), new("b")])
    last = log.after().version
    log.prune(timedelta(), NOW + timedelta(days=1))
    assert log.after(last).events == ()
    log.close()
    again = open_database()
    again.append([new("c")])
    (event,) = again.after(last).events
    assert event.version > last


def test_a_large_log_is_pruned_in_small_steps(log):
    log.append([new(f"{n}", received=NOW - timedelta(days=2)) for n in range(3210)])
    assert log.prune(timedelta(days=1), NOW) == 3210
    assert log.count() == 0


def test_who_has_seen_a_version_never_misses_a_smaller_one(open_database):
    """Four writers at once, and a reader that follows: it must see each event in its one pass."""
    writers, rounds = 4, 60
    gate = threading.Barrier(writers)
    failures = []

    def write(number):
        log = open_database()
        log.check()
        gate.wait()
        try:
            for n in range(rounds):
                log.append([new(f"{number}-{n}-{part}") for part in range(3)])
        except LogError as error:
            failures.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    reader = open_database()
    reader.check()
    for thread in threads:
        thread.start()
    seen, version = [], 0
    while any(thread.is_alive() for thread in threads) or reader.after(version).events:
        page = reader.after(version)
        seen += ids(page)
        version = page.version
    assert failures == []
    assert len(seen) == len(set(seen)) == writers * rounds * 3


def test_a_database_that_cannot_be_used_is_told(tmp_path):
    file = tmp_path / "no.db"
    file.write_text("this is no database, but long enough to be taken for one" * 20)
    broken = open_log(str(file))
    with pytest.raises(LogError, match=r"no\.db cannot be used: file is not a database"):
        broken.append([new("a")])
    nowhere = open_log("postgresql://someone:a-password@127.0.0.1:1/none")
    with pytest.raises(LogError, match=r"127\.0\.0\.1/none cannot be used") as failed:
        nowhere.append([new("a")])
    assert "a-password" not in str(failed.value)
