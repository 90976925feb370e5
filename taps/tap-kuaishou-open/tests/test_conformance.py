"""What the sheet of 快手开放平台 tells, as data; the tests come with it."""

from __future__ import annotations

from datetime import datetime, timezone

from conformance import Built, Conformance, Facts, Refusal
from conformance.sdk import sdk_suite
from openplatform.http import Request
from openplatform.judging import Outcome
from tap_kuaishou_open.tap import TapKuaishouOpen

TABLE = [
    (Outcome.FATAL, 100200100, "INVALID_REQUEST"),
    (Outcome.GRANT_DEAD, 100200101, "UNAUTHORIZED_CLIENT"),
    (Outcome.AUTH_EXPIRED, 100200102, "ACCESS_DENIED"),
    (Outcome.GRANT_DEAD, 100200103, "UNSUPPORTED_RESPONSE_TYPE"),
    (Outcome.GRANT_DEAD, 100200104, "UNSUPPORTED_GRANT_TYPE"),
    (Outcome.GRANT_DEAD, 100200105, "INVALID_GRANT"),
    (Outcome.GRANT_DEAD, 100200106, "INVALID_SCOPE"),
    (Outcome.GRANT_DEAD, 100200107, "INVALID_OPENID"),
    (Outcome.AUTH_EXPIRED, 100200108, "TOKEN_EXPIRED"),
    (Outcome.GRANT_DEAD, 100200109, "AUTHORIZATION_REVOKED"),
    (Outcome.GRANT_DEAD, 100200110, "AUTHORIZATION_EXPIRED"),
    (Outcome.GRANT_DEAD, 100200111, ""),
    (Outcome.GRANT_DEAD, 100200112, ""),
    (Outcome.GRANT_DEAD, 100200113, "REFRESH_TOKEN_EXPIRED"),
    (Outcome.FATAL, 100200114, "SIGN_VERIFY_FAIL"),
    (Outcome.FATAL, 100200115, ""),
    (Outcome.FATAL, 100200130, ""),
    (Outcome.FATAL, 100200300, "SMS"),
    (Outcome.FATAL, 100200301, "ANTI_SPAM"),
    (Outcome.THROTTLED, 100200410, "API_RATE_LIMIT"),
    (Outcome.TRANSIENT, 100200500, "SERVER_ERROR"),
    (Outcome.FATAL, 400000, "user resource missing"),
    (Outcome.THROTTLED, 400002, "API_SPEED_LIMIT"),
    *((Outcome.SKIP, code, "video") for code in (120001, 120002, 120003)),
    (Outcome.FATAL, 100400, "bad parameters"),
    *((Outcome.THROTTLED, code, "limit") for code in (100100402, 100100403, 100100404)),
]


def refused(code, text):
    return {"result": code, "error_msg": text}


FACTS = Facts(
    tap=TapKuaishouOpen,
    settings={
        "app_key": "ks700000000000000001",
        "app_secret": "f7d1c2b3a4958677",
        "accounts": [{"id": "f18d7c0example", "refresh_token": "sandbox-refresh"}],
    },
    refusals=[
        *(Refusal(outcome, refused(code, text)) for outcome, code, text in TABLE),
        *(
            Refusal(outcome, refused(code, ""), advice=advice)
            for outcome, code, advice in (
                (Outcome.GRANT_DEAD, 100200101, "check app_key and app_secret"),
                (Outcome.GRANT_DEAD, 100200109, "authorise the app again"),
                (Outcome.GRANT_DEAD, 100200113, "authorise the app again"),
                (Outcome.FATAL, 100200301, "risk control"),
            )
        ),
        Refusal(Outcome.FATAL, refused(4711, "?"), known=False),
        Refusal(Outcome.FATAL, {"error": "?"}, known=False),
        Refusal(Outcome.FATAL, refused(0, "0 is no success here"), known=False),
        Refusal(Outcome.THROTTLED, {}, status=429),
        Refusal(Outcome.TRANSIENT, {}, status=502),
    ],
    answers=[{"result": 1}, {"result": 1, "video_list": []}],
    calls=[
        Built(
            api="openapi/photo/list",
            params={"count": 20, "cursor": "5190000000000000001"},
            token="demo-token",
            moment=datetime(2026, 11, 21, tzinfo=timezone.utc),
            request=Request(
                "GET",
                "/openapi/photo/list",
                {
                    "app_id": "ks700000000000000001",
                    "access_token": "demo-token",
                    "count": "20",
                    "cursor": "5190000000000000001",
                },
            ),
        )
    ],
    # So small a platform needs small pages for enough calls to go wrong.
    reading={"video_page_size": 1},
    wrong=({"app_secret": "quite-another"}, "check app_key and app_secret"),
)


class TestKuaishouOpen(Conformance):
    facts = FACTS


TestSdk = sdk_suite(FACTS)
