"""Runs that are disturbed, refused, cut off or killed: nothing is lost, and nothing secret told."""

from __future__ import annotations

import json
import logging
import os
import signal

import pytest
from forked_taps import TapProcess
from openplatform.errors import RunFailedError
from openplatform.testing import run_process, tap_process
from sandbox.http import Reply

from conformance.changing import SETTLED
from conformance.reading import Reading

FAULTS = ("throttle", "too_many", "server_error", "cut", "html")
MOST_STATES = 16
CLOSED = b'{"closed":true}'


class Failing(Reading):
    """What a tap must survive."""

    def test_faults_lose_nothing(self, whole, trial):
        trial.box.set_faults(**dict.fromkeys(FAULTS, 0.06), retry_after=1)
        assert trial.keys(trial.run()) == self.selected(whole, trial)
        made = trial.box.world.plan.made
        assert all(made[kind] for kind in FAULTS), made

    def test_tokens_that_expire_in_mid_run_are_renewed(self, whole, trial):
        calls = []

        def expiring(call, reply):
            calls.append(call)
            if len(calls) % 50 == 10:  # often, yet a call must be able to outlive it
                trial.box.expire_tokens(trial.slug)
            return reply

        trial.change_answers(expiring)
        assert trial.keys(trial.run()) == self.selected(whole, trial)
        assert "auth" in {outcome for *_, outcome in trial.box.counts()}, "no call was refused"

    def test_a_broken_account_does_not_stop_the_others(self, whole, trial):
        broken = trial.names[1]
        trial.change_answers(self.refusing(trial, broken))
        messages = trial.run(fails=True)
        assert isinstance(messages.error, RunFailedError)
        assert broken in str(messages.error)
        for (stream, account), keys in trial.keys(messages).items():
            if account == broken:
                assert not keys
            else:
                assert keys == whole.keys[stream, account]
                assert account not in str(messages.error)

    def test_as_a_process_it_ends_with_1_and_says_which_account(self, trial):
        broken, stream = trial.names[1], self.ageless(trial)
        trial.change_answers(self.refusing(trial, broken))
        settings = dict(trial.config)
        if not self.facts.world:  # else a process would go through years of short windows
            del settings["start_date"]
        done = run_process(self.facts.tap, settings, select=[stream], start=TapProcess)
        assert done.code == 1
        assert "Traceback" not in done.log
        assert f"{stream} of {broken}" in done.log
        assert done.messages.records(stream, trial.names[0])

    def refusing(self, trial, account):
        """An answer that no one can mend, to all but the token calls of an account."""

        def change(call, reply):
            refused = call.account == account and not self.is_token_call(trial, call)
            return Reply(CLOSED, 403, "rejected") if refused else reply

        return change

    def test_a_run_that_is_cut_off_goes_on_from_any_of_its_states(self, whole, trial, every_state):
        """Whoever is killed leaves what it wrote so far: all of it up to some message."""
        account = trial.names[0]
        config = {"accounts": trial.config["accounts"][:1], "lookback": 0}
        first = trial.run(**config)
        wanted = {k: v for k, v in self.selected(whole, trial).items() if k[1] == account}
        assert {k: v for k, v in trial.keys(first).items() if k[1] == account} == wanted
        states = [n for n, message in enumerate(first.all) if message["type"] == "STATE"]
        assert len(states) > 2
        trial.box.advance(SETTLED)
        # Runs of many small windows have hundreds of states; `--every-state` takes them all.
        step = 1 if every_state else -(-len(states) // MOST_STATES)
        for number in states[:-1:step]:
            # The least that can have arrived when this state was the last one.
            before = type(first)(first.all[: number + 1])
            after = trial.run(**config, state=first.all[number]["value"])
            assert {k: v for k, v in trial.keys(before, after).items() if k[1] == account} == (
                wanted
            ), number

    def test_a_process_that_is_killed_while_its_token_rotates_is_followed_by_a_whole_one(
        self, whole, trial
    ):
        """The platform has given new tokens, and nobody was left to keep them."""
        victims = []

        def killing(call, reply):
            if self.is_token_call(trial, call) and victims and reply.outcome == "ok":
                os.kill(victims.pop(), signal.SIGKILL)
            return reply

        stream = self.ageless(trial)
        trial.change_answers(killing)
        started = tap_process(self.facts.tap, trial.config, select=[stream], start=TapProcess)
        with started as process:
            victims.append(process.pid)
            process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
        done = run_process(self.facts.tap, trial.config, select=[stream], start=TapProcess)
        assert done.code == 0, done.log
        for account in trial.names:
            assert set(done.messages.latest(stream, account)) == whole.keys[stream, account]

    def test_no_secret_leaves_the_process(self, trial, capfd, caplog):
        trial.box.set_faults(cut=0.2, expire=0.1, throttle=0.1)
        with caplog.at_level(logging.DEBUG):
            messages = trial.run(*trial.selected[:2])
        written = json.dumps(messages.all) + caplog.text + "".join(capfd.readouterr())
        secrets = trial.secrets()
        assert secrets
        assert [secret for secret in secrets if secret in written] == []

    def test_what_the_platform_refuses_names_the_setting(self, trial, caplog):
        if self.facts.wrong is None:
            pytest.fail("declare `wrong`: a setting with a value that the platform refuses")
        changes, told = self.facts.wrong
        trial.run(trial.selected[0], fails=True, **changes)
        assert told in caplog.text
        for value in changes.values():
            if isinstance(value, str):
                assert value not in caplog.text
