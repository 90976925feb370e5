"""The messages of 钉钉: over a connection that we open (Stream 模式), or to an HTTP address.

Over HTTP they are signed and encrypted JSON, answered in kind; on a connection plain JSON.

Source: open.dingtalk.com, 配置HTTP推送 and Stream 模式协议接入; the envelope as in
open-dingtalk/DingTalk-Callback-Crypto.
"""

from __future__ import annotations

import json
import typing as t
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote_plus
from zoneinfo import ZoneInfo

from openplatform.callbacks import Envelope
from openplatform.errors import ConfigurationError, FatalError, TransientError
from openplatform.listening import Ask, Dialogue, Frame, Heard, Listening, shown
from openplatform.push import (
    PushAnswer,
    PushEvent,
    PushRefusedError,
    PushRequest,
    PushSetting,
    fingerprint,
    moment_of,
    read_object,
    text_of,
)
from typing_extensions import override

_ZONE = ZoneInfo("Asia/Shanghai")
_CHECK = "check_url"
_WORD = b"success"
_FORM = "bpms_instance_change"
_OPEN_API = "https://api.dingtalk.com"
_OPEN = "/v1.0/gateway/connections/open"
_TAKEN = {"status": "SUCCESS", "message": "success"}
_LATER = {"status": "LATER", "message": "not stored"}


class DingtalkPush(Listening):
    """Events of one app of 钉钉."""

    settings = (
        PushSetting("corp_id", "corpId of the company: stands for messages that name none."),
        PushSetting(
            "client_id",
            "Client ID (AppKey) of the app, to listen in Stream 模式.",
            optional=True,
        ),
        PushSetting(
            "client_secret",
            "Client Secret (AppSecret) of the app, to listen in Stream 模式.",
            secret=True,
            optional=True,
        ),
        PushSetting(
            "base_url",
            f"In place of {_OPEN_API}: for proxies and the sandbox.",
            optional=True,
        ),
        PushSetting(
            "token",
            "For HTTP推送: 签名 token of 事件与回调 in the app's settings.",
            secret=True,
            optional=True,
        ),
        PushSetting(
            "aes_key",
            "For HTTP推送: 加密 aes_key beside the token, 43 characters.",
            secret=True,
            optional=True,
        ),
        PushSetting(
            "owner",
            "Whom messages are for: Client ID (AppKey) of the app, in older settings the corpId. "
            "Default: the corpId.",
            optional=True,
        ),
    )
    console = (
        "开发者后台, the app, 事件与回调, HTTP推送: start eventgate first, then enter the address, the token "
        "and the aes_key; saving checks the address."
    )
    connection_console = (
        "开发者后台, the app, 事件与回调, Stream模式推送: start eventgate first, 验证连接, then choose the "
        "events wanted."
    )

    @override
    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self._envelope: Envelope | None = None
        if self.values.get("token") and self.values.get("aes_key"):
            self._envelope = Envelope(self.values["token"], self.values["aes_key"])
        elif not self.listens:
            msg = "Set client_id and client_secret (Stream 模式), or token and aes_key (HTTP推送)."
            raise ConfigurationError(msg)
        self._owner = self.values.get("owner") or self.values["corp_id"]

    @property
    @override
    def listens(self) -> bool:
        return bool(self.values.get("client_id") and self.values.get("client_secret"))

    @property
    @override
    def takes_requests(self) -> bool:
        return self._envelope is not None

    @override
    def dialogue(self) -> Dialogue:
        return _Stream(self)

    @override
    def answer(self, request: PushRequest) -> PushAnswer:
        if self._envelope is None:
            return super().answer(request)
        request.expect_post()
        query = request.query
        signature = query.get("msg_signature") or query.get("signature", "")
        timestamp = query.get("timestamp") or query.get("timeStamp", "")
        nonce = query.get("nonce", "")
        encrypted = text_of(read_object(request.body).get("encrypt"))
        plain, owner = self._envelope.open(signature, timestamp, nonce, encrypted)
        if owner != self._owner:
            msg = "the message is for another app or company than owner (corp_id) tells"
            raise PushRefusedError(msg)
        events = tuple(self.understood(read_object(plain), plain, request.received_at))
        sealed = self._envelope.seal(_WORD, owner, noise=request.body)
        reply = {
            "msg_signature": self._envelope.sign(timestamp, nonce, sealed),
            "timeStamp": timestamp,
            "nonce": nonce,
            "encrypt": sealed,
        }
        return PushAnswer(events, plain, json.dumps(reply).encode())

    def understood(
        self, message: Mapping[str, t.Any], plain: bytes, received_at: datetime, name: str = ""
    ) -> list[PushEvent]:
        """Return what a message tells.

        Args:
            message: Its fields; upper and lower camelCase both occur, by the way of delivery.
            plain: The same as it came.
            received_at: When that was.
            name: The message's own name; by HTTP it has none, and repeats itself to the letter.
        """
        said = {field.lower(): value for field, value in message.items()}
        kind = text_of(said.get("eventtype"))
        if kind == _CHECK:
            return []
        moment = said.get("timestamp") or said.get("finishtime") or said.get("createtime")
        account = text_of(said.get("corpid")) or self.values["corp_id"]
        return [
            PushEvent(
                account=account,
                stream=stream,
                id=identifier,
                kind=kind,
                at=moment_of(moment, form="ms", zone=_ZONE, otherwise=received_at),
                key=f"{account}/{name or fingerprint(plain)}/{number}",
            )
            for number, (stream, identifier) in enumerate(_touched(kind, said))
        ]


class _Stream(Dialogue):
    """One connection in Stream 模式; its ticket lives 90 seconds and opens it once."""

    def __init__(self, push: DingtalkPush) -> None:
        self._push = push
        self._address = ""

    @override
    def ask(self) -> Ask:
        values = self._push.values
        wanted = {
            "clientId": values["client_id"],
            "clientSecret": values["client_secret"],
            "subscriptions": [{"type": "EVENT", "topic": "*"}],
            "ua": "eventgate/0.1",
        }
        base = values.get("base_url") or _OPEN_API
        return Ask(base.rstrip("/") + _OPEN, json.dumps(wanted).encode())

    @override
    def told(self, status: int, body: bytes) -> None:
        try:
            answer = read_object(body)
        except PushRefusedError:
            answer = {}
        endpoint, ticket = text_of(answer.get("endpoint")), text_of(answer.get("ticket"))
        if status == 200 and endpoint and ticket:
            self._address = f"{endpoint}?ticket={quote_plus(ticket)}"
            return
        code = text_of(answer.get("code"))
        if status in {400, 401, 403} and code and "Limit" not in code:
            msg = (
                f"钉钉 does not admit the app (HTTP {status}{shown(body)}): check client_id and "
                "client_secret (凭证与基础信息), and that the app is published with Stream 模式"
            )
            raise FatalError(msg)
        msg = f"钉钉 gives no ticket (HTTP {status}{shown(body)})"
        raise TransientError(msg)

    @override
    def address(self, now: datetime) -> str:
        return self._address

    @override
    def hear(self, frame: Frame, received_at: datetime) -> Heard:
        message = read_object(frame)
        found = message.get("headers")
        headers: dict[str, t.Any] = found if isinstance(found, dict) else {}
        kind, topic = message.get("type"), headers.get("topic")
        data = text_of(message.get("data"))
        if kind == "SYSTEM":
            if topic == "disconnect":
                return Heard(leave=data or topic)
            return Heard(reply=(_reply(headers, data),))  # a ping comes back as it is
        if kind != "EVENT":
            return Heard(reply=(_reply(headers, "{}", code=404),))
        said = {
            "timestamp": headers.get("eventBornTime"),
            **(read_object(data) if data else {}),
            "eventType": headers.get("eventType"),
            "corpId": headers.get("eventCorpId"),
        }
        name = text_of(headers.get("eventId"))
        events = self._push.understood(said, data.encode(), received_at, name)
        return Heard(
            tuple(events),
            json.dumps(message, ensure_ascii=False).encode(),
            (_reply(headers, json.dumps(_TAKEN)),),
            (_reply(headers, json.dumps(_LATER), code=500),),
        )


def _reply(headers: Mapping[str, t.Any], data: str, *, code: int = 200) -> str:
    content = {
        "code": code,
        "headers": {"messageId": headers.get("messageId"), "contentType": "application/json"},
        "message": "OK" if code == 200 else "not taken",
        "data": data,
    }
    return json.dumps(content, ensure_ascii=False)


def _touched(kind: str, said: Mapping[str, t.Any]) -> list[tuple[str, str]]:
    """Return which entities a message is about: (stream, id); always at least one."""
    if kind == _FORM:
        return [("approvals", text_of(said.get("processinstanceid")))]
    for stream, name, prefix in (
        ("user_details", "userid", "user_"),
        ("departments", "deptid", "org_dept_"),
    ):
        if kind.startswith(prefix) and (ids := said.get(name)):
            listed = ids if isinstance(ids, list) else [ids]
            return [(stream, text_of(one)) for one in listed]
    return [("", "")]
