"""Events of 飞书: the sheet's examples, and what is not genuine."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime, timezone

import pytest
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, strategies as st
from openplatform.errors import ConfigurationError
from openplatform.push import PushRefusedError, PushRequest, decrypt
from tap_feishu.push import FeishuPush

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=timezone.utc)
KEY, TOKEN = "tap-encrypt-key", "rvaYgkND1GOiu5MM0E1rncYC6PLtF7JV"
EVENT = (
    "MDEyMzQ1Njc4OWFiY2RlZgz+wO2hUzQ/1qMKO9sVj2gXDA0ovCptbZFmRkUhuIIaMYhHQgnxU/ROFF6aXrav8EvG"
    "bZ4t8N4QGyKvwZbW8f2y1Ox8To6qJ3V8AiCiG/puarEGd0kwDokEiq/8dLGy6dQhqMpXbGP8M8GDI+ndmX9ydUOW"
    "aWhu9dY29WSfJMUr1OoGxvlR6A2iZ79ZrZEm1Bxy6WrzaL+a+oJfLHntFNyKQmidXBDk2eEiwrB0fJKESaBgmDN+"
    "92TSsO8aSq3OstQ5/uRh5ccwN6Jn8jObyHne19lmnGhKF7WuGAJlfrgKkfdig0pqrNcxBA8euNaXvitI8GwFjlH1"
    "Vuq7JvfnkLSNt0PNyXtWDt4U2ZdVbiE4OD1JcnufkB3nVznN7XMORHaXRN11Ud1PrEhtlhQXs6RJ+Oyktw3P645s"
    "7T4qhQbJ"
)
CHALLENGE = (
    "ZmVkY2JhOTg3NjU0MzIxMO3CkMntamwGLbWt0prjnTAN+jdmoSRFX958h2EARjRrHNKjcYPdPECAUhYH7yXjezST"
    "FGxL6E66VeQPTq1eeSk/j0diXIW4D7ulbXotogofZ/5EsnsVL8k9E9NH9sr8PeTi9ACepnDw0Sx7p5gnxFM="
)
EVENT_SIGNATURE = "54f0b95e84cea1e8d5e7e66d0a7d1563bec4d4bce7984b2e1c61214469b93831"
CHALLENGE_SIGNATURE = "82031f01d3ee5bb726ccb0a118223c95639ad7e3f2506417f9b0db8998c8088b"


def push(**changes):
    values = {"encrypt_key": KEY, "verification_token": TOKEN} | changes
    return FeishuPush({name: value for name, value in values.items() if value is not None})


def request(body, *, timestamp="1767225600", nonce="5f1c9b2e7a", signature=None, method="POST"):
    sent = body if isinstance(body, bytes) else body.encode()
    if signature is None:
        signature = hashlib.sha256((timestamp + nonce + KEY).encode() + sent).hexdigest()
    headers = {
        "x-lark-request-timestamp": timestamp,
        "x-lark-request-nonce": nonce,
        "x-lark-signature": signature,
    }
    return PushRequest(method, {}, headers, sent, NOW)


def envelope(encrypted):
    return json.dumps({"encrypt": encrypted}, separators=(",", ":"))


def sealed(content):
    """A message as the platform encrypts and signs it."""
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    return request(envelope(_encrypt(text)))


def _encrypt(text):
    noise = b"0123456789abcdef"
    padder = padding.PKCS7(128).padder()
    cipher = Cipher(algorithms.AES(hashlib.sha256(KEY.encode()).digest()), modes.CBC(noise))
    encryptor = cipher.encryptor()
    padded = padder.update(text.encode()) + padder.finalize()
    return base64.b64encode(noise + encryptor.update(padded) + encryptor.finalize()).decode()


def second(kind, **event):
    header = {
        "event_id": "e1",
        "event_type": kind,
        "create_time": "1767225600000",
        "token": TOKEN,
        "tenant_key": "t1",
    }
    return {"schema": "2.0", "header": header, "event": event}


def told(content, **settings):
    (one,) = push(**settings).answer(sealed(content)).events
    return one


def test_worked_example_a_an_event():
    answer = push().answer(request(envelope(EVENT), signature=EVENT_SIGNATURE))
    (one,) = answer.events
    assert (one.account, one.stream) == ("2ca1d211f64f6438", "users")
    assert one.id == "ou_7dab8a3d3cdcc9da365777c7ad535d62"
    assert one.kind == "contact.user.deleted_v3"
    assert one.at == datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert one.key == "2ca1d211f64f6438/5e3702a84e847582be8db7fb73283c02"
    assert answer.reply == b"{}"


def test_worked_example_b_the_challenge_with_and_without_a_signature():
    for signature in (CHALLENGE_SIGNATURE, ""):
        sent = request(
            envelope(CHALLENGE), timestamp="1767225601", nonce="aa11", signature=signature
        )
        answer = push().answer(sent)
        assert (answer.reply, answer.events) == (b'{"challenge":"ajls384kdj1234"}', ())
    with pytest.raises(PushRefusedError, match="Verification Token"):
        push(verification_token="another").answer(sent)


def test_published_vector_c():
    cipher = base64.b64decode("P37w+VZImNgPEO1RBhJ6RtKl7n6zymIbEG1pReEzghk=")
    key = hashlib.sha256(b"test key").digest()
    assert decrypt(key, cipher[:16], cipher[16:]) == b"hello world"


@pytest.mark.parametrize(
    ("content", "touched"),
    [
        (second("contact.user.created_v3", object={"open_id": "ou_1"}), ("users", "ou_1")),
        (second("contact.user.updated_v3", object={"open_id": "ou_1"}, old_object={}),
         ("users", "ou_1")),
        (second("contact.department.updated_v3", object={"open_department_id": "od-1"}),
         ("departments", "od-1")),
        (second("contact.scope.updated_v3", added={}), ("", "")),
        (second("contact.user.created_v3", object="odd"), ("", "")),
        (second("attendance.user_flow.created_v1", record_id="7"), ("", "")),
    ],
)  # fmt: skip
def test_an_event_tells_the_stream_and_the_id(content, touched):
    one = told(content)
    assert (one.stream, one.id) == touched
    assert (one.account, one.key) == ("t1", "t1/e1")


def test_forms_come_in_the_first_generation():
    event = {
        "type": "approval_instance",
        "tenant_key": "t1",
        "instance_code": "I1",
        "status": "REVERTED",
        "operate_time": "1767225600000",
    }
    one = told({"uuid": "u1", "token": TOKEN, "type": "event_callback", "event": event})
    assert (one.stream, one.id, one.kind) == ("approvals", "I1", "approval_instance")
    assert (one.account, one.key) == ("t1", "t1/u1")
    assert one.at == datetime(2026, 1, 1, tzinfo=timezone.utc)
    assert told({"token": TOKEN, "event": {"operate_time": "soon"}}).at == NOW


def test_an_account_of_another_name_can_be_set():
    assert told(second("contact.scope.updated_v3"), account="acme").account == "acme"


def test_without_an_encrypt_key_the_token_is_the_proof():
    plain = json.dumps(second("contact.user.created_v3", object={"open_id": "ou_1"}))
    (one,) = push(encrypt_key=None).answer(request(plain, signature="")).events
    assert (one.stream, one.id) == ("users", "ou_1")
    with pytest.raises(PushRefusedError, match="Verification Token"):
        push(encrypt_key=None, verification_token="another").answer(request(plain, signature=""))
    with pytest.raises(PushRefusedError):
        push().answer(request(plain))
    with pytest.raises(ConfigurationError, match="anybody could send"):
        FeishuPush({})


@pytest.mark.parametrize(
    "sent",
    [
        request(envelope(EVENT), signature=""),
        request(envelope(EVENT), signature="é"),
        request(envelope(EVENT), signature="0" * 64),
        request(envelope(EVENT) + " ", signature=EVENT_SIGNATURE),
        request(envelope(EVENT), nonce="1", signature=EVENT_SIGNATURE),
        request(envelope("M" + EVENT[1:][::-1])),
        request(envelope("QUJD")),
        request(envelope(None)),
        request(b""),
        request(b"\xff"),
        request(envelope(EVENT), method="GET"),
        sealed("[]"),
        sealed({"schema": "2.0", "header": {"token": "another"}}),
        sealed({}),
    ],
)
def test_what_is_not_genuine_is_refused_without_quoting_a_secret(sent):
    with pytest.raises(PushRefusedError) as refused:
        push().answer(sent)
    assert KEY not in str(refused.value)
    assert TOKEN not in str(refused.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(["schema", "event", "uuid", "ts", "x"])


@given(st.dictionaries(FIELDS, JSON))
def test_whatever_a_genuine_message_holds_it_is_one_event(content):
    (one,) = push().answer(sealed({**content, "token": TOKEN})).events
    assert all(isinstance(text, str) for text in (one.account, one.stream, one.id, one.key))
    assert one.at.tzinfo is not None


@given(st.binary(max_size=200), st.text(max_size=40))
def test_whatever_else_comes_is_refused(body, signature):
    with pytest.raises(PushRefusedError):
        push().answer(request(body, signature=signature))
