"""What the sheet of 企业微信 tells, as data; the tests come with it."""

from __future__ import annotations

from conformance import Conformance, Facts, Refusal, Sample, epoch
from conformance.sdk import sdk_suite
from openplatform.judging import Outcome
from tap_wecom import streams
from tap_wecom.tap import TapWeCom

from .replay import RECORDED

CODES = {
    Outcome.TRANSIENT: "-1",
    Outcome.AUTH_EXPIRED: "42001 40014",
    # Of the codes that are fatal for a request: those that a smaller one may avoid ...
    Outcome.SHRINK_BATCH: "45029 40058 40063 40035 301023",
    # ... those that speak of one id among others ...
    Outcome.SKIP: "40003 40031 60111 40096 84061 84074 84084 60003 60123 301021",
    # ... and those that only a person can mend.
    Outcome.FATAL: (
        "41001 40001 40013 40091 41002 41004 48002 48001 48004 48006 48005 50003 60011 60020 "
        "301002 301024 301025 301055 301056"
    ),
}
ADVICE = {
    40001: "secret",
    48002: "可调用接口的应用",
    60020: "企业可信IP",
    60011: "可见范围",
    301055: "审批",
}


def refused(code, text="x"):
    return {"errcode": int(code), "errmsg": text}


def punch_key(record):
    """The simulator keys punches by epoch seconds."""
    moment = epoch(record["checkin_time"])
    names = ("checkin_type", "groupid", "timeline_id")
    return ":".join([record["userid"], str(moment), *(str(record[name]) for name in names)])


FACTS = Facts(
    tap=TapWeCom,
    settings={"accounts": [{"id": "ww1", "secret": "sample-secret"}]},
    samples=[
        Sample(
            kind.name,
            RECORDED[kind.api],
            carried={"userid": "zhangsan"} if kind.name == "external_contact_ids" else {},
        )
        for kind in streams.ALL
    ],
    refusals=[
        *(
            Refusal(outcome, refused(code), advice=ADVICE.get(int(code), ""))
            for outcome, codes in CODES.items()
            for code in codes.split()
        ),
        Refusal(Outcome.THROTTLED, refused(45009), wait=60.0),
        Refusal(Outcome.THROTTLED, refused(45033), wait=2.0),
        Refusal(Outcome.FATAL, refused(2017), known=False),
        # An answer of somebody else.
        Refusal(Outcome.TRANSIENT, {"error": "bad gateway"}, status=502),
    ],
    answers=[{"errcode": 0, "errmsg": "ok"}],
    wrong=(
        {"accounts": [{"id": "wwsandbox00000001", "secret": "mistyped"}]},
        "check the account's id (corpid) and secret",
    ),
    keys={
        "checkin_data": punch_key,
        "checkin_day_data": lambda record: f"{record['acctid']}:{epoch(record['date'])}",
    },
    spare={
        "errors": "several refusals of different classes: test_quirks.py",
        "gettoken": "an answer of the token call, which has no stream",
    },
)


class TestWeCom(Conformance):
    facts = FACTS


TestSdk = sdk_suite(FACTS)
