"""The platform's error table, row by row, and the recorded refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from openplatform.errors import (
    AuthExpiredError,
    FatalError,
    ShrinkBatchError,
    SkipError,
    ThrottledError,
    TransientError,
)
from openplatform.judging import Failure
from tap_wecom.client import ERRORS, WeComClient

SAMPLES = Path(__file__).parent / "samples"
TABLE = {
    TransientError: "-1",
    ThrottledError: "45009 45033",
    AuthExpiredError: "42001 40014",
    # Of the codes that are fatal for a request: those that a smaller one may avoid ...
    ShrinkBatchError: "45029 40058 40063 40035 301023",
    # ... those that speak of one id among others ...
    SkipError: "40003 40031 60111 40096 84061 84074 84084 60003 60123 301021",
    # ... and those that only a person can mend.
    FatalError: (
        "41001 40001 40013 40091 41002 41004 48002 48001 48004 48006 48005 50003 60011 60020 "
        "301002 301024 301025 301055 301056"
    ),
}


def judge(body, status=200):
    return WeComClient.failure(None, status, body)


@pytest.mark.parametrize(
    ("kind", "code"), [(kind, code) for kind, codes in TABLE.items() for code in codes.split()]
)
def test_every_row_of_the_error_table_has_its_class(kind, code):
    error = ERRORS.error(judge({"errcode": int(code), "errmsg": "x"}), where="account a, api")
    assert type(error) is kind
    assert "look it up" not in str(error), "a row of the table is not an unknown code"


def test_a_code_outside_the_table_is_fatal_and_says_so():
    error = ERRORS.error(judge({"errcode": 2017, "errmsg": "?"}), where="account a, api")
    assert type(error) is FatalError
    assert "not in the tap's error table" in str(error)


@pytest.mark.parametrize(("code", "wait"), [(45009, 60.0), (45033, 2.0)])
def test_throttling_waits_as_long_as_its_kind_asks(code, wait):
    error = ERRORS.error(judge({"errcode": code, "errmsg": ""}), where="")
    assert isinstance(error, ThrottledError)
    assert error.wait == wait


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (40001, "secret"),
        (48002, "可调用接口的应用"),
        (60020, "企业可信IP"),
        (60011, "可见范围"),
        (301055, "审批"),
    ],
)
def test_what_a_person_must_do_is_said(code, advice):
    assert advice in str(ERRORS.error(judge({"errcode": code, "errmsg": ""}), where=""))


def test_recorded_refusals_keep_their_hint():
    kinds = [
        type(ERRORS.error(judge(body), where=""))
        for body in json.loads((SAMPLES / "errors.json").read_text(encoding="utf-8"))
    ]
    assert kinds == [
        FatalError,
        AuthExpiredError,
        ThrottledError,
        ShrinkBatchError,
        FatalError,
        ShrinkBatchError,
    ]
    throttled = json.loads((SAMPLES / "errors.json").read_text(encoding="utf-8"))[2]
    text = str(ERRORS.error(judge(throttled), where="account ww1, user/list"))
    assert "45009" in text
    assert "hint: [1634264791_224_ada10dc6c9d80465eb8d1e6784b329b7]" in text


@pytest.mark.parametrize(
    "name", [file.stem for file in SAMPLES.glob("*.json") if file.stem != "errors"]
)
def test_no_recorded_answer_is_taken_for_a_failure(name):
    body = json.loads((SAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    assert judge(body) is None


def test_an_answer_of_somebody_else_is_a_failure():
    assert judge({"status": "ok"}) is not None
    assert judge(["a list"]) is not None
    busy = ERRORS.error(judge({"error": "bad gateway"}, 502), where="")
    assert type(busy) is TransientError
    assert isinstance(judge({"errcode": 40013, "errmsg": "invalid corpid"}), Failure)
