"""What the platform's sheet tells: recorded answers, refusals, and how calls look."""

from __future__ import annotations

import pytest
from openplatform.accounts import Account
from openplatform.judging import Failure, Outcome
from openplatform.testing import check_golden, load_sample, shape_answer

from conformance.facts import Declared
from conformance.trial import resting_tap

UNKNOWN = "not in the tap's error table"


class Sheet(Declared):
    """The facts against the tap, without any platform."""

    @pytest.fixture(scope="class")
    @classmethod
    def tap(cls, tmp_path_factory):
        return resting_tap(cls.facts.tap, cls.facts.settings, tmp_path_factory.mktemp("sheet"))

    def load(self, name):
        return load_sample(self.folder / "samples" / f"{name}.json")

    def test_a_recorded_answer_becomes_the_records_on_file(self, sample, tap):
        answer = self.load(sample.file or sample.stream)
        if sample.repaired is not None:
            answer = sample.repaired(answer)
        shaped = shape_answer(
            tap,
            sample.stream,
            answer,
            account=self.facts.settings["accounts"][0]["id"],
            carried=sample.carried,
            asked=tap.clock.now(),
        )
        assert shaped.records
        assert (shaped.unknown, shaped.misfits, shaped.keyless) == ([], [], 0)
        golden = f"{sample.golden or sample.stream}.json"
        check_golden(self.folder / "golden" / golden, shaped.records)

    def test_a_recorded_answer_is_no_failure(self, sample, tap):
        answer = self.load(sample.file or sample.stream)
        for body in answer if isinstance(answer, list) else [answer]:
            assert tap.client.failure(200, body) is None

    def test_a_refusal_has_its_class_and_its_advice(self, refusal, tap):
        recorded = isinstance(refusal.body, str)
        body = self.load(refusal.body) if recorded else refusal.body
        for answer in body if recorded and isinstance(body, list) else [body]:
            failure = tap.client.failure(refusal.status, answer)
            assert isinstance(failure, Failure), "taken for an answer"
            rule = tap.client.errors.find(failure)
            assert rule.outcome is refusal.outcome
            error = tap.client.errors.error(failure, where="account 1, api")
            assert (UNKNOWN in str(error)) == (not refusal.known)
            assert refusal.advice in str(error)
            if refusal.wait is not None:
                assert error.wait == refusal.wait

    def test_what_nobody_knows_is_fatal_and_says_so(self):
        unknown = [refusal for refusal in self.facts.refusals if not refusal.known]
        assert unknown, "declare a refusal with known=False"
        assert {refusal.outcome for refusal in unknown} == {Outcome.FATAL}

    def test_answers_with_data_are_no_failures(self, tap):
        for body in self.facts.answers:
            assert tap.client.failure(200, body) is None, body

    def test_every_recording_and_every_record_on_file_is_used(self):
        facts = self.facts
        recorded = {file.stem for file in (self.folder / "samples").glob("*.json")}
        used = {sample.file or sample.stream for sample in facts.samples}
        refused = {refusal.body for refusal in facts.refusals if isinstance(refusal.body, str)}
        assert recorded == used | refused | set(facts.spare)
        golden = {file.stem for file in (self.folder / "golden").glob("*.json")}
        records = {sample.golden or sample.stream for sample in facts.samples}
        assert golden - set(facts.spare) == records

    def test_a_call_is_built_as_in_the_worked_example(self, built, tmp_path):
        settings = self.facts.settings
        tap = resting_tap(self.facts.tap, {**settings, **built.settings}, tmp_path)
        first = {**settings["accounts"][0], **built.account}
        account = Account(first["id"], first)
        request = tap.client.build(account, built.api, built.params, built.token, built.moment)
        wanted = built.request
        assert (request.method, request.path) == (wanted.method, wanted.path)
        assert request.query == wanted.query
        assert request.body == wanted.body
        assert dict(request.headers or {}).items() >= dict(wanted.headers or {}).items()
