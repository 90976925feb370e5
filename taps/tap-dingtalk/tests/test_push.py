"""Callbacks of 钉钉: the sheet's examples, wechatpy as a witness, and what is not genuine."""

from __future__ import annotations

import json
import warnings
from datetime import datetime, timezone

import pytest
from hypothesis import given, strategies as st
from openplatform.callbacks import Envelope
from openplatform.errors import ConfigurationError
from openplatform.push import PushRefusedError, PushRequest
from tap_dingtalk.push import DingtalkPush

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from wechatpy.enterprise.crypto import WeChatCrypto

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=timezone.utc)
CORP, TOKEN, KEY = (
    "dingabcdef0123456789",
    "tapDingToken",
    "80IsL2FURHVKyZUXPTFgVC0CzEUINdmIdGwBgDU3nVE",
)
CHECK = (
    "tunwo7qVepiNcCbfdyT6E528fn8BhmeGGG4/o29zeF2tIEfkmYBsmkpjGmR7ZSLwJO5erChYRJum4xfu+cLxozST+hGhIQpS"
    "tT5ykszSw8v3M5zp9vsjreXyBFxfiA4W"
)
SIGNATURE = {
    "signature": "b5fb080820fbdf9464e0dae0e1d2df5ecb612c64",
    "timestamp": "1767225600000",
    "nonce": "aB3dE5fG",
}


def push(**changes):
    return DingtalkPush({"corp_id": CORP, "token": TOKEN, "aes_key": KEY} | changes)


def request(query, encrypted="", method="POST", body=None):
    sent = json.dumps({"encrypt": encrypted}).encode() if body is None else body
    return PushRequest(method, query, {}, sent, NOW)


def sealed(message, owner=CORP):
    """A message as another implementation encrypts it."""
    text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
    xml = WeChatCrypto(TOKEN, KEY, owner).encrypt_message(text, "77", "1767225600000")
    encrypted = xml.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
    signature = xml.partition("<MsgSignature><![CDATA[")[2].partition("]]>")[0]
    return request({"signature": signature, "timestamp": "1767225600000", "nonce": "77"}, encrypted)


def events(**message):
    return push().answer(sealed(message)).events


def test_worked_example_a_the_check_of_the_address():
    answer = push().answer(request(SIGNATURE, CHECK))
    assert (answer.events, answer.body) == ((), b'{"EventType":"check_url"}')
    other_names = {
        "msg_signature": SIGNATURE["signature"],
        "timeStamp": SIGNATURE["timestamp"],
        "nonce": SIGNATURE["nonce"],
    }
    assert push().answer(request(other_names, CHECK)).reply == answer.reply


def test_worked_example_b_the_answer():
    envelope = Envelope(TOKEN, KEY)
    encrypted = envelope.seal_with(b"fedcba9876543210", b"success", CORP)
    assert encrypted == (
        "MDkkWXV0gFSV2M92KbkjGbkRtj0sXTdhSzvbN8yOhlom2HoWyEmSSH1vc9ftuzNWq44l7xtmTm2MygXmLaRbhQ=="
    )
    assert (
        envelope.sign("1767225600123", "Zx9Yw8Vu", encrypted)
        == "c445c2ec41496e9dd89e1e1a05b24af79fbfbbf4"
    )


def test_the_answer_is_the_word_sealed_for_the_owner():
    reply = json.loads(push().answer(request(SIGNATURE, CHECK)).reply)
    assert reply.keys() == {"msg_signature", "timeStamp", "nonce", "encrypt"}
    told = Envelope(TOKEN, KEY).open(
        reply["msg_signature"], reply["timeStamp"], reply["nonce"], reply["encrypt"]
    )
    assert told == (b"success", CORP)


def test_published_vector_c():
    gate = DingtalkPush(
        {
            "corp_id": "ding6ccabc44d2c8d38b",
            "token": "mryue",
            "aes_key": "Yue0EfdN5900c1ce5cf6A152c63DDe1808a60c5ecd7",
        }
    )
    query = {
        "signature": "03044561471240d4a14bb09372dfcfd4fd0e40cb",
        "timestamp": "1608001896814",
        "nonce": "WL4PK6yA",
    }
    encrypted = (
        "0vJiX6vliEpwG3U45CtXqi+m8PXbQRARJ8p8BbDuD1EMTDf0jKpQ79QS93qEk7XHpP6u+oTTrd15NRPvNvmBKyDCYxxO"
        "K+HZeKju4yhELOFchzNukR+t8SB/qk4ROMu3"
    )
    answer = gate.answer(request(query, encrypted))
    assert (answer.body, answer.events) == (b'{"EventType":"check_url"}', ())


def test_what_wechatpy_encrypts_is_read_and_what_is_for_others_refused():
    (one,) = push().answer(sealed({"EventType": "chat_update", "Name": "张三 <&>"})).events
    assert (one.stream, one.kind, one.account) == ("", "chat_update", CORP)
    with pytest.raises(PushRefusedError, match="another app or company"):
        push().answer(sealed({"EventType": "chat_update"}, owner="dingother"))
    own = push(owner="dingappkey").answer(sealed({"EventType": "x"}, owner="dingappkey"))
    assert own.events[0].account == CORP


@pytest.mark.parametrize(
    ("message", "touched"),
    [
        ({"EventType": "user_add_org", "UserId": ["a", "b"]},
         [("user_details", "a"), ("user_details", "b")]),
        ({"EventType": "user_leave_org", "UserId": ["a"]}, [("user_details", "a")]),
        ({"eventType": "user_modify_org", "userId": ["a"]}, [("user_details", "a")]),
        ({"EventType": "org_dept_create", "DeptId": [2, 3]},
         [("departments", "2"), ("departments", "3")]),
        ({"EventType": "bpms_instance_change", "processInstanceId": "P1", "type": "finish"},
         [("approvals", "P1")]),
        ({"EventType": "user_add_org"}, [("", "")]),
        ({"EventType": "label_user_change", "UserIdList": ["a"]}, [("", "")]),
        ({"something": "else"}, [("", "")]),
    ],
)  # fmt: skip
def test_a_message_tells_the_streams_and_the_ids(message, touched):
    assert [(one.stream, one.id) for one in events(**message)] == touched


def test_a_message_tells_when_it_happened_and_whose_it_is():
    (one,) = events(EventType="user_add_org", UserId=["a"], TimeStamp="1767225600000", CorpId="c9")
    assert (one.at, one.account) == (datetime(2026, 1, 1, tzinfo=timezone.utc), "c9")
    (form,) = events(
        EventType="bpms_instance_change",
        processInstanceId="P",
        createTime=1,
        finishTime=1767225600000,
    )
    assert form.at == datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert events(EventType="chat_update", TimeStamp="soon")[0].at == NOW


def test_repetitions_have_one_key_and_other_messages_another():
    first = {"EventType": "user_modify_org", "UserId": ["a", "b"], "TimeStamp": "1767225600000"}
    keys = [one.key for one in events(**first)]
    assert len(set(keys)) == 2
    assert keys == [one.key for one in events(**first)]
    assert not set(keys) & {one.key for one in events(**{**first, "TimeStamp": "1767225600001"})}


@pytest.mark.parametrize(
    "sent",
    [
        request({}, CHECK),
        request({**SIGNATURE, "signature": "0" * 40}, CHECK),
        request({**SIGNATURE, "nonce": "1"}, CHECK),
        request(SIGNATURE, "e" + CHECK[1:]),
        request(SIGNATURE, "é"),
        request(SIGNATURE, None),
        request(SIGNATURE, body=b""),
        request(SIGNATURE, body=b"[]"),
        request(SIGNATURE, CHECK, method="GET"),
        sealed("no object"),
    ],
)
def test_what_is_not_genuine_is_refused_without_quoting_a_secret(sent):
    with pytest.raises(PushRefusedError) as refused:
        push().answer(sent)
    assert TOKEN not in str(refused.value)
    assert KEY not in str(refused.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    ["EventType", "UserId", "DeptId", "CorpId", "TimeStamp", "processInstanceId", "x"]
)


@given(st.dictionaries(FIELDS, JSON))
def test_whatever_a_genuine_message_holds_it_is_an_event(content):
    found = push().answer(sealed(content)).events
    assert len({one.key for one in found}) == len(found)
    assert all(isinstance(one.id, str) and one.account and one.at.tzinfo for one in found)
    assert found or content.get("EventType") == "check_url"


@given(st.binary(max_size=200), st.text(max_size=40))
def test_whatever_else_comes_is_refused(body, signature):
    with pytest.raises(PushRefusedError):
        push().answer(request({**SIGNATURE, "signature": signature}, body=body))


@pytest.mark.parametrize("key", [KEY[:-1], KEY + "A", "é" * 43, "*" * 43])
def test_a_wrong_key_is_told_at_once(key):
    with pytest.raises(ConfigurationError, match="aes_key is no EncodingAESKey"):
        push(aes_key=key)
