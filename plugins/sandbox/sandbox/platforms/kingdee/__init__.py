"""金蝶云·星空 (K3Cloud): queries by form, signed headers or a session, after the fact sheet."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import typing as t
from collections.abc import Mapping
from urllib.parse import quote

from typing_extensions import override

from sandbox.dataset import Record
from sandbox.http import Call, Rejected, Reply, json_reply
from sandbox.mixing import digest
from sandbox.platform import Gateway
from sandbox.platforms.kingdee.query import answer
from sandbox.platforms.kingdee.rows import ROWS

_QUERIES = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService."
_LOGINS = "/k3cloud/Kingdee.BOS.WebApi.ServicesStub.AuthService."
_END = ".common.kdsvc"
_MASK: t.Final = "0054f397c6234378b09ca7d3e5debce7"
_IDLE = 1200
_LOST = "会话信息已丢失，请重新登录"


class Kingdee(Gateway):
    """The platform: each account is a company's server."""

    slug = "kingdee"
    title = "金蝶云·星空"
    entities = ROWS
    volatile = frozenset()

    @override
    def account_name(self, number: int) -> str:
        return f"sandboxacct{number:04d}"

    @override
    def demo(self, base_url: str) -> dict[str, t.Any]:
        accounts = [
            {
                "id": name,
                "server_url": "http://erp.example.com/k3cloud",
                "username": "sandbox-user",
                "app_id": app_id(name),
                "app_secret": f"sandbox-secret-{name}",
            }
            for name in self.accounts
        ]
        return {"base_url": base_url, "accounts": accounts}

    # -- envelope --------------------------------------------------------------------------------

    @override
    def name_of(self, call: Call) -> str:
        name = call.path.removesuffix(_END).removeprefix(_QUERIES)
        return name.removeprefix(_LOGINS)

    @override
    def grants(self, call: Call) -> bool:
        return call.path.startswith(_LOGINS)

    @override
    def success(self, call: Call, content: t.Any) -> t.Any:
        return content

    @override
    def refusal(self, call: Call, refused: Rejected) -> Reply:
        if self.grants(call):
            told = {"LoginResultType": refused.code, "Message": refused.message}
            return json_reply({**told, "KDSVCSessionId": ""}, outcome=refused.outcome)
        status = {
            "ErrorCode": 500,
            "IsSuccess": False,
            "Errors": [{"FieldName": None, "Message": refused.message, "DIndex": 0}],
            "SuccessEntitys": [],
            "SuccessMessages": [],
            "MsgCode": refused.code,
        }
        # It looks like one row of one column.
        return json_reply([[{"Result": {"ResponseStatus": status}}]], outcome=refused.outcome)

    @override
    def too_often(self, call: Call) -> Rejected:
        return Rejected(14, "调用次数超过限制", "throttled")

    @override
    def answer(self, call: Call) -> t.Any:
        if not call.path.startswith(_QUERIES) or not call.path.endswith(_END):
            return Reply(b"The resource cannot be found.", 404, "rejected", "text/html")
        call.account = self._by_session(call) or self._by_signature(call)
        call.params = asked = _data(call)
        self.admit(call, "calls", call.account, allowed=300)
        lines = answer(self, call, asked)
        if call.api == "BillQuery":
            return lines
        if call.api == "ExecuteBillQuery":
            return [list(line.values()) for line in lines]
        raise Rejected(3, "操作标识为空")

    # -- who calls -------------------------------------------------------------------------------

    def _by_session(self, call: Call) -> str | None:
        cookies = dict(
            p.strip().partition("=")[::2] for p in call.headers.get("cookie", "").split(";")
        )
        value = cookies.get("kdservice-sessionid")
        if not value or "x-kd-signature" in call.headers:
            return None
        lost = Rejected(1, _LOST, "auth")
        token = self.living(value, call.now, unknown=lost, expired=lost)
        if cookies.get("ASP.NET_SessionId") != _context(token.value):
            raise lost
        return token.subject

    def _by_signature(self, call: Call) -> str:
        """Check both signatures; whatever is wrong, the session is said to be lost."""
        given, lost = call.headers, Rejected(1, _LOST, "auth")
        try:
            about = base64.b64decode(given["x-kd-appdata"]).decode()
            account, user, *_ = about.split(",")
            stamps = given["x-api-nonce"], given["x-api-timestamp"]
        except (KeyError, ValueError):
            raise lost from None
        if account not in self.accounts or user != "sandbox-user":
            raise lost
        number, _, hidden = app_id(account).partition("_")
        mixed = zip(base64.b64decode(hidden), _MASK.encode(), strict=False)
        secret = base64.b64encode(bytes(a ^ b for a, b in mixed)).decode()
        path = quote(f"/{self.slug}{call.path}", safe="")
        text = f"POST\n{path}\n\nx-api-nonce:{stamps[0]}\nx-api-timestamp:{stamps[1]}\n"
        fits = (
            given.get("x-api-clientid") == number
            and given.get("x-kd-appkey") == app_id(account)
            and given.get("x-api-signature") == _signature(secret, text)
            and given.get("x-kd-signature")
            == _signature(f"sandbox-secret-{account}", app_id(account) + about)
        )
        if not fits or call.astray(_seconds(stamps[1])) > 86_400:
            raise lost
        return account

    @override
    def granted(self, call: Call) -> t.Any:
        asked = _json(call)
        if call.api == "LoginBySign":
            account, user, app, moment, sign, _ = (*asked.get("parameters", ()), *[""] * 6)[:6]
            parts = [account, user, app, f"sandbox-secret-{account}", str(moment)]
            fits = sign == hashlib.sha256("".join(sorted(parts)).encode()).hexdigest()
        else:
            account, user, app = (str(asked.get(n)) for n in ("acctID", "username", "appId"))
            fits = asked.get("appSecret") == f"sandbox-secret-{account}"
        fits = (
            fits and account in self.accounts and user == "sandbox-user" and app == app_id(account)
        )
        if not fits:
            raise Rejected(-1, "用户名或密码错误", "auth")
        call.account = account
        token = self.tokens.issue(account, call.now, _IDLE)
        return {
            "Message": None,
            "LoginResultType": 1,
            "Context": {"SessionId": _context(token.value), "UserToken": "unused"},
            "KDSVCSessionId": token.value,
        }


def app_id(account: str) -> str:
    """Return an app id: a number, and 24 bytes that hide a second secret."""
    hidden = base64.b64encode(f"sandbox-app-{account[-4:]}"[:24].ljust(24, ".").encode()).decode()
    return f"{271_828 + int(account[-4:])}_{hidden}"


def _context(session: str) -> str:
    return digest(session)[:24]


def _signature(key: str, text: str) -> str:
    found = hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()
    return base64.b64encode(found.encode()).decode()


def _seconds(text: str) -> float:
    """Return a timestamp, which one client sends in seconds and another in milliseconds."""
    number = int(text) if text.isdigit() else 0
    return number / 1000 if number > 100_000_000_000 else float(number)


def _json(call: Call) -> Record:
    try:
        found = call.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Rejected(8, "参数错误")
    return found


def _data(call: Call) -> Record:
    """Return what is asked for: an object, its text, or the first of the parameters."""
    body: Mapping[str, t.Any] = _json(call)
    found = body.get("data", (body.get("parameters") or [None])[0])
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except ValueError:
            found = None
    if not isinstance(found, dict):
        raise Rejected(8, "参数错误")
    return found


PLATFORM = Kingdee
