"""抖店: signature, tokens, limits and the envelope, after the fact sheet."""

from __future__ import annotations

import calendar
import hashlib
import hmac
import time
import typing as t
from collections.abc import Iterator

from typing_extensions import override

from sandbox.clock import BEIJING_SECONDS
from sandbox.http import Call, Rejected, Reply, json_reply
from sandbox.mixing import digest
from sandbox.platform import Gateway, TruthRow
from sandbox.platforms.douyin_shop.calls import BRANDS, CALLS, Arguments
from sandbox.platforms.douyin_shop.pushes import DouyinShopAnnouncer
from sandbox.platforms.douyin_shop.rows import ROWS, DouyinItem
from sandbox.tokens import Grants, Token

APP_KEY: t.Final = "7000000000000000001"
APP_SECRET: t.Final = "00000000-sand-boxx-aaaa-000000000001"  # noqa: S105 - visibly a fake
TOOL: t.Final = ("7000000000000000002", "00000000-sand-boxx-aaaa-000000000002")

_SECRETS = {APP_KEY: APP_SECRET, TOOL[0]: TOOL[1]}
_FIRST_SHOP = 4_463_798
_DAY = 86_400
_CLOCKS_DIFFER = 600
_PER_SECOND = 500

Body = dict[str, t.Any]


def sign(secret: str, query: t.Mapping[str, str], body: bytes) -> str:
    """Return the signature of a call, by the method that it names."""
    text = b"".join(
        (
            secret.encode(),
            f"app_key{query['app_key']}method{query['method']}param_json".encode(),
            body,
            f"timestamp{query['timestamp']}v{query['v']}".encode(),
            secret.encode(),
        )
    )
    if query.get("sign_method", "md5") == "md5":
        return hashlib.md5(text, usedforsecurity=False).hexdigest()
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


class DouyinShop(Gateway):
    """The platform: the body is what is signed, byte by byte."""

    slug = "douyin_shop"
    title = "抖店"
    entities = ROWS
    announcer = DouyinShopAnnouncer(APP_KEY, APP_SECRET)

    @override
    def __init__(self, world: t.Any) -> None:
        super().__init__(world)
        self.consents = Grants(
            self.accounts, life=365 * _DAY, grace=self.world.settings.refresh_grace
        )

    @override
    def account_name(self, number: int) -> str:
        return str(_FIRST_SHOP + number - 1)

    @override
    def demo(self, base_url: str) -> dict[str, t.Any]:
        return {
            "base_url": base_url,
            "app_key": APP_KEY,
            "app_secret": APP_SECRET,
            "accounts": [{"id": name} for name in self.accounts],
        }

    # -- envelope --------------------------------------------------------------------------------

    @override
    def name_of(self, call: Call) -> str:
        return super().name_of(call).replace("/", ".")

    @override
    def success(self, call: Call, content: t.Any) -> Body:
        if _in_old_words(call):
            return {"err_no": 0, "message": "success", "data": content}
        return {**_told(10000, "success"), "log_id": digest(call.number), "data": content}

    @override
    def refusal(self, call: Call, refused: Rejected) -> Reply:
        if _in_old_words(call):
            words = str(refused.extra.get("sub_msg") or refused.message)
            content: Body = {"err_no": refused.code, "message": words, "data": None}
            return json_reply(content, outcome=refused.outcome)
        content = _told(int(refused.code), refused.message) | refused.extra
        return json_reply({**content, "log_id": digest(call.number)}, outcome=refused.outcome)

    @override
    def grants(self, call: Call) -> bool:
        return call.path.startswith("/token/")

    @override
    def too_often(self, call: Call) -> Rejected:
        return Rejected(60000, "触发限流，请稍后重试", "throttled")

    @override
    def answer(self, call: Call) -> t.Any:
        handler = CALLS.get(call.api)
        if handler is None:
            raise Rejected(70000, "API 已下线", sub_code="isp.api-service-off")
        app = self._signed(call)
        value = call.query.get("access_token", "")
        if not value:
            raise Rejected(40001, "缺少参数", "auth", sub_code="isv.access-token-missing")
        token = self.living(
            value,
            call.now,
            unknown=_refused_token("isv.access-token-no-existed", "access_token不存在"),
            expired=_refused_token("isv.access-token-expired", "access_token已过期"),
        )
        if token.scope != app:
            raise _refused_token("isv.access-token-invalid", "access_token与app不匹配")
        call.account = token.subject
        self.admit(call, call.api, f"{app} {call.account}", allowed=_PER_SECOND)
        return handler(self, call, Arguments(call.params))

    def _signed(self, call: Call) -> str:
        """Check names, clock and signature of a call; return the app that makes it."""
        query = call.query
        for name in ("app_key", "method", "timestamp", "v", "sign"):
            if not query.get(name):
                raise Rejected(40001, "缺少参数", sub_code=f"isv.{name}-missing")
        secret = _SECRETS.get(query["app_key"])
        if secret is None:
            raise Rejected(40003, "非法的参数", "auth", sub_code="isv.app-id-invalid")
        try:
            stamp = _moment(query["timestamp"])
        except ValueError:
            raise Rejected(40003, "非法的参数", sub_code="isv.timestamp-format-error") from None
        if call.astray(stamp) > _CLOCKS_DIFFER:
            raise Rejected(40003, "非法的参数", sub_code="isv.timestamp-invalid")
        expected = sign(secret, query, call.body)
        if query["method"] != call.api or not hmac.compare_digest(
            expected.encode(), query["sign"].encode()
        ):
            raise Rejected(40003, "非法的参数", "auth", sub_code="isv.signature-invalid")
        try:
            call.params = call.json()
        except ValueError:
            call.params = {}
        if not isinstance(call.params, dict) or call.method != "POST":
            raise Rejected(40003, "非法的参数", sub_code="isv.parameter-format-invalid")
        return query["app_key"]

    # -- tokens ----------------------------------------------------------------------------------

    @override
    def granted(self, call: Call) -> Body:
        app = self._signed(call)
        asked = call.params
        if call.api == "token.refresh":
            issued = self._refresh(call, app, str(asked.get("refresh_token")))
        elif call.api != "token.create" or "code" not in asked:
            raise Rejected(40001, "缺少参数", sub_code="isv.parameter-missing")
        elif asked.get("grant_type") == "authorization_self" and app == APP_KEY:
            issued = self._of_its_own(call, app)
        elif asked.get("grant_type") == "authorization_code" and app == TOOL[0]:
            account = self.consents.by_code(str(asked["code"]))
            if account is None:
                raise _no_token("code-expired")
            issued = self._issue(call, account, app, self._current(call, account))
        else:
            raise _no_token("grant-type-invalid")
        return self.success(call, issued)

    def _of_its_own(self, call: Call, app: str) -> Body:
        """A self-built app is given the same pair as long as it lives."""
        account = str(call.params.get("shop_id") or call.params.get("auth_id"))
        if account not in self.accounts:
            raise _no_token("no-authorization")
        living = self.tokens.valid(account, call.now, app)
        token = living or self.tokens.issue(account, call.now, 7 * _DAY, app)
        return self._pair(call, token, self._current(call, account))

    def _refresh(self, call: Call, app: str, value: str) -> Body:
        """More than an hour before its end the pair stays; later both are new."""
        chain = self.consents.owner(value, call.now)
        if chain is None:
            raise _no_token("token-invalid")
        living = self.tokens.valid(chain.subject, call.now, app)
        if value == chain.current and living is not None and living.expires - call.now > 3600:
            return self._pair(call, living, value)
        following = chain.use(value, call.now)
        if following is None:
            raise _no_token("token-expired")
        return self._issue(call, chain.subject, app, following)

    def _current(self, call: Call, account: str) -> str:
        return self.consents.chain(account, call.now).current

    def _issue(self, call: Call, account: str, app: str, refresh: str) -> Body:
        return self._pair(call, self.tokens.issue(account, call.now, 7 * _DAY, app), refresh)

    def _pair(self, call: Call, token: Token, refresh: str) -> Body:
        call.account = token.subject
        return {
            "access_token": token.value,
            "expires_in": int(token.expires - call.now),
            "refresh_token": refresh,
            "scope": "SCOPE",
            "shop_id": int(token.subject),
            "shop_name": f"演示店铺{self.accounts.index(token.subject) + 1}",
            "authority_id": token.subject,
            "auth_subject_type": "Shop",
        }

    # -- truth of streams that are not plain rows --------------------------------------------------

    @override
    def streams(self) -> list[str]:
        return [*super().streams(), "skus", "brands"]

    @override
    def truth(self, account: str, stream: str) -> Iterator[TruthRow]:
        if stream == "skus":
            data = self.dataset(account, "items")
            kind = t.cast("DouyinItem", data.entity)
            for row in data.rows():
                for sku in kind.skus(data, row):
                    yield TruthRow(str(sku["id"]), None, row.version, sku)
        elif stream == "brands":
            for brand in BRANDS:
                yield TruthRow(str(brand["id"]), None, 1, brand)
        else:
            yield from super().truth(account, stream)


def _in_old_words(call: Call) -> bool:
    """Tell whether a caller does not ask for the codes of today."""
    return call.headers.get("x-open-no-old-err-code") != "1"


def _moment(text: str) -> float:
    """Read a timestamp: epoch seconds, or local time in Beijing."""
    if text.isdigit():
        return int(text)
    return calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S")) - BEIJING_SECONDS


def _told(code: int, message: str) -> Body:
    return {"code": code, "msg": message, "sub_code": "", "sub_msg": ""}


def _refused_token(sub_code: str, sub_message: str) -> Rejected:
    return Rejected(40003, "非法的参数", "auth", sub_code=sub_code, sub_msg=sub_message)


def _no_token(reason: str) -> Rejected:
    return Rejected(50001, "token 生成失败", "auth", sub_code=f"dop.token-generate-failed:{reason}")


PLATFORM = DouyinShop
