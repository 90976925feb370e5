"""金蝶云·星辰 (jdy): a signed gateway, tokens of an authorised company, after the fact sheet."""

from __future__ import annotations

import base64
import hashlib
import hmac
import typing as t
from urllib.parse import quote, quote_plus

from typing_extensions import override

from sandbox import arguments
from sandbox.dataset import Record
from sandbox.http import Call, Rejected, Reply, json_reply
from sandbox.mixing import mix
from sandbox.platform import Gateway
from sandbox.platforms.kingdee_jdy.rows import ROWS, JdyEntity

_AUTHORISED = "/jdyconnector/app_management/push_app_authorize"
_TOKEN = "/jdyconnector/app_management/kingdee_auth_token"  # noqa: S105 - a path
_CLIENT, _SECRET = "sandbox-jdy-client", "sandbox-jdy-secret"
_DAY = 86_400
_MOST = 100
_GATEWAY = range(4000, 6000)


class Arguments(arguments.Arguments):
    """The parameters of the query string."""

    digits = True

    @override
    def refusal(self, name: str, wanted: str) -> Rejected:
        return Rejected(2_000_002_001, f"参数{name}错误: {wanted}")


class KingdeeJdy(Gateway):
    """The platform: each account is a company that has authorised our app."""

    slug = "kingdee_jdy"
    title = "金蝶云·星辰"
    entities = ROWS
    # A token call is made anew with each secret; nothing else tells tries apart.
    volatile = frozenset()

    @override
    def account_name(self, number: int) -> str:
        return f"1589000{number:03d}"

    @override
    def demo(self, base_url: str) -> dict[str, t.Any]:
        kinds = [kind() for kind in ROWS]
        bills = [name for kind in kinds if kind.bill for name in (kind.name, *kind.views)]
        lines = ["material_entity[].material_number", "material_entity[].qty:decimal"]
        return {
            "base_url": base_url,
            "product": "jdy",
            "app_key": _CLIENT,
            "app_secret": _SECRET,
            "accounts": [{"id": name} for name in self.accounts],
            "more_fields": {
                name: ["bill_no", *(lines if name.endswith("_details") else ())] for name in bills
            },
        }

    def domain(self, account: str) -> str:
        """Return where a company's calls are routed to."""
        return f"https://vip{int(account) % 7}-hz.jdy.example"

    # -- envelope --------------------------------------------------------------------------------

    @override
    def grants(self, call: Call) -> bool:
        return call.path in {_AUTHORISED, _TOKEN}

    @override
    def success(self, call: Call, content: t.Any) -> t.Any:
        return {"errcode": 0, "description": "success", "data": content}

    @override
    def refusal(self, call: Call, refused: Rejected) -> Reply:
        code = int(refused.code)
        if code == 429:
            body = {"errcode": 429, "description": refused.message}
            return json_reply(body, status=429, outcome=refused.outcome)
        body = {"errcode": code, "description": refused.message, "descriptionCn": refused.message}
        status = 519 if code in _GATEWAY else 200
        return json_reply(body, status=status, outcome=refused.outcome)

    @override
    def too_often(self, call: Call) -> Rejected:
        return Rejected(429, "over the limit", "throttled")

    @override
    def answer(self, call: Call) -> t.Any:
        self._check_signature(call)
        token = self.living(
            call.headers.get("app-token", ""),
            call.now,
            unknown=Rejected(4010, "access token is invalid", "auth"),
            expired=Rejected(4011, "access token is expired", "auth"),
        )
        call.account, call.params = token.subject, dict(call.query)
        if call.headers.get("x-gw-router-addr") != self.domain(token.subject):
            raise Rejected(5001, "API Not Found")
        self.admit(call, "calls", call.account, allowed=500, seconds=60)
        if call.method != "GET":
            raise Rejected(5002, "method")
        name = call.path.strip("/")
        for kind in self._entities.values():
            one = t.cast("JdyEntity", kind)
            if name == one.path:
                return self._list(call, one)
            if one.bill and name == f"{one.path}_detail":
                return self._detail(call, one)
        raise Rejected(5001, "API Not Found")

    def _list(self, call: Call, kind: JdyEntity) -> Record:
        given = Arguments(call.query)
        page, size = given.number("page", 1, low=1), given.number("page_size", 10, low=1)
        size = min(size, _MOST)  # in silence
        data = self.dataset(call.account, kind.name, call)
        rows = list(data.rows())
        if kind.name == "boms":
            given.text("start_date")
            given.text("end_date")
        if kind.switched and given.number("enable", 1) != -1:
            rows = [row for row in rows if not kind.disabled(data, row)]
        if kind.bill:
            low = given.number("create_start_time", 0)
            high = given.number("create_end_time", 1 << 60)
            rows = [row for row in rows if low <= row.created <= high]
        rows.sort(key=lambda row: mix(data.seed, row.serial, 3))
        shown = [] if call.blank else rows[(page - 1) * size : page * size]
        return {
            "count": str(0 if call.blank else len(rows)),
            "page": page,
            "page_size": size,
            "current_page": page,
            "current_page_size": len(shown),
            "total_page": 100,  # as in the document's own example: not to be trusted
            "rows": [data.render(row) for row in shown],
        }

    def _detail(self, call: Call, kind: JdyEntity) -> Record:
        data = self.dataset(call.account, kind.name, call)
        row = data.find(Arguments(call.query).text("id"))
        if row is None:
            raise Rejected(2_000_002_002, "单据不存在")
        return kind.detail(data, row)

    # -- who calls -------------------------------------------------------------------------------

    @override
    def granted(self, call: Call) -> t.Any:
        self._check_signature(call)
        day = int(call.now // _DAY)
        if call.path == _AUTHORISED:
            call.account = account = call.query.get("outerInstanceId", "")
            found = {
                "status": 1,
                "appKey": f"sandbox-key-{account}",
                "appSecret": f"sandbox-secret-{account}-{day}",
                "domain": self.domain(account) if account in self.accounts else "",
                "outerInstanceId": account,
            }
            return {"code": 200, "data": [found] if account in self.accounts else []}
        call.account = account = call.query.get("app_key", "").removeprefix("sandbox-key-")
        self.admit(call, "token", account, allowed=2, seconds=60)
        secret = f"sandbox-secret-{account}-{day}"
        expected = _digest(secret, call.query.get("app_key", ""))
        if account not in self.accounts or call.query.get("app_signature") != expected:
            raise Rejected(1_030_002_006, "授权密钥校验失败", "auth")
        token = self.tokens.issue(account, call.now, _DAY)
        return self.success(call, {"app-token": token.value})

    def _check_signature(self, call: Call) -> None:
        given = call.headers
        if given.get("x-api-auth-version") != "2.0":
            raise Rejected(4001, "X-Api-Auth-Version is invalid", "auth")
        if given.get("x-api-clientid") != _CLIENT:
            raise Rejected(4003, "X-Api-ClientID is invalid", "auth")
        moment, nonce = given.get("x-api-timestamp", ""), given.get("x-api-nonce", "")
        if not moment.isdigit() or call.astray(int(moment) / 1000) > 300:
            raise Rejected(4006, "X-Api-TimeStamp is invalid", "auth")
        if given.get("x-api-signheaders", "").lower() != "x-api-timestamp,x-api-nonce":
            raise Rejected(4007, "X-Api-SignHeaders is invalid", "auth")
        values = sorted(
            f"{n}={quote_plus(v, safe='*').replace('~', '%7E')}" for n, v in call.query.items()
        )
        line = "&".join(quote(pair, safe="=") for pair in values)
        path = quote(f"/{self.slug}{call.path}", safe="")
        text = f"{call.method}\n{path}\n{line}\nx-api-nonce:{nonce}\nx-api-timestamp:{moment}\n"
        if given.get("x-api-signature") != _digest(_SECRET, text):
            raise Rejected(4008, "X-Api-Signature is invalid", "auth")


def _digest(key: str, text: str) -> str:
    found = hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
    return base64.b64encode(found.encode()).decode()


PLATFORM = KingdeeJdy
