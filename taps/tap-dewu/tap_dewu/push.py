"""The messages that 得物 pushes: an AES ciphertext in JSON, in which the key is the proof.

Source: two public receivers. The key is what Java's SHA1PRNG makes of the app's secret.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import typing as t

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
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

# Both receivers answer so; the platform's own rule is not known.
_TAKEN = b'{"code":200,"msg":"success"}'
_BLOCK = 128


def key_of(secret: str) -> bytes:
    """Return the AES key that belongs to an app's secret."""
    inner = hashlib.sha1(secret.encode(), usedforsecurity=False).digest()
    return hashlib.sha1(inner, usedforsecurity=False).digest()[:16]


class DewuPush(Push):
    """Push messages to one account of an app of 得物."""

    settings = (
        PushSetting("app_secret", "app_secret of the app.", secret=True),
        PushSetting(
            "account", "Id of the account whose messages come to this address: they name none."
        ),
    )
    console = (
        "得物开放平台, 应用, 消息订阅: enter the address and subscribe the messages wanted; one address "
        "for each merchant."
    )

    @override
    def answer(self, request: PushRequest) -> PushAnswer:
        request.expect_post()
        message = read_object(request.body)
        kind = text_of(message.get("type"))
        plain = self._open(text_of(message.get("msg")))
        content = read_object(plain)
        stream, identifier = _subject(content)
        event = PushEvent(
            account=self.values["account"],
            stream=stream,
            id=identifier,
            kind=kind,
            at=request.received_at,
            key=fingerprint(kind.encode() + plain),
        )
        return PushAnswer((event,), plain, _TAKEN)

    def _open(self, text: str) -> bytes:
        """Decrypt; every failure reads alike, so that nobody can learn from the difference."""
        try:
            data = base64.b64decode(text, validate=True)
            # The platform's choice, not ours: blocks are encrypted one by one.
            cipher = Cipher(algorithms.AES(key_of(self.values["app_secret"])), modes.ECB())  # noqa: S305
            decryptor = cipher.decryptor()
            unpadder = padding.PKCS7(_BLOCK).unpadder()
            plain = unpadder.update(decryptor.update(data) + decryptor.finalize())
            plain += unpadder.finalize()
            read_object(plain)
        except (binascii.Error, ValueError, PushRefusedError):
            msg = "the message cannot be decrypted with app_secret"
            raise PushRefusedError(msg) from None
        return plain


def _subject(content: dict[str, t.Any]) -> tuple[str, str]:
    """Return the stream and the id; whatever happens to an order changes the order."""
    if order := text_of(content.get("orderNo")):
        return "orders", order
    if bidding := text_of(content.get("sellerBiddingNo")):
        return "biddings", bidding
    return "", ""
