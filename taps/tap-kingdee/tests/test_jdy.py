"""What the sheet of 金蝶 tells of 云·星辰, as data, and what is odd about it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from conformance import Built, Conformance, Facts, Refusal, Sample
from openplatform.accounts import Account
from openplatform.errors import ConfigurationError
from openplatform.http import Request
from openplatform.judging import Outcome
from tap_kingdee.jdy import digest, signature
from tap_kingdee.tap import TapKingdee

AUTHORISED = "jdyconnector/app_management/push_app_authorize"
TOKEN = "jdyconnector/app_management/kingdee_auth_token"
MOMENT = datetime.fromtimestamp(1_655_775_240, tz=timezone.utc)
OUTBOUND = (
    "NGU5MWRhOGM0Y2NmYzJhODVhY2Q2ODUyMTNhNzFkYTM3ZWM1NzBkM2M5ZmYwMDIzMWVjYmYzMDBjOGM4MjQ0Yg=="
)
TABLE = [
    *((Outcome.FATAL, code) for code in range(4001, 4009)),
    *((Outcome.AUTH_EXPIRED, code) for code in (4009, 4010, 4011, 1_030_002_006)),
    (Outcome.FATAL, 4012),
    (Outcome.TRANSIENT, 5000),
    (Outcome.FATAL, 5001),
    (Outcome.FATAL, 5002),
    *((Outcome.TRANSIENT, code) for code in (5003, 5004, 5005, 5006, 2_000_002_000)),
    (Outcome.THROTTLED, 5007),
]
BILLS = (
    "sales_orders",
    "sales_outbounds",
    "sales_inbounds",
    "purchase_orders",
    "purchase_inbounds",
)


def refused(code):
    return {"errcode": code, "description": "x", "descriptionCn": "某"}


def with_ids(answer):
    """The document's example shows five of the fields, and no id."""
    for row in answer["data"]["rows"]:
        row["id"] = "1420169116878110001"
    return answer


FACTS = Facts(
    tap=TapKingdee,
    platform="kingdee_jdy",
    settings={
        "product": "jdy",
        "app_key": "sandbox-client",
        "app_secret": "secretabc",
        "accounts": [{"id": "1589"}],
    },
    samples=[Sample("boms", "jdy_bom_list", repaired=with_ids, golden="jdy_bom_list")],
    refusals=[
        *(Refusal(outcome, refused(code), status=519) for outcome, code in TABLE),
        *(Refusal(outcome, refused(code)) for outcome, code in TABLE),
        Refusal(Outcome.THROTTLED, {"errcode": 429, "description": "x"}, status=429),
        Refusal(Outcome.FATAL, refused(4006), advice="clock"),
        Refusal(Outcome.FATAL, refused(4008), advice="app_secret"),
        Refusal(Outcome.FATAL, refused(777), known=False),
    ],
    answers=[
        {"code": 200, "data": []},
        {"errcode": 0, "description": "success", "data": {"count": "0", "rows": []}},
    ],
    calls=[
        Built(
            api="jdy/v2/scm/sal_out_bound",
            params={
                "page": 1,
                "page_size": 100,
                "search": "A B*~中文",
                "start_bill_date": "2024-01-01",
            },
            token="tok|https://tf.jdy.com",
            moment=MOMENT,
            request=Request(
                "GET",
                "/jdy/v2/scm/sal_out_bound",
                {
                    "page": "1",
                    "page_size": "100",
                    "search": "A B*~中文",
                    "start_bill_date": "2024-01-01",
                },
                None,
                {
                    "X-Api-ClientID": "sandbox-client",
                    "X-Api-Auth-Version": "2.0",
                    "X-Api-TimeStamp": "1655775240000",
                    "X-Api-Nonce": "1655775240000",
                    "X-Api-SignHeaders": "X-Api-TimeStamp,X-Api-Nonce",
                    "X-Api-Signature": OUTBOUND,
                    "app-token": "tok",
                    "X-GW-Router-Addr": "https://tf.jdy.com",
                },
            ),
        )
    ],
    wrong=({"app_secret": "quite-another"}, "check app_key and app_secret"),
    reading={"window_records": 6},
    open_fields=frozenset({"material_entity"}),
    spare=dict.fromkeys(
        (
            "cosmic_app_token_old",
            "cosmic_event_push",
            "cosmic_get_token",
            "cosmic_purchase_order_query",
            "k3cloud_error_field_missing",
            "k3cloud_error_session_lost",
        ),
        "an answer of another product",
    ),
)


class TestJdy(Conformance):
    facts = FACTS


@pytest.fixture
def one(trial_of):
    return trial_of(TapKingdee, platform="kingdee_jdy", size=60, accounts=1, history_days=9)


EXAMPLES = [
    (
        ("GET", f"/{TOKEN}"),
        {"app_key": "AbC123", "app_signature": "ZDljMTI3NGIy="},
        ("1655775240000", "1655775240000", "secretabc"),
        "ZTVkODk3M2MyMTc3OWM3ZmI1YThhZmE3Mjk3OGYyMzExZjg0NTlkZjA0NjBjMjJmYmNkYmZjNmM2NTFkNjEyNg==",
    ),
    (
        ("POST", f"/{AUTHORISED}"),
        {"outerInstanceId": "1589"},
        ("1655775240000", "1655775240000", "secretabc"),
        "Njk0MTBjMDU2ZmM3Mzc5NzcyMDBiYWUzNTUwYjIyMDlkM2Q5NTYxNWEyNzM0YzA3YTEzZTliNTY5YjZmYmY4NA==",
    ),
    (
        ("GET", "/jdy/v2/bd/customer"),
        {
            "modify_start_time": "1655775240000",
            "modify_end_time": "1655779240000",
            "page": "2",
            "page_size": "50",
        },
        ("8812345", "1655775249999", "s3cr#t/="),
        "NWJkYjM2ZmJkNzQzY2RjNDA5MDkxMjk5OWQzMGI2Y2ZhNzRkOGM4NmRhNWJhMGE5MmIyNWE1NjRkN2U2YjE4Mw==",
    ),
]


@pytest.mark.parametrize(("call", "query", "with_what", "wanted"), EXAMPLES)
def test_the_sheets_other_examples(call, query, with_what, wanted):
    assert signature(call, query, *with_what) == wanted


def test_a_companys_own_signature_is_that_of_the_documents():
    wanted = (
        "ZDljMTI3NGIyNTE1MTRkYzlkNjc1MDNhYjUzMzgzNWMyY2M4YTdjMzdmNmM3YTVlNDkxMTkzNjdiOTFjNzUyZQ=="
    )
    assert digest("abc123", "abc") == wanted


def test_the_secret_of_a_company_changes_daily_and_the_token_follows(one):
    first = one.run("materials")
    one.box.advance(2 * 86_400)
    second = one.run("materials", state=first.state)
    assert one.wrong(second, "materials") == []
    assert len(one.calls(AUTHORISED)) == len(one.calls(TOKEN)) == 2
    assert {call.outcome for call in one.calls()} == {"ok"}


def test_disabled_ones_come_as_well(one):
    messages = one.run("materials", "stores")
    for name in ("materials", "stores"):
        assert one.wrong(messages, name) == []
    assert {call.params["enable"] for call in one.calls("jdy/v2/bd/material")} == {"-1"}


def test_a_bill_that_changes_late_is_found_by_looking_back(one):
    first = one.run("sales_orders")
    one.box.advance(3 * 86_400)
    (key,) = one.box.mutate("kingdee_jdy", one.names[0], "sales_orders", count=1)
    one.box.advance(300)
    second = one.run("sales_orders", state=first.state)
    came = second.latest("sales_orders", one.names[0])
    assert came[key]["bill_no"].endswith("v2")


def test_a_company_that_has_not_authorised_is_told(one, caplog):
    one.run("materials", fails=True, accounts=[{"id": "4711"}])
    assert "no authorisation is in force" in caplog.text


def test_fields_that_nobody_documents_can_be_named(one):
    (record, *_) = one.run("sales_order_details").records("sales_order_details")
    assert {type(line["qty"]) for line in record["material_entity"]} == {str}
    with pytest.raises(ConfigurationError, match="no stream 'orders'"):
        one.run("materials", more_fields={"orders": ["a"]})


def test_bills_are_counted_by_the_count_that_is_text(one):
    tap = TapKingdee(config=one.config)
    tap.clock = one.clock
    account = Account(one.names[0], one.config["accounts"][0])
    for name in ("sales_orders", "materials", "boms"):
        assert tap.counter.count(tap.platform_streams[name], account, None) == len(one.truth(name))


def test_times_of_creation_are_asked_for_in_milliseconds(one):
    one.run(*BILLS)
    moments = {call.params["create_start_time"] for call in one.calls("jdy/v2/scm/pur_order")}
    edge = (one.clock.now() - timedelta(days=30)).timestamp() * 1000
    assert all(moment.isdigit() and int(moment) > edge for moment in moments)
