"""The tap as Meltano runs it: a process of its own."""

from __future__ import annotations

from openplatform.testing import run_process
from tap_wecom.tap import TapWeCom


def test_the_command_writes_messages_and_ends_with_zero(companies):
    companies.config["end_date"] = "2026-11-21T00:00:00+08:00"
    done = run_process(TapWeCom, companies.config, select=["departments", "approval_ids"])
    assert done.code == 0
    wanted = len(companies.truth("departments")), len(companies.truth("approval_ids"))
    came = len(done.messages.records("departments")), len(done.messages.records("approval_ids"))
    assert came == wanted
    assert done.messages.all[-1]["type"] == "STATE"


def test_a_second_company_with_a_bad_secret_is_one_line_and_a_non_zero_end(companies):
    companies.config["accounts"][1]["secret"] = "mistyped"
    done = run_process(TapWeCom, companies.config, select=["departments"])
    assert done.code != 0
    assert "Traceback" not in done.log
    assert "mistyped" not in done.log
    assert "check the account's id (corpid) and secret" in done.log
    assert done.messages.records("departments", companies.corps[0])


def test_fallbacks_are_offered_but_not_selected(companies):
    catalog = TapWeCom(config=companies.config).catalog
    off = {name for name, entry in catalog.items() if not entry.metadata.root.selected_by_default}
    assert off == {
        "department_ids",
        "users_simple",
        "user_ids",
        "user_details",
        "external_contact_ids",
    }
