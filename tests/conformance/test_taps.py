"""What every tap must do; a new tap is tried without an edit here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from jsonschema import Draft202012Validator
from openplatform.bookmarks import Bookmark
from openplatform.errors import ConfigurationError, RunFailedError
from openplatform.testing import run_process
from sandbox.http import Reply, json_reply
from singer_sdk.exceptions import ConfigValidationError

from .conftest import TAPS, Platform, tap_class

SETTLED = 200  # seconds after which what changed lies behind every settle


def script(name: str) -> str:
    return str(Path(sys.executable).parent / name)


@pytest.mark.parametrize("name", TAPS)
def test_it_says_what_it_is(name):
    done = subprocess.run(
        [script(name), "--about", "--format=json"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    about = json.loads(done.stdout)
    assert about["name"] == name
    assert {"catalog", "discover", "state"} <= set(about["capabilities"])
    settings = about["settings"]["properties"]
    assert {"accounts", "start_date", "base_url", "streams"} <= settings.keys()
    assert all(s.get("description") for n, s in settings.items() if n != "flattening_enabled")


def test_it_discovers_its_streams_without_a_call(platform: Platform, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(platform.config), encoding="utf-8")
    done = subprocess.run(
        [script(platform.kind.name), "--config", str(tmp_path / "config.json"), "--discover"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    catalog = json.loads(done.stdout)["streams"]
    assert [entry["tap_stream_id"] for entry in catalog] == list(
        platform.kind(config=platform.config).streams
    )
    assert platform.box.requests() == []


def test_its_catalog_holds_what_targets_need(platform: Platform):
    catalog = platform.kind(config=platform.config).catalog_dict["streams"]
    assert catalog
    for entry in catalog:
        keys = entry["key_properties"]
        properties = entry["schema"]["properties"]
        Draft202012Validator.check_schema(entry["schema"])
        assert keys[0] == "_account"
        assert len(keys) > 1
        assert set(keys) <= properties.keys()
        assert entry.get("replication_key") in {None, "_bookmark"}
        assert ("_bookmark" in properties) == (entry.get("replication_key") == "_bookmark")
        assert not [name for name in properties if name.startswith("x-")]
        assert '"number"' not in json.dumps(
            {n: p for n, p in properties.items() if "fee" in n or "amount" in n or "price" in n}
        ), "money must not be a float"
    assert platform.box.requests() == []


def test_only_the_selected_stream_is_read(platform: Platform):
    for stream in platform.selected[:3]:
        messages = platform.run(stream)
        assert {m["stream"] for m in messages.all if "stream" in m} == {stream}
        assert messages.records(stream)
        assert set(messages.state["bookmarks"]) <= {stream}


def test_records_fit_the_schema_that_was_announced(platform: Platform):
    messages = platform.run()
    assert messages.of_type("RECORD")
    announced: set[str] = set()
    validators = {
        m["stream"]: Draft202012Validator(m["schema"]) for m in messages.of_type("SCHEMA")
    }
    for message in messages.all:
        if message["type"] == "SCHEMA":
            announced.add(message["stream"])
        elif message["type"] == "RECORD":
            stream, record = message["stream"], message["record"]
            assert stream in announced
            assert record["_account"] in platform.accounts
            validators[stream].validate(record)
            if "_bookmark" in record:
                assert str(Bookmark.parse(record["_bookmark"])) == record["_bookmark"]


def test_a_second_run_brings_what_is_new_and_moves_on(platform: Platform):
    first = platform.run(lookback=0)
    platform.box.advance(2 * 86_400)  # some platforms are read by whole days
    second = platform.run(state=first.state, lookback=0)
    for stream in first.state["bookmarks"]:
        for account in platform.accounts:
            before, after = (m.partition(stream, account) for m in (first, second))
            if "replication_key_value" not in before:
                continue
            assert Bookmark.parse(after["replication_key_value"]) > Bookmark.parse(
                before["replication_key_value"]
            )
            if not before.get("open"):
                came = [Bookmark.parse(r["_bookmark"]) for r in second.records(stream, account)]
                assert all(mark >= Bookmark.parse(before["replication_key_value"]) for mark in came)
    full = {m["stream"] for m in first.of_type("RECORD") if "version" in m}
    everything, again = platform.keys(first), platform.keys(second)
    assert {k: v for k, v in everything.items() if k[0] in full} == {
        k: v for k, v in again.items() if k[0] in full
    }


def test_what_changes_between_runs_comes(platform: Platform):
    first = platform.run()
    changed = {}
    for entity in platform.simulated.entities:
        if entity.name in platform.selected and entity.mutable and not entity.frozen:
            for account in platform.accounts:
                changed[entity.name, account] = set(
                    platform.box.mutate(platform.slug, account, entity.name, count=2)
                )
    assert changed
    platform.box.advance(SETTLED)
    second = platform.run(state=first.state)
    for (stream, account), keys in changed.items():
        before, after = first.latest(stream, account), second.latest(stream, account)
        came = {key for key, record in after.items() if record != before.get(key)}
        assert {key.rpartition(":")[2] for key in keys} <= {
            part for key in came for part in (key, key.rpartition(":")[2])
        }, stream


def test_an_interrupted_run_is_finished_by_the_next(platform: Platform):
    whole = platform.keys(platform.run())
    platform.box.clear_requests()
    calls = []

    def closing(call, reply):
        calls.append(call)
        if len(calls) > 25:
            return Reply(b'{"closed":true}', 403, "rejected")
        return reply

    handle = platform.simulated.handle
    platform.change_answers(closing)
    broken = platform.run(fails=True)
    assert isinstance(broken.error, RunFailedError)
    platform.simulated.handle = handle
    platform.box.advance(SETTLED)  # what is owed is due
    second = platform.run(state=broken.state)
    assert platform.keys(broken, second) == whole


@pytest.mark.parametrize("kind", ["throttle", "too_many", "server_error", "cut", "html"])
def test_faults_lose_nothing(platform: Platform, kind):
    whole = platform.keys(platform.run())
    platform.box.set_faults(**{kind: 0.15}, retry_after=1)
    assert platform.keys(platform.run()) == whole
    assert platform.box.world.plan.made[kind]


def test_tokens_that_expire_in_mid_run_are_renewed(platform: Platform):
    whole = platform.keys(platform.run())
    calls = []

    def expiring(call, reply):
        calls.append(call)
        if len(calls) % 50 == 10:  # often, yet a call must be able to outlive it
            platform.box.expire_tokens(platform.slug)
        return reply

    platform.change_answers(expiring)
    platform.box.clear_requests()
    assert platform.keys(platform.run()) == whole
    assert "auth" in {outcome for *_, outcome in platform.box.counts()}, "no call was refused"


def test_a_broken_account_does_not_stop_the_others(platform: Platform):
    broken = platform.accounts[1]

    def refusing(call, reply):
        if call.account == broken and "token" not in call.path.lower():
            return Reply(b'{"closed":true}', 403, "rejected")
        return reply

    whole = platform.keys(platform.run())
    platform.change_answers(refusing)
    messages = platform.run(fails=True)
    assert isinstance(messages.error, RunFailedError)
    assert broken in str(messages.error)
    for (stream, account), keys in platform.keys(messages).items():
        if account == broken:
            assert not keys
        else:
            assert keys == whole[stream, account]
            assert account not in str(messages.error)


def test_as_a_process_it_ends_with_1_and_says_which_account(platform: Platform):
    broken = platform.accounts[2]
    stream = platform.selected[0]

    def refusing(call, reply):
        refused = call.account == broken and "token" not in call.path.lower()
        return Reply(b'{"closed":true}', 403, "rejected") if refused else reply

    platform.change_answers(refusing)
    settings = {**platform.config, "start_date": "2020-01-01"}
    settings.pop("start_date")
    done = run_process(platform.kind, settings, select=[stream])
    assert done.code == 1
    assert "Traceback" not in done.log
    assert f"{stream} of {broken}" in done.log


def with_new_fields(content):
    """Return an answer in which every record-like object has a field that nobody knows."""
    if isinstance(content, dict):
        return {k: with_new_fields(v) for k, v in content.items()} | {"zz_brand_new": {"a": [1]}}
    if isinstance(content, list):
        return [with_new_fields(part) for part in content]
    return content


def test_a_field_that_nobody_knows_is_told_and_kept_raw(platform: Platform, caplog):
    whole = platform.keys(platform.run())

    def adding(call, reply):
        if reply.outcome != "ok" or "token" in call.path.lower():
            return reply
        return json_reply(with_new_fields(orjson.loads(reply.body)))

    platform.change_answers(adding)
    caplog.clear()
    messages = platform.run(include_raw=True)
    assert platform.keys(messages) == whole
    assert "zz_brand_new" in caplog.text
    raw = [
        m["record"]
        for m in messages.of_type("RECORD")
        if "zz_brand_new" in str(m["record"]["_raw"])
    ]
    assert raw
    for record in raw:
        assert "zz_brand_new" not in {k: v for k, v in record.items() if k != "_raw"}


def test_a_shop_where_nothing_happens_moves_its_bookmarks(platform: Platform):
    messages = platform.run(start_date="2026-11-21T09:00:00+00:00", lookback=0)
    incremental = [m["stream"] for m in messages.of_type("SCHEMA") if m.get("bookmark_properties")]
    assert incremental
    moved = 0
    for stream in incremental:
        for account in platform.accounts:
            assert not messages.records(stream, account)
            part = messages.partition(stream, account)
            moved += "replication_key_value" in part
    assert moved


def test_settings_are_checked_before_anything_is_read(platform: Platform):
    with pytest.raises(ConfigValidationError) as caught:
        platform.kind(config={})
    assert "accounts" in str(caught.value.errors)
    for settings, told in (
        ({"streams": {"no_such_stream": {}}}, "no_such_stream"),
        ({"start_date": "tomorrow"}, "start_date"),
        ({"start_date": "2126-01-01"}, "future"),
        ({"accounts": []}, "accounts"),
        ({"base_url": "nowhere"}, "base_url"),
        ({"settle": "a while"}, "settle"),
    ):
        with pytest.raises(ConfigurationError, match=told):
            platform.run(**settings)
        assert platform.box.requests() == [], settings


def test_the_folder_names_the_tap():
    assert TAPS
    for name in TAPS:
        assert tap_class(name).name == name
