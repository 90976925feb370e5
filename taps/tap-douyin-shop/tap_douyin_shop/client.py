"""How 抖店 is called: the business parameters as sorted JSON, signed and sent as the very same bytes.

Source: op.jinritemai.com, API调用指南 and the page of error codes; the signature from the official Go SDK.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from openplatform.accounts import Account
from openplatform.bookmarks import EPOCH
from openplatform.errors import AuthExpiredError, GrantError
from openplatform.http import Body, PlatformClient, Request, expect
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Limit
from openplatform.oauth import granted
from openplatform.signing import hmac_sha256, md5_hex
from openplatform.streams import PlatformStream
from openplatform.tokens import Token
from typing_extensions import override

# The second header asks for the codes that are documented today.
_HEADERS = {"Content-Type": "application/json", "x-open-no-old-err-code": "1"}
_SIGNED = ("app_key", "method", "param_json", "timestamp", "v")
_SUCCESS = 10000
_BILLS_READY = "100000"
_ABSOLUTE_FROM = 1_000_000_000
_encode = msgspec.json.Encoder(order="sorted").encode

_CONSENT = (
    "let the merchant authorise the app again and configure the new code or refresh_token; "
    "self-built apps: authorise the app for this shop in the console"
)

ERRORS = ErrorTable(
    (
        Rule(Outcome.AUTH_EXPIRED, {"40003"}, message=r"isv\.access-token-(expired|no-existed)"),
        Rule(Outcome.AUTH_EXPIRED, {"50002"}, message=r"business-failed:31009\b"),
        Rule(Outcome.THROTTLED, {"60000"}),
        Rule(Outcome.THROTTLED, {"50002"}, message=r"business-failed:2010401\b"),
        Rule(Outcome.TRANSIENT, {"20000", "20001", "90000"}),
        Rule(
            Outcome.TRANSIENT,
            {"50002"},
            message=r"business-failed:(20004|20045|20055|2010201|2010203|100010)\b",
        ),
        Rule(Outcome.SHRINK_WINDOW, {"40004"}, message=r"parameter-invalid:20013\b"),
        Rule(Outcome.SKIP, {"40004"}, message=r"parameter-invalid:20014\b"),
        # Deleted between the list and the detail. The texts are inferred; no code is documented.
        Rule(Outcome.SKIP, {"40004", "50002"}, message="(订单|商品|售后单?)不存在"),
        Rule(
            Outcome.FATAL,
            {"40004"},
            message=r"parameter-invalid:20022\b",
            advice="set start_date (of this stream) to less than 90 days ago",
        ),
        Rule(
            Outcome.FATAL,
            {"40003"},
            message=r"isv\.signature-invalid",
            advice="check app_secret and sign_method",
        ),
        Rule(
            Outcome.FATAL,
            {"40003"},
            message=r"isv\.timestamp",
            advice="check this machine's clock: it may differ by ten minutes at most",
        ),
        Rule(
            Outcome.FATAL,
            {"40003"},
            message=r"isv\.(app-id|access-token-invalid)",
            advice="check app_key; the token may belong to another app",
        ),
        Rule(
            Outcome.FATAL,
            {"30001"},
            advice="ask for the permission package (权限包) of this API, then authorise the shop again",
        ),
        Rule(
            Outcome.FATAL,
            {"30002"},
            advice="add this machine's IP address to the app's allow-list",
        ),
        Rule(
            Outcome.GRANT_DEAD,
            {"50001"},
            message="app-secret-invalid",
            advice="check app_key and app_secret",
        ),
        Rule(Outcome.GRANT_DEAD, {"50001"}, advice=_CONSENT),
        Rule(Outcome.FATAL, {"10001", "40001", "40002", "40003", "40004", "50002"}),
        Rule(Outcome.FATAL, {"70000", "80000"}),
        # Old gateways give numbers that are documented nowhere, in the same words.
        Rule(Outcome.AUTH_EXPIRED, message="access_token.*(过期|不存在)"),
        Rule(Outcome.THROTTLED, message="限流"),
        Rule(Outcome.TRANSIENT, {""}, statuses={200}),
    )
)


def sign(parameters: Mapping[str, str], secret: str) -> str:
    """Return the signature of a call; its order is fixed, and the token is no part of it."""
    text = f"{secret}{''.join(name + parameters[name] for name in _SIGNED)}{secret}"
    if parameters["sign_method"] == "md5":
        return md5_hex(text)
    return hmac_sha256(secret, text).hex()


class DouyinShopClient(PlatformClient):
    """抖店开放平台 (op.jinritemai.com)."""

    base_url = "https://openapi-fxg.jinritemai.com"
    errors = ERRORS
    # The platform publishes no rate.
    limits = (Limit(10, 1.0, "account", assumed=True),)

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        body = _encode({name: value for name, value in params.items() if value is not None})
        query = {
            "app_key": self.app_key,
            "method": api,
            "timestamp": str((now - EPOCH) // timedelta(seconds=1)),
            "v": "2",
            "sign_method": str(self.config.get("sign_method") or "hmac-sha256"),
        }
        secret = str(self.config["app_secret"])
        query["sign"] = sign({**query, "param_json": body.decode()}, secret)
        if token:
            query["access_token"] = token
        return Request("POST", "/" + api.replace(".", "/"), query, body, _HEADERS)

    @override
    def failure(self, status: int, body: Body) -> Failure | None:
        if not isinstance(body, dict) or not ("code" in body or "err_no" in body):
            return Failure(status, "", f"the answer has no code: {str(body)[:80]}")
        if "code" not in body:  # the envelope of old gateways
            if body["err_no"] == 0:
                return None
            return Failure(status, str(body["err_no"]), str(body.get("message")))
        if body["code"] != _SUCCESS:
            told = (body.get("sub_code"), body.get("sub_msg"), body.get("msg"))
            return Failure(status, str(body["code"]), ": ".join(str(text) for text in told if text))
        data = body.get("data")
        if isinstance(data, dict) and "code_msg" in data and data.get("code") != _BILLS_READY:
            return Failure(status, f"bill {data.get('code')}", str(data["code_msg"]))
        return None

    @override
    def fetch_token(self, account: Account, kind: str, previous: Token | None) -> Token:
        """Self-built apps are given a token for their shop; tool apps rotate a pair of tokens."""
        settings = account.settings
        refresh_token = (previous and previous.refresh) or settings.get("refresh_token")
        code = settings.get("code")
        api = "token.create"
        asked: dict[str, str]
        if not (code or settings.get("refresh_token")):
            asked = {"code": "", "grant_type": "authorization_self", **_subject(account)}
            if self.config.get("test_shop"):
                asked["test_shop"] = "1"
        elif refresh_token:
            api = "token.refresh"
            asked = {"grant_type": "refresh_token", "refresh_token": str(refresh_token)}
        else:
            asked = {"code": str(code), "grant_type": "authorization_code"}
        where = f"account {account.id}, {api}"
        now = self.connection.clock.now()
        try:
            body = self.send(account, api, self.build(account, api, asked, "", now))
        except AuthExpiredError as exc:
            msg = f"{exc} — {_CONSENT}"
            raise GrantError(msg) from exc
        given = expect(body, "data", where=where)
        shop = str(given.get("shop_id") or account.id)
        if shop != account.id and not settings.get("auth_subject_type"):
            msg = (
                f"{where}: the grant belongs to shop {shop}; correct the account's id or its grant"
            )
            raise GrantError(msg)
        left = int(expect(given, "expires_in", where=where))
        if left > _ABSOLUTE_FROM:  # one page calls it a moment
            given["expires_in"] = left - int(now.timestamp())
        return granted(given, now=now, where=where, before=previous)


def _subject(account: Account) -> dict[str, str]:
    """Return whom a self-built app asks a token for."""
    if kind := account.settings.get("auth_subject_type"):
        return {"auth_id": account.id, "auth_subject_type": str(kind)}
    return {"shop_id": account.id}


class DouyinShopStream(PlatformStream):
    """A stream of 抖店."""

    package = "tap_douyin_shop"
