"""金蝶苍穹 / 星瀚 (Cosmic): tokens by JSON, queries that a company has published, after the fact sheet."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone

from typing_extensions import override

from sandbox.dataset import Dataset, Record, Row
from sandbox.http import Call, Rejected, Reply, json_reply
from sandbox.mixing import mix
from sandbox.platform import Gateway
from sandbox.platforms.kingdee_cosmic.pushes import CosmicAnnouncer
from sandbox.platforms.kingdee_cosmic.rows import ROWS

_CONTEXT = "/ierp"
_TOKEN = f"{_CONTEXT}/kapi/oauth2/getToken"
_APP_TOKEN, _LOGIN = f"{_CONTEXT}/api/getAppToken.do", f"{_CONTEXT}/api/login.do"
_LIFE = 7200
_LOCK_AFTER, _LOCKED = 5, 180
_MOST = 2000
_BEIJING = timezone(timedelta(hours=8))
_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")
_GET = frozenset({"purchase_orders"})


class KingdeeCosmic(Gateway):
    """The platform: each account is a company's tenant with one data centre."""

    slug = "kingdee_cosmic"
    title = "金蝶苍穹"
    entities = ROWS
    volatile = frozenset()
    announcer = CosmicAnnouncer()

    def __init__(self, world: t.Any) -> None:
        super().__init__(world)
        self._nonces: set[str] = set()
        self._wrong: dict[str, list[float]] = {}

    @override
    def account_name(self, number: int) -> str:
        return f"1700000000000000{number:03d}"

    @override
    def demo(self, base_url: str) -> dict[str, t.Any]:
        accounts = [
            {
                "id": name,
                "server_url": "https://erp.example.com/ierp",
                "username": "sandbox-agent",
                "app_id": f"sandbox-app-{name}",
                "app_secret": f"sandbox-secret-{name}",
                "tenant_id": "sandbox-tenant",
            }
            for name in self.accounts
        ]
        return {
            "base_url": base_url,
            "product": "cosmic",
            "accounts": accounts,
            "queries": [described(kind.name, kind.path, kind.rows) for kind in ROWS],
        }

    # -- envelope --------------------------------------------------------------------------------

    @override
    def grants(self, call: Call) -> bool:
        return call.path in {_TOKEN, _APP_TOKEN, _LOGIN}

    @override
    def success(self, call: Call, content: t.Any) -> t.Any:
        return {"data": content, "errorCode": "0", "message": None, "status": True}

    @override
    def refusal(self, call: Call, refused: Rejected) -> Reply:
        if call.path in {_APP_TOKEN, _LOGIN}:
            data = {"success": False, "error_code": refused.code, "error_desc": refused.message}
            body: Record = {"data": data, "state": "error", "status": False}
        else:
            code = str(refused.code)
            body = {"data": None, "errorCode": code, "message": refused.message, "status": False}
        return json_reply(body, outcome=refused.outcome)

    @override
    def too_often(self, call: Call) -> Rejected:
        return Rejected(429, "API被限流", "throttled")

    @override
    def answer(self, call: Call) -> t.Any:
        token = call.headers.get("accesstoken", "")
        refused = Rejected(401, "未经授权的访问", "auth")
        call.account = self.living(token, call.now, unknown=refused, expired=refused).subject
        self.admit(call, "calls", call.account, allowed=300)
        path = call.path.removeprefix(_CONTEXT)
        name = next((kind.name for kind in ROWS if kind.path == path), None)
        if name is None:
            raise Rejected(404, "Cannot found OpenAPI(or disabled)")
        if call.method != ("GET" if name in _GET else "POST"):
            raise Rejected(405, "不支持的请求方法")
        return self._query(call, name)

    def _query(self, call: Call, name: str) -> Record:
        if name in _GET:
            paging: Mapping[str, t.Any] = call.query
            filters = {n: v for n, v in call.query.items() if n not in {"pageNo", "pageSize"}}
        else:
            paging = _json(call)
            found = paging.get("data")
            if not isinstance(found, dict):
                raise Rejected(400, "请求参数没有 data 数据。")
            filters = found
        call.params = {**filters, **{n: paging.get(n) for n in ("pageNo", "pageSize")}}
        size, page = (_whole(paging, name) for name in ("pageSize", "pageNo"))
        if size > _MOST:
            raise Rejected(400, f"页大小pageSize不能超过{_MOST}。")
        data = self.dataset(call.account, name, call)
        rows, echo = _filtered(data, filters)
        # Sorted by nothing that anybody could name.
        rows.sort(key=lambda row: mix(data.seed, row.serial))
        if call.blank:
            rows = []
        shown = rows[(page - 1) * size : page * size]
        return {
            "filter": echo,
            "lastPage": page * size >= len(rows),
            "pageNo": page,
            "pageSize": size,
            "rows": [data.render(row) for row in shown],
            "totalCount": len(rows),
        }

    # -- tokens ----------------------------------------------------------------------------------

    @override
    def granted(self, call: Call) -> t.Any:
        asked = _json(call)
        if call.path == _LOGIN:
            return self._login(call, asked)
        old = call.path == _APP_TOKEN
        names = (
            ("appId", "appSecuret", "tenantid")
            if old
            else ("client_id", "client_secret", "username")
        )
        app, secret, who = (asked.get(name) for name in names)
        account = str(asked.get("accountId"))
        self._check_lock(call, account)
        right = account in self.accounts and app == f"sandbox-app-{account}"
        if not right or secret != f"sandbox-secret-{account}":
            self._wrong.setdefault(account, []).append(call.now)
            raise Rejected(401, "client_id或client_secret错误", "auth")
        call.account = account
        if old:
            if who != "sandbox-tenant":
                raise Rejected(401, "租户不存在", "auth")
            token = self.tokens.issue(account, call.now, _LIFE, scope="app")
            return _old({"app_token": token.value, "expire_time": int(token.expires * 1000)})
        if who != "sandbox-agent":
            raise Rejected(603, "代理用户为空或userName不在代理用户中", "auth")
        self._check_once(call, asked)
        self.admit(call, "getToken", account, allowed=30, seconds=60)
        token = self.tokens.issue(account, call.now, _LIFE)
        told = {
            "access_token": token.value,
            "token_type": "Bearer",
            "refresh_token": "unused",
            "scope": "API",
            "expires_in": str(_LIFE * 1000),
        }
        return {"data": told, "errorCode": "0", "message": "", "status": True}

    def _login(self, call: Call, asked: Mapping[str, t.Any]) -> Record:
        token = self.tokens.get(str(asked.get("apptoken")))
        if token is None or token.scope != "app" or token.expires <= call.now:
            raise Rejected(401, "apptoken无效", "auth")
        if asked.get("user") != "sandbox-agent" or asked.get("usertype") != "UserName":
            raise Rejected(603, "用户不存在", "auth")
        call.account = token.subject
        return _old({"access_token": self.tokens.issue(token.subject, call.now, _LIFE).value})

    def _check_lock(self, call: Call, account: str) -> None:
        recent = [at for at in self._wrong.get(account, ()) if at > call.now - _LOCKED]
        if len(recent) >= _LOCK_AFTER:
            raise Rejected(401, "错误已连续5次，请在180秒后再试", "auth")

    def _check_once(self, call: Call, asked: Mapping[str, t.Any]) -> None:
        nonce = str(asked.get("nonce") or "")
        if not nonce or nonce in self._nonces:
            raise Rejected(603, "nonce重复", "auth")
        self._nonces.add(nonce)
        if call.astray(_moment(str(asked.get("timestamp")))) > 300:
            raise Rejected(603, "timestamp超出范围", "auth")


def described(name: str, path: str, rows: str) -> Record:
    """Return an entry of the tap's setting for one query."""
    fields = ["org_number", "org_name", "createtime:time"]
    fields += (
        [
            "billno",
            "billstatus",
            "totalamount:decimal",
            f"{rows}[].id",
            f"{rows}[].qty:decimal",
            f"{rows}[].material_masterid_number",
            f"{rows}[].material_masterid_name",
        ]
        if rows
        else ["number", "name", "enable:boolean"]
    )
    entry: Record = {"stream": name, "path": path, "fields": fields, "page_size": 20}
    if name == "users":
        return {
            **entry,
            "fields": [f for f in fields if f != "createtime:time"],
            "personal_fields": ["name"],
        }
    entry |= {"start_param": "starttime", "end_param": "endtime", "id_param": "id"}
    return {**entry, "method": "GET"} if name in _GET else entry


def _filtered(data: Dataset, filters: Mapping[str, t.Any]) -> tuple[list[Row], str]:
    """Return what the defined filters leave, and what was applied; others are ignored in silence."""
    said, low, high = [], 0, 1 << 60
    # An undefined parameter, and one that is *, are as if not given.
    given = {n: v for n, v in filters.items() if v not in ("*", "", None)}
    if data.entity.dated and "starttime" in given:
        low = int(_moment(str(given["starttime"]))) * 1000
        said.append(f"modifytime >= '{given['starttime']}'")
    if data.entity.dated and "endtime" in given:
        high = int(_moment(str(given["endtime"]))) * 1000 + 1000  # the end counts
        said.append(f"modifytime <= '{given['endtime']}'")
    rows = data.slice(low, high)
    if data.entity.dated and "id" in given:
        found = data.find(str(given["id"]))
        rows = [row for row in rows if row == found]
        said.append(f"id = '{given['id']}'")
    return rows, f"[{' AND '.join(said)}]"


def _moment(text: str) -> float:
    if not _TIME.fullmatch(text):
        raise Rejected(400, f"参数{text}不是时间")
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_BEIJING).timestamp()


def _whole(given: Mapping[str, t.Any], name: str) -> int:
    value = given.get(name)
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    if not isinstance(value, int) or value < 1:
        what = "页大小" if name == "pageSize" else "页码"
        raise Rejected(400, f"{what}{name}不能为空。")
    return value


def _json(call: Call) -> Record:
    try:
        found = call.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Rejected(400, "请求体不是JSON对象")
    return found


def _old(data: Record) -> Record:
    told = {**data, "success": True, "error_code": "0", "error_desc": ""}
    return {"data": told, "state": "success", "status": True}


PLATFORM = KingdeeCosmic
