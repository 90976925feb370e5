"""What the sheet of 七鱼 tells, as data; the tests come with it."""

from __future__ import annotations

from datetime import datetime, timezone

from conformance import Built, Conformance, Facts, Refusal, Sample, epoch
from conformance.sdk import sdk_suite
from openplatform.http import Request
from openplatform.judging import Outcome
from sandbox.clock import beijing
from tap_qiyu.client import opened
from tap_qiyu.streams import TicketDetails, Tickets
from tap_qiyu.tap import TapQiyu

CODES = [
    (Outcome.FATAL, 14001, "AppKey 不存在"),
    (Outcome.FATAL, 14002, "checksum 校验失败"),
    (Outcome.TRANSIENT, 14003, "time 错误"),
    (Outcome.FATAL, 14004, "请求参数错误"),
    *((Outcome.FATAL, code, "?") for code in (14005, 14006, 14007, 14008, 14010)),
    (Outcome.THROTTLED, 14009, "请求频率过快，超出接口限制"),
    *((Outcome.FATAL, code, "?") for code in (*range(14100, 14106), *range(14107, 14111))),
    (Outcome.SKIP, 14106, "工单不存在"),
    (Outcome.FATAL, 14200, "不支持的分类类型"),
    (Outcome.TRANSIENT, 14500, "服务内部异常"),
    (Outcome.TRANSIENT, 16001, "服务不可用"),
    (Outcome.SHRINK_WINDOW, 14501, "数据量过大，超出接口限制"),
    (Outcome.FATAL, 14515, "没有权限"),
    (Outcome.FATAL, 8802, "客服没有权限"),
]
SECRET = "0123456789ABCDEF0123456789ABCDEF"
ACCOUNT = {"id": "corp01", "app_key": "0123456789abcdef", "app_secret": SECRET}


def refused(code, text="?"):
    return {"code": code, "message": text}


def posted(api, body, time, checksum):
    query = {"appKey": ACCOUNT["app_key"], "time": str(time), "checksum": checksum}
    return Request("POST", f"/{api}", query, body.encode())


def built(api, params, body, time, checksum):
    """A worked example; its checksum is that of exactly this body."""
    moment = datetime.fromtimestamp(time, tz=timezone.utc)
    return Built(api, params, "", moment, posted(api, body, time, checksum))


def day_key(record):
    """The simulator keys reports by China's day."""
    day = beijing(epoch(record["startTime"]) * 1000)[:10]
    return f"{day}:{record['id']}" if "id" in record else day


def message_key(record):
    """The simulator keys messages, which have no id, by their text."""
    return f"{record['sessionId']}:{record['content']['msg']}"


REPORTS = (
    "overview_stats",
    "workload_stats",
    "quality_stats",
    "satisfaction_stats",
    "attendance_stats",
)

FACTS = Facts(
    tap=TapQiyu,
    settings={"accounts": [ACCOUNT], "ticket_filters": ["178669:12"]},
    samples=[
        Sample("tickets", repaired=lambda body: opened(body, Tickets.api)),
        Sample("ticket_details", repaired=lambda body: opened(body, TicketDetails.api)),
    ],
    refusals=[
        *(Refusal(outcome, refused(code, text)) for outcome, code, text in CODES),
        Refusal(Outcome.THROTTLED, refused(14009), wait=2),
        Refusal(Outcome.FATAL, refused(14001), advice="app_key"),
        Refusal(Outcome.FATAL, refused(14002), advice="app_secret"),
        Refusal(Outcome.TRANSIENT, refused(14003), advice="clock"),
        Refusal(Outcome.FATAL, refused(14008), advice="allow-list"),
        Refusal(Outcome.FATAL, refused(14515), advice="let 七鱼 open this interface"),
        # Codes may come as text.
        Refusal(Outcome.SKIP, refused("14106")),
        Refusal(Outcome.FATAL, refused(99999), known=False),
        Refusal(Outcome.FATAL, {}, known=False),
        Refusal(Outcome.FATAL, [], known=False),
        Refusal(Outcome.TRANSIENT, {}, status=403),
        Refusal(Outcome.TRANSIENT, {}, status=502),
        Refusal(Outcome.THROTTLED, {}, status=429),
    ],
    answers=[
        {"code": 200, "message": "a1b2c3"},
        # An export that is not done is asked for again, which is no failure.
        refused(14403),
        {"code": 200, "message": '[{"id": 1}]'},
        {"code": 200, "message": "success", "data": []},
    ],
    calls=[
        built(
            "openapi/export/session",
            {"start": "1714492800000", "end": "1714579200000"},
            '{"start":"1714492800000","end":"1714579200000"}',
            1714600000,
            "4377243865c9f584d5efa209eb69863172806385",
        ),
        built(
            "openapi/export/session/check",
            {"key": "abc-def"},
            '{"key":"abc-def"}',
            1714600010,
            "b8aa1d700600780d1417f3592096697e4cca53d1",
        ),
        built(
            "openapi/event",
            {
                "uid": "user-1",
                "staffId": 17885,
                "sessionId": 815518,
                "staffName": "超级管理员",
                "staffType": 1,
                "code": 200,
            },
            '{"uid":"user-1","staffId":17885,"sessionId":815518,"staffName":"超级管理员","staffType":1,"code":200}',
            1463725840,
            "0b16aa2ce83cfdcf2123ae7f226b58066ab1c546",
        ),
    ],
    wrong=(
        {
            "accounts": [
                {"id": "corp01", "app_key": "sandboxkey0100000000000000000000", "app_secret": "x"}
            ]
        },
        "check the account's app_secret",
    ),
    keys={
        **dict.fromkeys(("messages", "session_messages"), message_key),
        "ticket_logs": lambda record: f"{record['ticketId']}:{record['content']['op']}",
        **dict.fromkeys(
            ("ticket_templates", "ticket_categories"), lambda record: str(record["content"]["id"])
        ),
        **dict.fromkeys(REPORTS, day_key),
    },
    open_fields=frozenset({"follower", "properties", "value"}),
    reading={"retry_wait": 0.001},
    spare={
        "push_MSG": "a message that is pushed: test_push.py",
        "push_SESSION_END": "a message that is pushed: test_push.py",
    },
)


class TestQiyu(Conformance):
    facts = FACTS


TestSdk = sdk_suite(FACTS)
