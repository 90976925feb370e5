"""The messages that 1688 pushes: a form with JSON text and its HMAC-SHA1.

Source: open.1688.com/doc/messageDoc.htm. What exactly is signed is inferred from its 参数签名: the parameters
without any path.
"""

from __future__ import annotations

import hmac
import typing as t
from urllib.parse import parse_qsl
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

from tap_alibaba1688.client import sign

_TAKEN = b'{"success":true}'
_ZONE = ZoneInfo("Asia/Shanghai")


class Alibaba1688Push(Push):
    """Push messages of one app of 1688."""

    settings = (
        PushSetting("app_key", "AppKey of the app."),
        PushSetting("app_secret", "App Secret of the app.", secret=True),
    )
    console = "1688 开放平台, 应用, 消息: enter the address (httpCallBack), and subscribe the topics wanted."

    @override
    def answer(self, request: PushRequest) -> PushAnswer:
        request.expect_post()
        message = self._opened(request.body)
        content = read_object(message)
        data = content.get("data")
        data = data if isinstance(data, dict) else {}
        account, kind = text_of(content.get("userInfo")), text_of(content.get("type"))
        stream, identifier = _subject(kind, account, data)
        event = PushEvent(
            account=account,
            stream=stream,
            id=identifier or text_of(content.get("bizKey")),
            kind=kind,
            at=moment_of(
                content.get("gmtBorn"), form="ms", zone=_ZONE, otherwise=request.received_at
            ),
            key=text_of(content.get("msgId")) or fingerprint(message.encode()),
        )
        return PushAnswer((event,), message.encode(), _TAKEN)

    def _opened(self, body: bytes) -> str:
        """Return the message of a form that is signed with the app's secret."""
        try:
            fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
        except (UnicodeDecodeError, ValueError):
            fields = {}
        message = fields.get("message", "")
        given = fields.get("_aop_signature", "")
        wanted = sign("", {"message": message}, self.values["app_secret"])
        if not message or not hmac.compare_digest(given.upper().encode(), wanted.encode()):
            msg = "the signature does not fit the message"
            raise PushRefusedError(msg)
        return message


def _subject(kind: str, account: str, data: dict[str, t.Any]) -> tuple[str, str]:
    """Return the stream and the id; whose side it is tells the member that the message is for."""
    order = text_of(data.get("orderId"))
    if not kind.startswith("ORDER_") or not order:
        return "", order
    sold = account and account == text_of(data.get("sellerMemberId"))
    return ("seller_orders" if sold else "buyer_orders"), order
