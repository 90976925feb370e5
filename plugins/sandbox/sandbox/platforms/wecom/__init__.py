"""企业微信: tokens per secret, error codes, limits with penalties, after the fact sheet."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

from typing_extensions import override

from sandbox.company import DAY, day_of
from sandbox.http import Call, Rejected, Reply, json_reply
from sandbox.platform import Gateway, TruthRow
from sandbox.platforms.wecom import checkin
from sandbox.platforms.wecom.calls import CALLS, CONTACTS_ONLY, Arguments, followed
from sandbox.platforms.wecom.pushes import WecomAnnouncer
from sandbox.platforms.wecom.rows import ROWS, WecomContact, WecomUser
from sandbox.tokens import Token

_LIFE = 7200
_MINUTE, _HOUR = 60, 3600
_SECRETS = {
    "app": "sandbox-secret",
    "old": "sandbox-old-secret",
    "contacts": "sandbox-contacts-secret",
}
"""Three apps of each company: one made today, one of before June 2022, and the directory's own."""
_PER_MINUTE = {
    "checkin/getcheckindata": 600,
    "checkin/getcheckin_daydata": 100,
    "oa/getapprovalinfo": 600,
    "oa/journal/get_record_list": 600,
}


class Wecom(Gateway):
    """The platform: HTTP 200 with `errcode`, the token in the query string."""

    slug = "wecom"
    title = "企业微信"
    entities = ROWS
    announcer = WecomAnnouncer()

    @override
    def account_name(self, number: int) -> str:
        return f"wwsandbox{number:08d}"

    @override
    def subjects(self, account: str) -> list[str]:
        return [f"{account} {app}" for app in _SECRETS]

    @override
    def demo(self, base_url: str) -> dict[str, t.Any]:
        accounts = [
            {
                "id": name,
                "secret": f"{_SECRETS['app']}-{name}",
                "secrets": {"user/list_id": f"{_SECRETS['contacts']}-{name}"},
            }
            for name in self.accounts
        ]
        return {"base_url": base_url, "accounts": accounts}

    # -- envelope --------------------------------------------------------------------------------

    @override
    def name_of(self, call: Call) -> str:
        return call.path.removeprefix("/cgi-bin/").strip("/")

    @override
    def grants(self, call: Call) -> bool:
        return call.path == "/cgi-bin/gettoken"

    @override
    def success(self, call: Call, content: dict[str, t.Any]) -> dict[str, t.Any]:
        return {"errcode": 0, "errmsg": "ok", **content}

    @override
    def refusal(self, call: Call, refused: Rejected) -> Reply:
        hint = f"hint: [{call.now_ms}{call.number:06d}], from ip: 203.0.113.7"
        more = f"more info at https://open.work.weixin.qq.com/devtool/query?e={refused.code}"
        content = {"errcode": refused.code, "errmsg": f"{refused.message}, {hint}, {more}"}
        return json_reply(content | refused.extra, outcome=refused.outcome)

    @override
    def too_often(self, call: Call) -> Rejected:
        return Rejected(45009, "api freq out of limit", "throttled")

    @override
    def throttled(self, call: Call) -> Reply | None:
        if call.number % 2:
            return self.refusal(call, self.too_often(call))
        return self.refusal(call, Rejected(45033, "api concurrent out of limit", "throttled"))

    @override
    def answer(self, call: Call) -> dict[str, t.Any]:
        handler, token = self._admit(call)
        call.account, _, app = token.subject.partition(" ")
        self._check_app(call, app)
        self._count(call)
        return t.cast("dict[str, t.Any]", handler(self, call, Arguments(call.params), app))

    # -- admission -------------------------------------------------------------------------------

    def _admit(self, call: Call) -> tuple[t.Any, Token]:
        found = CALLS.get(call.api)
        if found is None:
            raise Rejected(40066, "invalid url")
        method, handler = found
        value = call.query.get("access_token", "")
        if not value:
            raise Rejected(41001, "access_token missing")
        token = self.living(
            value,
            call.now,
            unknown=Rejected(40014, "invalid access_token", "auth"),
            expired=Rejected(42001, "access_token expired", "auth"),
        )
        if call.method != method:
            if call.api == "oa/getapprovalinfo":
                raise Rejected(301025, "Warning: wrong json format. get approval param error")
            raise Rejected(43002 if method == "POST" else 43001, f"require {method} method")
        call.params = self._params(call)
        return handler, token

    def _params(self, call: Call) -> dict[str, t.Any]:
        if call.method == "GET":
            return {name: value for name, value in call.query.items() if name != "access_token"}
        if b"\\u" in call.body:
            raise Rejected(40033, "invalid charset: send UTF-8, not escapes")
        try:
            params = call.json() if call.body else {}
        except ValueError:
            raise Rejected(47001, "data format error") from None
        if not isinstance(params, dict):
            raise Rejected(47001, "data format error")
        return params

    def _check_app(self, call: Call, app: str) -> None:
        allowed = call.api in CONTACTS_ONLY or call.api.startswith("department/")
        if app == "contacts" and not allowed:
            raise Rejected(48002, "api forbidden")
        if app != "contacts" and call.api in CONTACTS_ONLY:
            raise Rejected(48002, "api forbidden")

    def _count(self, call: Call) -> None:
        subject = f"{call.account} {call.api}"
        minute = _PER_MINUTE.get(call.api, 10_000)
        self.admit(call, call.api, subject, allowed=minute, seconds=_MINUTE, penalty=_MINUTE)
        self.admit(call, "hour", subject, allowed=150_000, seconds=_HOUR, penalty=_HOUR)

    # -- tokens ----------------------------------------------------------------------------------

    @override
    def granted(self, call: Call) -> dict[str, t.Any]:
        corp, secret = call.query.get("corpid", ""), call.query.get("corpsecret", "")
        call.params = {"corpid": corp, "corpsecret": secret}
        if not corp:
            raise Rejected(41002, "corpid missing")
        if not secret:
            raise Rejected(41004, "corpsecret missing")
        if corp not in self.accounts:
            raise Rejected(40013, "invalid corpid", "auth")
        call.account = corp
        app = next((app for app, text in _SECRETS.items() if secret == f"{text}-{corp}"), "")
        if not app:
            self.admit(call, "gettoken", corp, allowed=2000, seconds=_HOUR, penalty=_HOUR)
            known = any(secret.startswith(f"{text}-") for text in _SECRETS.values())
            if known:  # a good secret, of another company
                raise Rejected(40001, "invalid credential", "auth")
            raise Rejected(40091, "secret is invalid", "auth")
        subject = f"{corp} {app}"
        token = self.tokens.valid(subject, call.now) or self.tokens.issue(subject, call.now, _LIFE)
        return {
            "errcode": 0,
            "errmsg": "ok",
            "access_token": token.value,
            "expires_in": int(token.expires - call.now),
        }

    # -- truth -----------------------------------------------------------------------------------

    @override
    def streams(self) -> list[str]:
        more = ["department_ids", "user_ids", "checkin_data", "checkin_day_data", "follow_users"]
        return [*super().streams(), *more, "external_contact_ids"]

    @override
    def truth(self, account: str, stream: str) -> Iterator[TruthRow]:
        users = self.dataset(account, "users")
        if stream == "department_ids":
            for row in super().truth(account, "departments"):
                record = {name: row.record[name] for name in ("id", "parentid", "order")}
                yield TruthRow(row.key, None, row.version, record)
        elif stream == "user_ids":
            kind = t.cast("WecomUser", users.entity)
            for user in users.rows():
                for number in kind.departments(users, user):
                    record = {"userid": users.key(user), "department": number}
                    yield TruthRow(f"{users.key(user)}:{number}", None, user.version, record)
        elif stream in {"checkin_data", "checkin_day_data"}:
            yield from self._checkin_truth(account, stream)
        elif stream in {"external_contacts", "external_contact_ids", "follow_users"}:
            yield from self._contact_truth(account, stream)
        else:
            yield from super().truth(account, stream)

    def _checkin_truth(self, account: str, stream: str) -> Iterator[TruthRow]:
        users, now = self.dataset(account, "users"), self.world.clock.now()
        first = self.world.history_end_ms // 1000 - int(self.world.settings.history_days) * DAY
        for user in users.rows():
            for day in range(day_of(first), int(now), DAY):
                if stream == "checkin_day_data":
                    record = checkin.day_data(users, user, day, now)
                    if record is not None:
                        yield TruthRow(f"{users.key(user)}:{day}", None, 1, record)
                    continue
                for slot in (0, 1):
                    record = checkin.punch(users, user, day, slot, now)
                    if record is not None:
                        yield TruthRow(checkin.key_of(record), None, 1, record)

    def _contact_truth(self, account: str, stream: str) -> Iterator[TruthRow]:
        contacts = self.dataset(account, "external_contacts")
        kind = t.cast("WecomContact", contacts.entity)
        for user, rows in followed(self, account).items():
            if stream == "follow_users":
                yield TruthRow(user, None, 1, {"userid": user})
                continue
            for row in rows:
                if stream == "external_contacts":
                    yield self.truth_row(contacts, row, stream)
                else:
                    record = {"external_userid": kind.external(contacts, row), "userid": user}
                    yield TruthRow(contacts.key(row), None, row.version, record)


PLATFORM = Wecom
