"""The calls that 聚水潭's older platform makes to a partner's address: signed with a key that all know.

The signature shows that a call arrived as it was sent, and nothing of who sent it: the address must be
what only 聚水潭 knows. What a call tells beside its method is not documented, so no stream is named.

Source: the sheet of the platform, with npm jushuitan 1.0.2 (verify).
"""

from __future__ import annotations

import hmac
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
)
from openplatform.signing import md5_hex
from typing_extensions import override

_ZONE = ZoneInfo("Asia/Shanghai")
_WORD = "erp"
_UNSIGNED = {"sign", "method", "partnerid", "partnerkey"}


class JushuitanPush(Push):
    """Calls of 聚水潭 to one partner's address."""

    settings = (
        PushSetting("account", "The account's id in the tap: calls name none."),
        PushSetting(
            "reply",
            "What to answer to every call, JSON as 聚水潭 documents it for the methods that are opened. It "
            "takes this for done: have only such methods come here as need nothing done.",
        ),
    )
    console = (
        "open.jushuitan.com (older platform): have the address entered for the partner. Name it so that "
        "nobody guesses it (jushuitan/<long random word>): the signature proves nothing."
    )

    @override
    def answer(self, request: PushRequest) -> PushAnswer:
        query = request.query
        method = query.get("method", "")
        signed = "".join(f"{n}{value}" for n, value in query.items() if n not in _UNSIGNED)
        expected = md5_hex(f"{method}{_WORD}{signed}{_WORD}")
        given = query.get("sign", "").lower()
        if not method or not hmac.compare_digest(expected.encode(), given.encode()):
            msg = "the signature does not fit: the call is not one of 聚水潭, or was changed on its way"
            raise PushRefusedError(msg)
        account = self.values["account"]
        told = f"{method} {signed} ".encode() + request.body
        event = PushEvent(
            account=account,
            stream="",
            id="",
            kind=method,
            at=moment_of(query.get("ts"), form="s", zone=_ZONE, otherwise=request.received_at),
            key=f"{account}/{fingerprint(told)}",
        )
        return PushAnswer((event,), request.body or signed.encode(), self.values["reply"].encode())
