"""The messages that 七鱼 pushes (消息接口): signed like a call, and answered with an empty text.

Source: the chapter 消息接口 of 七鱼's documentation and its Java sample.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from zoneinfo import ZoneInfo

from openplatform.push import (
    Push,
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

from tap_qiyu.client import checksum

_ZONE = ZoneInfo("Asia/Shanghai")
_VALID = timedelta(minutes=5)
# What is not an empty text counts as refused, and comes again.
_TAKEN = b""
_OF_SESSIONS = frozenset({"SESSION_START", "SESSION_END", "EVA_INVITATION"})


class QiyuPush(Push):
    """Push messages to one company of 七鱼."""

    settings = (
        PushSetting("app_secret", "appSecret of the company.", secret=True),
        PushSetting(
            "account", "Id of the account whose messages come to this address: they name none."
        ),
    )
    console = (
        "七鱼管理后台, 系统管理, 扩展与集成: enter the address for messages, one for each company."
    )

    @override
    def answer(self, request: PushRequest) -> PushAnswer:
        request.expect_post()
        time = request.query.get("time", "")
        given = request.query.get("checksum", "")
        wanted = checksum(self.values["app_secret"], request.body, time)
        if not hmac.compare_digest(given.encode(), wanted.encode()):
            msg = "the checksum does not fit the message"
            raise PushRefusedError(msg)
        sent = moment_of(time, form="s", zone=_ZONE, otherwise=request.received_at - 2 * _VALID)
        if abs(request.received_at - sent) > _VALID:
            msg = "the message is more than 5 minutes old, or a clock is wrong"
            raise PushRefusedError(msg)
        message = read_object(request.body)
        kind = request.query.get("eventType", "")
        session = text_of(message.get("sessionId")) if kind in _OF_SESSIONS else ""
        # Messages of a chat name no session; those of sessions have no number, and may be signed anew.
        number = text_of(message.get("msgId"))
        event = PushEvent(
            account=self.values["account"],
            stream="sessions" if session else "",
            id=session or number,
            kind=kind,
            at=moment_of(message.get("timeStamp"), form="ms", zone=_ZONE, otherwise=sent),
            key=f"{kind} {number or fingerprint(request.body)}",
        )
        return PushAnswer((event,), request.body, _TAKEN, content_type="text/plain")
