"""How 北森 is called: JSON by POST, a bearer token, the verdict in `code` or in the HTTP status.

Source: open.italent.cn, 接口文档说明 and 新版接口 v3.0; users.italent.cn on 401, 403 and 429.
"""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlencode

import msgspec
from openplatform.accounts import Account
from openplatform.bookmarks import EPOCH
from openplatform.errors import ConfigurationError
from openplatform.http import Body, PlatformClient, Request, expect
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Limit
from openplatform.streams import PlatformStream
from openplatform.tokens import Token
from typing_extensions import override

ORGANISATION = "TenantBaseExternal/api/v5/"
ATTENDANCE = "AttendanceOpen/api/v1/"
_JSON = {"Content-Type": "application/json"}
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_LIFE, _HOUR = timedelta(hours=2), timedelta(hours=1)
# Of the two ways to read `expires_in`, one gives years: such a number is a moment.
_MOMENT = 10**9
_encode = msgspec.json.Encoder().encode

ERRORS = ErrorTable(
    (
        Rule(
            Outcome.FATAL,
            message="no permission for object",
            advice=(
                "tick this object for the connector (连接器, 对象权限); employees need "
                "EmployeeInformation and EmploymentRecord"
            ),
        ),
        Rule(Outcome.AUTH_EXPIRED, statuses={401}),
        Rule(Outcome.AUTH_EXPIRED, {"401"}),
        Rule(
            Outcome.FATAL,
            message="受信IP",
            statuses={403},
            advice="add this machine's IP address to the tenant's 受信IP",
        ),
        Rule(Outcome.FATAL, message="Authorization header is empty", statuses={400}),
        Rule(
            Outcome.FATAL,
            {"invalid_tenantid"},
            advice="the account's id must be the number of the tenant (tenant_id)",
        ),
        Rule(Outcome.FATAL, {"400006", "invalid_request", "invalid_client"}),
        Rule(Outcome.SHRINK_WINDOW, {"417"}, message="90天"),
        Rule(Outcome.FATAL, {"417"}),
        Rule(Outcome.TRANSIENT, {"500"}),
    )
)
_PER_SECOND_AND_MINUTE = {
    f"{ORGANISATION}Employee/GetByTimeWindow": (50, 1500),
    f"{ORGANISATION}Organization/GetByTimeWindow": (50, 1500),
    f"{ORGANISATION}Organization/GetByIds": (50, 1500),
    f"{ORGANISATION}Position/GetByTimeWindow": (50, 1000),
    f"{ORGANISATION}JobPost/GetByTimeWindow": (50, 1500),
    f"{ATTENDANCE}AttendanceStatistics/GetAttendanceStatisticsList": (25, 750),
    f"{ATTENDANCE}SwipingCardData/GetSwipingCardsByDateV2": (20, 1200),
    f"{ATTENDANCE}Vacation/GetVacationInfoByApprovalTime": (50, 1500),
    f"{ATTENDANCE}Vacation/GetListByDate": (40, 1500),
    f"{ATTENDANCE}VacationRemain/GetVacationRemainList": (50, 1500),
}


class BeisenClient(PlatformClient):
    """北森 iTalent (openapi.italent.cn)."""

    base_url = "https://openapi.italent.cn"
    errors = ERRORS
    # Limits are the tenant's: all its connectors share them.
    limits = (
        *(Limit(a, 1.0, api=api) for api, (a, _) in _PER_SECOND_AND_MINUTE.items()),
        *(Limit(b, 60.0, api=api) for api, (_, b) in _PER_SECOND_AND_MINUTE.items()),
        # What the least of the minute's figures comes to, for all and for those without one.
        Limit(15, 1.0, api="*", assumed=True),
    )
    refusal_is_of_api = True

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        headers = {**_JSON, "Authorization": f"Bearer {token}"}
        return Request("POST", f"/{api}", {}, _encode(params), headers)

    @override
    def failure(self, status: int, body: Body) -> Failure | None:
        if not isinstance(body, dict):
            return None
        if error := body.get("error"):
            code = str(body.get("error_code") or error)
            return Failure(status, code, str(body.get("error_description") or error))
        verdict = body.get("code", body.get("Code"))
        message = str(body.get("message", body.get("Message")))
        if verdict is None:
            told = "message" in body and "data" not in body
            return Failure(status, "", message) if told else None
        if str(verdict) in {"200", "Succeed"}:
            return None
        return Failure(status, str(verdict), message)

    @override
    def token_seed(self, account: Account, kind: str) -> str:
        settings = account.settings
        return str(settings.get("app_secret") or settings.get("secret") or account.id)

    @override
    def fetch_token(self, account: Account, kind: str, previous: Token | None) -> Token:
        """Today's connectors have a key and a secret; older ones an app of the tenant's."""
        settings, most = account.settings, _LIFE
        if settings.get("app_key"):
            path = "/token"
            form: dict[str, t.Any] = {
                "app_key": settings["app_key"],
                "app_secret": settings.get("app_secret"),
            }
        elif settings.get("app_id"):
            path, most = "/OAuth/Token", _HOUR
            form = {
                "app_id": settings["app_id"],
                "tenant_id": account.id,
                "secret": settings.get("secret"),
            }
        else:
            msg = (
                f"Setting accounts: {account.id} has no credentials. Write app_key and app_secret of its "
                "connector, or app_id and secret."
            )
            raise ConfigurationError(msg)
        form["grant_type"] = "client_credentials"
        request = Request("POST", path, {}, urlencode(form).encode(), _FORM)
        body = self.send(account, path[1:], request)
        where = f"account {account.id}, {path[1:]}"
        access = expect(body, "access_token", where=where)
        return Token(
            str(access), expires(body.get("expires_in"), self.connection.clock.now(), most)
        )


def expires(told: t.Any, now: datetime, most: timedelta) -> datetime:
    """Return when a token ends: the older call's text speaks of seconds, its example shows a moment.

    Args:
        told: What the answer says.
        now: The present, UTC.
        most: It is not relied on for longer than this.
    """
    try:
        number = int(told)
    except (TypeError, ValueError):
        return now + _HOUR
    ends = (
        EPOCH + timedelta(seconds=number) if number > _MOMENT else now + timedelta(seconds=number)
    )
    return min(ends, now + most)


class BeisenStream(PlatformStream):
    """A stream of 北森."""

    package = "tap_beisen"
