"""Ids of people leave as hashes, while inside a run everything is asked for by the true ones."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
from datetime import timedelta

import pytest
from openplatform import schemas
from openplatform.bookmarks import Bookmark
from openplatform.errors import ConfigurationError
from sandbox.http import Reply

from end_to_end.harness import NOW, SandboxTime, SharedTime, run
from end_to_end.lab import tap_class

KEY = "the key of the trials, no one's own"


def people(kind):
    """Return a tap whose orders are people: their ids are personal."""

    def marked(stream):
        schema = copy.deepcopy(schemas.load(stream.package, stream.name))
        schema["properties"]["id"]["x-personal"] = True
        return type(stream.__name__, (stream,), {"made_schema": schema})

    orders, details, _ = kind.stream_classes
    return type("TapLab", (kind,), {"stream_classes": (marked(orders), marked(details))})


TAP = people(tap_class(lookback=timedelta(0)))


def hashed(text: str) -> str:
    return hmac.new(KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


@pytest.fixture
def clock():
    return SharedTime()


@pytest.fixture
def shop(world, clock):
    return world(
        size=60, accounts=1, limits=False, same_second=7, history_end=NOW - timedelta(hours=3),
        history_days=5, clock=SandboxTime(clock),
    )  # fmt: skip


@pytest.fixture
def go(shop, clock):
    config = {**shop.config("lab"), "personal_data": "hash", "personal_key": KEY, "retry_tries": 1}
    return lambda *streams, **more: run(
        TAP, {**config, **more.pop("settings", {})}, streams=streams, clock=clock, **more
    )


def ids(shop) -> list[str]:
    return [row.key for row in shop.truth("lab", shop.accounts("lab")[0], "orders")]


def test_a_bookmark_with_a_hash_resumes_right_after_its_record(go, shop):
    records = go("orders").records("orders")
    assert {record["id"] for record in records} == set(map(hashed, ids(shop)))
    marks = sorted((record["_bookmark"] for record in records), key=Bookmark.parse)
    moments = [mark.partition("@")[0] for mark in marks]
    assert all(mark.rpartition("@")[2] in {r["id"] for r in records} for mark in marks)
    shared = max(set(moments), key=moments.count)
    assert moments.count(shared) >= 7
    for index in range(moments.index(shared), moments.index(shared) + 7):
        partition = {
            "context": {"_account": shop.accounts("lab")[0]},
            "replication_key": "_bookmark",
            "replication_key_value": marks[index],
        }
        again = go("orders", state={"bookmarks": {"orders": {"partitions": [partition]}}})
        came = sorted((r["_bookmark"] for r in again.records("orders")), key=Bookmark.parse)
        assert came == marks[index + 1 :]


def test_details_and_single_records_are_asked_for_by_true_ids(go, shop):
    known = ids(shop)
    outcome = go("orders", "order_details")
    for stream in ("orders", "order_details"):
        assert {record["id"] for record in outcome.records(stream)} == set(map(hashed, known))
    # Lines have ids of their own, which begin with the order's.
    assert not any(b'"%b"' % one.encode() in outcome.output for one in known)
    hot = go("orders", settings={"hot_set": {"orders": known[:2]}})
    assert {record["id"] for record in hot.records("orders")} == set(map(hashed, known[:2]))


def test_what_events_name_comes_hashed(go, shop, log):
    known = ids(shop)[:2]
    for one in known:
        log.add(shop.accounts("lab")[0], "orders", one)
    events = {"url": log.url, "only": True, "wait": 0}
    outcome = go("orders", "order_details", settings={"events": events})
    for stream in ("orders", "order_details"):
        assert {record["id"] for record in outcome.records(stream)} == set(map(hashed, known))


def test_what_is_owed_is_known_to_the_state_alone(go, shop, clock, caplog):
    platform, known = shop.world.platform("lab"), ids(shop)
    handle = platform.handle

    def refusing(call):
        reply = handle(call)
        (asked,) = [one for one in known if call.path.endswith(f"/{one}")] or [None]
        if asked != known[0]:
            return reply
        told = {"ok": False, "code": 1006, "message": f"no {asked}, call 13812345678"}
        return Reply(json.dumps(told).encode(), 200)

    platform.handle = refusing
    outcome = go("orders", "order_details")
    state = copy.deepcopy(outcome.state)
    (partition,) = state["bookmarks"]["order_details"]["partitions"]
    (owed,) = partition.pop("failures")
    assert owed.pop("key") == known[0]
    assert "no ***, call ***" in owed["reason"]
    assert owed["bookmark"].endswith(hashed(known[0]))
    assert not any(one in json.dumps([state, owed]) + caplog.text for one in known)
    platform.handle = handle
    clock.advance(60)
    later = go("orders", "order_details", state=outcome.state)
    assert hashed(known[0]) in {record["id"] for record in later.records("order_details")}
    assert not any(b'"%b"' % one.encode() in later.output for one in known)


def test_every_state_goes_on_to_the_same_hashes(go, shop):
    whole = go("orders", "order_details")
    wanted = set(map(hashed, ids(shop)))
    states = [index for index, m in enumerate(whole.messages) if m["type"] == "STATE"]
    assert len(states) > 2
    for index in states[:-1]:
        before = whole.messages[: index + 1]
        after = go("orders", "order_details", state=before[-1]["value"]).messages
        for stream in ("orders", "order_details"):
            records = [
                m["record"] for m in before + after if m.get("stream") == stream and "record" in m
            ]
            assert {record["id"] for record in records} == wanted


def test_the_sdks_own_loop_and_test_name_no_one(go, shop):
    tap = go("orders").tap
    for name in ("orders", "order_details"):
        records = list(tap.streams[name].get_records({"_account": shop.accounts("lab")[0]}))
        assert {record["id"] for record in records} == set(map(hashed, ids(shop)))


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"include_raw": True}, "include_raw: _raw would bring"),
        ({"personal_data": "drop"}, "the key of orders identifies a person"),
        ({"personal_key": "short"}, "personal_key: .* 16 characters"),
    ],
)
def test_settings_are_refused_before_a_call(go, shop, settings, told):
    with pytest.raises(ConfigurationError, match=told):
        go("orders", settings=settings)
    assert not shop.requests("lab")


def test_a_cut_answer_is_not_shown(go, shop, caplog):
    name = "Li Lei lives here"
    shop.world.platform("lab").handle = lambda _: Reply(f'{{"rows":[{{"id":"{name}'.encode(), 200)
    outcome = go("orders")
    assert outcome.failed is not None
    assert "the answer is not JSON" in caplog.text
    assert name not in caplog.text


def test_single_records_cannot_be_compared_by_hashes(go, shop, tmp_path):
    file, results = tmp_path / "task.json", tmp_path / "results.jsonl"
    account = shop.accounts("lab")[0]
    parts = [
        {"do": "count", "stream": "orders", "account": account},
        {"do": "ids", "stream": "orders", "account": account},
    ]
    file.write_text(json.dumps({"results": str(results), "parts": parts}))
    outcome = go("orders", settings={"task": str(file)})
    assert "leave as hashes (personal_data)" in str(outcome.failed)
    lines = [json.loads(line) for line in results.read_text().splitlines()]
    assert {"stream", "count", "problem", "end"} == {line["kind"] for line in lines}
    assert not any(one in results.read_text() for one in ids(shop))
