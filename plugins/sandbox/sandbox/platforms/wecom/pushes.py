"""What 企业微信 pushes, after the fact sheet: signed, encrypted XML to an address of each company."""

from __future__ import annotations

import base64
import hashlib
import typing as t
from collections.abc import Sequence
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from typing_extensions import override

from sandbox.mixing import digest
from sandbox.platforms.wecom.rows import WecomApproval, WecomContact, WecomUser
from sandbox.pushes import Announcer, Change, Letter

_TOKEN = "sandbox-push-token"  # noqa: S105 - visibly a fake
_VERBS = {"insert": "create", "update": "update", "delete": "delete"}
_CUSTOMER_VERBS = {
    "insert": "add_external_contact",
    "update": "edit_external_contact",
    "delete": "del_follow_user",
}


class WecomAnnouncer(Announcer):
    """Three more tries at once; any answer with status 200 within 5 s ends them."""

    waits = (1, 1, 1)
    patience = 5.0

    @override
    def gates(self, accounts: Sequence[str]) -> dict[str, dict[str, str]]:
        return {
            self.gate(corp): {"corp_id": corp, "token": _TOKEN, "aes_key": _aes_key(corp)}
            for corp in accounts
        }

    @override
    def gate(self, account: str) -> str:
        return f"wecom/{account}"

    @override
    def message(self, change: Change) -> dict[str, t.Any] | None:
        told = _told(change)
        if told is None:
            return None
        return {
            "ToUserName": change.data.account,
            "FromUserName": "sys",
            "CreateTime": int(change.now),
            "MsgType": "event",
            **told,
        }

    @override
    def seal(self, account: str, message: dict[str, t.Any], attempt: int, now: float) -> Letter:
        noise = digest(sorted(message.items(), key=str), attempt)[:16].encode()
        encrypted = _encrypt(account, f"<xml>{_xml(message)}</xml>".encode(), noise)
        outer = _xml({"ToUserName": account, "AgentID": "1000002", "Encrypt": encrypted})
        query = _query(encrypted, now, noise)
        return Letter(f"<xml>{outer}</xml>".encode(), {"Content-Type": "text/xml"}, query)

    @override
    def taken(self, status: int, body: bytes) -> bool:
        return status == 200

    @override
    def greeting(self, account: str, now: float) -> tuple[Letter, bytes | None]:
        """The check of an address: what comes encrypted must come back in the clear."""
        word = digest(account, now)[:19].encode()
        encrypted = _encrypt(account, word, digest(word)[:16].encode())
        query = f"{_query(encrypted, now, word)}&{urlencode({'echostr': encrypted})}"
        return Letter(b"", query=query, method="GET"), word


def _told(change: Change) -> dict[str, t.Any] | None:
    data, row, entity = change.data, change.row, change.data.entity
    if isinstance(entity, WecomUser):
        departments = ",".join(map(str, entity.departments(data, row)))
        about = {"ChangeType": f"{_VERBS[change.kind]}_user", "UserID": change.key}
        return {"Event": "change_contact", **about, "Department": departments}
    if entity.name == "departments":
        return {
            "Event": "change_contact",
            "ChangeType": f"{_VERBS[change.kind]}_party",
            "Id": change.key,
        }
    if isinstance(entity, WecomApproval):
        info = {
            "SpNo": change.key,
            "SpStatus": entity.status(data, row),
            "TemplateId": entity.template(row),
            "ApplyTime": row.created // 1000,
            "Applyer": {"UserId": entity.applicant(data, row)},
        }
        return {"Event": "sys_approval_change", "ApprovalInfo": info}
    if isinstance(entity, WecomContact):
        return {
            "Event": "change_external_contact",
            "ChangeType": _CUSTOMER_VERBS[change.kind],
            "UserID": entity.follower(data, row),
            "ExternalUserID": entity.external(data, row),
        }
    return None


def _xml(content: dict[str, t.Any]) -> str:
    parts = []
    for name, value in content.items():
        if isinstance(value, dict):
            text = _xml(value)
        else:
            text = f"<![CDATA[{value}]]>" if isinstance(value, str) else escape(str(value))
        parts.append(f"<{name}>{text}</{name}>")
    return "".join(parts)


def _aes_key(corp: str) -> str:
    """Return the 43 characters that stand for a company's 32 bytes."""
    return base64.b64encode(digest("aes", corp).encode()).decode()[:43]


def _encrypt(corp: str, message: bytes, noise: bytes) -> str:
    key = base64.b64decode(_aes_key(corp) + "=")
    plain = noise + len(message).to_bytes(4, "big") + message + corp.encode()
    short = 32 - len(plain) % 32
    encryptor = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    padded = plain + bytes([short]) * short
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def _query(encrypted: str, now: float, noise: bytes) -> str:
    timestamp, nonce = str(int(now)), str(int.from_bytes(noise[:4], "big"))
    text = "".join(sorted([_TOKEN, timestamp, nonce, encrypted])).encode()
    signature = hashlib.sha1(text, usedforsecurity=False).hexdigest()
    return urlencode({"msg_signature": signature, "timestamp": timestamp, "nonce": nonce})
