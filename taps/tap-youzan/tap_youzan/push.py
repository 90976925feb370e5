"""The messages that 有赞 pushes: signed ones about trades, items and customers; encrypted ones about the app.

Source: doc.youzanyun.com, 消息推送; the decryption from the official SDK (open-sdk-php, CryptoHelper).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
import typing as t
from urllib.parse import parse_qs, unquote
from zoneinfo import ZoneInfo

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
from openplatform.signing import md5_hex
from typing_extensions import override

_TAKEN = b'{"code":0,"msg":"success"}'
_ZONE = ZoneInfo("Asia/Shanghai")
_IV = b"0102030405060708"
_STREAMS = (
    (re.compile(r"(youzan_)?trade_refund|youzan_trade_Refund", re.IGNORECASE), "refunds"),
    (re.compile(r"trade_Trade"), "orders"),
    (re.compile(r"ITEM_|youzan_item_"), "items"),
    (re.compile(r"SCRM_CUSTOMER_EVENT"), "customers"),
)


class YouzanPush(Push):
    """Push messages of one app of 有赞."""

    settings = (
        PushSetting("app_key", "client_id of the app."),
        PushSetting("app_secret", "client_secret of the app.", secret=True),
    )
    console = "有赞云控制台, 应用, 消息推送: enter the address as 推送网址 and subscribe the messages wanted."

    @override
    def answer(self, request: PushRequest) -> PushAnswer:
        request.expect_post()
        if "event-sign" in request.headers:
            return self._signed(request)
        return self._encrypted(request)

    def _signed(self, request: PushRequest) -> PushAnswer:
        """Check `Event-Sign`, which is made over the bytes as they came."""
        try:
            text = request.body.decode()
        except UnicodeDecodeError:
            msg = "the body is not UTF-8"
            raise PushRefusedError(msg, status=400) from None
        expected = md5_hex(f"{self.values['app_key']}{text}{self.values['app_secret']}")
        given = request.headers["event-sign"].strip().lower()
        if not hmac.compare_digest(expected.encode(), given.encode()):
            msg = "Event-Sign does not fit: is app_secret that of the app which pushes?"
            raise PushRefusedError(msg)
        message = read_object(text)
        content = _content(message.get("msg"))
        kind = text_of(message.get("type")) or request.headers.get("event-type", "")
        stream = "" if message.get("test") is True else _stream_of(kind)
        account = text_of(message.get("kdt_id"))
        event = PushEvent(
            account=account,
            stream=stream,
            id=_id_of(stream, message, content),
            kind=kind,
            at=moment_of(
                content.get("update_time"), form="local", zone=_ZONE, otherwise=request.received_at
            ),
            key=_key_of(account, kind, message),
        )
        return PushAnswer((event,), request.body, _TAKEN)

    def _encrypted(self, request: PushRequest) -> PushAnswer:
        """Messages about the subscription of a tool app carry no signature: the key is the proof."""
        key = self.values["app_secret"].encode()[:16]
        try:
            cipher = base64.b64decode(unquote(_cipher_text(request)), validate=True)
        except (binascii.Error, ValueError):
            msg = "there is neither the header Event-Sign nor an encrypted message"
            raise PushRefusedError(msg) from None
        plain = decrypt(key, _IV, cipher) if len(key) == len(_IV) else b""
        message = read_object(plain)
        event = PushEvent(
            account=text_of(message.get("kdtId")),
            stream="",
            id=text_of(message.get("orderNo")),
            kind=text_of(message.get("type")),
            at=moment_of(
                message.get("payTime"), form="ms", zone=_ZONE, otherwise=request.received_at
            ),
            key=fingerprint(plain),
        )
        return PushAnswer((event,), plain, _TAKEN)


def _content(msg: t.Any) -> dict[str, t.Any]:
    """`msg` is URL-encoded JSON text in the old topics, an object in the new ones."""
    if isinstance(msg, dict):
        return msg
    try:
        return read_object(unquote(msg)) if isinstance(msg, str) else {}
    except PushRefusedError:
        return {}


def _stream_of(kind: str) -> str:
    return next((stream for pattern, stream in _STREAMS if pattern.match(kind)), "")


def _id_of(stream: str, message: dict[str, t.Any], content: dict[str, t.Any]) -> str:
    """The message's own id is the order's even where a refund changed; the content knows better."""
    own = text_of(message.get("id"))
    if stream == "refunds":
        return text_of(content.get("refund_id")) or own
    if stream == "orders":
        return text_of(content.get("tid")) or own
    if stream == "items":
        return text_of(content.get("item_id")) or own
    if stream == "customers":
        return text_of(content.get("yz_open_id")) or own
    return own


def _key_of(account: str, kind: str, message: dict[str, t.Any]) -> str:
    """`msg_id` names a message; without one, everything that its repetitions have in common."""
    if name := text_of(message.get("msg_id")):
        return f"{account}/{name}"
    parts = [text_of(message.get(name)) for name in ("id", "status", "version")]
    return "/".join((account, kind, *parts, fingerprint(repr(message.get("msg")).encode())))


def _cipher_text(request: PushRequest) -> str:
    """The ciphertext comes as the field `message` of JSON or of a form, or alone."""
    text = request.body.decode("ascii", "replace").strip()
    if text.startswith("{"):
        return text_of(read_object(text).get("message"))
    if text.startswith("message="):
        # A form's own encoding goes first; base64 knows no blanks, so they were plus signs.
        return parse_qs(text).get("message", [""])[0].replace(" ", "+")
    return text
