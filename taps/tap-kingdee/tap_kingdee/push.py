"""The events that 苍穹 / 星瀚 pushes (开放事件, V6.0.6 and later), signed and mostly encrypted.

Source: OpenAPI 手册 of vip.kingdee.com. 云·星空 and 云·星辰 document no messages.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import typing as t
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.ciphers import algorithms
from openplatform.errors import ConfigurationError
from openplatform.push import (
    Push,
    PushAnswer,
    PushEvent,
    PushRefusedError,
    PushRequest,
    PushSetting,
    decrypt,
    fingerprint,
    moment_of,
    read_object,
    text_of,
)
from typing_extensions import override

_ZONE = ZoneInfo("Asia/Shanghai")
_CIPHERS: t.Final[Mapping[str, t.Any]] = {"AES": algorithms.AES, "SM4": algorithms.SM4}
_SIGNATURES = ("HMAC_SHA_256", "SHA_256")
_TAKEN = b'{"errorCode":"0","status":true}'


class KingdeePush(Push):
    """Events of one subscription in 苍穹."""

    settings = (
        PushSetting("sign_secret", "signsecretkey of the subscription.", secret=True),
        PushSetting("account", "The account's id in the tap, which the messages do not tell."),
        PushSetting(
            "encrypt_secret",
            "encryptsecretkey (base64), where the messages are encrypted.",
            secret=True,
            optional=True,
        ),
        PushSetting("cipher", "AES (default) or SM4.", optional=True),
        PushSetting("signature", "HMAC_SHA_256 (default) or SHA_256.", optional=True),
        PushSetting(
            "entities",
            "Which stream holds which entity: sm_salorder=sales_orders,bd_material=materials.",
            optional=True,
        ),
    )
    console = (
        "开发平台, 开放事件: start eventgate first, enter the address as the receiver of a subscription, "
        "and copy its keys here."
    )

    @override
    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(values)
        self._secret = self.values["sign_secret"]
        self._method = self._chosen("signature", _SIGNATURES)
        self._cipher = _CIPHERS[self._chosen("cipher", tuple(_CIPHERS))]
        try:
            self._key = base64.b64decode(self.values.get("encrypt_secret") or "", validate=True)
            if self._key:
                self._cipher(self._key)
        except ValueError as exc:
            msg = "encrypt_secret is no base64 of a key of this cipher; copy encryptsecretkey anew."
            raise ConfigurationError(msg) from exc
        pairs = (one.split("=") for one in (self.values.get("entities") or "").split(",") if one)
        try:
            self._streams = {name.strip(): stream.strip() for name, stream in pairs}
        except ValueError as exc:
            msg = "entities: write entityNumber=stream, more of them behind commas."
            raise ConfigurationError(msg) from exc

    def _chosen(self, name: str, allowed: tuple[str, ...]) -> str:
        value = self.values.get(name) or allowed[0]
        if value not in allowed:
            msg = f"{name}: {value!r} is none of {', '.join(allowed)}."
            raise ConfigurationError(msg)
        return value

    @override
    def answer(self, request: PushRequest) -> PushAnswer:
        request.expect_post()
        self._check_signature(request)
        plain = self._open(request)
        message = read_object(plain)
        moment = request.headers.get("x-kem-request-timestamp")
        entity = text_of(message.get("entityNumber"))
        data = message.get("data")
        name = text_of(message.get("msgId"))
        event = PushEvent(
            account=self.values["account"],
            stream=self._streams.get(entity, ""),
            id=text_of(data.get("id")) if isinstance(data, dict) else "",
            kind=text_of(message.get("operation")) or text_of(message.get("eventNumber")),
            at=moment_of(moment, form="ms", zone=_ZONE, otherwise=request.received_at),
            key=f"{self.values['account']}/{name or fingerprint(plain)}",
        )
        return PushAnswer((event,), plain, _TAKEN)

    def _check_signature(self, request: PushRequest) -> None:
        headers, secret = request.headers, self._secret.encode()
        stamps = (headers.get(f"x-kem-request-{name}", "") for name in ("timestamp", "nonce"))
        content = secret + "".join(stamps).encode() + request.body
        if self._method == "SHA_256":
            expected = hashlib.sha256(content).hexdigest()
        else:
            expected = hmac.new(secret, content, hashlib.sha256).hexdigest()
        given = headers.get("x-kem-signature", "").lower()
        if not hmac.compare_digest(expected.encode(), given.encode()):
            msg = "x-kem-signature does not fit: are sign_secret and signature those of the subscription?"
            raise PushRefusedError(msg)

    def _open(self, request: PushRequest) -> bytes:
        """Decrypt what is encrypted; what should be and is not is none of theirs."""
        if not self._key:
            return request.body
        try:
            cipher = base64.b64decode(
                text_of(read_object(request.body).get("encrypt")), validate=True
            )
            iv = base64.b64decode(request.headers.get("x-kem-encrypt-iv", ""), validate=True)
        except ValueError:
            cipher = iv = b""
        if not cipher:
            msg = "there is no encrypted message; does the subscription encrypt, as encrypt_secret says?"
            raise PushRefusedError(msg)
        return decrypt(self._key, iv, cipher, algorithm=self._cipher)
