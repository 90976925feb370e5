"""What 苍穹 pushes (开放事件), after the fact sheet: JSON, signed and encrypted."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import typing as t
from collections.abc import Sequence

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from typing_extensions import override

from sandbox.mixing import digest
from sandbox.pushes import Announcer, Change, Letter

_SIGN, _KEY = "sandbox-sign-key", b"sandbox-encrypt!"
_ENTITIES: t.Final = {
    "sales_orders": "sm_salorder",
    "purchase_orders": "pm_purorderbill",
    "materials": "bd_material",
    "users": "bos_user",
}
_VERBS: t.Final = {"insert": "save", "update": "save", "delete": "delete"}


class CosmicAnnouncer(Announcer):
    """Three repetitions; how long they wait is not told. An answer must come within 3 s."""

    waits = (10, 60, 300)
    patience = 3.0

    @override
    def gates(self, accounts: Sequence[str]) -> dict[str, dict[str, str]]:
        settings = {
            "sign_secret": _SIGN,
            "encrypt_secret": base64.b64encode(_KEY).decode(),
            "entities": ",".join(f"{entity}={name}" for name, entity in _ENTITIES.items()),
        }
        return {self.gate(account): {**settings, "account": account} for account in accounts}

    @override
    def gate(self, account: str) -> str:
        return f"kingdee/{account}"

    @override
    def message(self, change: Change) -> dict[str, t.Any] | None:
        entity, operation = _ENTITIES[change.data.entity.name], _VERBS[change.kind]
        about = digest(change.data.account, entity, change.number)
        return {
            "data": {"id": change.key},
            "eventNumber": f"kdtest.kemopenevt.{entity}.{operation}",
            "msgId": about,
            "entityNumber": entity,
            "operation": operation,
        }

    @override
    def seal(self, account: str, message: dict[str, t.Any], attempt: int, now: float) -> Letter:
        nonce = digest(message["msgId"], attempt)[:16]
        iv = nonce.encode()
        padder = padding.PKCS7(128).padder()
        plain = json.dumps(message, ensure_ascii=False).encode()
        encryptor = Cipher(algorithms.AES(_KEY), modes.CBC(iv)).encryptor()
        padded = padder.update(plain) + padder.finalize()
        cipher = base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()
        body = json.dumps({"encrypt": cipher}).encode()
        stamp = str(int(now * 1000))
        content = (_SIGN + stamp + nonce).encode() + body
        headers = {
            "Content-Type": "application/json",
            "x-kem-request-timestamp": stamp,
            "x-kem-request-nonce": nonce,
            "x-kem-signature": hmac.new(_SIGN.encode(), content, hashlib.sha256).hexdigest(),
            "x-kem-encrypt-iv": base64.b64encode(iv).decode(),
        }
        return Letter(body, headers)

    @override
    def taken(self, status: int, body: bytes) -> bool:
        return status == 200
