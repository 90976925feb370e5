"""The calls of 聚水潭 to a partner: the sheet's vector, which npm jushuitan verifies as well."""

from __future__ import annotations

import hashlib
from datetime import datetime, timezone
from urllib.parse import parse_qsl

import pytest
from openplatform.errors import ConfigurationError
from openplatform.push import PushEvent, PushRefusedError, PushRequest
from tap_jushuitan.push import JushuitanPush

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=timezone.utc)
OWN = {"account": "co1", "reply": '{"code":0}'}
VECTOR = "ts=1547048796&partnerid=erp&method=cancel.order&type=cancelOrder"
SIGN = "6be7466d0b6a89b9c12cf04a2a1e356c"


def ask(query, body=b"", method="POST"):
    values = dict(parse_qsl(query, keep_blank_values=True))
    return JushuitanPush(OWN).answer(PushRequest(method, values, {}, body, NOW))


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_known_vector(method):
    answer = ask(f"{VECTOR}&sign={SIGN}", b'{"so_id":"1"}', method)
    (event,) = answer.events
    at = datetime(2019, 1, 9, 15, 46, 36, tzinfo=timezone.utc)
    assert event == PushEvent("co1", "", "", "cancel.order", at, event.key)
    assert (answer.reply, answer.body) == (b'{"code":0}', b'{"so_id":"1"}')


def test_parameters_count_in_the_order_in_which_they_came():
    other = "type=cancelOrder&ts=1547048796&partnerid=erp&method=cancel.order"
    with pytest.raises(PushRefusedError, match="signature"):
        ask(f"{other}&sign={SIGN}")
    text = "cancel.ordererptypecancelOrderts1547048796erp"
    assert ask(f"{other}&sign={hashlib.md5(text.encode()).hexdigest()}").events


def test_empty_parameters_are_signed_as_well():
    text = "merperpts1noteerp"
    with pytest.raises(PushRefusedError):
        ask(f"method=m&ts=1&note=&sign={hashlib.md5(text.encode()).hexdigest()}")
    text = "merpts1noteerp"
    assert ask(f"method=m&ts=1&note=&sign={hashlib.md5(text.encode()).hexdigest()}").events


@pytest.mark.parametrize(
    "query",
    ["", f"sign={SIGN}", VECTOR, f"{VECTOR}&sign={SIGN[::-1]}", f"{VECTOR}&x=1&sign={SIGN}"],
)
def test_what_is_not_signed_is_refused(query):
    with pytest.raises(PushRefusedError):
        ask(query)


def test_repetitions_are_known_by_all_that_they_tell():
    def key(body):
        return ask(f"{VECTOR}&sign={SIGN}", body).events[0].key

    assert key(b"1") == key(b"1") != key(b"2")


@pytest.mark.parametrize("name", ["account", "reply"])
def test_what_calls_do_not_tell_is_asked_for(name):
    with pytest.raises(ConfigurationError, match=name):
        JushuitanPush({one: value for one, value in OWN.items() if one != name})
