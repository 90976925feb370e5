"""The messages that 企业微信 pushes: signed and encrypted XML, and the check of the address itself.

Source: developer.work.weixin.qq.com, 回调配置 (90930) and 加解密方案说明 (90968).
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from openplatform.callbacks import Envelope
from openplatform.push import (
    Push,
    PushAnswer,
    PushEvent,
    PushRefusedError,
    PushRequest,
    PushSetting,
    fingerprint,
    moment_of,
)
from typing_extensions import override

_ZONE = ZoneInfo("Asia/Shanghai")
_ROOT_FIRST = re.compile(rb"\s*(<\?xml[^>]*\?>)?\s*<[A-Za-z]")


class WeComPush(Push):
    """Callbacks of one app of 企业微信."""

    settings = (
        PushSetting("corp_id", "corpid of the company: messages for others are refused."),
        PushSetting("token", "Token of 接收消息 in the app's settings.", secret=True),
        PushSetting(
            "aes_key", "EncodingAESKey of 接收消息, 43 characters, beside the Token.", secret=True
        ),
    )
    console = (
        "企业微信管理后台, 应用, 接收消息 (for the directory: 通讯录同步, 接收事件服务器): start eventgate "
        "first, then enter the address, the Token and the EncodingAESKey; saving checks the address."
    )

    @override
    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self._envelope = Envelope(self.values["token"], self.values["aes_key"])

    @override
    def answer(self, request: PushRequest) -> PushAnswer:
        if request.method == "GET":
            plain = self._open(request, request.query.get("echostr", ""))
            return PushAnswer((), plain, plain, "text/plain")
        request.expect_post()
        plain = self._open(request, _read(request.body).findtext("Encrypt") or "")
        return PushAnswer(tuple(self._events(plain, request)), plain, b"", "text/plain")

    def _open(self, request: PushRequest, encrypted: str) -> bytes:
        query = request.query
        message, owner = self._envelope.open(
            query.get("msg_signature", ""),
            query.get("timestamp", ""),
            query.get("nonce", ""),
            encrypted,
        )
        if owner != self.values["corp_id"]:
            msg = "the message is for another company than corp_id"
            raise PushRefusedError(msg)
        return message

    def _events(self, plain: bytes, request: PushRequest) -> list[PushEvent]:
        message = _read(plain)

        def text(path: str) -> str:
            return (message.findtext(path) or "").strip()

        name = text("Event") or text("MsgType")
        change = text("ChangeType")
        created = text("CreateTime")
        # The documented key, sender and second, is the same for all members changed in one second
        # (the sender is "sys"): with it alone, all but the first would be lost as repetitions. With the
        # content, only equal changes in one second are one; whoever reads a second later sees both.
        key = text("MsgId") or f"{text('FromUserName')}/{created}/{fingerprint(plain)}"
        touched = _touched(name, change, text)
        return [
            PushEvent(
                account=text("ToUserName") or self.values["corp_id"],
                stream=stream,
                id=identifier,
                kind=f"{name}/{change}" if change else name,
                at=moment_of(created, form="s", zone=_ZONE, otherwise=request.received_at),
                key=f"{key}/{number}" if number else key,
            )
            for number, (stream, identifier) in enumerate(touched)
        ]


def _read(data: bytes) -> ET.Element:
    """Read XML whose root stands first: declarations before it could define entities that explode."""
    try:
        if _ROOT_FIRST.match(data):
            return ET.fromstring(data)  # noqa: S314 - no declaration passes the line above
    except (ET.ParseError, ValueError):
        pass
    msg = "the body is no plain XML"
    raise PushRefusedError(msg, status=400)


def _touched(name: str, change: str, text: t.Callable[[str], str]) -> list[tuple[str, str]]:
    """Return which entities a message is about: (stream, id); always at least one."""
    if name == "change_contact":
        if change.endswith("_user"):
            # A member whose id changed is gone under the old id and new under the other.
            ids = [text("UserID"), text("NewUserID")]
            return [("users", one) for one in ids if one] or [("", "")]
        if change.endswith("_party"):
            return [("departments", text("Id"))]
        return [("", text("TagId"))]
    if name == "sys_approval_change":
        return [("approvals", text("ApprovalInfo/SpNo"))]
    if name == "change_external_contact":
        customer, member = text("ExternalUserID"), text("UserID")
        return [("external_contacts", f"{customer}:{member}")]
    return [("", "")]
