"""The calls (SPI) that 快手本地生活 makes: signed with SHA-256 over query and body.

Source: a PHP client. Which messages there are, and how they are acknowledged, is not documented.
"""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlencode

from openplatform.push import (
    Push,
    PushAnswer,
    PushEvent,
    PushRefusedError,
    PushRequest,
    PushSetting,
    fingerprint,
)
from typing_extensions import override

_TAKEN = b'{"result":1}'


class KuaishouLocallifePush(Push):
    """Calls for one app of 快手本地生活."""

    settings = (
        PushSetting("sign_secret", "signSecret of the app.", secret=True),
        PushSetting("account", "Id of the account that the calls are for.", optional=True),
    )
    console = "快手本地生活开放平台, 应用: enter the address for the messages (SPI) wanted."

    @override
    def answer(self, request: PushRequest) -> PushAnswer:
        request.expect_post()
        given = request.query.get("sign", "")
        if not hmac.compare_digest(given.encode(), self._signed(request).encode()):
            msg = "the signature does not fit the message"
            raise PushRefusedError(msg)
        event = PushEvent(
            account=self.values.get("account", ""),
            stream="",
            id="",
            kind="",
            at=request.received_at,
            key=request.query.get("msg_id") or fingerprint(request.body),
        )
        return PushAnswer((event,), request.body, _TAKEN)

    def _signed(self, request: PushRequest) -> str:
        """Return the signature; blanks of the query are signed as plus signs, however they came."""
        pairs = sorted((name, value) for name, value in request.query.items() if name != "sign")
        head = f"{self.values['sign_secret']}&{urlencode(pairs)}&http_body="
        return hashlib.sha256(head.encode() + request.body).hexdigest()
