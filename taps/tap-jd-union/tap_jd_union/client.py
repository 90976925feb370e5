"""How 京东联盟 is called: one signed form, the business parameters as JSON in it, and so the answer.

Source: union.jd.com/openplatform/api (the definitions of the single APIs) and JD's PHP SDK. HTTP is
200 whatever happens; the answer proper is JSON text within JSON.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec
from openplatform.accounts import Account
from openplatform.http import Body, PlatformClient, Request
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Limit
from openplatform.signing import md5_hex, sorted_pairs
from openplatform.streams import PlatformStream
from typing_extensions import override

_FORM = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
_ZONE = ZoneInfo("Asia/Shanghai")
_FINE = frozenset({"200", "0"})
# Nothing found, or no page beyond this one.
_EMPTY = frozenset({"201", "202", "2003201", "2003202", "1002003"})
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(float_hook=Decimal).decode

ERRORS = ErrorTable(
    (
        # Codes mean different things in different APIs, so this text is asked first.
        Rule(
            Outcome.FATAL,
            message="联盟用户不存在",
            advice="check the account's id, key and child_union_id",
        ),
        Rule(Outcome.THROTTLED, {"429"}),
        Rule(
            Outcome.TRANSIENT,
            {"500", "2001500", "2002500", "2003500", "2026500", "2002408", "2004408"},
        ),
        Rule(Outcome.TRANSIENT, {"2001504", "2001609"}),
        Rule(Outcome.SHRINK_WINDOW, {"2002452"}),
        Rule(Outcome.FATAL, {"2002453"}, advice="set streams.NAME.window to less"),
        Rule(
            Outcome.FATAL,
            {"2002401"},
            advice="let the promoter make a new 授权Key (it lives for 365 days) and configure it",
        ),
        Rule(
            Outcome.FATAL,
            {"403", "2001403", "2002403"},
            advice="apply for this API's permission (申请) at union.jd.com, or do not select its stream",
        ),
        Rule(
            Outcome.FATAL,
            {"408", "2006408", "601"},
            advice="ask 京东联盟 why the account is limited",
        ),
        Rule(Outcome.FATAL, {"2002410", "2004410"}),
        Rule(Outcome.FATAL, {"400", "401", "410", "2002400", "2002499", "2003401", "2004400"}),
        Rule(Outcome.FATAL, {"2006400"}),
        # Of the gateway. The help page tells of the day's calls, so a short wait is of no use.
        Rule(Outcome.THROTTLED, {"2"}, wait=300.0),
        Rule(Outcome.FATAL, {"7", "8"}, advice="set this machine's clock right"),
        Rule(Outcome.FATAL, {"11", "12"}, advice="check app_secret"),
        Rule(Outcome.FATAL, {"20", "21"}, advice="check app_key"),
        Rule(Outcome.FATAL, {"24"}, advice="apply for this API's permission at union.jd.com"),
        Rule(Outcome.FATAL, {"4", "5", "14", "15", "18", "19"}),
        Rule(Outcome.TRANSIENT, {""}, statuses={200}),
    )
)


def sign(parameters: Mapping[str, str], secret: str) -> str:
    """Return the signature of a call's parameters."""
    return md5_hex(secret + sorted_pairs(parameters, assign="", separator="") + secret).upper()


def opened(body: Body) -> t.Any:
    """Return the document within an answer, or None when it holds none."""
    for root, content in body.items() if isinstance(body, dict) else ():
        if root.endswith(("_responce", "_response")) and isinstance(content, dict):
            names = [name for name in content if name != "code"]
            found = [
                content[name] for name in sorted(names, key=lambda n: not n.endswith("Result"))
            ]
            if found and isinstance(found[0], str):
                try:
                    return _decode(found[0])
                except msgspec.DecodeError:
                    return None
            return found[0] if found else None
    return None


class JdUnionClient(PlatformClient):
    """京东联盟开放平台 (union.jd.com)."""

    base_url = "https://api.jd.com"
    errors = ERRORS
    # No rate is published.
    limits = (Limit(5, 1.0, "account", assumed=True),)

    @override
    def token_kind(self, api: str) -> str | None:
        return None

    @override
    def call(self, account: Account, api: str, params: Mapping[str, t.Any]) -> Body:
        """Call an API and return the document within its answer."""
        return opened(super().call(account, api, params))

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        form = {
            "360buy_param_json": _encode(params).decode(),
            "app_key": self.app_key,
            "format": "json",
            "method": api,
            "sign_method": "md5",
            "timestamp": now.astimezone(_ZONE).strftime("%Y-%m-%d %H:%M:%S"),
            "v": "1.0",
        }
        form["sign"] = sign(form, str(self.config["app_secret"]))
        return Request("POST", "/routerjson", {}, urlencode(form).encode(), _FORM)

    @override
    def failure(self, status: int, body: Body) -> Failure | None:
        if not isinstance(body, dict):
            return None
        if gateway := body.get("error_response"):
            told = gateway.get("zh_desc") or gateway.get("en_desc")
            return Failure(status, str(gateway.get("code")), str(told))
        document = opened(body)
        if not isinstance(document, dict):
            return Failure(status, "", f"the answer holds no document: {str(body)[:80]}")
        code = str(document.get("code"))
        if code in _FINE or code in _EMPTY:
            return None
        return Failure(status, code, str(document.get("message") or document.get("errorMessage")))


class JdUnionStream(PlatformStream):
    """A stream of 京东联盟.

    Attributes:
        top: The object that this API takes its parameters in.
    """

    package = "tap_jd_union"
    top: t.ClassVar[str]

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Each API takes its parameters in an object, which each calls otherwise."""
        return {self.top: params}


def promoter(account: Account) -> dict[str, t.Any]:
    """Return the parameter that names whose data are wanted, where they are not the app's own."""
    settings = account.settings
    if key := settings.get("key"):
        return {"key": key}
    child = settings.get("child_union_id")
    return {"childUnionId": int(child)} if child else {}
