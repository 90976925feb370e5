"""What is odd about 天眼查, and what a careless reading would break."""

from __future__ import annotations

import gc
import json
import warnings

import pytest
from openplatform.errors import ConfigurationError
from openplatform.testing import shape_answer
from tap_tianyancha.companies import with_companies
from tianyancha import Tianyancha

ACCOUNTS = {"accounts": [{"id": "a"}, {"id": "b", "companies": ["乙公司"]}]}


def companies(**config):
    return [account["companies"] for account in with_companies({**ACCOUNTS, **config})["accounts"]]


# -- which companies ------------------------------------------------------------------------------


def test_companies_are_those_of_the_settings_or_the_accounts_own():
    assert companies(companies=["甲公司", " 甲公司 ", ""]) == [["甲公司"], ["乙公司"]]
    assert companies() == [[], ["乙公司"]]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.txt", "\ufeff甲公司\n# 注释\n\n91330000\n"),
        ("list.csv", "company,since\n甲公司,2020\n\n91330000,2021\n"),
        ("list.json", '["甲公司", 91330000]'),
        ("hot.json", '{"companies": ["甲公司", "91330000"], "other": [1]}'),
    ],
)
def test_companies_are_read_from_files_as_well(tmp_path, name, text):
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    first, second = companies(companies_file=str(file))
    assert first == ["甲公司", "91330000"]
    assert second == ["乙公司", "甲公司", "91330000"]


def test_a_file_may_tell_the_companies_of_each_account(tmp_path):
    file = tmp_path / "hot.json"
    file.write_text(json.dumps({"companies": {"a": ["1"], "b": ["2"]}}))
    assert companies(companies_file=str(file)) == [["1"], ["乙公司", "2"]]


@pytest.mark.parametrize(
    ("name", "text"), [("no.txt", None), ("no.json", "{"), ("no.json", '{"companies": 7}')]
)
def test_a_file_that_is_none_is_told(tmp_path, name, text):
    if text is not None:
        (tmp_path / name).write_text(text)
    with pytest.raises(ConfigurationError, match=name.replace(".", r"\.")):
        companies(companies_file=str(tmp_path / name))


def test_without_companies_the_setting_is_named(buyer, caplog):
    (account,) = buyer.config["accounts"]
    messages = buyer.run("companies", accounts=[{**account, "companies": []}], fails=True)
    assert messages.error
    assert "set companies" in caplog.text
    assert buyer.calls() == []


@pytest.mark.parametrize(
    ("detail", "api"),
    [("contacts", "services/open/ic/baseinfoV2/2.0"), ("staff", "services/open/ic/baseinfoV3/2.0")],
)
def test_how_much_is_bought_of_a_company_is_a_setting(buyer, detail, api):
    messages = buyer.run("companies", "changes", company_detail=detail)
    assert len(buyer.calls(api)) == 5
    assert messages.records("changes")
    (company, *_) = messages.records("companies")
    assert ("email" in company) == (detail == "contacts")
    assert ("staffList" in company) == (detail == "staff")


# -- records --------------------------------------------------------------------------------------


def test_days_before_1970_and_words_of_the_platform_stay(tap):
    answer = {
        "error_code": 0,
        "result": {"id": 1, "estiblishTime": -631181200000, "toTime": None, "socialStaffNum": -1},
    }
    (company,) = shape_answer(tap, "companies", answer, account="buyer01").records
    assert company["estiblishTime"] == "1949-12-31T15:53:20.000Z"
    assert company["toTime"] is None
    assert company["socialStaffNum"] == -1


def test_a_person_without_an_id_goes_by_the_name(buyer):
    messages = buyer.run("shareholders")
    nameless = [r for r in messages.records("shareholders") if r["id"] == r["name"]]
    assert len(nameless) == 5
    assert {len(r["companyId"]) for r in messages.records("shareholders")} == {8}


def test_who_left_is_told_after_a_whole_read(buyer):
    first = buyer.run("shareholders", cache_ttl=0)
    company = buyer.simulated.listed("buyer01")[0]
    buyer.box.mutate("tianyancha", "buyer01", "companies", keys=[str(22_823_000 + company.serial)])
    buyer.clock.sleep(3600)
    second = buyer.run("shareholders", state=first.state, cache_ttl=0)
    assert len(second.records("shareholders")) == len(first.records("shareholders")) - 1
    assert buyer.wrong(second, "shareholders") == []
    assert second.activations("shareholders")


def test_the_search_looks_for_the_words_that_are_set(buyer, caplog):
    messages = buyer.run("search_results", search_words=["软件"])
    (found,) = messages.records("search_results")
    assert "<em>软件</em>" in found["name"]
    assert found["estiblishTime"] == "2005-07-11T16:00:00.000Z"
    buyer.run("search_results", search_words=[], fails=True)
    assert "set search_words" in caplog.text


def test_news_name_the_company_by_its_id(buyer):
    buyer.run("news")
    for call in buyer.calls("services/open/ps/news/2.0"):
        assert call.params["id"].isdigit()
        assert "keyword" not in call.params


# -- a client that others wrote -------------------------------------------------------------------


@pytest.fixture
def theirs():
    """Clients that others wrote; each leaves a file open, which is their affair."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield Tianyancha
        gc.collect()


def test_the_simulator_answers_the_client_that_others_published(buyer, theirs):
    client = theirs("sandbox-token-buyer01")
    client.base_url = f"{buyer.config['base_url']}/services/open/"
    name = next(iter(buyer.truth("companies")))[1]["name"]
    answer = client.ic_baseinfo_normal(keyword=name)
    assert (answer["error_code"], answer["result"]["name"]) == (0, name)
    pages = [client.ic_holder(keyword=name, pageNum=n, pageSize=20) for n in (1, 2)]
    ours = buyer.run("shareholders").latest("shareholders", "buyer01")
    found = [one for page in pages for one in page["result"]["items"]]
    company = str(answer["result"]["id"])
    assert {f"{company}:{one['type']}:{one['id'] or one['name']}" for one in found} == {
        key for key in ours if key.startswith(f"{company}:")
    }
    wrong = theirs("quite-another")
    wrong.base_url = client.base_url
    assert wrong.ic_holder(keyword=name)["error_code"] == 300009


def test_the_published_list_of_interfaces_has_those_that_the_streams_call(tap, theirs):
    known = {one["path"] for one in theirs("x").api_mappings.values()}
    apis = {stream.api.removeprefix("services/open/") for stream in tap.platform_streams.values()}
    assert apis <= known
