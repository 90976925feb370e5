"""What 钉钉 pushes, after the fact sheet: signed, encrypted JSON, answered by an encrypted word."""

from __future__ import annotations

import base64
import hashlib
import json
import typing as t
from collections.abc import Sequence
from urllib.parse import urlencode

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from typing_extensions import override

from sandbox.mixing import digest
from sandbox.platforms.dingtalk.rows import Approval
from sandbox.pushes import Announcer, Change, Letter

_TOKEN = "sandbox-push-token"  # noqa: S105 - visibly a fake
_AES_KEY = base64.b64encode(digest("aes", "dingtalk").encode()).decode()[:43]
_KEY = base64.b64decode(_AES_KEY + "=")
_USER = {"insert": "user_add_org", "update": "user_modify_org", "delete": "user_leave_org"}
_DEPARTMENT = {
    "insert": "org_dept_create",
    "update": "org_dept_modify",
    "delete": "org_dept_remove",
}
_WORD = b"success"


class DingtalkAnnouncer(Announcer):
    """An answer must come within 1.5 s; how it repeats is not documented, so say three times."""

    waits = (1, 10, 60)
    patience = 1.5

    @override
    def gates(self, accounts: Sequence[str]) -> dict[str, dict[str, str]]:
        return {
            self.gate(corp): {"owner": corp, "token": _TOKEN, "aes_key": _AES_KEY, "corp_id": corp}
            for corp in accounts
        }

    @override
    def gate(self, account: str) -> str:
        return f"dingtalk/{account}"

    @override
    def message(self, change: Change) -> dict[str, t.Any] | None:
        data, row = change.data, change.row
        common = {"CorpId": data.account, "TimeStamp": str(int(change.now * 1000))}
        if data.entity.name == "users":
            return {"EventType": _USER[change.kind], "UserId": [change.key], **common}
        if data.entity.name == "departments":
            kind = _DEPARTMENT[change.kind]
            return {"EventType": kind, "DeptId": [int(change.key)], **common}
        if not isinstance(data.entity, Approval):
            return None
        status = data.entity.status(data, row)
        over = {"COMPLETED": "finish", "TERMINATED": "terminate"}.get(status, "start")
        return {
            "EventType": "bpms_instance_change",
            "processInstanceId": change.key,
            "processCode": data.entity.code(row),
            "corpId": data.account,
            "type": over,
            "createTime": row.created,
            **({"finishTime": row.updated, "result": "agree"} if over == "finish" else {}),
            "staffId": data.entity.applicant(data, row),
            "title": f"v{row.version}",
        }

    @override
    def seal(self, account: str, message: dict[str, t.Any], attempt: int, now: float) -> Letter:
        noise = digest(sorted(message.items(), key=str), attempt)[:16].encode()
        text = json.dumps(message, ensure_ascii=False).encode()
        return _letter(account, text, noise, now)

    @override
    def taken(self, status: int, body: bytes) -> bool:
        """Only the word itself, signed and encrypted, ends the tries."""
        try:
            told = json.loads(body)
            signed = _sign(told["timeStamp"], told["nonce"], told["encrypt"])
            decryptor = Cipher(algorithms.AES(_KEY), modes.CBC(_KEY[:16])).decryptor()
            cipher = base64.b64decode(told["encrypt"])
            plain = decryptor.update(cipher) + decryptor.finalize()
        except (ValueError, KeyError, TypeError):
            return False
        word = plain[20 : 20 + int.from_bytes(plain[16:20], "big")]
        return status == 200 and word == _WORD and signed == told["msg_signature"]

    @override
    def greeting(self, account: str, now: float) -> tuple[Letter, bytes | None]:
        """The check of an address is a message like any other."""
        noise = digest(account, now)[:16].encode()
        return _letter(account, b'{"EventType":"check_url"}', noise, now), None


def _letter(account: str, text: bytes, noise: bytes, now: float) -> Letter:
    plain = noise + len(text).to_bytes(4, "big") + text + account.encode()
    short = 32 - len(plain) % 32
    encryptor = Cipher(algorithms.AES(_KEY), modes.CBC(_KEY[:16])).encryptor()
    padded = plain + bytes([short]) * short
    encrypted = base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()
    timestamp, nonce = str(int(now * 1000)), noise[:8].decode()
    query = {
        "signature": _sign(timestamp, nonce, encrypted),
        "timestamp": timestamp,
        "nonce": nonce,
    }
    body = json.dumps({"encrypt": encrypted}).encode()
    return Letter(body, {"Content-Type": "application/json"}, urlencode(query))


def _sign(timestamp: str, nonce: str, encrypted: str) -> str:
    text = "".join(sorted([_TOKEN, timestamp, nonce, encrypted])).encode()
    return hashlib.sha1(text, usedforsecurity=False).hexdigest()
