"""易快报 / 合思: tokens in the query string, the HTTP status as verdict, after the fact sheet."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

from typing_extensions import override

from sandbox.http import Call, Rejected, Reply, json_reply
from sandbox.platform import Gateway, TruthRow
from sandbox.platforms.ekuaibao.calls import PAGED, WHOLE, document, messages, paged, whole
from sandbox.platforms.ekuaibao.pushes import EkuaibaoAnnouncer
from sandbox.platforms.ekuaibao.rows import ROWS, EkuaibaoDocument

Body = dict[str, t.Any]

_LIFE = 7200
_ROOT = "api/openapi/"
_POSTED = "v1/requisition/getData"


class Ekuaibao(Gateway):
    """The platform: each corporation has a key of its own."""

    slug = "ekuaibao"
    title = "易快报"
    entities = ROWS
    announcer = EkuaibaoAnnouncer()
    volatile = frozenset({"accessToken"})

    @override
    def account_name(self, number: int) -> str:
        return f"sandboxcorp{number:04d}"

    @override
    def demo(self, base_url: str) -> dict[str, t.Any]:
        accounts = [
            {"id": name, "app_key": f"sandbox-key-{name}", "app_secret": f"sandbox-secret-{name}"}
            for name in self.accounts
        ]
        return {"base_url": base_url, "accounts": accounts}

    # -- envelope --------------------------------------------------------------------------------

    @override
    def grants(self, call: Call) -> bool:
        return call.path == f"/{_ROOT}v1/auth/getAccessToken"

    @override
    def success(self, call: Call, content: Body) -> Body:
        return content

    @override
    def refusal(self, call: Call, refused: Rejected) -> Reply:
        # Which keys an error's body has is not documented; these were seen by others.
        body = {"errorCode": refused.code, "errorMessage": refused.message}
        return json_reply(body, status=int(refused.code), outcome=refused.outcome)

    @override
    def too_often(self, call: Call) -> Rejected:
        return Rejected(429, "请求过于频繁", "throttled")

    @override
    def answer(self, call: Call) -> Body:
        name = call.api.removeprefix(_ROOT)
        call.params = {n: value for n, value in call.query.items() if n != "accessToken"}
        if name == "v2/location" and call.query.get("corpId") in self.accounts:
            return {"value": f"{call.base_url}/{self.slug}/"}
        refused = Rejected(403, "未授权", "auth")
        given = call.query.get("accessToken", "")
        token = self.living(given, call.now, unknown=refused, expired=refused)
        call.account = token.subject
        self.admit(call, "calls", call.account, allowed=10)
        if call.method != ("POST" if name == _POSTED else "GET"):
            raise Rejected(404, "Error 404 Not Found")
        if name in PAGED:
            return paged(self, call, PAGED[name])
        if name in WHOLE:
            return whole(self, call, WHOLE[name])
        if name == "v1.1/flowDetails":
            return document(self, call)
        if name == "v1/outboundMessageLogs":
            return messages(self, call)
        raise Rejected(404, "Error 404 Not Found")

    # -- tokens ----------------------------------------------------------------------------------

    @override
    def granted(self, call: Call) -> Body:
        try:
            given = call.json()
        except ValueError:
            given = {}
        key = given.get("appKey") if isinstance(given, dict) else None
        corporation = str(key).removeprefix("sandbox-key-")
        secret = f"sandbox-secret-{corporation}"
        if corporation not in self.accounts or given.get("appSecurity") != secret:
            raise Rejected(403, "密钥无效", "auth")
        call.account, call.params = corporation, {"appKey": key}
        token = self.tokens.issue(corporation, call.now, _LIFE)
        told = {
            "accessToken": token.value,
            "refreshToken": "unused",
            "expireTime": int(token.expires * 1000),
            "corporationId": corporation,
        }
        return {"value": told}

    # -- truth -----------------------------------------------------------------------------------

    @override
    def streams(self) -> list[str]:
        return [*super().streams(), "deleted_documents"]

    @override
    def truth(self, account: str, stream: str) -> Iterator[TruthRow]:
        if stream not in {"deleted_documents", "document_details"}:
            yield from super().truth(account, stream)
            return
        data = self.dataset(account, "documents")
        kind = t.cast("EkuaibaoDocument", data.entity)
        for row in data.rows():
            if kind.active(data, row) == (stream == "document_details"):
                shown = "documents" if stream == "deleted_documents" else stream
                yield self.truth_row(data, row, shown)


PLATFORM = Ekuaibao
