"""Events of 苍穹: the sheet's example, and what is not genuine."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime, timezone
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, strategies as st
from openplatform.errors import ConfigurationError
from openplatform.push import PushRefusedError, PushRequest
from tap_kingdee.push import KingdeePush

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=timezone.utc)
SECRET, STAMP, NONCE = "Sign#Key_2024", "1704692474326", "7f3c9a1e"
SAMPLE = Path(__file__).parent / "samples" / "cosmic_event_push.json"
BODY = SAMPLE.read_bytes().strip()
HMAC = "e11170b285a52cbb2a0af30cb2f8a5c23f9adc02a4e9e3e434605af6db9b7913"
PLAIN = "7415b78310b65a493f98b9d8c4a46cfa6245464237ffb1f7de2dd441ec79a8d8"
KEY = b"sandbox-key-16-b"
IV = b"0123456789abcdef"


def push(**changes):
    return KingdeePush({"sign_secret": SECRET, "account": "17", **changes})


def request(body=BODY, signature=None, method="POST", **more):
    if signature is None:
        content = (SECRET + STAMP + NONCE).encode() + body
        signature = hmac.new(SECRET.encode(), content, hashlib.sha256).hexdigest()
    headers = {
        "x-kem-request-timestamp": STAMP,
        "x-kem-request-nonce": NONCE,
        "x-kem-signature": signature,
        **more,
    }
    return PushRequest(method, {}, headers, body, NOW)


def sealed(content=BODY, algorithm=algorithms.AES, key=KEY):
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithm(key), modes.CBC(IV)).encryptor()
    padded = padder.update(content) + padder.finalize()
    cipher = base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()
    body = json.dumps({"encrypt": cipher}).encode()
    return request(body, **{"x-kem-encrypt-iv": base64.b64encode(IV).decode()})


@pytest.mark.parametrize(("signature", "settings"), [(HMAC, {}), (PLAIN, {"signature": "SHA_256"})])
def test_the_worked_example_of_both_signatures(signature, settings):
    (one,) = push(**settings).answer(request(signature=signature)).events
    assert (one.account, one.stream, one.id) == ("17", "", "1858013541517285376")
    assert (one.kind, one.key) == ("save", "17/1858013636274991104")
    assert one.at == datetime(2024, 1, 8, 5, 41, 14, 326_000, tzinfo=timezone.utc)
    other = {"signature": "HMAC_SHA_256" if settings else "SHA_256"}
    with pytest.raises(PushRefusedError, match="does not fit"):
        push(**other).answer(request(signature=signature))


def test_an_entity_is_the_stream_that_the_settings_say():
    entities = "sm_salorder=sales_orders, openapi_custom_sort=sorts"
    (one,) = push(entities=entities).answer(request()).events
    assert (one.stream, one.id) == ("sorts", "1858013541517285376")


@pytest.mark.parametrize(
    ("cipher", "algorithm"), [("AES", algorithms.AES), ("SM4", algorithms.SM4)]
)
def test_an_encrypted_event_is_opened(cipher, algorithm):
    secret = base64.b64encode(KEY).decode()
    gate = push(encrypt_secret=secret, cipher=cipher)
    answer = gate.answer(sealed(algorithm=algorithm))
    assert answer.body == BODY
    assert answer.events[0].id == "1858013541517285376"


@pytest.mark.parametrize(
    "sent",
    [
        request(signature=""),
        request(signature="é"),
        request(BODY + b" ", signature=HMAC),
        request(method="GET"),
        request(b"[]"),
        request(b"\xff"),
    ],
)
def test_what_is_not_genuine_is_refused_without_quoting_a_secret(sent):
    with pytest.raises(PushRefusedError) as refused:
        push().answer(sent)
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "sent",
    [
        request(),
        request(b'{"encrypt":"no base64!"}'),
        sealed(key=b"another-key-16-b"),
        request(json.dumps({"encrypt": base64.b64encode(b"x" * 16).decode()}).encode()),
    ],
)
def test_what_should_be_encrypted_and_is_not_is_refused(sent):
    with pytest.raises(PushRefusedError):
        push(encrypt_secret=base64.b64encode(KEY).decode()).answer(sent)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"sign_secret": ""}, "sign_secret"),
        ({"account": ""}, "account"),
        ({"signature": "MD5"}, "none of HMAC_SHA_256"),
        ({"cipher": "DES"}, "none of AES"),
        ({"encrypt_secret": "short"}, "encryptsecretkey"),
        ({"encrypt_secret": base64.b64encode(b"odd").decode()}, "encryptsecretkey"),
        ({"entities": "sm_salorder"}, "entityNumber=stream"),
    ],
)
def test_settings_that_cannot_be_are_told(settings, told):
    with pytest.raises(ConfigurationError, match=told):
        push(**settings)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.sampled_from(["data", "eventNumber", "msgId", "entityNumber", "operation", "x"])


@given(st.dictionaries(FIELDS, JSON))
def test_any_signed_object_is_one_event(content):
    (one,) = push().answer(request(json.dumps(content).encode())).events
    assert isinstance(one.id, str)
    assert isinstance(one.kind, str)
