"""飞书: a bearer token, JSON with a `code`, true HTTP statuses, after the fact sheet."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote

from typing_extensions import override

from sandbox.http import Call, Rejected, Reply, json_reply
from sandbox.platform import Gateway, TruthRow
from sandbox.platforms.feishu import attendance
from sandbox.platforms.feishu.calls import CALLS, PATTERNS, Arguments, beginning
from sandbox.platforms.feishu.lines import OPEN, FeishuOperator
from sandbox.platforms.feishu.pushes import FeishuAnnouncer
from sandbox.platforms.feishu.rows import FORMS, ROOT, ROWS, TABLES, Approval

_LIFE, _RENEWED_FROM = 7200, 1800
_TOKEN = "auth/v3/tenant_access_token/internal"  # noqa: S105 - the name of an API
_APP, _SECRET = "cli_sandbox", "sandbox-secret"


class Feishu(Gateway):
    """The platform; tokens look like `t-...`."""

    slug = "feishu"
    title = "飞书"
    entities = ROWS
    announcer = FeishuAnnouncer()
    operator = FeishuOperator()

    @override
    def account_name(self, number: int) -> str:
        return f"sandboxtenant{number:04d}"

    @override
    def demo(self, base_url: str) -> dict[str, t.Any]:
        accounts = [
            {
                "id": name,
                "app_id": f"{_APP}{number:08d}",
                "app_secret": f"{_SECRET}-{name}",
                "approval_codes": list(FORMS),
                "tables": list(TABLES),
            }
            for number, name in enumerate(self.accounts, 1)
        ]
        return {"base_url": base_url, "accounts": accounts}

    # -- envelope --------------------------------------------------------------------------------

    @override
    def name_of(self, call: Call) -> str:
        path = call.path.removeprefix("/open-apis/").strip("/")
        for name, pattern in PATTERNS:
            if (found := pattern.fullmatch(path)) and CALLS[name][0] == call.method:
                call.params = {part: unquote(text) for part, text in found.groupdict().items()}
                return name
        return path

    @override
    def grants(self, call: Call) -> bool:
        return call.path in {f"/open-apis/{_TOKEN}", f"/{OPEN}"}

    @override
    def success(self, call: Call, content: dict[str, t.Any]) -> dict[str, t.Any]:
        return {"code": 0, "msg": "success", "data": content}

    @override
    def refusal(self, call: Call, refused: Rejected) -> Reply:
        content = {"code": refused.code, "msg": refused.message}
        status = refused.extra.get("status", 400)
        reply = json_reply(content, status=status, outcome=refused.outcome)
        if refused.outcome != "throttled":
            return reply
        headers = (("x-ogw-ratelimit-limit", "50"), ("x-ogw-ratelimit-reset", "1"))
        return replace(reply, headers=headers)

    @override
    def too_often(self, call: Call) -> Rejected:
        # Older APIs say it with HTTP 400.
        status = 400 if call.api.startswith("approval/") else 429
        return Rejected(99991400, "request trigger frequency limit", "throttled", status=status)

    @override
    def answer(self, call: Call) -> t.Any:
        found = CALLS.get(call.api)
        if found is None or found[0] != call.method:
            return Reply(b"404 page not found", 404, "rejected", "text/plain")
        self._identify(call)
        call.params = {**call.query, **self._body(call), **call.params}
        subject = f"{call.account} {call.api}"
        self.admit(call, "second", subject, allowed=50)
        self.admit(call, "minute", subject, allowed=1000, seconds=60)
        return found[1](self, call, Arguments(call.params))

    def _identify(self, call: Call) -> None:
        scheme, _, value = call.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not value:
            raise Rejected(99991661, "Missing access token for authorization.")
        if not value.startswith("t-"):
            raise Rejected(99991671, "Invalid access token format.")
        refused = Rejected(99991663, "Invalid access token for authorization.", "auth")
        token = self.living(value.removeprefix("t-"), call.now, unknown=refused, expired=refused)
        call.account = token.subject

    def _body(self, call: Call) -> dict[str, t.Any]:
        try:
            params = call.json() if call.body else {}
        except ValueError:
            params = None
        if not isinstance(params, dict):
            raise Rejected(99992402, "field validation failed: the body is no JSON")
        return params

    # -- tokens ----------------------------------------------------------------------------------

    @override
    def granted(self, call: Call) -> dict[str, t.Any]:
        """Failures of this call come with HTTP 200."""
        if call.api == OPEN:
            account = self._owner(call, ("AppID", "AppSecret"))
            if not account:
                raise Rejected(514, "app_id or app_secret is invalid", "auth", status=200)
            return self.operator.endpoint(self, call, account)
        account = self._owner(call, ("app_id", "app_secret"))
        if not account:
            known = str(call.params["app_id"]).removeprefix(_APP).isdigit()
            code, text = (10014, "app secret invalid") if known else (10003, "invalid param")
            raise Rejected(code, text, "auth", status=200)
        token = self.tokens.valid(account, call.now)
        if token is None or token.expires - call.now < _RENEWED_FROM:
            token = self.tokens.issue(account, call.now, _LIFE)
        return {
            "code": 0,
            "msg": "ok",
            "tenant_access_token": f"t-{token.value}",
            "expire": int(token.expires - call.now),
        }

    def _owner(self, call: Call, names: tuple[str, str]) -> str:
        """Return the tenant whose app proves itself; empty when it does not."""
        asked = self._body(call) if call.method == "POST" else {}
        app, secret = (str(asked.get(name, "")) for name in names)
        call.params = dict(zip(names, (app, secret), strict=True))
        number = app.removeprefix(_APP)
        known = app.startswith(_APP) and number.isdigit()
        account = self.account_name(int(number)) if known else ""
        if account not in self.accounts or secret != f"{_SECRET}-{account}":
            return ""
        call.account = account
        return account

    # -- truth -----------------------------------------------------------------------------------

    @override
    def streams(self) -> list[str]:
        return [*super().streams(), "attendance_user_tasks", "attendance_user_flows"]

    @override
    def truth(self, account: str, stream: str) -> Iterator[TruthRow]:
        if stream.startswith("attendance_"):
            yield from self._attendance_truth(account, stream)
            return
        forms = self.dataset(account, "approvals")
        kind = t.cast("Approval", forms.entity)
        for row in super().truth(account, stream):
            if stream == "departments" and row.key == ROOT:
                continue
            if stream == "approval_instances_query":
                form = forms.find(row.key)
                if form is not None and kind.status(forms, form) == "CANCELED":
                    continue
            yield row

    def _attendance_truth(self, account: str, stream: str) -> Iterator[TruthRow]:
        users, now = self.dataset(account, "users"), self.world.clock.now()
        flows = stream == "attendance_user_flows"
        show, key = (attendance.flows, "record_id") if flows else (attendance.tasks, "result_id")
        for user in users.rows():
            for record in show(users, user, beginning(self), int(now), now):
                yield TruthRow(str(record[key]), None, 1, record)


PLATFORM = Feishu
