"""Callbacks of 企业微信: the sheet's three examples, wechatpy as a witness, and what is not genuine."""

from __future__ import annotations

import hashlib
import html
import warnings
from datetime import datetime, timezone

import pytest
from hypothesis import given, strategies as st
from openplatform.errors import ConfigurationError
from openplatform.push import PushRefusedError, PushRequest
from tap_wecom.push import WeComPush

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from wechatpy.enterprise.crypto import WeChatCrypto

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=timezone.utc)
CORP, TOKEN, KEY = (
    "wwabcdef0123456789",
    "tapToken2026",
    "KEdh2UBN57Q3WunY2a4tfHPdP4WWNk28ajcjeWygekc",
)
MESSAGE = (
    "dZWGLSyWU4XzDJCvlM3P/mAfbyWS+vtf0i/EiVC/vBeo3nX/laK1gJJbAarSFfo2RHPf01C71i1XHKofyXgv4bu3GJH3"
    "VsX6zTHmQDjiIBzErRrFLo31+NAkCQgpNbWxbVG7GIkcj0+TBQaV6vqNjZ1gvuPg5/X0PC/KzlqR/3uWNqA675UczkpX"
    "41WUr93VKF1dbE1fAU/x+vOYefrRpWUwk79H3d4sFv6USXhQj4MdNdHjPvT3Pd4imGh0Upz2R8V+xvJ51hRAt2bCD7pj"
    "9rT+nGXwn249fEn3ow53RktN6RvULUnPt35DLMDV2YzZ2cwEq8hdRh8gZTDUfDCtJnrC7V2uBvzoDHI/5PfIM1Zixoad"
    "Xo+LhYu1ytWoO8pr6TKM+mH4cXSaBAHy4B6lSZzhgKzt0bSvv1HORKAHNPAI3gENMPRphSzHGNdgzDhBt6Xys7xSIbQa"
    "WaHG4lSs0A=="
)
SIGNATURE = {
    "msg_signature": "9e15e5830641bbb47acf70a86fa234a3e07bd950",
    "timestamp": "1767225600",
    "nonce": "1372623149",
}
ECHO = "fei/zn4aKtUjldPut8OnS8oASsF0pzPbSMy1lUxBJQdH4+KtOuF9EXie0Ca8/Y7CGfBBtam1/oXgHcixInqglA=="


def push(**changes):
    return WeComPush({"corp_id": CORP, "token": TOKEN, "aes_key": KEY} | changes)


def request(query, body=b"", method="POST"):
    return PushRequest(method, query, {}, body, NOW)


def envelope(encrypted):
    return f"<xml><ToUserName><![CDATA[{CORP}]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode()


def sealed(plain, corp=CORP):
    """A message as another implementation encrypts it."""
    xml = WeChatCrypto(TOKEN, KEY, corp).encrypt_message(plain, "77", "1767225600")
    encrypted = xml.partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]
    signature = xml.partition("<MsgSignature><![CDATA[")[2].partition("]]>")[0]
    return request(
        {"msg_signature": signature, "timestamp": "1767225600", "nonce": "77"}, envelope(encrypted)
    )


def notice(**fields):
    named = {
        "ToUserName": CORP,
        "FromUserName": "sys",
        "CreateTime": 1767225600,
        "MsgType": "event",
    }
    body = "".join(
        f"<{k}>{v if '<' in str(v) else html.escape(str(v))}</{k}>"
        for k, v in {**named, **fields}.items()
    )
    return f"<xml>{body}</xml>"


def events(**fields):
    return push().answer(sealed(notice(**fields))).events


def told(**fields):
    return [(one.stream, one.id) for one in events(**fields)]


def test_worked_example_a_a_message():
    answer = push().answer(request(SIGNATURE, envelope(MESSAGE)))
    (one,) = answer.events
    assert (one.account, one.stream, one.id) == (CORP, "users", "zhangsan")
    assert one.kind == "change_contact/delete_user"
    assert one.at == datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert answer.reply == b""
    assert answer.body.startswith(b"<xml><ToUserName><![CDATA[wwabcdef0123456789]]>")


def test_worked_example_b_the_check_of_the_address():
    query = {
        "msg_signature": "4d71020b70651fa9b81f77009e5485f3a8c6046f",
        "timestamp": "1767225601",
        "nonce": "263014780",
        "echostr": ECHO,
    }
    answer = push().answer(request(query, method="GET"))
    assert (answer.reply, answer.events) == (b"1616140317555161061", ())
    with pytest.raises(PushRefusedError):
        push().answer(request({**query, "echostr": "g" + ECHO[1:]}, method="GET"))


def test_published_vector_c():
    gate = WeComPush(
        {
            "corp_id": "ww6a112864f8022910",
            "token": "kjr2TKI8umCBfVF3wAHk8JiPwma5VBme",
            "aes_key": "4Ma3YBrSBbX2aez8MJpXGBne5LSDwgGqHbhM9WPYIws",
        }
    )
    query = {
        "msg_signature": "1ba3cb09c0d2c2b3ed6900d37f91a6efae6cb011",
        "timestamp": "1583940690",
        "nonce": "VHh7ymSeb0jc4lSb",
        "echostr": "6KmUQuPVu7UhjyVqRdbo5SfcRqaHvbUlKSHFvBV2ZuR6TIlKsygcfeSd1GDplg1C5KSKr6UPHCaC/nIX3ZNt9w==",
    }
    assert gate.answer(request(query, method="GET")).reply == b"94966531020182955848408"


def test_what_wechatpy_encrypts_is_read_and_what_is_for_others_refused():
    (one,) = (
        push().answer(sealed(notice(Event="subscribe", Name="<![CDATA[张三 <!b> & co]]>"))).events
    )
    assert (one.stream, one.kind) == ("", "subscribe")
    with pytest.raises(PushRefusedError, match="another company"):
        push().answer(sealed(notice(Event="subscribe"), corp="wwother"))


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ({}, envelope(MESSAGE)),
        ({**SIGNATURE, "msg_signature": "0" * 40}, envelope(MESSAGE)),
        ({**SIGNATURE, "nonce": "1"}, envelope(MESSAGE)),
        (SIGNATURE, envelope("e" + MESSAGE[1:])),
        (SIGNATURE, envelope("é")),
        (SIGNATURE, b""),
        (SIGNATURE, b"<xml>"),
        (SIGNATURE, b"no xml"),
    ],
)
def test_what_is_not_genuine_is_refused(query, body):
    with pytest.raises(PushRefusedError) as refused:
        push().answer(request(query, body))
    assert TOKEN not in str(refused.value)


def test_xml_with_declarations_is_not_even_parsed():
    bomb = (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><xml><Encrypt>&a;</Encrypt></xml>'
    )
    with pytest.raises(PushRefusedError, match="no plain XML"):
        push().answer(request(SIGNATURE, bomb))


def test_signed_by_chance_but_not_encrypted_for_us():
    text = "QUJD"
    parts = sorted([TOKEN, "1", "2", text])
    sign = hashlib.sha1("".join(parts).encode()).hexdigest()
    query = {"msg_signature": sign, "timestamp": "1", "nonce": "2"}
    with pytest.raises(PushRefusedError, match="cannot be decrypted"):
        push().answer(request(query, envelope(text)))


@pytest.mark.parametrize(
    ("fields", "touched"),
    [
        ({"Event": "change_contact", "ChangeType": "create_user", "UserID": "a"}, [("users", "a")]),
        ({"Event": "change_contact", "ChangeType": "update_user", "UserID": "a", "NewUserID": "b"},
         [("users", "a"), ("users", "b")]),
        ({"Event": "change_contact", "ChangeType": "delete_party", "Id": 2}, [("departments", "2")]),
        ({"Event": "change_contact", "ChangeType": "update_tag", "TagId": 1}, [("", "1")]),
        ({"Event": "sys_approval_change", "ApprovalInfo": "<SpNo>2026</SpNo><SpStatus>1</SpStatus>"},
         [("approvals", "2026")]),
        ({"Event": "change_external_contact", "ChangeType": "edit_external_contact", "UserID": "a",
          "ExternalUserID": "wm1"}, [("external_contacts", "wm1:a")]),
        ({"Event": "something_new"}, [("", "")]),
        ({"MsgType": "text", "Content": "hi", "MsgId": 9}, [("", "")]),
    ],
)  # fmt: skip
def test_a_message_tells_the_streams_and_the_ids(fields, touched):
    assert told(**fields) == touched


def test_two_members_changed_in_one_second_are_two_events():
    def keys(**fields):
        return [
            one.key for one in events(Event="change_contact", ChangeType="update_user", **fields)
        ]

    assert keys(UserID="a") == keys(UserID="a")
    assert keys(UserID="a") != keys(UserID="b")
    assert len(set(keys(UserID="a", NewUserID="b"))) == 2


TEXT = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=30)
FIELDS = st.sampled_from(
    ["Event", "ChangeType", "UserID", "NewUserID", "Id", "ExternalUserID", "MsgId", "CreateTime"]
)


@given(st.dictionaries(FIELDS, TEXT))
def test_whatever_a_genuine_message_holds_it_is_an_event(fields):
    named = {"ToUserName": CORP, "FromUserName": "sys", **fields}
    body = "".join(f"<{name}>{html.escape(text)}</{name}>" for name, text in named.items())
    found = push().answer(sealed(f"<xml>{body}</xml>")).events
    assert found
    assert len({one.key for one in found}) == len(found)
    assert all(one.account == CORP and one.at.tzinfo for one in found)


@given(st.binary(max_size=200), st.dictionaries(st.sampled_from([*SIGNATURE, "echostr"]), TEXT))
def test_whatever_else_comes_is_refused(body, query):
    for method in ("GET", "POST"):
        with pytest.raises(PushRefusedError):
            push().answer(request(query, body, method))


@pytest.mark.parametrize("key", [KEY[:-1], KEY + "A", "é" * 43, "*" * 43])
def test_a_wrong_key_is_told_at_once(key):
    with pytest.raises(ConfigurationError, match="aes_key is no EncodingAESKey"):
        push(aes_key=key)
