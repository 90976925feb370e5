"""The messages that 快手开放平台 pushes: JSON with `kwaisign`, the MD5 of body and secret.

Source: a mirror of the platform's page. Of the message's fields only `taskId` is certain.
"""

from __future__ import annotations

import hashlib
import hmac
import typing as t

from openplatform.push import (
    Push,
    PushAnswer,
    PushEvent,
    PushRefusedError,
    PushRequest,
    PushSetting,
    fingerprint,
    read_object,
    text_of,
)
from typing_extensions import override

_TAKEN = b'{"result":1}'


class KuaishouOpenPush(Push):
    """Push messages of one app of 快手开放平台."""

    settings = (
        PushSetting("app_key", "app_id of the app."),
        PushSetting("app_secret", "app_secret of the app.", secret=True),
    )
    console = "快手开放平台, 应用, 消息推送: enter the address; it is tried when it is saved."

    @override
    def answer(self, request: PushRequest) -> PushAnswer:
        request.expect_post()
        given = request.headers.get("kwaisign", "").lower()
        text = request.body + self.values["app_secret"].encode()
        wanted = hashlib.md5(text, usedforsecurity=False).hexdigest()
        if not hmac.compare_digest(given.encode(), wanted.encode()):
            msg = "kwaisign does not fit the message"
            raise PushRefusedError(msg)
        message = read_object(request.body)
        app = text_of(message.get("app_id"))
        if app and app != self.values["app_key"]:
            msg = "the message is for another app"
            raise PushRefusedError(msg)
        return PushAnswer((self._event(message, request),), request.body, _TAKEN)

    @staticmethod
    def _event(message: dict[str, t.Any], request: PushRequest) -> PushEvent:
        content = message.get("content")
        user = content.get("open_id") if isinstance(content, dict) else None
        return PushEvent(
            account=text_of(user),
            stream="",
            id=text_of(user),
            kind=text_of(message.get("event")),
            at=request.received_at,
            key=text_of(message.get("taskId")) or fingerprint(request.body),
        )
