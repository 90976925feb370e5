"""The messages that 钉钉 pushes to an HTTP address: signed and encrypted JSON, answered in kind.

Source: open.dingtalk.com, 配置HTTP推送; the envelope as in open-dingtalk/DingTalk-Callback-Crypto.
"""

from __future__ import annotations

import json
import typing as t
from collections.abc import Mapping
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
    read_object,
    text_of,
)
from typing_extensions import override

_ZONE = ZoneInfo("Asia/Shanghai")
_CHECK = "check_url"
_WORD = b"success"
_FORM = "bpms_instance_change"


class DingtalkPush(Push):
    """Callbacks of one app of 钉钉."""

    settings = (
        PushSetting("corp_id", "corpId of the company: stands for messages that name none."),
        PushSetting("token", "签名 token of 事件与回调 in the app's settings.", secret=True),
        PushSetting("aes_key", "加密 aes_key beside the token, 43 characters.", secret=True),
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

    @override
    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self._envelope = Envelope(self.values["token"], self.values["aes_key"])
        self._owner = self.values.get("owner") or self.values["corp_id"]

    @override
    def answer(self, request: PushRequest) -> PushAnswer:
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
        events = tuple(self._events(plain, request))
        sealed = self._envelope.seal(_WORD, owner, noise=request.body)
        reply = {
            "msg_signature": self._envelope.sign(timestamp, nonce, sealed),
            "timeStamp": timestamp,
            "nonce": nonce,
            "encrypt": sealed,
        }
        return PushAnswer(events, plain, json.dumps(reply).encode())

    def _events(self, plain: bytes, request: PushRequest) -> list[PushEvent]:
        message = read_object(plain)
        # Upper and lower camelCase both occur, by the way of delivery.
        said = {name.lower(): value for name, value in message.items()}
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
                at=moment_of(moment, form="ms", zone=_ZONE, otherwise=request.received_at),
                # Messages have no name of their own; what is repeated is the same to the letter.
                key=f"{account}/{fingerprint(plain)}/{number}",
            )
            for number, (stream, identifier) in enumerate(_touched(kind, said))
        ]


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
