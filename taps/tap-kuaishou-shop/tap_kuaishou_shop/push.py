"""The messages that 快手小店 pushes: Base64 of an AES ciphertext, in which the key is the proof.

Source: open.kwaixiaodian.com, 消息服务说明.
"""

from __future__ import annotations

import base64
import binascii
import typing as t
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from openplatform.errors import ConfigurationError
from openplatform.push import (
    Push,
    PushAnswer,
    PushEvent,
    PushRefusedError,
    PushRequest,
    PushSetting,
    decrypt,
    fingerprint,
    moment_of,
    read_object,
    text_of,
)
from typing_extensions import override

_TAKEN = b'{"result":1}'
_ZONE = ZoneInfo("Asia/Shanghai")
_IV = bytes(16)
# The subject is the second word of an event's name, such as kwaishop_order_addOrder; beside it the
# stream, and the name of the id inside `info`.
_SUBJECTS = {
    "order": ("orders", "oid"),
    "refund": ("refunds", "refundId"),
    "aftersales": ("refunds", "refundId"),
    "item": ("items", "itemId"),
}


class KuaishouShopPush(Push):
    """Push messages of one app of 快手小店."""

    settings = (
        PushSetting("app_key", "appKey of the app."),
        PushSetting(
            "message_key", "消息推送私钥 of the app's detail page, in Base64.", secret=True
        ),
    )
    console = (
        "快手电商开放平台, 应用, 推送服务: switch it on, enter the address, and subscribe the "
        "messages wanted."
    )

    @override
    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        try:
            self._key = base64.b64decode(self.values["message_key"], validate=True)
        except binascii.Error:
            self._key = b""
        if len(self._key) not in {16, 24, 32}:
            msg = "message_key is no AES key: copy the whole 消息推送私钥, in Base64, from the app's page."
            raise ConfigurationError(msg)

    @override
    def answer(self, request: PushRequest) -> PushAnswer:
        request.expect_post()
        plain, message = self._open(request.body)
        if message.keys() == {"test"}:  # the heartbeat
            return PushAnswer((), plain, _TAKEN)
        app = message.get("appKey")
        if app and app != self.values["app_key"]:
            msg = "the message is for another app"
            raise PushRefusedError(msg)
        kind = text_of(message.get("event"))
        stream, identifier = _subject(kind, message)
        event = PushEvent(
            account=text_of(message.get("userId")),
            stream="" if message.get("test") is True else stream,
            id=identifier,
            kind=kind,
            at=moment_of(
                message.get("createTime"), form="ms", zone=_ZONE, otherwise=request.received_at
            ),
            key=text_of(message.get("eventId")) or fingerprint(plain),
        )
        return PushAnswer((event,), plain, _TAKEN)

    def _open(self, body: bytes) -> tuple[bytes, dict[str, t.Any]]:
        """Decrypt; every failure reads alike, so that nobody can learn from the difference."""
        try:
            cipher = base64.b64decode(body.strip(), validate=True)
            plain = decrypt(self._key, _IV, cipher)
            return plain, read_object(plain)
        except (binascii.Error, PushRefusedError):
            msg = "the message cannot be decrypted with message_key"
            raise PushRefusedError(msg) from None


def _subject(kind: str, message: dict[str, t.Any]) -> tuple[str, str]:
    """Return the stream and the id; `bizId` is the id of whatever the message is about."""
    words = kind.split("_")
    stream, name = _SUBJECTS.get(words[1] if len(words) > 2 else "", ("", ""))
    try:
        info = read_object(text_of(message.get("info")))
    except PushRefusedError:
        info = {}
    return stream, text_of(info.get(name)) or text_of(message.get("bizId"))
