"""The messages that 抖店 pushes: several in one request, signed over its raw bytes, not encrypted.

Source: the message handling of the official Go SDK.
"""

from __future__ import annotations

import hmac
import json
import typing as t
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
from openplatform.signing import md5_hex
from typing_extensions import override

_TAKEN = b'{"code":0,"msg":"success"}'
_ZONE = ZoneInfo("Asia/Shanghai")
# By the tag: the stream, and the names under which the content holds the id.
_CASES = ("refunds", ("aftersale_id", "after_sale_id"))
_ORDERS = ("orders", ("p_id",))
_SUBJECTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "100": _ORDERS,
    "101": _ORDERS,
    "102": _ORDERS,
    "110": _ORDERS,
    "206": _CASES,
    "400": ("items", ("product_id",)),
}
_TIMES = ("update_time", "pay_time", "create_time")


class DouyinShopPush(Push):
    """Push messages of one app of 抖店."""

    settings = (
        PushSetting("app_key", "app_key of the app."),
        PushSetting("app_secret", "app_secret of the app.", secret=True),
    )
    console = "抖店开放平台, 应用, 消息推送: enter the address and subscribe the messages wanted."

    @override
    def answer(self, request: PushRequest) -> PushAnswer:
        request.expect_post()
        try:
            text = request.body.decode()
        except UnicodeDecodeError:
            msg = "the body is not UTF-8"
            raise PushRefusedError(msg, status=400) from None
        if request.headers.get("app-id") != self.values["app_key"]:
            msg = "the message is for another app"
            raise PushRefusedError(msg)
        expected = md5_hex(f"{self.values['app_key']}{text}{self.values['app_secret']}")
        given = request.headers.get("event-sign", "").strip().lower()
        if not hmac.compare_digest(expected.encode(), given.encode()):
            msg = "event-sign does not fit: is app_secret that of the app which pushes?"
            raise PushRefusedError(msg)
        events = tuple(_event(one, request) for one in _messages(text))
        return PushAnswer(events, request.body, _TAKEN)


def _messages(text: str) -> list[dict[str, t.Any]]:
    """Return the messages of a request: an array, also when there is only one."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = None
    messages = content if isinstance(content, list) else [content]
    if not all(isinstance(one, dict) for one in messages):
        msg = "the body is no list of messages"
        raise PushRefusedError(msg, status=400)
    return messages


def _event(message: dict[str, t.Any], request: PushRequest) -> PushEvent:
    """Read a message; what is not known is kept as an event of no stream."""
    tag = text_of(message.get("tag"))
    content = _content(message.get("data"))
    stream, names = _SUBJECTS.get(tag, ("", ("p_id", "product_id")))
    identifier = next((found for name in names if (found := text_of(content.get(name)))), "")
    at = next((content[name] for name in _TIMES if content.get(name)), None)
    return PushEvent(
        account=text_of(content.get("shop_id")),
        stream=stream if identifier else "",
        id=identifier,
        kind=tag,
        at=moment_of(at, form="auto", zone=_ZONE, otherwise=request.received_at),
        key=text_of(message.get("msg_id")) or fingerprint(repr(message).encode()),
    )


def _content(data: t.Any) -> dict[str, t.Any]:
    """`data` is JSON text within JSON."""
    if isinstance(data, dict):
        return data
    try:
        return read_object(data) if isinstance(data, str) else {}
    except PushRefusedError:
        return {}
