"""网易七鱼: signed JSON calls, exports that take their time, and the envelope, after the fact sheet."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from dataclasses import dataclass

from typing_extensions import override

from sandbox.clock import beijing
from sandbox.dataset import Record
from sandbox.http import Call, Rejected, Reply, json_reply
from sandbox.mixing import digest
from sandbox.platform import Gateway, TruthRow
from sandbox.platforms.qiyu import archive, rows
from sandbox.platforms.qiyu.calls import CALLS, Arguments
from sandbox.platforms.qiyu.pushes import QiyuAnnouncer, signed
from sandbox.platforms.qiyu.truth import DERIVED

_VALID_SECONDS = 300
_JOB_SECONDS = 2
_PER_INTERFACE, _PER_COMPANY = 5, 20

Body = dict[str, t.Any]


@dataclass(frozen=True, slots=True)
class Job:
    """An export under way: the sessions that ended within `[start, end)`, in milliseconds."""

    account: str
    start: int
    end: int
    ready: float


def app_key(account: str) -> str:
    """Return the appKey of a company."""
    return f"sandboxkey{account[-2:]}00000000000000000000"


def app_secret(account: str) -> str:
    """Return the appSecret of a company."""
    return f"SANDBOXSECRET{account[-2:]}"


class Qiyu(Gateway):
    """The platform: the body's code decides, and the payload is wherever the interface puts it."""

    slug = "qiyu"
    title = "网易七鱼"
    entities = rows.ROWS
    announcer = QiyuAnnouncer(app_secret)
    volatile = frozenset({"time", "checksum"})

    @override
    def __init__(self, world: t.Any) -> None:
        super().__init__(world)
        self.jobs: dict[str, Job] = {}

    @override
    def account_name(self, number: int) -> str:
        return f"corp{number:02d}"

    @override
    def demo(self, base_url: str) -> Body:
        return {
            "base_url": base_url,
            "export_hours": "00:00-24:00",
            "ticket_filters": [rows.FILTER],
            "accounts": [
                {"id": name, "app_key": app_key(name), "app_secret": app_secret(name)}
                for name in self.accounts
            ],
        }

    # -- envelope --------------------------------------------------------------------------------

    @override
    def grants(self, call: Call) -> bool:
        return False

    @override
    def granted(self, call: Call) -> t.Any:
        raise Rejected(14004, "no such call")

    @override
    def success(self, call: Call, content: Body) -> Body:
        return {"code": 200, **content}

    @override
    def refusal(self, call: Call, refused: Rejected) -> Reply:
        return json_reply(
            {"code": refused.code, "message": refused.message}, outcome=refused.outcome
        )

    @override
    def too_often(self, call: Call) -> Rejected:
        return Rejected(14009, "请求频率过快，超出接口限制", "throttled")

    @override
    def throttled(self, call: Call) -> Reply | None:
        return None if call.path.startswith("/download/") else super().throttled(call)

    @override
    def answer(self, call: Call) -> t.Any:
        if call.path.startswith("/download/"):
            return self._file(call)
        handler = CALLS.get(call.api)
        if handler is None or call.method != "POST":
            raise Rejected(14004, f"no {call.method} {call.path}")
        self._known(call)
        self.admit(call, "interface", f"{call.account} {call.api}", allowed=_PER_INTERFACE)
        self.admit(call, "calls", call.account, allowed=_PER_COMPANY)
        return handler(self, call, Arguments(call.params))

    def _known(self, call: Call) -> None:
        query = call.query
        names = {app_key(account): account for account in self.accounts}
        account = names.get(query.get("appKey", ""))
        if account is None:
            raise Rejected(14001, "AppKey 不存在", "auth")
        time = query.get("time", "")
        if not time.isdigit() or call.astray(int(time)) > _VALID_SECONDS:
            raise Rejected(14003, "time 错误", "auth")
        if signed(app_secret(account), call.body, time) != query.get("checksum"):
            raise Rejected(14002, "checksum 校验失败", "auth")
        call.account = account
        try:
            call.params = call.json()
        except ValueError:
            raise Rejected(14004, "内容不是 json") from None

    # -- exports ---------------------------------------------------------------------------------

    def begin(self, call: Call, start: int, end: int) -> str:
        """Begin a job and return its key; where there is nothing, it is done at once."""
        key = digest(len(self.jobs), start, end)
        found = self.dataset(call.account, "sessions").count(start, end, "created")
        seconds = self.world.limits.number("qiyu.job_seconds", _JOB_SECONDS) if found else 0
        self.jobs[key] = Job(call.account, start, end, call.now + seconds)
        return key

    def _file(self, call: Call) -> Reply:
        job = self.jobs.get(call.path.rpartition("/")[2].removesuffix(".zip"))
        call.api = "download"
        if job is None:
            return Reply(b"<Error/>", 404, "rejected", "application/xml")
        call.account = job.account
        data = self.dataset(job.account, "sessions")
        kind = t.cast("rows.Session", data.entity)
        found = data.slice(job.start, job.end, axis="created")
        messages = [one for row in found for one in kind.messages(data, row)]
        folder = f"{beijing(job.start)[:10]}/"
        files = {
            f"{folder}session.txt": rows.lines([data.render(row) for row in found]),
            f"{folder}message.txt": rows.lines(messages),
        }
        # Which cipher is used is not known, so each second company has the other one.
        seal = archive.modern if int(job.account[-2:]) % 2 == 0 else archive.traditional
        content = seal(files, app_key(job.account)[:12].encode())
        return Reply(content, content_type="application/zip")

    # -- lists -----------------------------------------------------------------------------------

    def filtered(self, account: str, state: int, call: Call | None = None) -> list[Record]:
        """Return the tickets of a filter."""
        data = self.dataset(account, "tickets", call)
        shown = sorted(map(data.render, data.rows()), key=lambda ticket: ticket["createTime"])
        return [
            {**ticket, "follower": [str(ticket["staffId"])]}
            for ticket in shown
            if ticket["status"] == state
        ]

    def listed(self, account: str, kind: str) -> list[Record]:
        """Return a list whose names are ours, since nobody describes it."""
        return [{"id": n, "name": f"{kind} {account} {n}"} for n in range(4)]

    def has(self, day: int) -> bool:
        """Tell whether the history holds the day that begins at this millisecond."""
        end = self.world.history_end_ms + rows.DAY_MS
        return end - int(self.world.settings.history_days + 1) * rows.DAY_MS <= day

    # -- truth -----------------------------------------------------------------------------------

    @override
    def streams(self) -> list[str]:
        return [*super().streams(), *DERIVED]

    @override
    def truth(self, account: str, stream: str) -> Iterator[TruthRow]:
        derived = DERIVED.get(stream)
        if derived is None:
            yield from super().truth(account, stream)
            return
        for key, record in derived(self, account, stream):
            yield TruthRow(key, None, 1, record)


PLATFORM = Qiyu
