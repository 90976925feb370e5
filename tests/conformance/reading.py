"""What a tap brings when nothing goes wrong, against the simulator's truth."""

from __future__ import annotations

from dataclasses import replace

import orjson
import pytest
from jsonschema import Draft202012Validator
from openplatform.bookmarks import Bookmark
from openplatform.declarations import FullTable
from sandbox.http import json_reply

from conformance.facts import Declared
from conformance.trial import Trial, filled

# Small, since every tap pays for it: what is big is tried with the library's own platform.
SMALL = {"size": 40, "accounts": 2, "history_days": 5, "refresh_grace": 300}
START = "2026-11-14T00:00:00+08:00"
ANSWER = '{"code":'  # some platforms put the answer proper into their envelope as JSON text
CLAMPED = "the platform answers only back to"


class Whole:
    """One run of all streams, and how it differed from the truth then."""

    def __init__(self, trial, facts):
        self.messages = trial.run(*facts.streams)
        self.keys = trial.keys(self.messages)
        self.empty = [s for s in facts.streams if not self.messages.records(s)]
        self.wrong = {
            stream: trial.wrong(
                self.messages,
                stream,
                key=facts.keys.get(stream),
                ignore=facts.ignored.get(stream, frozenset()),
            )
            for stream in facts.streams
            if stream not in facts.apart
        }


class Reading(Declared):
    """Runs against the simulated platform."""

    def prepared(self, trial):
        trial.config |= {"start_date": START, "concurrency": 4, **self.facts.reading}
        return trial

    @pytest.fixture
    def trial(self, trial_of):
        world = {**SMALL, **self.facts.world}
        return self.prepared(trial_of(self.facts.tap, platform=self.facts.platform, **world))

    @pytest.fixture(scope="class")
    @classmethod
    def whole(cls, running_sandbox, tmp_path_factory):
        box = filled(running_sandbox, **{**SMALL, **cls.facts.world})
        folder = tmp_path_factory.mktemp("whole")
        trial = Trial(cls.facts.tap, box, folder, cls.facts.platform)
        return Whole(cls().prepared(trial), cls.facts)

    def ageless(self, trial):
        """Return a stream that a process brings as well, whose clock is the machine's: a whole list."""
        whole = {kind.name for kind in self.facts.kinds if isinstance(kind.reads, FullTable)}
        return next((name for name in trial.selected if name in whole), trial.selected[0])

    def selected(self, whole, trial):
        """The keys that a run brings when nobody chooses streams."""
        return {place: keys for place, keys in whole.keys.items() if place[0] in trial.selected}

    def test_a_stream_brings_the_truth(self, whole, stream):
        if stream not in self.facts.apart:
            assert whole.wrong[stream] == []
        assert stream not in whole.empty

    def test_only_the_selected_stream_is_read(self, trial):
        for stream in trial.selected[:2]:
            messages = trial.run(stream)
            assert {m["stream"] for m in messages.all if "stream" in m} == {stream}
            assert messages.records(stream)
            assert set(messages.state["bookmarks"]) <= {stream}

    def test_records_fit_the_schema_that_was_announced(self, whole, trial):
        validators = {}
        for message in whole.messages.all:
            if message["type"] == "SCHEMA":
                validators[message["stream"]] = Draft202012Validator(message["schema"])
            elif message["type"] == "RECORD":
                record = message["record"]
                validators[message["stream"]].validate(record)
                assert record["_account"] in trial.names
                if "_bookmark" in record:
                    assert str(Bookmark.parse(record["_bookmark"])) == record["_bookmark"]

    def test_a_field_that_nobody_knows_is_told_and_kept_raw(self, whole, trial, caplog):
        def adding(call, reply):
            if reply.outcome != "ok" or self.is_token_call(trial, call):
                return reply
            try:
                content = orjson.loads(reply.body)
            except ValueError:
                return reply  # a file
            return json_reply(with_new_fields(content, self.facts.open_fields))

        trial.change_answers(adding)
        caplog.clear()
        messages = trial.run(include_raw=True)
        assert trial.keys(messages) == self.selected(whole, trial)
        assert "zz_brand_new" in caplog.text
        kept = 0
        for stream in trial.selected:
            for record in messages.records(stream)[:5]:
                kept += "zz_brand_new" in str(record.pop("_raw"))
                assert "zz_brand_new" not in str(record)
        assert kept

    def is_token_call(self, trial, call):
        return trial.simulated.grants(call)

    def test_an_account_where_nothing_happens_moves_its_bookmarks(self, trial):
        messages = trial.run(start_date="2026-11-21T09:00:00+00:00", lookback=0)
        schemas = messages.of_type("SCHEMA")
        moved = 0
        for stream in (m["stream"] for m in schemas if m.get("bookmark_properties")):
            for account in trial.names:
                assert not messages.records(stream, account)
                moved += "replication_key_value" in messages.partition(stream, account)
        assert moved

    def test_a_start_before_what_the_platform_keeps_is_clamped_with_one_warning(
        self, trial, caplog
    ):
        kept = set(self.facts.kept)
        end = None
        if self.facts.world:
            # Too many windows lie between the border and the data: bring them together.
            end = trial.clock.now().isoformat()
            trial.box.advance(min(self.facts.kept.values()).total_seconds() - 4 * 3600)
        messages = trial.run(*kept, start_date="2020-01-01", end_date=end)
        warnings = [r.getMessage() for r in caplog.records if CLAMPED in r.getMessage()]
        sources = {line.partition(",")[0] for line in warnings}
        assert sources == kept
        assert len(warnings) == len(kept) * len(trial.names)
        assert "rejected" not in {call.outcome for call in trial.calls()}
        assert {m["stream"] for m in messages.of_type("RECORD")} == kept

    def test_windows_split_where_paging_ends(self, whole, trial, monkeypatch):
        for kind in self.facts.capped:
            reads, paging = kind.reads, kind.reads.paging
            changes = {"limit": min(paging.limit, 10)}
            if getattr(paging, "pages_cap", None):
                changes["pages_cap"] = 1
            if getattr(paging, "rows_cap", None):
                changes["rows_cap"] = changes["limit"]
            monkeypatch.setattr(kind, "reads", replace(reads, paging=replace(paging, **changes)))
        messages = trial.run(*(kind.name for kind in self.facts.capped))
        for kind in self.facts.capped:
            for account in trial.names:
                keys = set(messages.latest(kind.name, account))
                assert keys == whole.keys[kind.name, account], kind.name
            if page := getattr(kind.reads.paging, "page", None):
                first = getattr(kind.reads.paging, "first", 1)
                asked = {call.params.get(page, first) for call in trial.calls(kind.api)}
                assert asked <= {first, str(first)}, kind.name


def with_new_fields(content, open_fields=frozenset()):
    """Return an answer in which every object has a field that nobody knows."""
    if isinstance(content, dict):
        changed = {
            name: value if name in open_fields else with_new_fields(value, open_fields)
            for name, value in content.items()
        }
        return changed | {"zz_brand_new": {"a": [1]}}
    if isinstance(content, list):
        return [with_new_fields(part, open_fields) for part in content]
    if isinstance(content, str) and content.startswith(ANSWER):
        return orjson.dumps(with_new_fields(orjson.loads(content), open_fields)).decode()
    return content
