"""What the platforms' push messages are read with."""

from __future__ import annotations

from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import pytest
from openplatform.errors import ConfigurationError
from openplatform.push import (
    Push,
    PushAnswer,
    PushRefusedError,
    PushSetting,
    decrypt,
    fingerprint,
    load,
    moment_of,
    pushes,
    read_object,
    text_of,
)

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=timezone.utc)
BEIJING = ZoneInfo("Asia/Shanghai")


class Plain(Push):
    settings = (
        PushSetting("key", "The key of the app.", secret=True),
        PushSetting("note", "Whatever.", optional=True),
    )
    console = "Enter the address."

    def answer(self, request):
        return PushAnswer((), request.body, b"ok")


def test_settings_are_checked_by_name():
    assert Plain({"key": "k"}).values == {"key": "k"}
    assert Plain({"key": "k", "note": "n"}).values["note"] == "n"
    with pytest.raises(ConfigurationError, match=r"key is missing: The key of the app\."):
        Plain({"note": "n"})
    with pytest.raises(ConfigurationError, match=r"Unknown setting 'kay'; known: key, note\."):
        Plain({"key": "k", "kay": "k"})


# Their messages are signed with a key that all know; only the address is a secret.
KEYLESS = {"jushuitan"}


def test_every_installed_taps_class_is_found_and_complete():
    found = {slug: load(point) for slug, point in pushes().items()}
    assert {"kuaishou_shop", "wecom", "youzan"} <= set(found)
    for slug, kind in found.items():
        assert issubclass(kind, Push)
        assert kind.console or getattr(kind, "connection_console", "")
        assert any(one.secret for one in kind.settings) == (slug not in KEYLESS), slug


# NIST SP 800-38A, F.2.1 (CBC-AES128): genuine blocks, whose plaintext ends in no padding.
NIST_KEY = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
NIST_IV = bytes.fromhex("000102030405060708090a0b0c0d0e0f")
NIST_FIRST = bytes.fromhex("7649abac8119b246cee98e9b12e9197d")


def test_decryption_wants_the_right_key_and_whole_blocks():
    for data in (b"", NIST_FIRST[:15], NIST_FIRST):
        with pytest.raises(PushRefusedError, match="cannot be decrypted"):
            decrypt(NIST_KEY, NIST_IV, data)
    with pytest.raises(PushRefusedError, match="cannot be decrypted"):
        decrypt(b"short", NIST_IV, NIST_FIRST)


@pytest.mark.parametrize("data", [b"", b"[1]", b"1", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_object_is_refused(data):
    with pytest.raises(PushRefusedError, match="no JSON object") as refused:
        read_object(data)
    assert refused.value.status == 400


def test_identifiers_become_text_and_structures_none():
    assert [text_of(v) for v in (7, "E1", 2**70, None, True, {}, [1])] == [
        "7", "E1", str(2**70), "", "", "", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("value", "form", "moment"),
    [
        ("2026-11-21 16:00:00", "local", datetime(2026, 11, 21, 8, tzinfo=timezone.utc)),
        (1_795_248_000_000, "ms", datetime(2026, 11, 21, 8, tzinfo=timezone.utc)),
        ("1795248000", "s", datetime(2026, 11, 21, 8, tzinfo=timezone.utc)),
        (None, "ms", NOW),
        ("", "local", NOW),
        ("tomorrow", "local", NOW),
        (10**30, "ms", NOW),
        ({}, "s", NOW),
    ],
)
def test_a_time_that_makes_no_sense_gives_way_to_the_moment_of_arrival(value, form, moment):
    assert moment_of(value, form=form, zone=BEIJING, otherwise=NOW) == moment


def test_equal_contents_have_equal_fingerprints():
    assert fingerprint(b"a") == fingerprint(b"a") != fingerprint(b"b")
