"""金蝶云·星空 as a strict reader of its sheet would try it, and as its maker's own client does."""

from __future__ import annotations

import json
import warnings

import pytest
import requests
from sandbox import ManualClock, Sandbox, SandboxSettings

NOW = 1_795_254_000
QUERY = {"FormId": "SAL_SaleOrder", "FieldKeys": "FID,FBillNo", "Limit": 2000}
LOST = "会话信息已丢失，请重新登录"


@pytest.fixture
def box():
    settings = SandboxSettings(size=120, accounts=2, clock=ManualClock(NOW), history_days=5)
    with Sandbox(settings) as running:
        yield running


@pytest.fixture
def sdk(box):
    """The official client, at the first account's server."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it uses what Python will take away
        from k3cloud_webapi_sdk.main import K3CloudApiSdk

    def make(**changes):
        config = box.config("kingdee")
        account = {**config["accounts"][0], **changes}
        url = f"{config['base_url']}/k3cloud/"
        client = K3CloudApiSdk(url)
        names = ("id", "username", "app_id", "app_secret")
        client.InitConfig(*(account[name] for name in names), url)
        return client

    return make


def told(answer):
    (((error,),),) = [answer]
    status = error["Result"]["ResponseStatus"]
    assert status["IsSuccess"] is False
    return status["MsgCode"], status["Errors"][0]["Message"]


def test_the_official_client_reads_what_there_is(box, sdk):
    account = box.accounts("kingdee")[0]
    rows = json.loads(sdk().ExecuteBillQuery(QUERY))
    assert sorted(map(str, (row[0] for row in rows))) == sorted(
        row.key for row in box.truth("kingdee", account, "sales_orders")
    )
    named = json.loads(sdk().BillQuery({**QUERY, "FilterString": f"FID = {rows[0][0]}"}))
    assert named == [{"FID": rows[0][0], "FBillNo": rows[0][1]}]


@pytest.mark.parametrize(
    "wrong",
    [{"app_secret": "no"}, {"id": "nobody"}, {"username": "no"}, {"app_id": "1_c2FuZGJveA=="}],
)
def test_whatever_is_wrong_the_session_is_lost(sdk, wrong):
    assert told(json.loads(sdk(**wrong).ExecuteBillQuery(QUERY))) == (1, LOST)


def test_a_call_that_is_not_signed_is_refused(box):
    url = f"{box.config('kingdee')['base_url']}/k3cloud/"
    url += "Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.ExecuteBillQuery.common.kdsvc"
    assert told(requests.post(url, json={"data": QUERY}, timeout=5).json()) == (1, LOST)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"FormId": "SAL_Nothing"}, 0),
        ({"FieldKeys": "FID,FCustomerID"}, 9),
        ({"OrderString": "FNope ASC"}, 9),
        ({"FilterString": "FNope = 1"}, 9),
        ({"FilterString": "FModifyDate >= 'yesterday'"}, 6),
        ({"FilterString": "FID >"}, 6),
        ({"FilterString": "FID > 1 FID"}, 6),
        ({"Limit": 10_001}, 8),
        ({"StartRow": -1}, 8),
    ],
)
def test_what_a_query_may_not_ask(sdk, change, code):
    assert told(json.loads(sdk().ExecuteBillQuery({**QUERY, **change})))[0] == code


def test_conditions_are_read_as_sql_has_them(sdk):
    def ids(condition, **more):
        asked = {**QUERY, "OrderString": "FID ASC", "FilterString": condition, **more}
        return [row[0] for row in json.loads(sdk().ExecuteBillQuery(asked))]

    everything = ids("")
    first, second, third = everything[:3]
    assert ids(f"FID IN ({first},{third})") == [first, third]
    assert ids(f"(FID = {first} OR FID = {second}) AND FID > {first}") == [second]
    assert ids(f"FID <> {first}") == everything[1:]
    assert ids("", StartRow=1, Limit=2) == [second, third]
    assert ids("", TopRowCount=2) == [first, second]
    split = "FModifyDate {} '2026-11-19 12:00:00'"
    before, after = ids(split.format("<")), ids(split.format(">="))
    assert before
    assert after
    assert sorted(before + after) == everything


def test_a_field_of_the_rows_multiplies_the_bill(sdk):
    asked = {**QUERY, "FieldKeys": "FID,FSaleOrderEntry_FEntryID,FSaleOrderEntry_FSeq"}
    rows = json.loads(sdk().ExecuteBillQuery(asked))
    assert len(rows) > 120
    assert len({(row[0], row[1]) for row in rows}) == len(rows)


def test_without_a_limit_the_answer_is_cut_in_silence():
    settings = SandboxSettings(size=2100, accounts=1, clock=ManualClock(NOW), history_days=5)
    with Sandbox(settings) as box:
        config = box.config("kingdee")
        login = f"{config['base_url']}/k3cloud/Kingdee.BOS.WebApi.ServicesStub.AuthService."
        account = config["accounts"][0]
        asked = {
            "acctID": account["id"],
            "username": account["username"],
            "appId": account["app_id"],
            "appSecret": account["app_secret"],
            "lcid": 2052,
        }
        session = requests.post(
            f"{login}LoginByAppSecret.common.kdsvc", json=asked, timeout=5
        ).json()
        assert session["LoginResultType"] == 1
        cookies = {
            "kdservice-sessionid": session["KDSVCSessionId"],
            "ASP.NET_SessionId": session["Context"]["SessionId"],
        }
        url = f"{config['base_url']}/k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService."
        url += "ExecuteBillQuery.common.kdsvc"

        def rows(body):
            return requests.post(url, json=body, cookies=cookies, timeout=10).json()

        query = {"FormId": "SAL_SaleOrder", "FieldKeys": "FID"}
        assert len(rows({"data": query})) == 2000
        # The body is taken in all three forms that clients send.
        assert len(rows({"data": json.dumps({**query, "Limit": 5})})) == 5
        assert len(rows({"parameters": [json.dumps({**query, "Limit": 6})]})) == 6
        refused = requests.post(
            f"{login}LoginByAppSecret.common.kdsvc", json={**asked, "appSecret": "no"}, timeout=5
        )
        assert refused.json()["LoginResultType"] == -1
        box.expire_tokens("kingdee")
        assert told(rows({"data": query})) == (1, LOST)
