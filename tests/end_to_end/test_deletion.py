"""Nothing is taken for deleted unless a complete read says so (soft_delete in DuckDB)."""

from __future__ import annotations

import typing as t

import pytest
from sandbox.http import json_reply
from target_warehouse.errors import GuardError

from end_to_end import harness, lab

ACCOUNTS = ("lab1", "lab2", "lab3")


class Trial:
    """A shop with three accounts, read into DuckDB run by run."""

    def __init__(self, world, folder, *, scoped: bool, confirm_absence: int = 1) -> None:
        self.clock = harness.SharedTime()
        self.sandbox = world(
            seed=5,
            accounts=3,
            size=60,  # 12 items an account
            history_days=2,
            history_end=harness.NOW,
            limits=False,
            clock=harness.SandboxTime(self.clock),
        )
        self.config = {
            **self.sandbox.config("lab"),
            "scoped_activation": scoped,
            "concurrency": 2,
            "retry_tries": 2,
        }
        self.kind = lab.tap_class(item_limit=5, confirm_absence=confirm_absence)
        self.duck = harness.DuckFile(folder / "warehouse.duckdb", "soft_delete")
        self.state: harness.Message | None = None

    def read(self, *, force_delete: bool = False, **config: t.Any) -> harness.Outcome:
        outcome = harness.run(
            self.kind,
            {**self.config, **config},
            streams=("items",),
            state=self.state,
            clock=self.clock,
        )
        if self.state is None:
            assert outcome.failed is None, "the first read is whole"
            assert len(outcome.records("items")) == 36
        self.state = outcome.state
        self.duck.load(outcome.output, force_delete=force_delete)
        self.clock.advance(60)
        return outcome

    def vanish(self, account: str, count: int) -> set[tuple[str, str]]:
        keys = [row.key for row in self.sandbox.truth("lab", account, "items")][:count]
        self.sandbox.mutate("lab", account, "items", "delete", keys=keys)
        return {(account, key) for key in keys}

    @property
    def marked(self) -> set[tuple[str, str]]:
        return self.duck.marked("items")


@pytest.fixture(params=[False, True], ids=["unscoped", "scoped"])
def scoped(request):
    return request.param


@pytest.fixture
def trial(world, tmp_path, scoped):
    return Trial(world, tmp_path, scoped=scoped)


def test_a_complete_read_marks_exactly_what_vanished(trial):
    trial.read()
    gone = trial.vanish("lab1", 3) | trial.vanish("lab3", 1)
    assert trial.marked == set()
    trial.read()
    assert trial.marked == gone
    assert len(trial.duck.versions("items")) == 36


def test_a_row_that_comes_back_is_not_marked_any_more(trial):
    trial.read()
    gone = trial.vanish("lab1", 2)
    trial.read()
    assert trial.marked == gone
    with trial.sandbox.world.lock:
        data = trial.sandbox.world.platform("lab").dataset("lab1", "items")
        returned = data.deleted()[0]
        key = data.key(returned)
        del data._deleted[returned.serial]
        data._changed[returned.serial] = returned
        for axis, moment in (("updated", returned.updated), ("created", returned.created)):
            data._orders[axis].place(returned.serial, moment)
    trial.read()
    assert trial.marked == gone - {("lab1", key)}


def test_a_read_that_fails_half_way_marks_nothing(trial, monkeypatch):
    trial.read()
    trial.vanish("lab1", 3)
    trial.vanish("lab2", 3)
    trial.vanish("lab3", 3)
    fail_after(monkeypatch, trial, dict.fromkeys(ACCOUNTS, 1))
    assert trial.read().failed is not None
    assert trial.marked == set()


def test_one_failing_account_of_three_marks_only_what_is_sure(trial, scoped, monkeypatch):
    trial.read()
    gone = {account: trial.vanish(account, 2) for account in ACCOUNTS}
    fail_after(monkeypatch, trial, {"lab2": 1})
    outcome = trial.read()
    assert "items of lab2" in str(outcome.failed)
    # Without a scope an activation speaks for all accounts, so there must be none.
    assert trial.marked == (gone["lab1"] | gone["lab3"] if scoped else set())
    monkeypatch.undo()
    assert trial.read().failed is None
    assert trial.marked == set().union(*gone.values())


def test_an_account_that_never_answers_keeps_its_rows(trial, scoped):
    trial.read()
    gone = trial.vanish("lab1", 2)
    accounts = [dict(entry) for entry in trial.config["accounts"]]
    accounts[1]["key"] = "sandbox-lab-key-of-nobody"
    outcome = trial.read(accounts=accounts)
    assert "items of lab2" in str(outcome.failed)
    assert trial.marked == (gone if scoped else set())


def test_an_empty_answer_by_mistake_marks_nothing(trial):
    trial.read()
    trial.sandbox.set_faults(empty=1.0, streak=1000)
    outcome = trial.read()
    assert outcome.failed is not None
    assert not outcome.of("ACTIVATE_VERSION")
    assert trial.marked == set()
    trial.sandbox.set_faults(empty=0.0)
    trial.read()
    assert trial.marked == set()


def test_a_list_that_says_it_is_empty_is_not_believed_until_told_so(trial):
    trial.read()
    everything = {pair for account in ACCOUNTS for pair in trial.vanish(account, 12)}
    outcome = trial.read()
    assert outcome.failed is not None
    assert trial.marked == set()
    with pytest.raises(GuardError, match="force_delete"):  # the target has a guard of its own
        trial.read(accept_empty=True)
    assert trial.marked == set()
    assert trial.read(accept_empty=True, force_delete=True).failed is None
    assert trial.marked == everything
    assert len(everything) == 36


def test_absence_must_be_confirmed_by_a_second_read(world, tmp_path, scoped):
    trial = Trial(world, tmp_path, scoped=scoped, confirm_absence=2)
    trial.read()
    gone = trial.vanish("lab2", 2)
    trial.read()
    assert trial.marked == set()
    trial.read()
    assert trial.marked == gone


def test_a_failed_read_in_between_is_no_confirmation(world, tmp_path, scoped, monkeypatch):
    trial = Trial(world, tmp_path, scoped=scoped, confirm_absence=2)
    trial.read()
    gone = trial.vanish("lab2", 2)
    trial.read()
    fail_after(monkeypatch, trial, dict.fromkeys(ACCOUNTS, 1))
    assert trial.read().failed is not None
    assert trial.marked == set()
    monkeypatch.undo()
    trial.read()
    assert trial.marked == gone


def test_a_row_hidden_by_a_move_is_not_taken_for_deleted(trial, monkeypatch):
    """A row that is touched after its page was read pushes another one over the page's border."""
    trial.read()
    lab_platform = trial.sandbox.world.platform("lab")
    handle = lab_platform.handle
    asked = []

    def touching(call):
        reply = handle(call)
        if call.account == "lab1" and call.api == "items/pages":
            asked.append(call.params["page"])
            if len(asked) == 2:  # the last page of the list has just been read
                oldest = next(iter(trial.sandbox.truth("lab", "lab1", "items"))).key
                trial.sandbox.mutate("lab", "lab1", "items", "update", keys=[oldest])
        return reply

    monkeypatch.setattr(lab_platform, "handle", touching)
    trial.clock.advance(60)
    outcome = trial.read()
    assert asked[:2] == [1, 3]
    assert len(asked) > 4, "the list was not read again"
    assert outcome.failed is None
    came = {row["id"] for row in outcome.records("items") if row["_account"] == "lab1"}
    assert len(came) == 12
    assert trial.marked == set()


def fail_after(monkeypatch, trial: Trial, answers: dict[str, int]) -> None:
    """Let the lab refuse an account's calls for good after so many answers."""
    platform = trial.sandbox.world.platform("lab")
    handle = platform.handle
    left = dict(answers)

    def failing(call):
        reply = handle(call)
        if call.account in left:
            left[call.account] -= 1
            if left[call.account] < 0:
                body = {"ok": False, "code": 1006, "message": "closed for today"}
                return json_reply(body, outcome="rejected")
        return reply

    monkeypatch.setattr(platform, "handle", failing)
