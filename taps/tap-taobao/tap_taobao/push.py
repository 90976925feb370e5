"""The messages of 淘宝 (消息服务, TMC): binary frames over a connection that we open, each confirmed.

Source: the platform's own clients for Node (npm taobao-sdk 2.0.5) and, for the names of a message's fields,
for Java and .NET, as they are published in repositories of others.
"""

from __future__ import annotations

import json
import typing as t
from collections.abc import Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from openplatform.errors import FatalError, TransientError
from openplatform.listening import Dialogue, Frame, Frames, Heard, Listening, ws_url
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

from tap_taobao import frames

_ZONE = ZoneInfo("Asia/Shanghai")
_PLATFORM = "ws://mc.api.taobao.com/"
_GROUP = "default"
_PULL_SECONDS = 5.0
_STREAMS = (
    ("taobao_trade_", "orders", "tid"),
    ("taobao_refund_", "refunds", "refund_id"),
    ("taobao_item_", "item_details", "num_iid"),
)


class TaobaoPush(Listening):
    """Messages of one group of one app of 淘宝."""

    settings = (
        PushSetting("app_key", "AppKey of the app."),
        PushSetting("app_secret", "App Secret of the app.", secret=True),
        PushSetting("group_name", f"消息分组. Default: {_GROUP}.", optional=True),
        PushSetting(
            "base_url", f"In place of {_PLATFORM}: for proxies and the sandbox.", optional=True
        ),
    )
    connection_console = (
        "open.taobao.com, the app, 消息服务: subscribe the topics wanted, then call "
        "taobao.tmc.user.permit once for each shop."
    )

    @override
    def dialogue(self) -> Dialogue:
        return _Tmc(self)

    def understood(
        self, content: Mapping[str, frames.Value], text: str, now: datetime
    ) -> PushEvent:
        """Return what a message tells.

        Args:
            content: Its fields.
            text: Its content, JSON.
            now: When it came.
        """
        told = read_object(text or "{}")
        kind, user = text_of(content.get("topic")), text_of(content.get("userid"))
        account = user or text_of(told.get("seller_id")) or text_of(content.get("nick"))
        stream, identifier = _touched(kind, told)
        published = content.get("time")
        moment = published if isinstance(published, datetime) else now
        if not isinstance(published, datetime):
            moment = moment_of(told.get("modified"), form="local", zone=_ZONE, otherwise=now)
        # The id is that of a delivery; what is sent again is the same in all else.
        name = fingerprint(repr((kind, content.get("dataid"), published, text)).encode())
        return PushEvent(account, stream, identifier, kind, moment, f"{account}/{name}")


class _Tmc(Dialogue):
    """One connection: we say who we are, get a token, and ask for messages from time to time."""

    beat_seconds = _PULL_SECONDS

    def __init__(self, push: TaobaoPush) -> None:
        self._push = push
        self._token = ""
        self.ready = False

    @override
    def address(self, now: datetime) -> str:
        return f"{ws_url(self._push.values.get('base_url') or _PLATFORM)}/"

    @override
    def hello(self, now: datetime) -> Frames:
        values = self._push.values
        group, stamp = values.get("group_name") or _GROUP, str(int(now.timestamp() * 1000))
        signed = f"app_key{values['app_key']}group_name{group}timestamp{stamp}"
        content = {
            "app_key": values["app_key"],
            "group_name": group,
            "timestamp": stamp,
            "sign": md5_hex(f"{values['app_secret']}{signed}{values['app_secret']}").upper(),
            "sdk": "eventgate-0.1",
        }
        return (frames.encode(frames.Frame(frames.CONNECT, content)),)

    @override
    def beat(self, now: datetime) -> Frames:
        return (self._send({frames.KIND: frames.PULL}),)

    @override
    def hear(self, frame: Frame, received_at: datetime) -> Heard:
        if isinstance(frame, str):
            msg = "the frame is text, not bytes"
            raise PushRefusedError(msg, status=400)
        said = frames.decode(frame)
        if said.kind == frames.CONNECT_ACK:
            return self._admitted(said, received_at)
        number = said.content.get("id")
        if said.kind != frames.SEND or not isinstance(number, int):
            return Heard()
        text = frames.text_in(said.content.get("content"))
        event = self._push.understood(said.content, text, received_at)
        return Heard(
            (event,),
            json.dumps({**said.content, "content": text}, default=str, ensure_ascii=False).encode(),
            (self._send({frames.KIND: frames.CONFIRM, "id": number}),),
        )

    def _admitted(self, said: frames.Frame, now: datetime) -> Heard:
        if said.token and not said.status:
            self._token, self.ready = said.token, True
            return Heard(reply=self.beat(now))
        what = f"{said.status} {said.phrase}".strip()
        # Its codes are not documented; those below 500 are taken for ours, as in HTTP.
        if said.status >= 500:
            msg = f"淘宝 did not take the connection ({what})"
            raise TransientError(msg)
        msg = (
            f"淘宝 does not admit the app ({what}): check app_key, app_secret, group_name and this "
            "machine's clock, and that 消息服务 is opened for the app"
        )
        raise FatalError(msg)

    def _send(self, content: Mapping[str, frames.Value]) -> bytes:
        return frames.encode(frames.Frame(frames.SEND, content, self._token))


def _touched(kind: str, told: Mapping[str, t.Any]) -> tuple[str, str]:
    """Return which entity a message is about: stream and id, both empty where no stream has it."""
    for prefix, stream, name in _STREAMS:
        if kind.startswith(prefix) and (identifier := text_of(told.get(name))):
            return stream, identifier
    return "", ""
