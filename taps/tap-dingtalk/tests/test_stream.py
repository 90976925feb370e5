"""Stream 模式 of 钉钉: the frames of the protocol's own page, and what refuses a connection."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest
from hypothesis import given, strategies as st
from openplatform.errors import ConfigurationError, FatalError, TransientError
from openplatform.push import PushEvent, PushRefusedError, PushRequest
from tap_dingtalk.push import DingtalkPush

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=timezone.utc)
OWN = {"corp_id": "ding1", "client_id": "dingapp", "client_secret": "s"}
# The sample of the protocol's page, its stars filled in.
HEADERS = {
    "topic": "*",
    "messageId": "213d841d_972_1898bb26334_70a7",
    "contentType": "application/json",
    "time": "1683533823336",
    "eventId": "c7c7120f2c0741900ebdba0318c8",
    "eventBornTime": "1683533823336",
    "eventCorpId": "ding9f50b15b0016741",
    "eventType": "user_add_org",
    "eventUnifiedAppId": "bbb381b6-f01",
}
DATA = '{"timeStamp" : "1685501863357","userId" : ["0150000227"]}'
BORN = datetime(2023, 5, 31, 2, 57, 43, 357_000, tzinfo=timezone.utc)


@pytest.fixture
def line():
    return DingtalkPush(OWN).dialogue()


def frame(kind="EVENT", headers=HEADERS, data=DATA):
    return json.dumps({"specVersion": "1.0", "type": kind, "headers": headers, "data": data})


def answered(text):
    reply = json.loads(text)
    assert reply["headers"]["contentType"] == "application/json"
    return reply["code"], reply["headers"]["messageId"], json.loads(reply["data"])


def test_an_event_is_understood_and_its_answer_prepared(line):
    heard = line.hear(frame(), NOW)
    assert heard.events == (
        PushEvent(
            account="ding9f50b15b0016741",
            stream="user_details",
            id="0150000227",
            kind="user_add_org",
            at=BORN,
            key="ding9f50b15b0016741/c7c7120f2c0741900ebdba0318c8/0",
        ),
    )
    assert json.loads(heard.body)["headers"] == HEADERS
    name = HEADERS["messageId"]
    (taken,), (later,) = heard.reply, heard.instead
    assert answered(taken) == (200, name, {"status": "SUCCESS", "message": "success"})
    assert answered(later) == (500, name, {"status": "LATER", "message": "not stored"})


def test_a_repetition_is_the_same_event_under_another_message_id(line):
    first = line.hear(frame(), NOW).events
    again = line.hear(frame(headers={**HEADERS, "messageId": "other", "time": "1"}), NOW).events
    other = line.hear(frame(headers={**HEADERS, "eventId": "other"}), NOW).events
    assert first == again
    assert first[0].key != other[0].key


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        ("org_dept_modify", {"deptId": [7, 8]}, [("departments", "7"), ("departments", "8")]),
        ("bpms_instance_change", {"processInstanceId": "p1"}, [("approvals", "p1")]),
        ("calendar_event_change", {}, [("", "")]),
    ],
)
def test_events_name_what_they_are_about(line, kind, data, expected):
    heard = line.hear(frame(headers={**HEADERS, "eventType": kind}, data=json.dumps(data)), NOW)
    assert [(one.stream, one.id) for one in heard.events] == expected
    assert len({one.key for one in heard.events}) == len(expected)


def test_a_ping_comes_back_as_it_is(line):
    headers = {"topic": "ping", "messageId": "p", "contentType": "application/json"}
    heard = line.hear(frame("SYSTEM", headers, '{"opaque" : "123-dsfs"}'), NOW)
    assert heard.events == ()
    assert [answered(one) for one in heard.reply] == [(200, "p", {"opaque": "123-dsfs"})]


def test_disconnect_is_obeyed_and_what_nobody_asked_for_is_not_taken(line):
    headers = {"topic": "disconnect", "contentType": "application/json"}
    heard = line.hear(frame("SYSTEM", headers, '{"reason" : "connection is expired"}'), NOW)
    assert "connection is expired" in heard.leave
    headers = {"topic": "/v1.0/im/bot/messages/get", "messageId": "m"}
    assert [answered(one)[0] for one in line.hear(frame("CALLBACK", headers), NOW).reply] == [404]


@pytest.mark.parametrize("text", ["", "[]", "no json", frame(data="no json"), b"\xff"])
def test_what_makes_no_sense_is_not_answered(line, text):
    with pytest.raises(PushRefusedError):
        line.hear(text, NOW)


def test_the_ticket_is_asked_for_and_opens_the_address(line):
    asked = line.ask()
    assert asked.url == "https://api.dingtalk.com/v1.0/gateway/connections/open"
    assert json.loads(asked.body)["subscriptions"] == [{"type": "EVENT", "topic": "*"}]
    line.told(200, b'{"endpoint":"wss://host:443/connect","ticket":"a+b/c=="}')
    assert line.address(NOW) == "wss://host:443/connect?ticket=a%2Bb%2Fc%3D%3D"
    elsewhere = DingtalkPush(OWN | {"base_url": "http://127.0.0.1:1/dingtalk/"}).dialogue()
    assert elsewhere.ask().url == "http://127.0.0.1:1/dingtalk/v1.0/gateway/connections/open"


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, '{"code":"authFailed","message":"鉴权失败"}', FatalError),
        (400, '{"code":"invalidClientIdOrSecret","message":"no"}', FatalError),
        (403, '{"code":"Forbidden.AccessDenied.QpsLimitForAppkeyAndApi"}', TransientError),
        (400, "<html>The plain HTTP request was sent to HTTPS port", TransientError),
        (503, "", TransientError),
        (200, "{}", TransientError),
    ],
)
def test_no_ticket_is_told_in_words(line, status, body, error):
    with pytest.raises(error, match=f"HTTP {status}"):
        line.told(status, body.encode())


def test_each_way_wants_its_own_settings():
    with pytest.raises(ConfigurationError, match="client_id and client_secret"):
        DingtalkPush({"corp_id": "c", "client_id": "only"})
    stream = DingtalkPush(OWN)
    assert (stream.listens, stream.takes_requests) == (True, False)
    with pytest.raises(PushRefusedError) as refused:
        stream.answer(PushRequest("POST", {}, {}, b"{}", NOW))
    assert refused.value.status == 404
    both = DingtalkPush(OWN | {"token": "t", "aes_key": "a" * 43})
    assert (both.listens, both.takes_requests) == (True, True)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    kind=st.sampled_from(["EVENT", "SYSTEM", "CALLBACK"]) | ANY,
    headers=st.dictionaries(st.sampled_from([*HEADERS, "x"]), ANY) | ANY,
    data=st.dictionaries(st.sampled_from(["userId", "deptId", "timeStamp"]), ANY).map(json.dumps)
    | ANY,
)
def test_whatever_a_frame_holds_it_is_understood_or_refused(kind, headers, data):
    try:
        heard = DingtalkPush(OWN).dialogue().hear(frame(kind, headers, data), NOW)
    except PushRefusedError:
        return
    for one in heard.events:
        assert all(isinstance(text, str) for text in (one.account, one.id, one.kind, one.key))
