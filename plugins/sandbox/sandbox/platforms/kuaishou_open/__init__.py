"""快手开放平台: one user a token, `result` beside the payload, after the fact sheet."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

from typing_extensions import override

from sandbox.dataset import Dataset, Numbered, Record, Row
from sandbox.http import Call, Rejected, Reply, json_reply
from sandbox.mixing import digest, mix
from sandbox.platform import Gateway, TruthRow
from sandbox.platforms.kuaishou_open.pushes import KuaishouOpenAnnouncer
from sandbox.tokens import Grants
from sandbox.words import GOODS, SURNAMES

APP_ID: t.Final = "ks000000000000000open"
APP_SECRET: t.Final = "sandbox-app-secret"  # noqa: S105 - visibly a fake

_DAY = 86_400
_PAGE_MOST = 200

Body = dict[str, t.Any]


class Video(Numbered):
    """`openapi/photo/list` and `openapi/photo/info`: counters move, deleted ones vanish."""

    name = "videos"
    vanishes = True
    dated = False
    precision_ms = 1
    first = 5_190_000_000_000_000_001
    spread = 1_000_000_000

    @property
    @override
    def views(self) -> t.Mapping[str, t.Callable[[Dataset, Row], Record]]:
        return {"video_details": self.render}

    @override
    def render(self, data: Dataset, row: Row) -> Record:
        key, dice = self.key(data, row), mix(data.seed, row.serial)
        return {
            "photo_id": key,
            "caption": GOODS[dice % len(GOODS)],
            "cover": f"https://cdn.example.com/{key}.jpg?sign={digest(key)[:8]}",
            "play_url": f"https://cdn.example.com/{key}.mp4?sign={digest(key)[:8]}",
            "create_time": row.created,
            "like_count": dice % 1000 + row.version,
            "comment_count": dice % 100,
            "view_count": dice % 100_000 + row.version * 10,
            "pending": dice % 20 == 0,
        }


class KuaishouOpen(Gateway):
    """The platform: GET with everything in the query, HTTP 200 whatever happens."""

    slug = "kuaishou_open"
    title = "快手开放平台"
    entities = (Video,)
    announcer = KuaishouOpenAnnouncer(APP_ID, APP_SECRET)
    volatile = frozenset({"access_token"})

    @override
    def __init__(self, world: t.Any) -> None:
        super().__init__(world)
        self.consents = Grants(
            self.accounts,
            life=180 * _DAY,
            grace=self.world.settings.refresh_grace,
            first_issued=self.world.started,
        )

    @override
    def account_name(self, number: int) -> str:
        return f"f18d7c{number:010d}"

    @override
    def demo(self, base_url: str) -> dict[str, t.Any]:
        accounts = [
            {"id": name, "refresh_token": f"sandbox-refresh-{name}-1"} for name in self.accounts
        ]
        return {
            "base_url": base_url,
            "app_key": APP_ID,
            "app_secret": APP_SECRET,
            "accounts": accounts,
        }

    # -- envelope --------------------------------------------------------------------------------

    @override
    def grants(self, call: Call) -> bool:
        return call.path.startswith("/oauth2/")

    @override
    def success(self, call: Call, content: Body) -> Body:
        return {"result": 1, **content}

    @override
    def refusal(self, call: Call, refused: Rejected) -> Reply:
        content: Body = {"result": refused.code, "error_msg": refused.message, **refused.extra}
        return json_reply(content, outcome=refused.outcome)

    @override
    def too_often(self, call: Call) -> Rejected:
        return Rejected(100200410, "API_RATE_LIMIT", "throttled")

    @override
    def answer(self, call: Call) -> Body:
        if call.method != "GET" or call.query.get("app_id") != APP_ID:
            raise Rejected(100200101, "UNAUTHORIZED_CLIENT", "auth")
        call.params = dict(call.query)
        token = self.living(
            call.query.get("access_token", ""),
            call.now,
            unknown=Rejected(100200102, "ACCESS_DENIED", "auth"),
            expired=Rejected(100200108, "TOKEN_EXPIRED", "auth"),
        )
        call.account = token.subject
        self.admit(call, "calls", "app", allowed=500)
        handlers = {
            "openapi/user_info": self._user,
            "openapi/photo/list": self._videos,
            "openapi/photo/info": self._video,
            "openapi/photo/count": self._counts,
        }
        handler = handlers.get(call.api)
        if handler is None:
            raise Rejected(100200100, "INVALID_REQUEST")
        return handler(call)

    # -- calls -----------------------------------------------------------------------------------

    def _user(self, call: Call) -> Body:
        return {"user_info": _profile(call.account)}

    def _videos(self, call: Call) -> Body:
        data = self.dataset(call.account, "videos", call)
        size, cursor = call.query.get("count", "20"), call.query.get("cursor", "")
        if not size.isdigit() or not 1 <= int(size) <= _PAGE_MOST:
            raise Rejected(100400, "count")
        if not cursor:
            rows = data.slice(limit=int(size), ascending=False, axis="created")
        else:
            index = data.entity.index(data, cursor)
            row = data.row(index)
            if row is None or index is None:
                raise Rejected(120001, "no such video")
            rows = data.before(row.created, index, None, int(size), "created")
        return {"video_list": [] if call.blank else [data.render(row) for row in rows]}

    def _video(self, call: Call) -> Body:
        data = self.dataset(call.account, "videos", call)
        row = data.find(call.query.get("photo_id", ""))
        if row is None:
            raise Rejected(120001, "no such video")
        return {"video_info": data.render(row)}

    def _counts(self, call: Call) -> Body:
        self.dataset(call.account, "videos", call)
        return _counted(self, call.account)

    # -- tokens ----------------------------------------------------------------------------------

    @override
    def granted(self, call: Call) -> Body:
        fields = call.params = dict(call.query)
        if (fields.get("app_id"), fields.get("app_secret")) != (APP_ID, APP_SECRET):
            raise _denied(100200101, "UNAUTHORIZED_CLIENT")
        kind = fields.get("grant_type")
        if call.path == "/oauth2/access_token" and kind == "authorization_code":
            account = self.consents.by_code(fields.get("code", ""))
            if account is None:
                raise _denied(100200105, "INVALID_GRANT")
            chain = self.consents.chain(account, call.now)
            return self._issue(call, account, chain.current) | {"open_id": account}
        if call.path != "/oauth2/refresh_token" or kind != "refresh_token":
            raise _denied(100200104, "UNSUPPORTED_GRANT_TYPE")
        value = fields.get("refresh_token", "")
        found = self.consents.owner(value, call.now)
        if found is None:
            raise _denied(100200102, "ACCESS_DENIED")
        call.account = found.subject
        following = found.use(value, call.now)
        if following is None:
            over = found.expires <= call.now
            raise _denied(*(100200113, "REFRESH_TOKEN_EXPIRED") if over else (100200102, "DENIED"))
        return self._issue(call, found.subject, following)

    def _issue(self, call: Call, account: str, refresh: str) -> Body:
        call.account = account
        token = self.tokens.issue(account, call.now, 2 * _DAY)
        ends = self.consents.chain(account, call.now).expires
        return {
            "result": 1,
            "access_token": token.value,
            "expires_in": 2 * _DAY,
            "refresh_token": refresh,
            "refresh_token_expires_in": int(ends - call.now),
            "scopes": ["user_info", "user_video_info"],
        }

    # -- truth -----------------------------------------------------------------------------------

    @override
    def streams(self) -> list[str]:
        return [*super().streams(), "users", "video_counts"]

    @override
    def truth(self, account: str, stream: str) -> Iterator[TruthRow]:
        if stream in {"users", "video_counts"}:
            told = _profile(account) if stream == "users" else _counted(self, account)
            yield TruthRow(account, None, 1, {**told, "open_id": account})
        else:
            yield from super().truth(account, stream)


def _profile(account: str) -> Body:
    number = mix(int(account[-8:]))
    return {
        "name": f"演示{SURNAMES[number % len(SURNAMES)]}",
        "sex": "MF"[number % 2],
        "head": f"https://cdn.example.com/{account}.jpg",
        "bigHead": f"https://cdn.example.com/{account}-big.jpg",
        "city": "杭州",
        "fan": number % 10_000,
        "follow": number % 300,
    }


def _counted(platform: KuaishouOpen, account: str) -> Body:
    total = len(platform.dataset(account, "videos"))
    return {"public_count": total, "friend_count": 0, "private_count": 0, "all_count": total}


def _denied(code: int, name: str) -> Rejected:
    return Rejected(code, name, "auth", error=name.lower())


PLATFORM = KuaishouOpen
