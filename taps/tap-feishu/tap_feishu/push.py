"""The events that 飞书 pushes to an HTTP address: encrypted and signed, or at least with a token.

Source: open.feishu.cn, 将事件发送至开发者服务器 and Encrypt Key 加密策略.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
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

_ZONE = ZoneInfo("Asia/Shanghai")
_IV = 16
_TAKEN = b"{}"
_STREAMS = (
    ("contact.user.", "users", "open_id"),
    ("contact.department.", "departments", "open_department_id"),
)


class FeishuPush(Push):
    """Events of one app of 飞书."""

    settings = (
        PushSetting(
            "encrypt_key", "Encrypt Key of 事件与回调, 加密策略.", secret=True, optional=True
        ),
        PushSetting(
            "verification_token",
            "Verification Token beside it; needed where there is no Encrypt Key.",
            secret=True,
            optional=True,
        ),
        PushSetting(
            "account",
            "The account's id in the tap, where that is not the tenant_key.",
            optional=True,
        ),
    )
    console = (
        "开发者后台, the app, 事件与回调: start eventgate first, set an Encrypt Key, enter the address as "
        "请求地址 and subscribe the events wanted; saving checks the address."
    )

    @override
    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self._secret = self.values.get("encrypt_key") or ""
        self._token = self.values.get("verification_token") or ""
        if not self._secret and not self._token:
            msg = "Neither encrypt_key nor verification_token is set: anybody could send messages."
            raise ConfigurationError(msg)

    @override
    def answer(self, request: PushRequest) -> PushAnswer:
        request.expect_post()
        plain = self._open(request.body) if self._secret else request.body
        message = read_object(plain)
        if message.get("type") == "url_verification":
            # Not even the platform's own clients look for a signature here; the key is the proof.
            self._check_token(message.get("token"))
            challenge = {"challenge": text_of(message.get("challenge"))}
            reply = json.dumps(challenge, ensure_ascii=False, separators=(",", ":")).encode()
            return PushAnswer((), plain, reply)
        if self._secret:
            self._check_signature(request)
        header, event = _object(message.get("header")), _object(message.get("event"))
        self._check_token(header.get("token") or message.get("token"))
        return PushAnswer((self._event(message, header, event, plain, request),), plain, _TAKEN)

    def _open(self, body: bytes) -> bytes:
        """Decrypt: the first block is the initial value, the key is the hash of the Encrypt Key."""
        try:
            cipher = base64.b64decode(text_of(read_object(body).get("encrypt")), validate=True)
        except ValueError:
            cipher = b""
        if len(cipher) <= _IV:
            msg = "there is no encrypted message; is the Encrypt Key set for the app?"
            raise PushRefusedError(msg)
        key = hashlib.sha256(self._secret.encode()).digest()
        return decrypt(key, cipher[:_IV], cipher[_IV:])

    def _check_signature(self, request: PushRequest) -> None:
        headers = request.headers
        parts = ("x-lark-request-timestamp", "x-lark-request-nonce")
        stamp = "".join(headers.get(name, "") for name in parts) + self._secret
        expected = hashlib.sha256(stamp.encode() + request.body).hexdigest()
        given = headers.get("x-lark-signature", "")
        if not hmac.compare_digest(expected.encode(), given.encode()):
            msg = "X-Lark-Signature does not fit: is encrypt_key that of the app which pushes?"
            raise PushRefusedError(msg)

    def _check_token(self, given: t.Any) -> None:
        if self._token and not hmac.compare_digest(
            self._token.encode(), text_of(given).encode("utf-8", "replace")
        ):
            msg = "the token is not the app's Verification Token"
            raise PushRefusedError(msg)

    def _event(
        self,
        message: dict[str, t.Any],
        header: dict[str, t.Any],
        event: dict[str, t.Any],
        plain: bytes,
        request: PushRequest,
    ) -> PushEvent:
        """Understand both generations: with a header, and with all in the event itself."""
        kind = text_of(header.get("event_type")) or text_of(event.get("type"))
        tenant = text_of(header.get("tenant_key")) or text_of(event.get("tenant_key"))
        moment = header.get("create_time") or event.get("operate_time")
        name = text_of(header.get("event_id")) or text_of(message.get("uuid"))
        stream, identifier = _touched(kind, event)
        return PushEvent(
            account=self.values.get("account") or tenant,
            stream=stream,
            id=identifier,
            kind=kind,
            at=moment_of(moment, form="ms", zone=_ZONE, otherwise=request.received_at),
            key=f"{tenant}/{name or fingerprint(plain)}",
        )


def _object(value: t.Any) -> dict[str, t.Any]:
    return value if isinstance(value, dict) else {}


def _touched(kind: str, event: dict[str, t.Any]) -> tuple[str, str]:
    """Return which entity an event is about: stream and id, both empty where no stream has it."""
    if kind == "approval_instance":
        return "approvals", text_of(event.get("instance_code"))
    for prefix, stream, name in _STREAMS:
        if kind.startswith(prefix) and (found := text_of(_object(event.get("object")).get(name))):
            return stream, found
    return "", ""
