"""How 快手磁力引擎 is called: a token in a header, JSON in the body, even of GET; nothing is signed.

Source: developers.e.kuaishou.com, DSP. The table of error codes is not public: texts are looked at.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from datetime import datetime

import msgspec
from openplatform.accounts import Account
from openplatform.errors import AuthExpiredError, GrantError
from openplatform.http import Body, PlatformClient, Request, expect
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Limit
from openplatform.oauth import granted
from openplatform.streams import PlatformStream
from openplatform.tokens import Token
from typing_extensions import override

_ROOT = "/rest/openapi"
_JSON = {"Content-Type": "application/json"}
_FUNDS = "v1/advertiser/fund/"
ADVERTISERS: t.Final = "oauth2/authorize/approval/list"
VIDEOS: t.Final = "gw/dsp/video/listByCursor"
_encode = msgspec.json.Encoder().encode

_CONSENT = "let the advertiser authorise the app again and configure the new code or refresh_token"
_ENDED = "过期|失效|无效|expired|invalid"

ERRORS = ErrorTable(
    (
        Rule(
            Outcome.QUOTA_EXHAUSTED,
            message="今日.*次数已达上限",
            advice="the day's calls are used up until 00:00 China time",
        ),
        Rule(Outcome.THROTTLED, message="(?i)频繁|频率|限流|too many|qps|次数已达上限"),
        Rule(Outcome.AUTH_EXPIRED, message=f"(?i)token.*({_ENDED})|({_ENDED}).*token"),
        Rule(Outcome.TRANSIENT, {"4005"}),
        Rule(Outcome.TRANSIENT, message="(?i)系统异常|服务异常|稍后重试|timeout"),
        Rule(
            Outcome.GRANT_DEAD,
            message="(?i)app_?id|secret",
            advice="check app_key and app_secret",
        ),
        Rule(
            Outcome.FATAL,
            message="(?i)权限|scope|permission",
            advice="ask for the scope of this API, then let the advertiser authorise the app again",
        ),
        Rule(Outcome.FATAL, {"401000"}),
        Rule(Outcome.TRANSIENT, {""}, statuses={200}),
    )
)


class KuaishouAdsClient(PlatformClient):
    """磁力引擎开发者平台 (developers.e.kuaishou.com)."""

    base_url = "https://ad.e.kuaishou.com"
    errors = ERRORS
    # The platform publishes its rates in a document that is not public.
    limits = (Limit(10, 1.0, "account", assumed=True),)

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        if api == ADVERTISERS:  # the only one that wants the token in its body
            return self._post(api, {**self._app, "access_token": token, **params})
        funds = api.startswith(_FUNDS)
        verb = str(self.config.get("fund_method") or "GET") if funds else "POST"
        headers = {**_JSON, "Access-Token": token}
        return Request(verb, f"{_ROOT}/{api}", {}, _encode(params), headers)

    @override
    def failure(self, status: int, body: Body) -> Failure | None:
        if not isinstance(body, dict) or "code" not in body:
            return Failure(status, "", f"the answer has no code: {str(body)[:80]}")
        message = str(body.get("message"))
        if body["code"] == 0 or (body["code"] == 1 and "成功" in message):
            return None
        return Failure(status, str(body["code"]), message)

    @override
    def call(self, account: Account, api: str, params: Mapping[str, t.Any]) -> Body:
        """Call an API; two lists tell in ways of their own how they go on."""
        body = super().call(account, api, params)
        data = body.get("data")
        if isinstance(data, dict) and api == ADVERTISERS:
            data["more"] = not data.get("isEnd")
        if isinstance(data, dict) and api == VIDEOS:
            rows = data.get("details") or []
            data["next"] = max((row["cursor"] for row in rows), default=None)
        return body

    @override
    def fetch_token(self, account: Account, kind: str, previous: Token | None) -> Token:
        """Rotate the refresh token, or exchange a code; both tokens are new ones each time."""
        refresh_token = (previous and previous.refresh) or account.settings.get("refresh_token")
        if refresh_token:
            step, grant = "refresh_token", {"refresh_token": str(refresh_token)}
        elif code := account.settings.get("code"):
            step, grant = "access_token", {"auth_code": str(code)}
        else:
            msg = f"account {account.id}: it has neither refresh_token nor code; {_CONSENT}"
            raise GrantError(msg)
        api = f"oauth2/authorize/{step}"
        where = f"account {account.id}, {api}"
        try:
            body = self.send(account, api, self._post(api, {**self._app, **grant}))
        except AuthExpiredError as exc:
            msg = f"{exc} — {_CONSENT}"
            raise GrantError(msg) from exc
        given = expect(body, "data", where=where)
        given["expires_in"] = expect(given, "access_token_expires_in", where=where)
        return granted(given, now=self.connection.clock.now(), where=where, before=previous)

    @property
    def _app(self) -> dict[str, t.Any]:
        number = int(self.app_key) if self.app_key.isdigit() else self.app_key
        return {"app_id": number, "secret": str(self.config["app_secret"])}

    def _post(self, api: str, content: Mapping[str, t.Any]) -> Request:
        return Request("POST", f"{_ROOT}/{api}", {}, _encode(content), _JSON)


class KuaishouAdsStream(PlatformStream):
    """A stream of 快手磁力引擎."""

    package = "tap_kuaishou_ads"
    records = "data.details[]"

    @override
    def arguments(self, account: Account, params: dict[str, t.Any]) -> dict[str, t.Any]:
        """Ids are text in our records, but the platform takes nothing but JSON numbers."""
        if "advertiser_id" in params:
            params["advertiser_id"] = int(params["advertiser_id"])
        return params
