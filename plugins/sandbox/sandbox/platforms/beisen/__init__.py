"""北森 iTalent: two ways to a token, verdicts in `code` or in the HTTP status, after the fact sheet."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

from typing_extensions import override

from sandbox.http import Call, Rejected, Reply, json_reply
from sandbox.platform import Gateway, TruthRow
from sandbox.platforms.beisen.calls import DAYS, VIEWS, View, balances, day, scroll, units
from sandbox.platforms.beisen.rows import ROWS, BeisenEmployee, BeisenMetaObject

Body = dict[str, t.Any]

_FIRST = 100_001
_LIFE = 7200
_ORGANISATION, _ATTENDANCE = "TenantBaseExternal/api/v5/", "AttendanceOpen/api/v1/"
_LIMITS: t.Final = {
    "Position/GetByTimeWindow": (50, 1000),
    "AttendanceStatistics/GetAttendanceStatisticsList": (25, 750),
    "SwipingCardData/GetSwipingCardsByDateV2": (20, 1200),
    "Vacation/GetListByDate": (40, 1500),
}
_BAD_CALL: t.Final = {
    "error": "invalid_request",
    "error_description": "找不到 Content-Type",
    "error_code": "400006",
}


class Beisen(Gateway):
    """The platform: each tenant has a connector, or an app of the older kind."""

    slug = "beisen"
    title = "北森"
    entities = ROWS
    volatile = frozenset[str]()

    @override
    def __init__(self, world: t.Any) -> None:
        super().__init__(world)
        self.views: dict[str, View] = {}
        self.begun: list[str] = []

    @override
    def account_name(self, number: int) -> str:
        return str(_FIRST + number - 1)

    @override
    def demo(self, base_url: str) -> dict[str, t.Any]:
        accounts = []
        for place, name in enumerate(self.accounts):
            key, secret = ("app_id", "secret") if place % 2 else ("app_key", "app_secret")
            app = f"7{name}" if place % 2 else f"sandbox-key-{name}"
            accounts.append({"id": name, key: app, secret: f"sandbox-secret-{name}"})
        return {"base_url": base_url, "accounts": accounts}

    # -- envelope --------------------------------------------------------------------------------

    @override
    def grants(self, call: Call) -> bool:
        return call.path in {"/token", "/OAuth/Token"}

    @override
    def success(self, call: Call, content: Body) -> Body:
        return {**content, "code": "200", "message": None}

    @override
    def refusal(self, call: Call, refused: Rejected) -> Reply:
        body = {"data": None, "code": refused.code, "message": refused.message}
        status = refused.extra.get("status", 200)
        return json_reply(refused.extra.get("body", body), status=status, outcome=refused.outcome)

    @override
    def too_often(self, call: Call) -> Rejected:
        body = {"message": "API rate limit exceeded"}  # the body is not documented
        return Rejected("429", "too often", "throttled", status=429, body=body)

    @override
    def answer(self, call: Call) -> Body:
        self._admit(call)
        try:
            call.params = call.json()
        except ValueError:
            raise Rejected("417", "not JSON") from None
        if not isinstance(call.params, dict):
            raise Rejected("417", "no object")
        name = call.api.removeprefix(_ORGANISATION)
        if name in VIEWS:
            return scroll(self, call, VIEWS[name])
        if name == "Organization/GetByIds":
            return units(self, call)
        name = call.api.removeprefix(_ATTENDANCE)
        if name in DAYS:
            return day(self, call, *DAYS[name])
        return balances(self, call)

    def _admit(self, call: Call) -> None:
        bearer = call.headers.get("authorization", "")
        if not bearer:
            body = {"message": "Authorization header is empty"}
            raise Rejected("400", "no token", status=400, body=body)
        refused = Rejected("401", "", "auth", status=401, body={"message": "un-authorized"})
        name = call.api.removeprefix(_ORGANISATION).removeprefix(_ATTENDANCE)
        known = {*VIEWS, *DAYS, "Organization/GetByIds", "VacationRemain/GetVacationRemainList"}
        # Nobody can tell a wrong path from a wrong token, or from a right that is missing.
        if name not in known or call.method != "POST" or not bearer.startswith("Bearer "):
            raise refused
        token = self.living(bearer[7:], call.now, unknown=refused, expired=refused)
        call.account = token.subject
        second, minute = _LIMITS.get(name, (50, 1500))
        self.admit(call, f"{name}/second", call.account, allowed=second)
        self.admit(call, name, call.account, allowed=minute, seconds=60)

    # -- tokens ----------------------------------------------------------------------------------

    @override
    def granted(self, call: Call) -> Body:
        form = self._form(call)
        call.params = form
        call.account = self._tenant(call, form)
        if form.get("grant_type") != "client_credentials":
            raise Rejected("400006", "", "auth", status=400, body=_BAD_CALL)
        token = self.tokens.issue(call.account, call.now, _LIFE)
        if call.path == "/token":
            told: Body = {"token_type": "bearer", "expires_in": _LIFE, "refresh_token": "unused"}
        else:
            ends = str(int(call.now) + _LIFE)
            told = {"expires_in": ends, "tenant_id": call.account, "user_id": "0"}
        return {"access_token": token.value, **told}

    def _form(self, call: Call) -> dict[str, str]:
        bad = Rejected("400006", "", "rejected", status=400, body=_BAD_CALL)
        if call.method != "POST":
            raise Rejected("404", "", status=404, body={"message": "The resource cannot be found."})
        if call.content_type == "application/x-www-form-urlencoded":
            return call.form()
        if call.content_type != "application/json" or call.path != "/token":
            raise bad
        try:
            return {name: str(value) for name, value in call.json().items()}
        except (ValueError, AttributeError):
            raise bad from None

    def _tenant(self, call: Call, form: dict[str, str]) -> str:
        """Return whose credentials these are; what a wrong secret is answered with is not documented."""
        if call.path == "/token":
            tenant = form.get("app_key", "").removeprefix("sandbox-key-")
            right = form.get("app_secret") == f"sandbox-secret-{tenant}"
        else:
            tenant = form.get("tenant_id", "")
            if tenant not in self.accounts:
                body = {"error": "invalid_tenantid"}
                raise Rejected("400", "", "auth", status=400, body=body)
            right = (form.get("app_id"), form.get("secret")) == (
                f"7{tenant}",
                f"sandbox-secret-{tenant}",
            )
        if tenant not in self.accounts or not right:
            raise Rejected("400", "", "auth", status=400, body={"error": "invalid_client"})
        return tenant

    # -- truth -----------------------------------------------------------------------------------

    @override
    def streams(self) -> list[str]:
        return [*super().streams(), "employee_organizations"]

    @override
    def truth(self, account: str, stream: str) -> Iterator[TruthRow]:
        if stream == "employee_organizations":
            yield from self._units_of_people(account)
            return
        for row in super().truth(account, stream):
            if stream == "common_meta_objects":
                meta = t.cast("BeisenMetaObject", self._entities[stream])
                data = self.dataset(account, stream)
                found = data.find(row.key)
                name = meta.of(found) if found is not None else ""
                record = {"metaObjectName": name, **row.record}
                yield TruthRow(f"{name}:{row.key}", row.update_time, row.version, record)
            elif stream == "leave_balances":
                record = {"vacationItemCode": row.key.split(":")[1], **row.record}
                yield TruthRow(row.key, None, row.version, record)
            else:
                yield row

    def _units_of_people(self, account: str) -> Iterator[TruthRow]:
        people, tree = (self.dataset(account, name) for name in ("employees", "organizations"))
        kind = t.cast("BeisenEmployee", people.entity)
        wanted = {str(number) for row in people.rows() for number in kind.units(people, row)}
        for row in tree.rows():
            if tree.key(row) in wanted:
                yield TruthRow(tree.key(row), None, row.version, tree.render(row))


PLATFORM = Beisen
