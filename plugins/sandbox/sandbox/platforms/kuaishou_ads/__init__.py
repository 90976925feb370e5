"""快手磁力引擎: tokens, envelope and limits, after the fact sheet."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

from typing_extensions import override

from sandbox.http import Call, Rejected, Reply, json_reply
from sandbox.mixing import digest
from sandbox.platform import Gateway, TruthRow
from sandbox.platforms.kuaishou_ads.calls import CALLS, Arguments
from sandbox.platforms.kuaishou_ads.figures import REPORTS, balance, flows, merchant_rows
from sandbox.platforms.kuaishou_ads.rows import ROWS, advertisers_of
from sandbox.tokens import Grants

APP_ID: t.Final = "165890123"
SECRET: t.Final = "sandbox-app-secret"  # noqa: S105 - visibly a fake

_ROOT = "/rest/openapi/"
_APPROVALS = "oauth2/authorize/approval/list"
_FIRST_USER = 2_000_001
_DAY = 86_400
_PER_SECOND = 500
_GENERIC = 401000

Body = dict[str, t.Any]


class KuaishouAds(Gateway):
    """The platform: nothing is signed, and all errors have one number."""

    slug = "kuaishou_ads"
    title = "快手磁力引擎"
    entities = ROWS

    @override
    def __init__(self, world: t.Any) -> None:
        super().__init__(world)
        self.consents = Grants(
            self.accounts, life=365 * _DAY, grace=self.world.settings.refresh_grace
        )

    @override
    def account_name(self, number: int) -> str:
        return str(_FIRST_USER + number - 1)

    @override
    def demo(self, base_url: str) -> dict[str, t.Any]:
        accounts = [
            {"id": name, "refresh_token": f"sandbox-refresh-{name}-1"} for name in self.accounts
        ]
        return {
            "base_url": base_url,
            "app_key": APP_ID,
            "app_secret": SECRET,
            "accounts": accounts,
        }

    # -- envelope --------------------------------------------------------------------------------

    @override
    def name_of(self, call: Call) -> str:
        return call.path.removeprefix(_ROOT)

    @override
    def success(self, call: Call, content: t.Any) -> Body:
        if call.api == _APPROVALS:  # its published sample says so
            return {"code": 1, "message": "成功", "data": content}
        return {"code": 0, "message": "OK", "data": content, "request_id": digest(call.number)}

    @override
    def refusal(self, call: Call, refused: Rejected) -> Reply:
        content = {"code": refused.code, "message": refused.message}
        return json_reply({**content, "request_id": digest(call.number)}, outcome=refused.outcome)

    @override
    def grants(self, call: Call) -> bool:
        return self.name_of(call).startswith("oauth2/") and self.name_of(call) != _APPROVALS

    @override
    def too_often(self, call: Call) -> Rejected:
        return Rejected(_GENERIC, "请求过于频繁", "throttled")

    @override
    def answer(self, call: Call) -> t.Any:
        verb, handler = CALLS.get(call.api, ("POST", None))
        if handler is None or call.method not in {verb, "POST"}:
            raise Rejected(_GENERIC, f"接口不存在: {call.method} {call.api}")
        params = _content(call)
        value = call.headers.get("access-token", "")
        if call.api == _APPROVALS:
            value = str(params.get("access_token"))
            _check_app(params)
        token = self.living(
            value,
            call.now,
            unknown=Rejected(_GENERIC, "access_token无效", "auth"),
            expired=Rejected(_GENERIC, "access_token已过期", "auth"),
        )
        call.account, call.params = token.subject, params
        arguments = Arguments(params)
        if call.api != _APPROVALS:
            advertiser = arguments.number("advertiser_id")
            if advertiser not in advertisers_of(self.accounts.index(call.account) + 1):
                raise Rejected(_GENERIC, "没有该账户的权限")
        self.admit(call, call.api, call.account, allowed=_PER_SECOND)
        return handler(self, call, arguments)

    # -- tokens ----------------------------------------------------------------------------------

    @override
    def granted(self, call: Call) -> Body:
        params = call.params = _content(call)
        _check_app(params)
        if call.api == "oauth2/authorize/access_token":
            account = self.consents.by_code(str(params.get("auth_code")))
            if account is None:
                raise Rejected(_GENERIC, "auth_code已失效", "auth")
            refresh = self.consents.chain(account, call.now).current
        elif call.api == "oauth2/authorize/refresh_token":
            value = str(params.get("refresh_token"))
            chain = self.consents.owner(value, call.now)
            following = chain.use(value, call.now) if chain is not None else None
            if chain is None or following is None:
                raise Rejected(_GENERIC, "refresh_token已失效", "auth")
            account, refresh = chain.subject, following
        else:
            raise Rejected(_GENERIC, f"接口不存在: {call.api}")
        call.account = account
        data = {
            "access_token": self.tokens.issue(account, call.now, _DAY).value,
            "access_token_expires_in": _DAY,
            "refresh_token": refresh,
            "refresh_token_expires_in": 30 * _DAY,
            "user_id": int(account),
        }
        return {"code": 0, "message": "OK", "data": data}

    # -- truth of streams that are not plain rows --------------------------------------------------

    @override
    def streams(self) -> list[str]:
        return [
            *super().streams(),
            *REPORTS,
            *(f"{name}_hourly" for name in REPORTS),
            "merchant_reports",
            "fund_daily_flows",
            "fund_balances",
            "advertisers",
        ]

    @override
    def truth(self, account: str, stream: str) -> Iterator[TruthRow]:
        advertisers = advertisers_of(self.accounts.index(account) + 1)
        level = stream.removesuffix("_hourly")
        if level in REPORTS:
            report, hourly = REPORTS[level], stream != level
            for advertiser in advertisers:
                for place in report.places(self, account, advertiser, hourly=hourly):
                    row = report.row(self, account, advertiser, place)
                    key = [advertiser, *(row.get(name) or "" for name in report.key)]
                    key += [row["stat_date"], *([row["stat_hour"]] if hourly else [])]
                    yield TruthRow(":".join(map(str, key)), None, 1, row)
        elif stream in {"merchant_reports", "fund_daily_flows"}:
            make, day = (merchant_rows, "report_date") if stream[0] == "m" else (flows, "date")
            for advertiser in advertisers:
                for row in make(self, advertiser):
                    yield TruthRow(f"{advertiser}:{row[day]}", None, 1, row)
        elif stream in {"fund_balances", "advertisers"}:
            for advertiser in advertisers:
                record = balance(advertiser) if stream[0] == "f" else advertiser
                yield TruthRow(str(advertiser), None, 1, t.cast("Body", record))
        else:
            yield from super().truth(account, stream)


def _content(call: Call) -> Body:
    try:
        content = call.json()
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise Rejected(_GENERIC, "参数格式错误")
    return content


def _check_app(params: Body) -> None:
    if params.get("app_id") != int(APP_ID) or params.get("secret") != SECRET:
        raise Rejected(_GENERIC, "app_id或secret错误", "auth")


PLATFORM = KuaishouAds
