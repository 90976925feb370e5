"""快手小店: signature, tokens, limits and the envelope, after the fact sheet."""

from __future__ import annotations

import base64
import hashlib
import hmac
import typing as t
from collections.abc import Iterator, Mapping

import orjson
from typing_extensions import override

from sandbox.http import Call, Rejected, Reply, json_reply
from sandbox.mixing import digest
from sandbox.platform import Gateway, TruthRow
from sandbox.platforms.kuaishou_shop.calls import CALLS, Arguments, daily_bill_file, seller, shop
from sandbox.platforms.kuaishou_shop.pushes import KuaishouShopAnnouncer
from sandbox.platforms.kuaishou_shop.rows import ROWS, KuaishouItem
from sandbox.tokens import Grants, Token

APP_KEY: t.Final = "ks000000000000sandbox"
APP_SECRET: t.Final = "sandbox-app-secret"  # noqa: S105 - visibly a fake
SIGN_SECRET: t.Final = "sandbox-sign-secret"  # noqa: S105

_FIRST_SELLER = 12_342_323
_DAY = 86_400
_BEIJING = 8 * 3600
_SIGNED = ("access_token", "appkey", "method", "param", "signMethod", "timestamp", "version")
_FORM = "application/x-www-form-urlencoded"

EXPIRED, NO_ACCOUNT, BAD_SIGN = 21, 26, 28
QPS, USER_QUOTA = 1016, 1017
INVALID_REQUEST, BAD_CLIENT, DENIED, BAD_GRANT_TYPE, BAD_GRANT = (
    100200100,
    100200101,
    100200102,
    100200104,
    100200105,
)

Body = dict[str, t.Any]


def sign(parameters: Mapping[str, str], secret: str) -> str:
    """Return the signature of the seven public parameters, by their own `signMethod`."""
    pairs = [f"{name}={parameters[name]}" for name in _SIGNED if name in parameters]
    text = "&".join([*pairs, f"signSecret={secret}"]).encode()
    if parameters.get("signMethod") == "MD5":
        return hashlib.md5(text, usedforsecurity=False).hexdigest()
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()


class KuaishouShop(Gateway):
    """The platform: seven signed parameters, business parameters as one JSON text."""

    slug = "kuaishou_shop"
    title = "快手小店"
    entities = ROWS
    announcer = KuaishouShopAnnouncer(APP_KEY)

    @override
    def __init__(self, world: t.Any) -> None:
        super().__init__(world)
        # The end of a shop's refresh tokens is that of the first one.
        self.consents = Grants(
            self.accounts,
            life=180 * _DAY,
            grace=self.world.settings.refresh_grace,
            first_issued=self.world.started,
        )
        self.bill_steps: dict[str, int] = {}

    @override
    def account_name(self, number: int) -> str:
        return str(_FIRST_SELLER + number - 1)

    @override
    def demo(self, base_url: str) -> dict[str, t.Any]:
        accounts = [
            {"id": name, "refresh_token": f"sandbox-refresh-{name}-1"} for name in self.accounts
        ]
        return {
            "base_url": base_url,
            "app_key": APP_KEY,
            "app_secret": APP_SECRET,
            "sign_secret": SIGN_SECRET,
            "accounts": accounts,
        }

    # -- envelope --------------------------------------------------------------------------------

    @override
    def name_of(self, call: Call) -> str:
        return super().name_of(call).replace("/", ".")

    @override
    def success(self, call: Call, content: t.Any) -> Body:
        return {"result": 1, "error_msg": "SUCCESS", "data": content}

    @override
    def refusal(self, call: Call, refused: Rejected) -> Reply:
        content: Body = {"result": refused.code, "error_msg": refused.message, "data": None}
        content |= refused.extra
        return json_reply(content, outcome=refused.outcome)

    @override
    def grants(self, call: Call) -> bool:
        return call.path.startswith("/oauth2/")

    @override
    def too_often(self, call: Call) -> Rejected:
        qps = self.world.limits.number(f"kuaishou_shop.{call.api}", _QPS.get(call.api, 100))
        text = f"Exceed qps limit, KEY [apiId:{call.api};appkey:{APP_KEY}], MAX_QPS [{float(qps)}]"
        return Rejected(QPS, text, "throttled")

    @override
    def answer(self, call: Call) -> t.Any:
        if call.path.startswith("/_files/"):
            return Reply(daily_bill_file(self, call), content_type="text/csv;charset=UTF-8")
        handler = self._admit(call)
        return handler(self, call, Arguments(call.params))

    # -- admission -------------------------------------------------------------------------------

    def _admit(self, call: Call) -> t.Any:
        public = call.query if call.method == "GET" else {**call.query, **self._form(call)}
        missing = [name for name in (*_SIGNED, "sign") if name not in public]
        if missing:
            raise Rejected(INVALID_REQUEST, f"invalid_request: {', '.join(missing)} is missing")
        if public["appkey"] != APP_KEY:
            raise Rejected(BAD_CLIENT, "unauthorized_client")
        if public["signMethod"] not in {"MD5", "HMAC_SHA256"} or not hmac.compare_digest(
            sign(public, SIGN_SECRET), public["sign"]
        ):
            raise Rejected(BAD_SIGN, "签名校验失败", "auth")
        handler = CALLS.get(call.api)
        if handler is None or public["method"] != call.api or public["version"] != "1":
            raise Rejected(INVALID_REQUEST, f"invalid_request: no method {public['method']}")
        if not public["timestamp"].isdigit():
            raise Rejected(INVALID_REQUEST, "invalid_request: timestamp")
        try:
            call.params = orjson.loads(public["param"])
        except ValueError:
            raise Rejected(INVALID_REQUEST, "invalid_request: param is not JSON") from None
        if not isinstance(call.params, dict):
            raise Rejected(INVALID_REQUEST, "invalid_request: param is not an object")
        call.account = self._account(call, public["access_token"])
        self._count(call)
        return handler

    def _form(self, call: Call) -> dict[str, str]:
        if call.body and call.content_type != _FORM:
            raise Rejected(INVALID_REQUEST, f"invalid_request: content type must be {_FORM}")
        return call.form()

    def _account(self, call: Call, value: str) -> str:
        token = self.living(
            value,
            call.now,
            unknown=_denied(DENIED, "access_denied", "access_denied: invalid access_token"),
            expired=Rejected(EXPIRED, "token expired", "auth"),
        )
        if token.subject not in self.accounts:
            raise Rejected(NO_ACCOUNT, "主账号不存在", "auth")
        return token.subject

    def _count(self, call: Call) -> None:
        admit, now = self.world.limits.admit, call.now
        for subject in ("app", call.account):
            self.admit(call, call.api, f"{subject} {call.api}", allowed=_QPS.get(call.api, 100))
        day = int((now + _BEIJING) // _DAY)
        if not admit("kuaishou_shop.day", f"app {day}", now, allowed=1_000_000, seconds=_DAY):
            raise Rejected(QPS, f"Exceed quota limit, KEY [appkey:{APP_KEY}]", "throttled")
        user = f"{call.account} {call.api} {day}"
        if not admit("kuaishou_shop.user_day", user, now, allowed=0, seconds=_DAY):
            text = f"[1017] exceed quota limit,[apiId:{call.api};primaryUserId:{call.account}]"
            raise Rejected(USER_QUOTA, text, "throttled")

    # -- tokens ----------------------------------------------------------------------------------

    @override
    def granted(self, call: Call) -> Body:
        fields = call.query if call.method == "GET" else {**call.query, **self._form(call)}
        call.params = dict(fields)
        if fields.get("app_id") != APP_KEY or fields.get("app_secret") != APP_SECRET:
            raise _denied(BAD_CLIENT, "unauthorized_client", "app_id or app_secret is invalid")
        kind = fields.get("grant_type")
        if call.path == "/oauth2/refresh_token" and call.method == "POST":
            if kind != "refresh_token":
                raise _denied(BAD_GRANT_TYPE, "unsupported_grant_type", "unsupported_grant_type")
            return self._refresh(call, fields.get("refresh_token", ""))
        if call.path != "/oauth2/access_token" or call.method != "GET":
            raise _denied(INVALID_REQUEST, "invalid_request", f"{call.method} {call.path}")
        if kind == "client_credentials":
            token = self.tokens.issue("app", call.now, 2 * _DAY)
            return {
                "result": 1,
                "access_token": token.value,
                "token_type": "bearer",
                "expires_in": 2 * _DAY,
            }
        if kind != "code":
            raise _denied(BAD_GRANT_TYPE, "unsupported_grant_type", "unsupported_grant_type")
        account = self.consents.by_code(fields.get("code", ""))
        if account is None:
            raise _denied(BAD_GRANT, "invalid_grant", "code is invalid or used")
        return self._issue(call, account, self.consents.chain(account, call.now).current)

    def _refresh(self, call: Call, value: str) -> Body:
        chain = self.consents.owner(value, call.now)
        if chain is None or chain.expires <= call.now:
            raise _denied(DENIED, "access_denied", "invalid refresh_token")
        call.account = chain.subject
        following = chain.use(value, call.now)
        if following is None:
            raise _denied(DENIED, "access_denied", "refreshToken.discarded")
        return self._issue(call, chain.subject, following)

    def _issue(self, call: Call, account: str, refresh: str) -> Body:
        call.account = account
        token: Token = self.tokens.issue(account, call.now, 2 * _DAY)
        return {
            "result": 1,
            "access_token": token.value,
            "expires_in": 2 * _DAY,
            "refresh_token": refresh,
            "refresh_token_expires_in": int(
                self.consents.chain(account, call.now).expires - call.now
            ),
            "open_id": f"f198{digest(account)[:28]}",
            "scopes": "merchant_order,merchant_refund,merchant_item,merchant_comment",
        }

    # -- truth of streams that are not plain rows --------------------------------------------------

    @override
    def streams(self) -> list[str]:
        return [*super().streams(), "item_skus", "sellers", "shops"]

    @override
    def truth(self, account: str, stream: str) -> Iterator[TruthRow]:
        if stream == "item_skus":
            data = self.dataset(account, "items")
            kind = t.cast("KuaishouItem", data.entity)
            for row in data.rows():
                for sku in kind.skus(data, row):
                    yield TruthRow(str(sku["kwaiSkuId"]), None, row.version, sku)
        elif stream == "sellers":
            yield TruthRow(account, None, 1, seller(self, account))
        elif stream == "shops":
            yield TruthRow(account, None, 1, shop(self, account))
        else:
            yield from super().truth(account, stream)


def _denied(code: int, error: str, message: str) -> Rejected:
    return Rejected(code, message, "auth", error=error)


_QPS = {"open.order.cursor.list": 300}
"""Calls per second, of the app and of each shop, where it is not 100."""

PLATFORM = KuaishouShop
