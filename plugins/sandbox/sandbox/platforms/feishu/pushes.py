"""What 飞书 pushes, after the fact sheet: JSON, AES-encrypted and signed, in two generations of form."""

from __future__ import annotations

import base64
import hashlib
import json
import typing as t
from collections.abc import Sequence

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from typing_extensions import override

from sandbox.mixing import digest
from sandbox.platforms.feishu.rows import ROOT, Approval
from sandbox.pushes import Announcer, Change, Letter

_KEY, _TOKEN = "sandbox-encrypt-key", "sandbox-verification-token"
_VERBS = {"insert": "created", "update": "updated", "delete": "deleted"}


class FeishuAnnouncer(Announcer):
    """Repeated after 15 s, 5 min, 1 h and 6 h; an answer must come within 3 s."""

    waits = (15, 300, 3600, 21_600)
    patience = 3.0

    @override
    def gates(self, accounts: Sequence[str]) -> dict[str, dict[str, str]]:
        settings = {"encrypt_key": _KEY, "verification_token": _TOKEN}
        return {self.gate(tenant): dict(settings) for tenant in accounts}

    @override
    def gate(self, account: str) -> str:
        return f"feishu/{account}"

    @override
    def message(self, change: Change) -> dict[str, t.Any] | None:
        data, row = change.data, change.row
        about, name = digest(data.account, data.entity.name, change.number), data.entity.name
        moment = str(int(change.now * 1000))
        if isinstance(data.entity, Approval):
            return {
                "uuid": about,
                "ts": f"{change.now:.6f}",
                "token": _TOKEN,
                "type": "event_callback",
                "event": {
                    "app_id": "cli_sandbox",
                    "tenant_key": data.account,
                    "type": "approval_instance",
                    "approval_code": data.entity.form(row),
                    "instance_code": change.key,
                    "status": data.entity.status(data, row),
                    "operate_time": moment,
                    "uuid": about[:8],
                },
            }
        if name not in {"users", "departments"} or change.key == ROOT:
            return None
        kind, key = ("user", "open_id") if name == "users" else ("department", "open_department_id")
        return {
            "schema": "2.0",
            "header": {
                "event_id": about,
                "event_type": f"contact.{kind}.{_VERBS[change.kind]}_v3",
                "create_time": moment,
                "token": _TOKEN,
                "app_id": "cli_sandbox",
                "tenant_key": data.account,
            },
            "event": {"object": {key: change.key}},
        }

    @override
    def seal(self, account: str, message: dict[str, t.Any], attempt: int, now: float) -> Letter:
        noise = digest(sorted(message.items(), key=str), attempt)[:16].encode()
        return _letter(message, noise, now)

    @override
    def taken(self, status: int, body: bytes) -> bool:
        return status == 200

    @override
    def greeting(self, account: str, now: float) -> tuple[Letter, bytes | None]:
        """The challenge comes back in the clear."""
        word = digest(account, now)[:16]
        message = {"challenge": word, "token": _TOKEN, "type": "url_verification"}
        letter = _letter(message, digest(word)[:16].encode(), now)
        return letter, json.dumps({"challenge": word}, separators=(",", ":")).encode()


def _letter(message: dict[str, t.Any], noise: bytes, now: float) -> Letter:
    padder = padding.PKCS7(128).padder()
    plain = json.dumps(message, ensure_ascii=False).encode()
    cipher = Cipher(algorithms.AES(hashlib.sha256(_KEY.encode()).digest()), modes.CBC(noise))
    encryptor = cipher.encryptor()
    padded = padder.update(plain) + padder.finalize()
    encrypted = base64.b64encode(noise + encryptor.update(padded) + encryptor.finalize())
    body = json.dumps({"encrypt": encrypted.decode()}).encode()
    timestamp, nonce = str(int(now)), noise[:10].decode()
    signature = hashlib.sha256((timestamp + nonce + _KEY).encode() + body).hexdigest()
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "X-Lark-Request-Timestamp": timestamp,
        "X-Lark-Request-Nonce": nonce,
        "X-Lark-Signature": signature,
    }
    return Letter(body, headers)
