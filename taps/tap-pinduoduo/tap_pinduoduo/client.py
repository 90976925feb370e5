"""How 拼多多 is called: one address, the API's name and all parameters in a signed form.

Source: open.pinduoduo.com, API调用指南, and the table of errors printed on every API's page; the order
of what is signed was compared with the official PHP SDK.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

import msgspec
from openplatform.accounts import Account
from openplatform.bookmarks import EPOCH
from openplatform.errors import AuthExpiredError, FatalError, GrantError
from openplatform.http import Body, PlatformClient, Request, expect
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Limit
from openplatform.oauth import granted
from openplatform.signing import md5_hex, sorted_pairs
from openplatform.streams import PlatformStream
from openplatform.tokens import Token
from typing_extensions import override

_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_JSON = {"Content-Type": "application/json"}
_OAUTH_HOST = "https://open-api.pinduoduo.com"
_encode = msgspec.json.Encoder().encode

_CONSENT = "let the shop's main account authorise the app again and configure the new refresh_token or code"

ROOTS: t.Final = {
    "pdd.order.number.list.increment.get": "order_sn_increment_get_response",
    "pdd.order.list.get": "order_list_get_response",
    "pdd.order.basic.list.get": "order_basic_list_get_response",
    "pdd.order.information.get": "order_info_get_response",
    "pdd.refund.list.increment.get": "refund_increment_get_response",
    "pdd.goods.list.get": "goods_list_get_response",
    "pdd.goods.detail.get": "goods_detail_get_response",
    "pdd.mall.info.get": "mall_info_get_response",
    "pdd.logistics.companies.get": "logistics_companies_get_response",
    "pdd.finance.balance.daily.bill.url.get": "finance_balance_daily_bill_url_get_response",
}
"""What an answer's only key is called; it cannot be told from the API's name."""

ERRORS = ErrorTable(
    (
        Rule(Outcome.AUTH_EXPIRED, {"10019", "20032"}),
        Rule(Outcome.THROTTLED, {"52101", "70031"}),
        Rule(
            Outcome.QUOTA_EXHAUSTED,
            {"70036"},
            of_app=True,
            advice="the app is in its test state, which allows few calls a day; publish it",
        ),
        # Deleted between the list and the detail. The texts are inferred; no code is documented.
        Rule(Outcome.SKIP, {"10000", "50001"}, message="(订单|商品|售后单?)(信息)?不存在"),
        Rule(Outcome.TRANSIENT, {"50000", "50001", "50002", "52001", "52002"}),
        Rule(Outcome.TRANSIENT, {"52102", "52103", "70033"}),
        Rule(
            Outcome.FATAL,
            {"10001"},
            message="timestamp",
            advice="check this machine's clock: it may differ by ten minutes at most",
        ),
        Rule(Outcome.FATAL, {"10016"}, advice="check app_key, and that the app is online"),
        Rule(Outcome.FATAL, {"20004"}, advice="check app_secret"),
        Rule(
            Outcome.FATAL,
            {"20005"},
            advice="add this machine's IP address to the app's allow-list",
        ),
        Rule(
            Outcome.FATAL,
            {"20031", "30000", "30001"},
            advice="ask for the permission package (权限包) of this API, then authorise the shop again",
        ),
        Rule(
            Outcome.FATAL, {"10000", "10001", "10017", "10018", "20034", "20035", "21001", "21002"}
        ),
        Rule(Outcome.FATAL, {"52004", "70032", "70034", "70035"}),
        Rule(Outcome.TRANSIENT, {""}, statuses={200}),
    )
)


def sign(parameters: Mapping[str, str], secret: str) -> str:
    """Return the signature of all parameters of a call."""
    text = sorted_pairs(parameters, assign="", separator="")
    return md5_hex(f"{secret}{text}{secret}").upper()


class PinduoduoClient(PlatformClient):
    """拼多多开放平台 (open.pinduoduo.com)."""

    base_url = "https://gw-api.pinduoduo.com"
    errors = ERRORS
    # Of shop and app; what all callers of an API share cannot be kept to by one of them.
    limits = (
        Limit(3000, 60.0, "account", api="pdd.order.number.list.increment.get"),
        Limit(10_000, 60.0, "account", api="pdd.order.list.get"),
        Limit(30_000, 60.0, "account", api="pdd.order.information.get"),
        Limit(100, 10.0, "account", api="pdd.refund.list.increment.get"),
        Limit(500, 1.0, "app", api="pdd.refund.list.increment.get"),
        Limit(1000, 60.0, "account", api="pdd.goods.list.get"),
        Limit(3000, 60.0, "account", api="pdd.goods.detail.get"),
        Limit(450, 1.0, "account", api="pdd.mall.info.get"),
    )

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        asked = {
            "type": api,
            "client_id": self.app_key,
            "access_token": token,
            "timestamp": (now - EPOCH) // timedelta(seconds=1),
            "data_type": "JSON",
            "version": "V1",
            **params,
        }
        # Empty parameters are neither sent nor signed.
        texts = {name: text for name in sorted(asked) if (text := _text(asked[name]))}
        texts["sign"] = sign(texts, str(self.config["app_secret"]))
        return Request("POST", "/api/router", {}, urlencode(texts).encode(), _FORM)

    @override
    def failure(self, status: int, body: Body) -> Failure | None:
        if not isinstance(body, dict) or not body:
            return Failure(status, "", f"the answer holds nothing: {str(body)[:80]}")
        refused = body.get("error_response")
        if refused is None:
            return None
        told = (refused.get("error_msg"), refused.get("sub_msg"))
        code = str(refused.get("error_code"))
        return Failure(status, code, ": ".join(str(text) for text in told if text))

    @override
    def call(self, account: Account, api: str, params: Mapping[str, t.Any]) -> Body:
        """Call an API; data under another root than the documented one must not look like none."""
        body = super().call(account, api, params)
        root = ROOTS.get(api)
        if root is not None and root not in body:
            msg = f"account {account.id}, {api}: the answer holds {', '.join(body)}, not {root}"
            raise FatalError(msg)
        return body

    @override
    def fetch_token(self, account: Account, kind: str, previous: Token | None) -> Token:
        """Rotate the refresh token, or exchange a code; by the router or at the older address."""
        refresh_token = (previous and previous.refresh) or account.settings.get("refresh_token")
        code = account.settings.get("code")
        if refresh_token:
            step, grant = "refresh", {"refresh_token": str(refresh_token)}
        elif code:
            step, grant = "create", {"code": str(code)}
        else:
            msg = f"account {account.id}: it has neither refresh_token nor code; {_CONSENT}"
            raise GrantError(msg)
        api = f"pdd.pop.auth.token.{step}"
        where = f"account {account.id}, {api}"
        try:
            if self.config.get("token_api") == "oauth":
                given = self.send(account, api, self._oauth(grant))
            else:
                request = self.build(account, api, grant, "", self.connection.clock.now())
                body = self.send(account, api, request)
                given = expect(body, f"pop_auth_token_{step}_response", where=where)
        except AuthExpiredError as exc:
            msg = f"{exc} — {_CONSENT}"
            raise GrantError(msg) from exc
        owner = str(given.get("owner_id") or account.id)
        if owner != account.id:
            msg = (
                f"{where}: the grant belongs to shop {owner}; correct the account's id or its grant"
            )
            raise GrantError(msg)
        return granted(given, now=self.connection.clock.now(), where=where, before=previous)

    def _oauth(self, grant: Mapping[str, str]) -> Request:
        kind = "refresh_token" if "refresh_token" in grant else "authorization_code"
        app = {"client_id": self.app_key, "client_secret": str(self.config["app_secret"])}
        asked = {**app, "grant_type": kind, **grant}
        return Request("POST", "/oauth/token", {}, _encode(asked), _JSON, host=_OAUTH_HOST)


def _text(value: t.Any) -> str:
    """Return a value as the text that is both signed and sent."""
    if isinstance(value, str):
        return value
    return "" if value is None else _encode(value).decode()


class PinduoduoStream(PlatformStream):
    """A stream of 拼多多."""

    package = "tap_pinduoduo"
