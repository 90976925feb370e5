"""Runs that are no sync: counting, reading ids, fetching single records, within a number of calls."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest
from openplatform.bookmarks import format_time
from openplatform.declarations import CountCall
from openplatform.errors import ConfigurationError
from openplatform.tap import PlatformTap
from tap_youzan.tap import TapYouzan

from end_to_end.harness import NOW, SandboxTime, SharedTime, run, truth
from end_to_end.lab import order_stream, paging_of, tap_class

START = NOW - timedelta(days=40)


@pytest.fixture
def clock():
    return SharedTime()


@pytest.fixture
def filled(world, clock):
    return world(
        size=300, accounts=2, limits=False, same_second=7, history_end=NOW - timedelta(hours=3),
        history_days=20, clock=SandboxTime(clock),
    )  # fmt: skip


@pytest.fixture
def task(tmp_path, filled, clock):
    """Let a tap do parts of a task; return its outcome and the lines of its results."""

    def do(kind: type[PlatformTap], *parts, **settings):
        platform = kind.name.removeprefix("tap-")
        file, results = tmp_path / "task.json", tmp_path / "results.jsonl"
        file.write_text(json.dumps({"results": str(results), "parts": parts}))
        config = {
            **filled.config(platform),
            "token_store": str(tmp_path / "tokens"),
            "account_requests_per_second": 100_000,
            "task": str(file),
            **settings,
        }
        streams = {part["stream"] for part in parts}
        outcome = run(kind, config, streams=streams, clock=clock)
        return outcome, [json.loads(line) for line in results.read_text().splitlines()]

    return do


def part(do: str, stream: str, account: str, start: datetime = START, **more):
    windows = [[format_time(start), format_time(NOW)]]
    return {"do": do, "stream": stream, "account": account, "windows": windows, **more}


def of(lines, kind: str):
    return [line for line in lines if line["kind"] == kind]


def updates(filled, platform: str, account: str) -> list[str]:
    return [format_time(row.update_time) for row in filled.truth(platform, account, "orders")]


@pytest.mark.parametrize("bucket", ["hour", "day", "range"])
@pytest.mark.parametrize(
    ("kind", "platform"),
    [(TapYouzan, "youzan"), (tap_class(), "lab")],
    ids=["inclusive", "exclusive"],
)
def test_every_bucket_is_counted_exactly(task, filled, kind, platform, bucket):
    account = filled.accounts(platform)[0]
    days = 3 if bucket == "hour" else 40
    outcome, lines = task(
        kind, part("count", "orders", account, NOW - timedelta(days=days), bucket=bucket)
    )
    times = updates(filled, platform, account)
    counts = of(lines, "count")
    assert len(counts) >= {"hour": 72, "day": 40, "range": 1}[bucket]
    for line in counts:
        inside = sum(line["bucket_start"] <= time < line["bucket_end"] for time in times)
        assert line["count"] == inside, line
    borders = [line["bucket_start"] for line in counts] + [counts[-1]["bucket_end"]]
    assert borders == sorted(set(borders))
    assert [line["bucket_end"] for line in counts] == borders[1:]
    if bucket == "day":
        assert all(border.endswith("T16:00:00.000Z") for border in borders[1:-1]), "midnights there"
        assert sum(line["count"] for line in counts) == len(times)
    assert [m["record"]["count"] for m in outcome.of("RECORD", "_counts")] == [
        line["count"] for line in counts
    ]
    assert outcome.of("STATE") == []


def test_a_border_with_many_rows_belongs_to_one_bucket(task, filled):
    account = filled.accounts("youzan")[0]
    times = updates(filled, "youzan", account)
    crowded = datetime.fromisoformat(max(times, key=times.count).replace("Z", "+00:00"))
    assert times.count(format_time(crowded)) >= 7
    windows = [
        [format_time(crowded - timedelta(hours=1)), format_time(crowded)],
        [format_time(crowded), format_time(crowded + timedelta(hours=1))],
    ]
    parts = [{**part("count", "orders", account, bucket="range"), "windows": windows}]
    _, lines = task(TapYouzan, *parts)
    assert [line["count"] for line in of(lines, "count")] == [
        sum(start <= time < end for time in times) for start, end in windows
    ]


def test_counts_by_a_business_field(task, filled):
    account = filled.accounts("youzan")[0]
    _, lines = task(TapYouzan, part("count", "orders", account, bucket="range", field="status"))
    rows = [row.record["order_info"]["status"] for row in filled.truth("youzan", account, "orders")]
    told = {line["value"]: line["count"] for line in of(lines, "count")}
    assert told == {value: rows.count(value) for value in told}
    assert sum(told.values()) == len(rows)
    with pytest.raises(ConfigurationError, match="known: status"):
        task(TapYouzan, part("count", "orders", account, field="colour"))


def test_a_list_without_totals_counts_by_an_api_of_its_own_or_not_at_all(task, filled):
    plain = tap_class("cursor")
    account = filled.accounts("lab")[0]
    _, lines = task(plain, part("count", "orders", account))
    assert of(lines, "stream")[0]["countable"] is False
    assert of(lines, "count") == []
    assert of(lines, "end") == [{"kind": "end", "calls": 0}]

    class Counted(order_stream("cursor", paging_of("cursor", 100), timedelta())):  # type: ignore[misc]
        count_call = CountCall("POST /orders/count", "total")

    class TapCounted(plain):  # type: ignore[misc,valid-type]
        stream_classes = (Counted, *plain.stream_classes[1:])

    _, lines = task(TapCounted, part("count", "orders", account, bucket="range"))
    assert [line["count"] for line in of(lines, "count")] == [len(updates(filled, "lab", account))]


def test_ids_and_update_times_are_those_of_the_platform(task, filled):
    for kind, platform in ((TapYouzan, "youzan"), (tap_class("has_next", 20), "lab")):
        account = filled.accounts(platform)[1]
        outcome, lines = task(kind, part("ids", "orders", account), part("ids", "items", account))
        told = {(line["id"], line["at"]) for line in of(lines, "id") if line["stream"] == "orders"}
        rows = filled.truth(platform, account, "orders")
        assert told == {(row.key, format_time(row.update_time)) for row in rows}
        items = {line["id"] for line in of(lines, "id") if line["stream"] == "items"}
        assert items == {row.key for row in filled.truth(platform, account, "items")}
        assert outcome.output == b""


def test_exactly_the_wanted_records_are_fetched(task, filled):
    account = filled.accounts("lab")[0]
    rows = list(filled.truth("lab", account, "orders"))[5:8]
    ids = [{"id": row.key, "at": format_time(row.update_time)} for row in rows]
    lost = {"id": "999", "at": format_time(NOW - timedelta(days=2))}
    outcome, lines = task(
        tap_class(),
        part("fetch", "orders", account, ids=[*ids, lost], pages=100),
        part("fetch", "order_details", account, ids=[*ids, lost]),
        part("look", "orders", account, ids=[ids[0], lost]),
    )
    for stream in ("orders", "order_details"):
        assert {record["id"] for record in outcome.records(stream)} == {row.key for row in rows}
        assert {x["id"] for x in of(lines, "gone") if x["stream"] == stream} == {"999"}
    want = truth(filled, "orders")
    for record in outcome.records("orders"):
        assert record["version"] == want[account, record["id"]]["version"]
    assert outcome.of("STATE") == []


def test_no_more_calls_are_made_than_allowed(task, filled):
    first, second = filled.accounts("youzan")
    filled.clear_requests()
    outcome, lines = task(
        TapYouzan, part("count", "orders", first), part("count", "orders", second), max_calls=9
    )
    assert outcome.failed is not None
    assert of(lines, "end") == [{"kind": "end", "calls": 9}]
    assert len(filled.requests("youzan")) == 9
    assert {line["account"] for line in of(lines, "problem")} == {first, second}
    assert "max_calls" in of(lines, "problem")[0]["reason"]


def test_a_share_of_the_limits_is_kept_to(filled, clock, tmp_path):
    account = filled.accounts("lab")[0]
    only = [entry for entry in filled.config("lab")["accounts"] if entry["id"] == account]
    rate, share = 20, 0.25
    config = {
        **filled.config("lab"), "accounts": only, "requests_per_second": str(rate),
        "budget_share": str(share), "concurrency": 1, "start_date": format_time(START),
    }  # fmt: skip
    filled.clear_requests()
    run(tap_class(limit=10), config, streams=["orders"], clock=clock)
    times = [entry.time for entry in filled.requests("lab")]
    assert len(times) >= 30
    # No stretch of a second holds more than the share allows.
    most = max(sum(at <= other < at + 0.999 for other in times) for at in times)
    assert most <= rate * share
    with pytest.raises(ConfigurationError, match="budget_share"):
        run(tap_class(), {**config, "budget_share": 1.5}, clock=clock)


@pytest.mark.parametrize("content", ["", "[]", '{"parts": []}', '{"results": "x", "parts": [{}]}'])
def test_a_file_that_holds_no_task_is_told(filled, tmp_path, content):
    file = tmp_path / "task.json"
    file.write_text(content)
    with pytest.raises(ConfigurationError, match=r"task\.json holds no task"):
        run(tap_class(), {**filled.config("lab"), "task": str(file)})


def test_what_does_not_exist_is_named(task, filled):
    with pytest.raises(ConfigurationError, match="no stream 'order'"):
        task(tap_class(), part("ids", "order", "lab1"))
    with pytest.raises(ConfigurationError, match="no account 'x'"):
        task(tap_class(), part("ids", "orders", "x"))
