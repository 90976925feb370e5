"""金蝶 as a strict reader of its sheet would try it, and as its maker's own client does."""

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


@pytest.fixture
def cosmic(box):
    """Asks the first tenant of 苍穹; returns the decoded answer."""
    config = box.config("kingdee_cosmic")
    account = config["accounts"][0]
    base = f"{config['base_url']}/ierp"

    def token(**changes):
        asked = {
            "client_id": account["app_id"],
            "client_secret": account["app_secret"],
            "username": account["username"],
            "accountId": account["id"],
            "language": "zh_CN",
            "nonce": "n1",
            "timestamp": "2026-11-21 17:40:00",
            **changes,
        }
        return requests.post(f"{base}/kapi/oauth2/getToken", json=asked, timeout=5).json()

    def call(path, access, **how):
        how.setdefault("json", {"data": {}, "pageNo": 1, "pageSize": 10})
        sent = {"accesstoken": access}
        return requests.post(f"{base}{path}", headers=sent, timeout=5, **how).json()

    return token, call


def test_a_nonce_of_cosmic_counts_once_and_five_wrong_secrets_lock(cosmic):
    token, _ = cosmic
    first = token()
    assert first["status"] is True
    assert int(first["data"]["expires_in"]) == 7_200_000
    assert token()["errorCode"] == "603"
    assert token(nonce="n2", timestamp="2026-11-21 17:30:00")["errorCode"] == "603"
    assert token(nonce="n3", username="nobody")["errorCode"] == "603"
    for number in range(5):
        assert token(nonce=f"w{number}", client_secret="no")["errorCode"] == "401"
    assert "秒后再试" in token(nonce="n4")["message"]


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/kapi/v2/sm/sm_salorder/query", {"data": {"pageNo": 1, "pageSize": 10}}, "400"),
        ("/kapi/v2/sm/sm_salorder/query", {"pageNo": 1, "pageSize": 10}, "400"),
        ("/kapi/v2/sm/sm_salorder/query", {"data": {}, "pageNo": 1, "pageSize": 2001}, "400"),
        ("/kapi/v2/sm/nothing/query", {"data": {}, "pageNo": 1, "pageSize": 10}, "404"),
        ("/kapi/v2/pm/pm_purorderbill/query", {"data": {}, "pageNo": 1, "pageSize": 10}, "405"),
    ],
)
def test_what_a_query_of_cosmic_may_not_ask(cosmic, path, body, code):
    token, call = cosmic
    access = token()["data"]["access_token"]
    assert call(path, access, json=body)["errorCode"] == code
    assert call(path, "another", json=body)["errorCode"] == "401"


def test_a_filter_of_cosmic_that_nobody_defined_is_ignored_in_silence(cosmic):
    token, call = cosmic
    access, path = token()["data"]["access_token"], "/kapi/v2/sm/sm_salorder/query"

    def asked(**filters):
        return call(path, access, json={"data": filters, "pageNo": 1, "pageSize": 10})["data"]

    everything = asked()
    assert asked(startime="2026-11-20 00:00:00")["totalCount"] == everything["totalCount"] == 120
    some = asked(starttime="2026-11-20 00:00:00", endtime="2026-11-20 12:00:00")
    assert 0 < some["totalCount"] < 120
    assert "2026-11-20 12:00:00" in some["filter"]
    assert everything["lastPage"] is False
    assert len(everything["rows"]) == 10


def test_the_gateway_of_jdy_wants_a_signature_and_the_right_router(box):
    config = box.config("kingdee_jdy")
    url = f"{config['base_url']}/jdy/v2/bd/material"
    answer = requests.get(url, timeout=5)
    assert (answer.status_code, answer.json()["errcode"]) == (519, 4001)
    late = {"X-Api-Auth-Version": "2.0", "X-Api-ClientID": config["app_key"]}
    late |= {"X-Api-TimeStamp": "1655775240000", "X-Api-Nonce": "1"}
    assert requests.get(url, headers=late, timeout=5).json()["errcode"] == 4006
    now = {**late, "X-Api-TimeStamp": str(NOW * 1000)}
    now["X-Api-SignHeaders"] = "X-Api-TimeStamp,X-Api-Nonce"
    assert requests.get(url, headers=now, timeout=5).json()["errcode"] == 4008
