"""Tokens: one for each secret, kept, replaced when refused, never shown."""

from __future__ import annotations

import logging

import pytest
from conformance import NOW
from openplatform.errors import ConfigurationError, RunFailedError
from openplatform.testing import SharedClock, run
from sandbox import ManualClock
from tap_wecom.tap import TapWeCom

from .replay import Replay


def test_one_secret_means_one_token_for_all_streams(companies):
    for account in companies.config["accounts"]:
        account.pop("secrets")
    companies.run("departments", "users", "checkin_data", "approvals", "external_contacts")
    for corp in companies.names:
        assert len(companies.calls("gettoken", corp)) == 1


def test_the_token_serves_the_next_run_until_it_is_old(companies):
    companies.run("departments")
    companies.run("departments")
    assert len(companies.calls("gettoken")) == 2, "one for each company"
    companies.clock.sleep(7200)
    companies.run("departments")
    assert len(companies.calls("gettoken")) == 4


def test_each_api_takes_the_token_of_its_own_secret(tmp_path):
    """The longest name that an API begins with decides."""
    tokens = {"s-app": "t-app", "s-oa": "t-oa", "s-journal": "t-journal", "s-ids": "t-ids"}

    def gettoken(asked):
        return {
            "errcode": 0,
            "errmsg": "ok",
            "access_token": tokens[asked.query["corpsecret"]],
            "expires_in": 7200,
        }

    account = {
        "id": "ww1",
        "secret": "s-app",
        "secrets": {"oa": "s-oa", "oa/journal": "s-journal", "user/list_id": "s-ids"},
    }
    with Replay(gettoken=gettoken) as replay:
        config = {
            "accounts": [account],
            "token_store": str(tmp_path),
            "base_url": replay.url,
            "start_date": "2026-11-20",
        }
        clock = SharedClock(ManualClock(NOW))
        run(
            TapWeCom,
            config,
            select=["users", "user_ids", "approvals", "journals", "checkin_data"],
            clock=clock,
        )
        used = {
            (asked.api, asked.query["access_token"])
            for asked in replay.asked
            if asked.api != "gettoken"
        }
        assert len(replay.calls("gettoken")) == 4
    assert used == {
        ("department/list", "t-app"),
        ("user/list", "t-app"),
        ("checkin/getcheckindata", "t-app"),
        ("user/list_id", "t-ids"),
        ("oa/getapprovalinfo", "t-oa"),
        ("oa/getapprovaldetail", "t-oa"),
        ("oa/journal/get_record_list", "t-journal"),
        ("oa/journal/get_record_detail", "t-journal"),
    }


def test_a_name_that_is_no_api_is_refused_before_any_call(companies):
    companies.config["accounts"][0]["secrets"] = {"user_ids": "sandbox-secret"}
    with pytest.raises(ConfigurationError, match=r"user_ids.*user/list_id"):
        companies.run("departments")
    assert companies.box.requests("wecom") == []


def test_a_token_that_is_voided_early_is_replaced_and_nothing_is_lost(companies):
    companies.run("departments")
    companies.box.expire_tokens("wecom")
    ran = companies.run("departments")
    assert len(ran.records("departments")) == len(companies.truth("departments"))
    assert len(companies.calls("gettoken")) == 4


def test_a_wrong_secret_stops_its_company_only_and_says_what_to_check(companies):
    wrong, right = companies.config["accounts"]
    wrong["secret"] = "mistyped"
    ran = companies.run("departments", "users", fails=True)
    assert isinstance(ran.error, RunFailedError)
    assert wrong["id"] in str(ran.error)
    assert right["id"] not in str(ran.error)
    assert {record["_account"] for record in ran.records("users")} == {right["id"]}
    assert len(companies.calls("gettoken", wrong["id"])) == 1, "a bad secret is not tried again"


def test_a_wrong_secret_of_one_api_stops_that_api_only(companies):
    for account in companies.config["accounts"]:
        account["secrets"]["oa"] = "mistyped"
    ran = companies.run("departments", "approvals", "journals", "user_ids", fails=True)
    assert "approvals" in str(ran.error)
    assert "user_ids" not in str(ran.error)
    for stream in ("departments", "user_ids"):
        assert len(ran.records(stream)) == len(companies.truth(stream))
    assert len(companies.calls("gettoken")) < 20, "failing calls are counted by the platform"


def test_a_new_secret_is_used_although_the_old_token_lives(companies):
    companies.run("departments")
    for account in companies.config["accounts"]:
        account["secret"] = account["secret"].replace("sandbox-secret", "sandbox-old-secret")
    companies.run("departments")
    assert len(companies.calls("gettoken")) == 4


def test_neither_secret_nor_token_is_logged_or_stored_in_the_state(companies, caplog):
    caplog.set_level(logging.DEBUG)
    companies.config["accounts"][1]["secret"] = "mistyped-and-secret"
    ran = companies.run("departments", "user_ids", fails=True)
    shown = caplog.text + str(ran.all) + str(ran.error)
    hidden = ["mistyped-and-secret"]
    for account in companies.config["accounts"]:
        hidden += [account["secret"], *account["secrets"].values()]
    tokens = companies.box.world.platform("wecom").tokens
    for corp in companies.names:
        for app in ("app", "contacts"):
            token = tokens.valid(f"{corp} {app}", NOW)
            hidden += [token.value] if token else []
    assert len(hidden) > 5
    assert [value for value in hidden if value in shown] == []
