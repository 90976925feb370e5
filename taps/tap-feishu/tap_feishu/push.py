"""The events of 飞书: over a long connection that we open, or to an HTTP address.

Over HTTP they are encrypted and signed, or have at least a token; on a connection they come in the clear.

Source: open.feishu.cn, 将事件发送至开发者服务器, 使用长连接接收事件 and Encrypt Key 加密策略; the frames of
a long connection as in the platform's own client (PyPI lark-oapi).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import typing as t
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from openplatform.errors import (
    ConfigurationError,
    FatalError,
    OpenPlatformError,
    TransientError,
)
from openplatform.listening import Ask, Dialogue, Frame, Frames, Heard, Listening, shown
from openplatform.push import (
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

from tap_feishu import frames

_ZONE = ZoneInfo("Asia/Shanghai")
_IV = 16
_TAKEN = b"{}"
_OPEN_API = "https://open.feishu.cn"
_OPEN = "/callback/ws/endpoint"
# After these the platform's own client tries again; all others it takes for the app's fault.
_BUSY = {0, 1, 1000040343}
_TOO_MANY = 1000040350
_BEAT_SECONDS = 120.0
_PARTS_AT_ONCE = 100
_STREAMS = (
    ("contact.user.", "users", "open_id"),
    ("contact.department.", "departments", "open_department_id"),
)


class FeishuPush(Listening):
    """Events of one app of 飞书."""

    settings = (
        PushSetting(
            "app_id", "App ID (cli_...) of the app, to listen on a long connection.", optional=True
        ),
        PushSetting(
            "app_secret",
            "App Secret of the app, to listen on a long connection.",
            secret=True,
            optional=True,
        ),
        PushSetting(
            "base_url", f"In place of {_OPEN_API}: for proxies and the sandbox.", optional=True
        ),
        PushSetting(
            "encrypt_key",
            "For HTTP: Encrypt Key of 事件与回调, 加密策略.",
            secret=True,
            optional=True,
        ),
        PushSetting(
            "verification_token",
            "For HTTP: Verification Token beside it; needed where there is no Encrypt Key.",
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
    connection_console = (
        "开发者后台, the app (企业自建应用), 事件与回调: start eventgate first, choose 使用长连接接收事件 and "
        "subscribe the events wanted."
    )

    @override
    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self._secret = self.values.get("encrypt_key") or ""
        self._token = self.values.get("verification_token") or ""
        if not self.takes_requests and not self.listens:
            msg = (
                "Set app_id and app_secret (long connection), or encrypt_key or verification_token "
                "(HTTP): without one of the latter, anybody could send messages."
            )
            raise ConfigurationError(msg)

    @property
    @override
    def listens(self) -> bool:
        return bool(self.values.get("app_id") and self.values.get("app_secret"))

    @property
    @override
    def takes_requests(self) -> bool:
        return bool(self._secret or self._token)

    @override
    def dialogue(self) -> Dialogue:
        return _LongConnection(self)

    @override
    def answer(self, request: PushRequest) -> PushAnswer:
        if not self.takes_requests:
            return super().answer(request)
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
        self._check_token(_object(message.get("header")).get("token") or message.get("token"))
        return PushAnswer((self.understood(message, plain, request.received_at),), plain, _TAKEN)

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

    def understood(
        self, message: Mapping[str, t.Any], plain: bytes, received_at: datetime
    ) -> PushEvent:
        """Understand both generations: with a header, and with all in the event itself."""
        header, event = _object(message.get("header")), _object(message.get("event"))
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
            at=moment_of(moment, form="ms", zone=_ZONE, otherwise=received_at),
            key=f"{tenant}/{name or fingerprint(plain)}",
        )


class _LongConnection(Dialogue):
    """One long connection; its address holds a ticket of its own, and the pace of the pings."""

    def __init__(self, push: FeishuPush) -> None:
        self._push = push
        self._address = ""
        self._service = 0
        self._parts: dict[str, dict[int, bytes]] = {}
        self.beat_seconds = _BEAT_SECONDS

    @override
    def ask(self) -> Ask:
        values = self._push.values
        wanted = {"AppID": values["app_id"], "AppSecret": values["app_secret"]}
        base = values.get("base_url") or _OPEN_API
        return Ask(base.rstrip("/") + _OPEN, json.dumps(wanted).encode())

    @override
    def told(self, status: int, body: bytes) -> None:
        try:
            answer = read_object(body)
        except PushRefusedError:
            answer = {}
        data = _object(answer.get("data"))
        url = text_of(data.get("URL"))
        if status == 200 and answer.get("code") == 0 and url:
            self._address = url
            service = parse_qs(urlsplit(url).query).get("service_id", ["0"])[0]
            self._service = int(service) if service.isdigit() else 0
            self._configure(data.get("ClientConfig"))
            return
        code = answer.get("code")
        ours = isinstance(code, int) and code not in _BUSY
        raise _refusal(code if ours else None, f"HTTP {status}{shown(body)}")

    @override
    def address(self, now: datetime) -> str:
        return self._address

    @override
    def turned_away(
        self, status: int, headers: Mapping[str, str], body: bytes
    ) -> OpenPlatformError:
        """The reasons stand in headers; which of them count is in the platform's own client."""
        code, more = (headers.get(f"handshake-{name}", "") for name in ("status", "autherrcode"))
        said = f"HTTP {status}, {code} {headers.get('handshake-msg', '')}".rstrip(", ")
        if more == str(_TOO_MANY):
            return _refusal(_TOO_MANY, said)
        return _refusal(403 if code == "403" else None, said)

    @override
    def hello(self, now: datetime) -> Frames:
        return self.beat(now)

    @override
    def beat(self, now: datetime) -> Frames:
        return (frames.encode(frames.Frame(service=self._service, headers={"type": "ping"})),)

    @override
    def hear(self, frame: Frame, received_at: datetime) -> Heard:
        if isinstance(frame, str):
            msg = "the frame is text, not bytes"
            raise PushRefusedError(msg, status=400)
        found = frames.decode(frame)
        kind = found.headers.get("type")
        if found.method == frames.CONTROL:
            if kind == "pong" and found.payload:
                self._configure(read_object(found.payload))
            return Heard()
        plain = self._whole(found)
        if plain is None or kind != "event":
            return Heard()
        event = self._push.understood(read_object(plain), plain, received_at)
        took = {"biz_rt": "0"}
        return Heard(
            (event,),
            plain,
            (frames.answer(found, b'{"code":200}', took),),
            (frames.answer(found, b'{"code":500}', took),),
        )

    def _whole(self, frame: frames.Frame) -> bytes | None:
        """Put a message together that comes in several frames; None while one is missing."""
        total, number = (frame.headers.get(name, "") for name in ("sum", "seq"))
        if not total.isdigit() or int(total) <= 1:
            return frame.payload
        name = frame.headers.get("message_id", "")
        parts = self._parts.setdefault(name, {})
        parts[int(number) if number.isdigit() else 0] = frame.payload
        if len(parts) < int(total):
            while len(self._parts) > _PARTS_AT_ONCE:  # what was never completed comes again
                del self._parts[next(iter(self._parts))]
            return None
        del self._parts[name]
        return b"".join(parts[place] for place in sorted(parts))

    def _configure(self, told: t.Any) -> None:
        """Follow the pace that the platform sets, now and later."""
        told = _object(told)
        for name, wanted in (
            ("PingInterval", "beat_seconds"),
            ("ReconnectInterval", "longest_pause"),
        ):
            if isinstance(value := told.get(name), int) and value > 0:
                setattr(self, wanted, float(value))


def _refusal(ours: int | None, said: str) -> OpenPlatformError:
    """Return what it means that there is no connection, by the code of our own fault if it is one."""
    if ours == _TOO_MANY:
        return FatalError(f"飞书 allows no further connection of this app ({said}): stop another")
    if ours is not None:
        return FatalError(
            f"飞书 does not admit the app ({said}): check app_id and app_secret (凭证与基础信息), and "
            "that it is a 企业自建应用 with 使用长连接接收事件"
        )
    return TransientError(f"飞书 did not open the connection ({said})")


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
