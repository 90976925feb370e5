"""How 云·星空 (K3Cloud) is called: signed headers or a session, queries by form, errors among the rows.

Source: the official SDK `kingdee.cdp.webapi.sdk` 8.2.0 and the WebAPI help of the product.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import typing as t
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import quote, urlsplit

import msgspec
from openplatform.accounts import Account
from openplatform.errors import AuthExpiredError, GrantError, TransientError, UnreachableError
from openplatform.http import Body, PlatformClient, Request
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Limit
from openplatform.tokens import Token
from typing_extensions import override

QUERY = "ExecuteBillQuery"
COUNT = "ExecuteBillQuery, counted"
LIMIT = 2000
"""Rows a page: the sample of the help text; more is refused by some servers, or cut in silence."""

_FORMS = "Kingdee.BOS.WebApi.ServicesStub.DynamicFormService."
_LOGINS = "Kingdee.BOS.WebApi.ServicesStub.AuthService."
_MASK = b"0054f397c6234378b09ca7d3e5debce7"
_SECRET_LENGTH = 32
_JSON = {"Content-Type": "application/json"}
_IDLE = timedelta(minutes=20)
_CHECK = "check the account's id (数据中心), username, app_id and app_secret"
_encode = msgspec.json.Encoder().encode

ERRORS = ErrorTable(
    (
        Rule(Outcome.AUTH_EXPIRED, message="会话信息已丢失", advice=_CHECK),
        Rule(
            Outcome.FATAL,
            message="业务对象不存在",
            advice="there is no such form; correct form_id of the stream in the setting forms",
        ),
        Rule(Outcome.AUTH_EXPIRED, codes={"1"}, advice=_CHECK),
        Rule(
            Outcome.FATAL,
            codes={"2"},
            advice="give the 集成用户 the right to query this form",
        ),
        Rule(Outcome.FATAL, codes={"0", "3", "5", "7", "8", "10", "11", "12"}),
        Rule(
            Outcome.FATAL,
            codes={"9"},
            advice="the form lacks this field; name it in drop_fields of the stream in the setting forms",
        ),
        Rule(Outcome.TRANSIENT, codes={"4", "6", "13"}),
        Rule(Outcome.THROTTLED, codes={"14"}),
        Rule(Outcome.FATAL, codes={"15"}, advice="use an 集成用户 that is no administrator"),
        Rule(Outcome.FATAL, codes={"login"}, advice=_CHECK),
        Rule(Outcome.FATAL, message="^response_error:"),
        Rule(
            Outcome.FATAL,
            statuses={401, 403},
            advice="does 第三方系统登录授权 allow this machine's address?",
        ),
    )
)


def client_secret(app_id: str) -> tuple[str, str]:
    """Return the two things that an app id holds: the client's id, and its secret in the clear."""
    parts = app_id.split("_")
    if len(parts) != 2:
        return "", ""
    name, hidden = parts
    if len(hidden) != _SECRET_LENGTH:
        return name, ""
    mixed = zip(base64.b64decode(hidden), _MASK, strict=False)
    return name, base64.b64encode(bytes(a ^ b for a, b in mixed)).decode()


def _sign(key: str, text: str) -> str:
    digest = hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
    return base64.b64encode(digest.encode()).decode()


def headers(url: str, account: Account, now: datetime) -> dict[str, str]:
    """Return the signed headers of a call; the path is signed as it is sent."""
    settings = account.settings
    app_id = str(settings.get("app_id") or "")
    name, secret = client_secret(app_id)
    moment = str(int(now.timestamp()))
    path = quote(url[url.index("/", 10) :], safe="")
    signed = f"POST\n{path}\n\nx-api-nonce:{moment}\nx-api-timestamp:{moment}\n"
    who = (account.id, settings.get("username"), language(account), settings.get("org_num") or 0)
    about = ",".join(map(str, who))
    return {
        **_JSON,
        "X-Api-ClientID": name,
        "X-Api-Auth-Version": "2.0",
        "x-api-timestamp": moment,
        "x-api-nonce": moment,
        "x-api-signheaders": "x-api-timestamp,x-api-nonce",
        "X-Api-Signature": _sign(secret, signed),
        "X-Kd-Appkey": app_id,
        "X-Kd-Appdata": base64.b64encode(about.encode()).decode(),
        "X-Kd-Signature": _sign(str(settings.get("app_secret") or ""), app_id + about),
    }


def language(account: Account) -> int:
    """Return the number of the account's language; that of simplified Chinese unless set."""
    return int(account.settings.get("lcid") or 2052)


class _K3Cloud(PlatformClient):
    """What both ways of being known have in common."""

    base_url = "https://k3cloud.invalid"  # each account has its own server
    errors = ERRORS
    # Nothing is published; the sheet advises care.
    limits = (Limit(5, 1.0, "account", assumed=True),)
    accepted = frozenset({200, 206})

    @override
    def call(self, account: Account, api: str, params: Mapping[str, t.Any]) -> Body:
        """Query a form, or count what a query would bring."""
        if api == COUNT:
            return {"total": self._count(account, params)}
        try:
            return super().call(account, api, params)
        except UnreachableError as exc:  # says nothing of the servers of other companies
            raise TransientError(str(exc)) from exc

    @override
    def failure(self, status: int, body: Body) -> Failure | None:
        found = body
        while isinstance(found, list) and len(found) == 1:
            found = found[0]
        if not isinstance(found, dict):
            return None
        if "LoginResultType" in found:
            fine = found["LoginResultType"] == 1
            told = f"{found.get('Message')} (LoginResultType {found['LoginResultType']})"
            return None if fine else Failure(status, "login", told)
        answer = found.get("Result")
        said = answer.get("ResponseStatus") if isinstance(answer, dict) else None
        if not isinstance(said, dict) or said.get("IsSuccess") is not False:
            return None
        told = "; ".join(str(one.get("Message")) for one in said.get("Errors") or ())
        return Failure(status, str(said.get("MsgCode")), told)

    def _address(self, account: Account, service: str) -> tuple[str, str]:
        server = str(account.settings.get("server_url") or "").rstrip("/")
        parts = urlsplit(server)
        if not parts.scheme or not parts.netloc:
            msg = (
                f"account {account.id}: set server_url, such as https://erp.example.com/k3cloud "
                "(its case matters)"
            )
            raise GrantError(msg)
        return f"{parts.scheme}://{parts.netloc}", f"{parts.path}/{service}.common.kdsvc"

    def _count(self, account: Account, params: Mapping[str, t.Any]) -> int:
        """Count the rows of a query, which no answer tells: find the page that is not full."""

        def rows(page: int) -> int:
            asked = {**params, "StartRow": page * LIMIT, "Limit": LIMIT}
            return len(self.call(account, QUERY, asked))

        low, high, last = 0, 1, rows(0)
        if last < LIMIT:
            return last
        while (last := rows(high)) >= LIMIT:
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            found = rows(middle)
            if found >= LIMIT:
                low = middle
            else:
                high, last = middle, found
        return high * LIMIT + last


class K3CloudClient(_K3Cloud):
    """云·星空 WebAPI with signed headers: no login, no token."""

    @override
    def token_kind(self, api: str) -> str | None:
        return None

    @override
    def call(self, account: Account, api: str, params: Mapping[str, t.Any]) -> Body:
        """Query; a session that is lost although none is used means wrong credentials, or a hiccup."""
        try:
            return super().call(account, api, params)
        except AuthExpiredError:
            try:
                return super().call(account, api, params)
            except AuthExpiredError as exc:
                raise GrantError(str(exc)) from exc

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        host, path = self._address(account, _FORMS + api)
        server = self.connection.base_url
        url = (host if server == self.base_url else server) + path
        return Request(
            "POST", path, {}, _encode({"data": params}), headers(url, account, now), host
        )


class K3CloudSessionClient(_K3Cloud):
    """云·星空 WebAPI with a session: a login first, its cookies afterwards."""

    @override
    def token_seed(self, account: Account, kind: str) -> str:
        return str(account.settings.get("app_secret") or account.id)

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        host, path = self._address(account, _FORMS + api)
        session, _, other = token.partition("|")
        self.connection.redact.learn(session, other)
        cookies = f"kdservice-sessionid={session}; ASP.NET_SessionId={other}"
        return Request(
            "POST", path, {}, _encode({"data": params}), {**_JSON, "Cookie": cookies}, host
        )

    @override
    def fetch_token(self, account: Account, kind: str, previous: Token | None) -> Token:
        now = self.connection.clock.now()
        name, asked = login(account, now, signed=self.config.get("auth") == "login_by_sign")
        host, path = self._address(account, _LOGINS + name)
        body = self.send(account, name, Request("POST", path, {}, _encode(asked), _JSON, host))
        if not isinstance(body, dict) or not body.get("KDSVCSessionId"):
            msg = f"account {account.id}, {name}: the answer holds no session; {_CHECK}"
            raise GrantError(msg)
        context = body.get("Context")
        other = context.get("SessionId") if isinstance(context, dict) else None
        # It ends when it is not used for so long; a run uses it all the time.
        return Token(f"{body['KDSVCSessionId']}|{other or ''}", now + 3 * _IDLE)


def login(account: Account, now: datetime, *, signed: bool) -> tuple[str, dict[str, t.Any]]:
    """Return a login's name and body."""
    settings, number = account.settings, language(account)
    user, app_id, secret = (
        str(settings.get(n) or "") for n in ("username", "app_id", "app_secret")
    )
    if not signed:
        asked = {"acctID": account.id, "username": user, "appId": app_id, "appSecret": secret}
        return "LoginByAppSecret", {**asked, "lcid": number}
    moment = int(now.timestamp())
    whole = "".join(sorted([account.id, user, app_id, secret, str(moment)]))
    sign = hashlib.sha256(whole.encode()).hexdigest()
    return "LoginBySign", {"parameters": [account.id, user, app_id, moment, sign, number]}
