"""The messages that 合思 sends (出站消息): what the customer chose in the console, as a JSON object.

How its 签名秘钥 signs a message is not documented, so the address itself carries a secret: the customer
enters the whole URL, with a token that only 合思 and the gate know.

Source: the chapter outbound-message of 合思's open platform documents.
"""

from __future__ import annotations

import hmac

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

# Retries come at most three times and 10 seconds apart; later the same words tell of something new.
_REPEATED_SECONDS = 300


class EkuaibaoPush(Push):
    """Messages of one corporation of 合思."""

    settings = (
        PushSetting(
            "token", "Secret that ends the address: .../push/ekuaibao?token=...", secret=True
        ),
        PushSetting("account", "Id of the account: messages name no corporation."),
    )
    console = (
        "合思, 扩展中心, 出站消息: as 调用Url enter the gate's address with ?token= and the token, accept "
        "status 200, and choose flowId among the fields; one gate for each corporation."
    )

    @override
    def answer(self, request: PushRequest) -> PushAnswer:
        request.expect_post()
        given, wanted = request.query.get("token", ""), self.values["token"]
        if not hmac.compare_digest(given.encode(), wanted.encode()):
            msg = "the token in the address is not the one of this gate"
            raise PushRefusedError(msg)
        message = read_object(request.body)
        document = text_of(message.get("flowId"))
        bucket = int(request.received_at.timestamp()) // _REPEATED_SECONDS
        event = PushEvent(
            account=self.values["account"],
            # Without flowId it is a message about something else, or the one that tries the address.
            stream="document_details" if document else "",
            id=document,
            kind=text_of(message.get("action")),
            at=request.received_at,
            key=f"{fingerprint(request.body)} {bucket}",
        )
        return PushAnswer((event,), request.body, b"ok", content_type="text/plain")
