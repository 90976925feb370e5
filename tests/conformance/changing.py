"""Runs that follow one another, and data that changes between them and while they read."""

from __future__ import annotations

import logging
from dataclasses import replace

from openplatform.bookmarks import Bookmark

from conformance.reading import Reading

MOVED = ("the list moved so much", "passes did not bring as many rows")
SETTLED = 200  # seconds after which what changed lies behind every settle


class Changing(Reading):
    """What an incremental run must bring."""

    def test_a_second_run_brings_what_is_new_and_moves_on(self, trial):
        first = trial.run(lookback=0)
        trial.box.advance(2 * 86_400)  # some platforms are read by whole days
        second = trial.run(state=first.state, lookback=0)
        for stream in first.state["bookmarks"]:
            for account in trial.names:
                before, after = (m.partition(stream, account) for m in (first, second))
                if "replication_key_value" not in before:
                    continue
                mark = Bookmark.parse(before["replication_key_value"])
                assert Bookmark.parse(after["replication_key_value"]) > mark
                if not before.get("open"):
                    came = second.records(stream, account)
                    assert all(Bookmark.parse(r["_bookmark"]) >= mark for r in came)
        full = {m["stream"] for m in first.of_type("RECORD") if "version" in m}
        everything, again = trial.keys(first), trial.keys(second)
        assert {k: v for k, v in everything.items() if k[0] in full} == {
            k: v for k, v in again.items() if k[0] in full
        }

    def test_what_changes_between_runs_comes(self, whole, trial):
        first = whole.messages  # of a world that was just like this one
        changed = {
            (entity.name, account): set(trial.box.mutate(trial.slug, account, entity.name, count=2))
            for entity in trial.simulated.entities
            if entity.name in trial.selected and entity.mutable and not entity.frozen
            for account in trial.names
        }
        assert changed
        trial.box.advance(SETTLED)
        second = trial.run(state=first.state)
        for (stream, account), keys in changed.items():
            before, after = first.latest(stream, account), second.latest(stream, account)
            came = {key for key, record in after.items() if record != before.get(key)}
            assert {key.rpartition(":")[2] for key in keys} <= {
                part for key in came for part in (key, key.rpartition(":")[2])
            }, stream

    def test_what_moves_while_it_is_read_is_not_lost(self, trial, caplog):
        trial.box.set_churn(60, deletions=0.0, late_commit=0.0)
        # A list that moved in each pass is left to the next run, and nothing else may fail.
        first = trial.run(fails=None)
        unread = [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR]
        assert [line for line in unread if not any(text in line for text in MOVED)] == []
        trial.box.set_churn(0)
        assert sum(trial.box.world.churn.made.values()) > 10
        trial.box.advance(86_400)
        # A form that changes after it was final is found within the look-back only.
        second = trial.run(state=first.state, lookback="30d")
        both = replace(first, all=first.all + second.all)
        for stream in set(trial.selected) - set(self.facts.apart):
            key, ignored = self.facts.keys.get(stream), self.facts.ignored.get(stream, frozenset())
            found = trial.wrong(both, stream, key=key, ignore=ignored)
            # Some rows are replaced by others, such as a punch that was missing.
            assert [line for line in found if not line.endswith("does not exist")] == []

    def test_what_vanished_is_told_after_whole_reads_without_it(self, whole, trial):
        streams = self.facts.vanishing
        first = whole.messages  # of a world that was just like this one
        gone = {
            (stream, account): trial.box.mutate(trial.slug, account, stream, "delete", count=2)
            for stream in streams
            for account in trial.names
        }
        runs = [first]
        for _ in range(2):  # some lists must miss a row twice
            trial.box.advance(3600)
            runs.append(trial.run(*streams, state=runs[-1].state, accept_empty=True))
        last = runs[-1]
        for stream in streams:
            activations = last.activations(stream)
            assert activations
            assert all(one["version"] > first.version(stream) for one in activations)
            for account in trial.names:
                came = set(last.latest(stream, account))
                assert set(gone[stream, account]) <= set(first.latest(stream, account)) - came
            key, ignored = self.facts.keys.get(stream), self.facts.ignored.get(stream, frozenset())
            assert trial.wrong(last, stream, key=key, ignore=ignored) == []
