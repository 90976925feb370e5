"""The messages of 拼多多 (PMC): JSON over a connection that we open, each answered by its number.

Source: the platform's own client (pop-sdk for Java, `com.pdd.pop.sdk.message`) as it is published in
repositories of others; the sheet of the platform; one observed message.
"""

from __future__ import annotations

import base64
import json
import typing as t
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from openplatform.errors import FatalError, OpenPlatformError, TransientError
from openplatform.listening import Dialogue, Frame, Frames, Heard, Listening, shown, ws_url
from openplatform.push import (
    PushEvent,
    PushRefusedError,
    PushSetting,
    fingerprint,
    moment_of,
    read_object,
    text_of,
)
from openplatform.signing import md5_hex
from typing_extensions import override

_ZONE = ZoneInfo("Asia/Shanghai")
_PLATFORM = "wss://message-api.pinduoduo.com"
_BEAT_SECONDS = 5.0
_SILENCE_SECONDS = 180.0
_LONGEST_REASON = 200


class PinduoduoPush(Listening):
    """Messages of one app of 拼多多, for all shops that consented."""

    settings = (
        PushSetting("app_key", "client_id of the app."),
        PushSetting("app_secret", "client_secret of the app.", secret=True),
        PushSetting(
            "base_url",
            f"In place of {_PLATFORM}: for proxies, the inside of 多多云 (ws://) and the sandbox.",
            optional=True,
        ),
    )
    connection_console = (
        "open.pinduoduo.com, the app, 消息服务: subscribe the topics wanted, then call "
        "pdd.pmc.user.permit once for each shop."
    )

    @override
    def dialogue(self) -> Dialogue:
        return _Pmc(self)

    def understood(
        self, number: str, message: Mapping[str, t.Any], sent: t.Any, now: datetime
    ) -> PushEvent:
        """Return what a message tells.

        Args:
            number: The platform's number of it.
            message: Its type, shop and content.
            sent: When the platform sent it, in ms; stands for the time of contents that tell none.
            now: When it came.
        """
        kind, shop = text_of(message.get("type")), text_of(message.get("mallID"))
        content = message.get("content")
        if not isinstance(content, dict):
            content = read_object(text_of(content) or "{}")
        stream, identifier = _touched(kind, content)
        sent_at = moment_of(sent, form="ms", zone=_ZONE, otherwise=now)
        return PushEvent(
            account=shop or text_of(content.get("mall_id")),
            stream=stream,
            id=identifier,
            kind=kind,
            at=moment_of(content.get("modified"), form="ms", zone=_ZONE, otherwise=sent_at),
            # Numbers are said to hold for a day: the content tells days apart.
            key=f"{shop}/{number}/{fingerprint(json.dumps(message, sort_keys=True).encode())}",
        )


class _Pmc(Dialogue):
    """One connection; its address is signed."""

    beat_seconds = _BEAT_SECONDS
    silence_seconds = _SILENCE_SECONDS

    def __init__(self, push: PinduoduoPush) -> None:
        self._push = push

    @override
    def address(self, now: datetime) -> str:
        values = self._push.values
        key, stamp = values["app_key"], _milliseconds(now)
        digest = base64.b64encode(md5_hex(f"{key}{stamp}{values['app_secret']}").encode()).decode()
        return f"{ws_url(values.get('base_url') or _PLATFORM)}/message/{key}/{stamp}/{quote(digest, '')}"

    @override
    def turned_away(
        self, status: int, headers: Mapping[str, str], body: bytes
    ) -> OpenPlatformError:
        said = f"HTTP {status}{shown(body)}"
        if status in {400, 401, 403, 404}:
            return FatalError(
                f"拼多多 does not admit the app ({said}): check app_key and app_secret, this machine's "
                "clock, and that 消息服务 is opened for the app"
            )
        return TransientError(f"拼多多 did not open the connection ({said})")

    @override
    def hello(self, now: datetime) -> Frames:
        return self.beat(now)

    @override
    def beat(self, now: datetime) -> Frames:
        stamp = _milliseconds(now)
        return (json.dumps({"id": stamp, "commandType": "HeartBeat", "time": stamp}),)

    @override
    def hear(self, frame: Frame, received_at: datetime) -> Heard:
        said = read_object(frame)
        message = said.get("message")
        kind = said.get("commandType")
        if kind == "Fail":
            msg = f"拼多多 says Fail: {json.dumps(message, ensure_ascii=False)[:_LONGEST_REASON]}"
            raise PushRefusedError(msg, status=400)
        if kind != "Common" or not isinstance(message, dict):
            return Heard()
        plain = frame.encode() if isinstance(frame, str) else frame
        sent = said.get("sendTime")
        event = self._push.understood(text_of(said.get("id")), message, sent, received_at)
        answer = {
            "id": said.get("id"),
            "time": _milliseconds(received_at),
            "sendTime": sent,
            "type": message.get("type"),
            "mallID": message.get("mallID"),
        }
        return Heard(
            (event,),
            plain,
            (json.dumps({**answer, "commandType": "Ack"}),),
            (json.dumps({**answer, "commandType": "Fail", "failReason": "not stored"}),),
        )


def _milliseconds(now: datetime) -> int:
    return int(now.timestamp() * 1000)


def _touched(kind: str, content: Mapping[str, t.Any]) -> tuple[str, str]:
    """Return which entity a message is about: stream and id, both empty where no stream has it."""
    order = text_of(content.get("tid")) or text_of(content.get("order_sn"))
    case = text_of(content.get("refund_id"))
    goods = text_of(content.get("goods_id"))
    if kind.startswith("pdd_trade_") and order:
        return "orders", order
    if kind.startswith("pdd_refund_") and order and case:
        return "refund_details", f"{order}/{case}"  # what the detail is asked for by
    if kind.startswith("pdd_goods_") and goods:
        return "items", goods
    return "", ""
