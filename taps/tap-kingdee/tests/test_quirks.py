"""What is odd about 云·星空: queries instead of parameters, errors among rows, rows without totals."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from datetime import timedelta

import pytest
from openplatform.accounts import Account
from openplatform.errors import ConfigurationError
from openplatform.testing import run, run_process
from openplatform.windows import Window
from sandbox.http import json_reply
from tap_kingdee import bills, forms
from tap_kingdee.k3cloud import client_secret, login
from tap_kingdee.tap import TapKingdee
from urllib3.exceptions import InsecureRequestWarning

QUERY = "ExecuteBillQuery"


@pytest.fixture
def one(companies):
    companies.config["accounts"] = companies.config["accounts"][:1]
    companies.names = companies.names[:1]
    return companies


@pytest.fixture
def short_pages(monkeypatch):
    """Pages of few rows, for all forms."""
    for kind in forms.PRESETS:
        reads = kind.reads
        paging = replace(reads.paging, limit=7)
        monkeypatch.setattr(kind, "reads", replace(reads, paging=paging))


def conditions(one):
    return [call.params["FilterString"] for call in one.calls(QUERY)]


def test_a_secret_hides_in_the_app_id():
    """The sheet's examples; whoever has the app id has it."""
    hidden = "271828_QUJDREVGR0hJSktMTU5PUFFSU1RVVldY"
    assert client_secret(hidden) == ("271828", "cXJ2cCN1fn8qfHl/eX14aDNiajc0YTNr")
    assert client_secret("314159_y7d1QkR0c2FhMnZuWlB4c0FiQ2REZUZn") == (
        "314159",
        "+4dAdiJHSlYCBERdbmNPSyNSegclUiJU",
    )
    assert client_secret("271828_short") == ("271828", "")
    assert client_secret("of_three_parts") == ("", "")


def test_a_signed_login_is_that_of_the_sheet(tap):
    account = tap.settings.accounts[0]
    moment = tap.clock.now().fromtimestamp(1_704_067_200, tz=tap.zone_info)
    name, asked = login(account, moment, signed=True)
    assert name == "LoginBySign"
    sign = "2b4a061abd4d0f99b6c1d30a18011c266a3b9a1bc4f68ff40efd0fb1d7b19fcc"
    assert asked["parameters"][3:] == [1_704_067_200, sign, 2052]


@pytest.mark.parametrize("auth", ["login_by_app_secret", "login_by_sign"])
def test_a_session_reads_as_well_and_is_renewed_when_it_is_lost(one, auth):
    calls = []

    def expiring(call, reply):
        calls.append(call)
        if len(calls) == 2:
            one.box.expire_tokens("kingdee")
        return reply

    one.change_answers(expiring)
    messages = one.run("customers", "suppliers", "vouchers", auth=auth)
    for stream in ("customers", "suppliers", "vouchers"):
        assert one.wrong(messages, stream) == []
    assert len([call for call in calls if call.api.startswith("Login")]) == 2
    assert not any("x-kd-signature" in call.headers for call in calls)


def test_a_login_that_is_refused_says_what_to_check(one, caplog):
    account = {**one.config["accounts"][0], "username": "nobody"}
    one.run("customers", fails=True, auth="login_by_app_secret", accounts=[account])
    assert "LoginResultType -1" in caplog.text
    assert "username" in caplog.text


def test_an_account_without_a_server_says_so(one, caplog):
    one.run("customers", fails=True, accounts=[{"id": one.names[0]}])
    assert "set server_url" in caplog.text


def test_a_lost_session_that_was_a_hiccup_costs_one_call(one):
    lost = []

    def once(call, reply):
        if lost:
            return reply
        lost.append(call)
        status = {"IsSuccess": False, "MsgCode": 1, "Errors": [{"Message": "会话信息已丢失"}]}
        return json_reply([[{"Result": {"ResponseStatus": status}}]], outcome="auth")

    one.change_answers(once)
    assert one.run("departments").records("departments")


def test_pages_begin_behind_the_last_row_and_bills_stay_whole(one, short_pages):
    messages = one.run("sales_orders", "vouchers", "departments", "inventory")
    for stream in ("sales_orders", "vouchers", "departments"):
        assert one.wrong(messages, stream) == []
    assert len(messages.records("inventory")) == len(list(one.truth("inventory")))
    ordered = [call.params for call in one.calls(QUERY) if call.params["StartRow"] == 0]
    assert all(params["Limit"] == 7 for params in ordered)
    behind = [text for text in conditions(one) if "FSaleOrderEntry_FEntryID > " in text]
    assert len(behind) > 5
    assert {params["TopRowCount"] for params in ordered} == {0}


def test_a_bill_whose_rows_fill_pages_comes_once(one, short_pages, monkeypatch):
    orders = one.simulated.dataset(one.names[0], "sales_orders")
    lines = type(orders.entity).lines

    def many(self, data, row):
        found = lines(self, data, row)
        return [found[0]._replace(number=row.serial * 100 + n, place=n) for n in range(1, 10)]

    monkeypatch.setattr(type(orders.entity), "lines", many)
    messages = one.run("sales_orders")
    assert one.wrong(messages, "sales_orders") == []
    ids = [record["FID"] for record in messages.records("sales_orders")]
    assert len(ids) == len(set(ids))
    assert {len(record["FSaleOrderEntry"]) for record in messages.records("sales_orders")} == {9}


def test_rows_that_a_change_took_out_of_a_bill_are_gone(one):
    first = one.run("sales_orders")
    one.box.mutate("kingdee", one.names[0], "sales_orders", count=20)
    one.box.advance(300)
    second = one.run("sales_orders", state=first.state)
    shrunk = 0
    before = first.latest("sales_orders", one.names[0])
    for key, record in second.latest("sales_orders", one.names[0]).items():
        old = (
            {line["FEntryID"] for line in before[key]["FSaleOrderEntry"]}
            if key in before
            else set()
        )
        shrunk += bool(old - {line["FEntryID"] for line in record["FSaleOrderEntry"]})
    assert shrunk
    both = replace(first, all=first.all + second.all)
    assert one.wrong(both, "sales_orders") == []


def test_a_server_that_cuts_pages_by_itself_loses_nothing():
    rows = [[number] for number in range(250)]

    def ask(params):
        after = params.get("after", -1)
        return [row for row in rows if row[0] > after][:100]

    pages = list(bills.Bills(("FID",)).pages(ask, "[]", most=None))
    assert [raw["FID"] for page in pages for raw in page.records] == list(range(250))


def test_an_answer_with_other_columns_is_refused(one, caplog):
    one.change_answers(lambda call, reply: json_reply([[1, 2, 3, 4]]))
    one.run("departments", fails=True)
    assert "not the 3 fields asked for" in caplog.text


def test_what_no_filter_may_hold_is_not_asked_for(one):
    """An id from outside is a number or none of theirs, whatever it says."""
    identifier = one.run("customers").records("customers")[0]["FCUSTID"]
    one.box.clear_requests()
    hot = {"customers": {one.names[0]: ["1) OR (1=1", identifier]}}
    messages = one.run("customers", hot_set=hot)
    assert [record["FCUSTID"] for record in messages.records("customers")] == [identifier]
    assert not any("1=1" in text for text in conditions(one))


def test_a_preset_takes_other_fields(one):
    change = {
        "stream": "materials",
        "add_fields": ["F_ABC_Colour"],
        "drop_fields": ["FSpecification", "FMaterialGroup.FName"],
        "filter": "FForbidStatus <> 'B'",
    }
    messages = one.run("materials", forms=[change])
    record = messages.records("materials")[0]
    assert record["F_ABC_Colour"]
    assert "FSpecification" not in record
    assert "FMaterialGroup_FName" not in record
    assert all(text.startswith("(FForbidStatus <> 'B') AND ") for text in conditions(one))


def test_the_rows_of_a_preset_take_other_fields_as_well(one):
    change = {
        "stream": "sales_orders",
        "add_fields": ["FSaleOrderEntry[].FMaterialId.FNumber", "FSaleOrderEntry[].FQty"],
        "drop_fields": ["FTaxPrice", "FUnitId.FName", "FSalerId.FName"],
    }
    record = one.run("sales_orders", forms=[change]).records("sales_orders")[0]
    (asked, *_) = {call.params["FieldKeys"] for call in one.calls(QUERY)}
    assert not {"FTaxPrice", "FUnitId.FName", "FSalerId.FName"} & set(asked.split(","))
    assert "FSalerId_FName" not in record
    line = record["FSaleOrderEntry"][0]
    assert {"FEntryID", "FMaterialId_FNumber", "FQty", "FAmount"} <= line.keys()
    assert "FTaxPrice" not in line


def test_a_form_can_be_read_as_a_whole_and_rows_be_marked_personal(one):
    change = {"stream": "customers", "updated": "", "personal_fields": ["FSalesman"]}
    made = {
        "stream": "open_orders",
        "form_id": "SAL_SaleOrder",
        "fields": ["FBillNo", "FSalerId.FName"],
        "personal_fields": ["FSalerId.FName", "FID"],
        "updated": "",
    }
    tap = TapKingdee(config={**one.config, "forms": [change, made]})
    stream = tap.platform_streams["open_orders"]
    for field in ("FSalerId_FName", "FID"):
        assert stream.source_schema["properties"][field]["x-personal"] is True
    assert not tap.platform_streams["customers"].incremental
    messages = one.run("open_orders", forms=[change, made])
    assert messages.activations("open_orders")
    assert {"FID", "FBillNo", "FSalerId_FName", "_account", "_read_at"} == set(
        messages.records("open_orders")[0]
    )


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"stream": "Sales Returns"}, "small letters"),
        ({"stream": "sales_returns"}, "set form_id and fields"),
        ({"stream": "x", "form_id": "X", "fields": ["FQty:number"]}, "types: text, integer"),
    ],
)
def test_a_form_that_is_not_described_is_told(one, entry, told):
    with pytest.raises(ConfigurationError, match=told):
        one.run("customers", forms=[entry])


def test_a_field_that_a_release_lacks_is_named_with_its_remedy(one, caplog):
    one.run("customers", fails=True, forms=[{"stream": "customers", "add_fields": ["FNope"]}])
    assert "元数据中标识为FNope的字段不存在" in caplog.text
    assert "drop_fields" in caplog.text


def test_stock_that_cannot_be_told_apart_is_no_silent_loss(one, caplog):
    def twice(call, reply):
        rows = json.loads(reply.body)
        return json_reply(rows + rows[:1])

    one.change_answers(twice)
    one.run("inventory", fails=True)
    assert "add_fields" in caplog.text


def test_stock_that_changes_keeps_its_key(one):
    first = one.run("inventory")
    assert one.wrong(first, "inventory", key=lambda r: r["FMaterialId_FNumber"]) == []
    data = one.simulated.dataset(one.names[0], "inventory")
    for row in list(data.rows()):
        data.update(row.serial, row.updated + 1)
    second = one.run("inventory", state=first.state)
    before, after = (m.latest("inventory", one.names[0]) for m in (first, second))
    assert before.keys() == after.keys()
    assert all(before[key]["FQty"] != after[key]["FQty"] for key in before)


def test_times_are_those_of_the_servers_zone(one):
    there = one.run("customers", time_zone="Asia/Shanghai", start_date="2020-01-01")
    record = there.records("customers")[0]
    assert record["FCreateDate"].endswith("Z")
    with pytest.raises(ConfigurationError, match="no time zone"):
        one.run("customers", time_zone="Beijing time")


def test_bills_are_counted_by_looking_for_the_last_page(one, monkeypatch):
    from tap_kingdee import k3cloud

    monkeypatch.setattr(k3cloud, "LIMIT", 7)
    tap = TapKingdee(config=one.config)
    tap.clock = one.clock
    account = Account(one.names[0], one.config["accounts"][0])
    for name in ("sales_orders", "vouchers", "departments", "organizations"):
        found = tap.counter.count(tap.platform_streams[name], account, None)
        assert found == len(one.truth(name)), name
    stream, border = tap.platform_streams["sales_orders"], one.clock.now() - timedelta(days=3)
    parts = (Window(border - timedelta(days=60), border), Window(border, one.clock.now()))
    counts = [tap.counter.count(stream, account, part) for part in parts]
    assert all(counts)
    assert sum(counts) == len(one.truth("sales_orders"))
    asked = one.calls(QUERY)
    assert {call.params["FieldKeys"] for call in asked} == {
        "FID",
        "FVoucherID",
        "FDEPTID",
        "FOrgID",
    }


def test_a_server_with_a_certificate_of_its_own_is_read_when_it_is_trusted(one, own_server, caplog):
    account = {**one.config["accounts"][0], "server_url": f"{own_server}/k3cloud"}
    settings = {"accounts": [account], "base_url": None, "retry_tries": 1, "retry_wait": 0.001}
    one.run("departments", fails=True, **settings)
    assert "CERTIFICATE_VERIFY_FAILED" in caplog.text
    with pytest.warns(InsecureRequestWarning):
        messages = one.run("departments", verify_ssl=False, **settings)
    assert [record["FName"] for record in messages.records("departments")] == ["财务部"]


@pytest.mark.parametrize("product", ["k3cloud", "cosmic"])
def test_a_server_that_is_down_stops_no_other_company(tmp_path, own_server, product, caplog):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nowhere = f"http://127.0.0.1:{closed.getsockname()[1]}"
    query = {"stream": "departments", "path": "/kapi/v2/x", "fields": ["name"]}
    settings = {
        "product": product,
        "queries": [query],
        "verify_ssl": False,
        "token_store": str(tmp_path),
        "retry_tries": 1,
        "accounts": [{"id": "down", "server_url": nowhere}, {"id": "up", "server_url": own_server}],
    }
    with pytest.warns(InsecureRequestWarning):
        messages = run(TapKingdee, settings, select=["departments"], fails=True)
    assert f"{nowhere} cannot be reached" in caplog.text
    (record,) = messages.records("departments", "up")
    assert "财务部" in record.values()


def test_secrets_that_hide_in_the_app_id_stay_out_of_a_process_log(one):
    account = {**one.config["accounts"][0], "app_secret": "quite-another"}
    done = run_process(TapKingdee, {**one.config, "accounts": [account]}, select=["customers"])
    assert done.code == 1
    assert "Traceback" not in done.log
    app_id = account["app_id"]
    assert app_id not in done.log
    assert client_secret(app_id)[1] not in done.log
