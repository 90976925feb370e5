"""1688: the gateway, its signature, tokens and two forms of errors, after the fact sheet."""

from __future__ import annotations

import hashlib
import hmac
import typing as t
from collections.abc import Iterator, Mapping

from typing_extensions import override

from sandbox.http import Call, Rejected, Reply, json_reply
from sandbox.platform import Gateway, TruthRow
from sandbox.platforms.alibaba1688.calls import CALLS, Arguments, Gone
from sandbox.platforms.alibaba1688.pushes import Alibaba1688Announcer
from sandbox.platforms.alibaba1688.rows import ROWS, SellerOrder, company, stamp
from sandbox.tokens import Grants
from sandbox.words import EXPRESS

APP_KEY: t.Final = "1000000"
APP_SECRET: t.Final = "sandbox-app-secret"  # noqa: S105 - visibly a fake

_FIRST = 162_300_001
_HOUR, _DAY = 3600, 86_400
_FORM = "application/x-www-form-urlencoded"
_OAUTH = "system.oauth2/"

Body = dict[str, t.Any]


def sign(path: str, fields: Mapping[str, str], secret: str) -> str:
    """Return the signature of a path and form fields, all but the signature itself."""
    pairs = [name + value for name, value in fields.items() if name != "_aop_signature"]
    pairs.sort(key=str.encode)
    text = path + "".join(pairs)
    return hmac.new(secret.encode(), text.encode(), hashlib.sha1).hexdigest().upper()


class Alibaba1688(Gateway):
    """The platform: one signed path for each call, HTTP errors from the gateway alone."""

    slug = "alibaba1688"
    title = "1688"
    entities = ROWS
    announcer = Alibaba1688Announcer(APP_KEY, APP_SECRET)
    volatile = frozenset({"access_token", "_aop_timestamp", "_aop_signature"})

    @override
    def __init__(self, world: t.Any) -> None:
        super().__init__(world)
        grace = self.world.settings.refresh_grace
        self.consents = Grants(
            self.accounts, life=180 * _DAY, grace=grace, first_issued=self.world.started
        )
        self._prolonged: dict[str, float] = {}

    @override
    def account_name(self, number: int) -> str:
        return f"b2b-{_FIRST + number - 1}"

    @override
    def demo(self, base_url: str) -> dict[str, t.Any]:
        accounts = [
            {"id": name, "refresh_token": f"sandbox-refresh-{name}-1"} for name in self.accounts
        ]
        return {
            "base_url": base_url,
            "app_key": APP_KEY,
            "app_secret": APP_SECRET,
            "accounts": accounts,
        }

    # -- envelope --------------------------------------------------------------------------------

    @override
    def name_of(self, call: Call) -> str:
        """Return namespace and name: what stands between the version and the app."""
        parts = call.path.strip("/").split("/")
        if self.grants(call):
            return f"token/{parts[-2]}"
        return "/".join(parts[3:5]) if len(parts) == 6 else call.path

    @override
    def grants(self, call: Call) -> bool:
        return _OAUTH in call.path

    @override
    def success(self, call: Call, content: Body) -> Body:
        return content

    @override
    def refusal(self, call: Call, refused: Rejected) -> Reply:
        if isinstance(refused, Gone):
            content = {"errorCode": refused.code, "errorMessage": refused.message, **refused.extra}
            return json_reply(content, outcome=refused.outcome)
        content = {"error_code": refused.code, "error_message": refused.message}
        status = int(refused.code) if str(refused.code).isdigit() else 400
        return json_reply(content, status=status, outcome=refused.outcome)

    @override
    def too_often(self, call: Call) -> Rejected:
        text = "App call exceeds limited frequency"
        return Rejected("gw.QosAppFrequencyLimit", text, "throttled")

    @override
    def answer(self, call: Call) -> Body:
        handler = CALLS.get(call.api)
        if handler is None or not call.path.endswith(f"/{APP_KEY}"):
            raise Rejected("gw.APIACLDecline", "no right to this API")
        fields = self._fields(call)
        path = call.path.removeprefix("/openapi/")
        if fields.get("_aop_signature") != sign(path, fields, APP_SECRET):
            raise Rejected("gw.SignatureInvalid", "Invalid signature", "auth")
        refused = Rejected("401", "Request need user authorized", "auth")
        token = self.living(
            fields.get("access_token", ""), call.now, unknown=refused, expired=refused
        )
        call.account = token.subject
        call.params = {n: v for n, v in fields.items() if n not in self.volatile}
        self.admit(call, "calls", APP_KEY, allowed=500)
        return handler(self, call, Arguments(call.params))

    def _fields(self, call: Call) -> dict[str, str]:
        if call.method != "POST" or call.content_type != _FORM:
            raise Rejected("400", f"content type must be {_FORM}")
        return {**call.query, **call.form()}

    # -- tokens ----------------------------------------------------------------------------------

    @override
    def granted(self, call: Call) -> Body:
        fields = call.params = self._fields(call)
        if (fields.get("client_id"), fields.get("client_secret")) != (APP_KEY, APP_SECRET):
            raise Rejected("400", "client_id or client_secret is wrong", "auth")
        name = call.path.strip("/").split("/")[-2]
        if name == "postponeToken":
            return self._postpone(call, fields)
        kind = fields.get("grant_type")
        if kind == "authorization_code":
            account = self.consents.by_code(fields.get("code", ""))
            if account is None or not fields.get("redirect_uri"):
                raise Rejected("400", "code is invalid or used", "auth")
        elif kind == "refresh_token":
            account = self._owner(call, fields.get("refresh_token", ""))
        else:
            raise Rejected("400", "unsupported grant_type", "auth")
        told = self._issue(call, account)
        if fields.get("need_refresh_token") == "true":
            told |= self._refresh_token(account, call.now)
        return told

    def _owner(self, call: Call, value: str) -> str:
        """Return whose refresh token it is; using one does not end it."""
        chain = self.consents.owner(value, call.now)
        if chain is None or self._ends(chain.subject, call.now) <= call.now:
            raise Rejected("400", "refresh_token is invalid or expired", "auth")
        return chain.subject

    def _ends(self, account: str, now: float) -> float:
        return self._prolonged.get(account) or self.consents.chain(account, now).expires

    def _refresh_token(self, account: str, now: float) -> Body:
        chain = self.consents.chain(account, now)
        ends = stamp(int(self._ends(account, now) * 1000))
        return {"refresh_token": chain.current, "refresh_token_timeout": ends}

    def _issue(self, call: Call, account: str) -> Body:
        call.account = account
        token = self.tokens.issue(account, call.now, 10 * _HOUR)
        return {
            "access_token": token.value,
            "expires_in": str(10 * _HOUR),
            "resource_owner": f"sandbox{account[-3:]}",
            "aliId": account.removeprefix("b2b-"),
            "memberId": account,
            "refresh_token_timeout": stamp(int(self._ends(account, call.now) * 1000)),
        }

    def _postpone(self, call: Call, fields: Mapping[str, str]) -> Body:
        value = fields.get("refresh_token", "")
        account = self._owner(call, value)
        if self._ends(account, call.now) - call.now > 30 * _DAY or not fields.get("access_token"):
            raise Rejected("400", "refresh_token can be postponed in its last 30 days", "auth")
        self._prolonged[account] = call.now + 180 * _DAY
        self.consents.chain(account, call.now).use(value, call.now)
        return self._issue(call, account) | self._refresh_token(account, call.now)

    # -- truth -----------------------------------------------------------------------------------

    @override
    def streams(self) -> list[str]:
        own = [f"{side}_{kind}" for side in ("seller", "buyer") for kind in _PARCELS]
        return [*super().streams(), *own, "logistics_companies"]

    @override
    def truth(self, account: str, stream: str) -> Iterator[TruthRow]:
        side, _, kind = stream.partition("_")
        if stream == "logistics_companies":
            for place in range(len(EXPRESS)):
                yield TruthRow(str(place + 1), None, 1, company(place))
        elif kind in _PARCELS:
            yield from self._parcels(account, f"{side}_orders", kind)
        else:
            yield from super().truth(account, stream)

    def _parcels(self, account: str, orders: str, kind: str) -> Iterator[TruthRow]:
        data = self.dataset(account, orders)
        entity = t.cast("SellerOrder", data.entity)
        for row in data.rows():
            if entity.sent(data, row):
                make, key = _PARCELS[kind]
                record = {**make(entity, data, row), "orderId": data.key(row)}
                yield TruthRow(f"{data.key(row)}:{record[key]}", None, row.version, record)


_PARCELS: t.Final[dict[str, tuple[t.Callable[..., Body], str]]] = {
    "shipments": (SellerOrder.shipment, "logisticsBillNo"),
    "shipment_traces": (SellerOrder.trace, "logisticsId"),
}

PLATFORM = Alibaba1688
