"""What a run pays for: a budget, nothing twice, and on from where the money ended."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import threading
from collections import Counter
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from openplatform.bookmarks import EPOCH
from openplatform.errors import ConfigurationError, RunFailedError
from openplatform.testing import run_process, tap_process
from sandbox.http import Reply, json_reply
from tap_tianyancha.answers import Answers
from tap_tianyancha.client import Purse

HOLDER = "services/open/ic/holder/2.0"
BASE = "services/open/ic/baseinfo/normal"
DAY = 86_400
NOW = datetime(2026, 11, 21, tzinfo=timezone.utc)


def paid(company):
    return sum(company.simulated.charged.values())


def asked(company, api):
    return Counter(tuple(sorted(call.params.items())) for call in company.calls(api))


# -- nothing twice --------------------------------------------------------------------------------


def test_what_was_paid_for_serves_the_next_runs_until_it_is_too_old(buyers):
    first = buyers.run()
    cost = paid(buyers)
    assert cost > 20
    again = buyers.run(state=first.state)
    assert paid(buyers) == cost
    assert buyers.keys(again) == buyers.keys(first)
    assert again.activations("shareholders"), "complete, although nothing was asked for"
    buyers.clock.sleep(29 * DAY)
    buyers.run()
    assert paid(buyers) == cost
    buyers.clock.sleep(2 * DAY)
    buyers.run()
    assert paid(buyers) == 2 * cost


def test_a_stream_may_have_a_life_of_its_own(buyer):
    buyer.run("shareholders", "changes")
    buyer.clock.sleep(2 * DAY)
    before = len(buyer.calls(HOLDER))
    buyer.run("shareholders", "changes", cache_ttls={"changes": "1d"})
    assert len(buyer.calls(HOLDER)) == before
    assert set(asked(buyer, "services/open/ic/changeinfo/2.0").values()) == {2}


def test_an_answer_without_result_is_paid_for_once_too(buyer):
    buyer.run("branches")
    buyer.run("branches")
    counts = asked(buyer, "services/open/ic/branch/2.0")
    assert len(counts) == 5
    assert set(counts.values()) == {1}


def test_one_company_that_is_named_in_three_ways_comes_once(buyer, caplog):
    (row, *_) = buyer.truth("companies")
    name, code, number = row[1]["name"], row[1]["creditCode"], str(row[1]["id"])
    (account,) = buyer.config["accounts"]
    account = {**account, "companies": [name, code, number, name, "并不存在的公司"]}
    messages = buyer.run("companies", accounts=[account])
    assert [record["id"] for record in messages.records("companies")] == [number]
    assert "天眼查 knows no company '并不存在的公司'" in caplog.text
    assert len(buyer.calls(BASE)) == 4


def test_an_answer_is_kept_before_it_is_used(buyer):
    """A run that is killed while it works on its answers has paid for them, and the next one need not."""
    victims = []

    def killing(call, reply):
        if call.api == HOLDER and victims and len(buyer.calls(HOLDER)) == 3:
            os.kill(victims.pop(), signal.SIGKILL)
        return reply

    buyer.change_answers(killing)
    with tap_process(buyer.kind, buyer.config, select=["shareholders"]) as process:
        victims.append(process.pid)
        process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    done = run_process(buyer.kind, buyer.config, select=["shareholders"])
    assert done.code == 0, done.log
    counts = asked(buyer, BASE) + asked(buyer, HOLDER)
    # Only the answer in whose instant it was killed cannot have been kept.
    assert sorted(counts.values())[-2:] == [1, 2]
    assert len(counts) == 5 + 6
    assert len(done.messages.records("shareholders")) == len(buyer.truth("shareholders"))


def test_two_who_want_the_same_pay_once(tmp_path):
    answers = Answers(tmp_path, "http://x")
    params, made = {"keyword": "a"}, []

    def ask():
        with answers.alone("api", params):
            if answers.get("api", params) is None:
                made.append(1)
                answers.put("api", params, {"result": 1}, NOW)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert made == [1]


# -- the budget -----------------------------------------------------------------------------------


def test_a_run_ends_with_its_budget_and_the_next_goes_on(buyer, caplog):
    """Five companies; the shareholders of one are two pages: eleven calls."""
    state, came = None, set()
    for run in range(3):
        messages = buyer.run("companies", "shareholders", state=state, paid_calls=4)
        assert messages.error is None
        came |= set(messages.latest("shareholders", buyer.names[0]))
        state = messages.state
        assert paid(buyer) == min(4 * (run + 1), 11)
        assert bool(messages.activations("shareholders")) == (run == 2), "only when complete"
    assert came == {row.key for row in buyer.box.truth("tianyancha", "buyer01", "shareholders")}
    told = [r.getMessage() for r in caplog.records if "put off" in r.getMessage()]
    assert any("1 of 5 in companies are left" in line for line in told)
    assert any(
        "the 4 calls that this run may pay for (paid_calls) are spent" in line for line in told
    )
    assert all("the next run goes on" in line for line in told)


def test_what_was_never_read_comes_before_what_is_old(buyer):
    buyer.run("companies", paid_calls=3)
    buyer.clock.sleep(40 * DAY)
    buyer.box.clear_requests()
    buyer.run("companies", paid_calls=3)
    third = [call.params["keyword"] for call in buyer.calls(BASE)]
    companies = buyer.config["accounts"][0]["companies"]
    assert third == [companies[3], companies[4], companies[0]]


def test_nothing_is_paid_for_when_nothing_may_be(buyer):
    messages = buyer.run(paid_calls=0)
    assert messages.error is None
    assert messages.of_type("RECORD") == []
    assert buyer.calls() == []


def test_a_refusal_costs_nothing_and_a_lost_answer_may(buyer):
    answers = []

    def refusing(call, reply):
        answers.append(call)
        if len(answers) == 1:
            return json_reply({"error_code": 300004, "reason": "访问频率过快"}, outcome="throttled")
        return Reply(b"{", 200, "fault:cut") if len(answers) == 2 else reply

    buyer.change_answers(refusing)
    messages = buyer.run("companies", paid_calls=6)
    assert len(messages.records("companies")) == 5
    assert len(answers) == 7


def test_a_balance_that_is_used_up_ends_the_account(buyers, caplog):
    buyers.box.set_limits(active=False, **{"tianyancha.balance": 3})
    messages = buyers.run("companies", "shareholders", fails=True)
    assert isinstance(messages.error, RunFailedError)
    assert "recharge the account" in caplog.text
    refused = [call for call in buyers.calls() if call.outcome == "rejected"]
    assert len(refused) == len(buyers.names), "nothing more is asked once it is known"


def test_no_further_page_than_needed_is_paid_for(buyer):
    buyer.run("lawsuits")
    pages = Counter(call.params["keyword"] for call in buyer.calls("services/open/jr/lawSuit/3.0"))
    assert sorted(pages.values()) == [1, 1, 1, 1, 2], "forty rows are two pages, and no third one"


def test_a_later_page_that_is_older_than_the_first_is_paid_for_again(buyer):
    buyer.run("shareholders", cache_ttls={"shareholders": "10d"})
    folder = Path(buyer.config["token_store"], "answers")
    base = sqlite3.connect(folder / "answers.sqlite")
    ((first,),) = base.execute("select count(*) from answers").fetchall()
    base.close()
    assert first == 5 + 6
    buyer.clock.sleep(11 * DAY)
    buyer.run("shareholders", cache_ttls={"shareholders": "10d"}, paid_calls=5)
    buyer.clock.sleep(3600)
    buyer.box.clear_requests()
    buyer.run("shareholders", cache_ttls={"shareholders": "20d"})
    assert [call.params["pageNum"] for call in buyer.calls(HOLDER)] in ([], ["2"])


def test_a_platform_that_does_not_turn_its_pages_is_not_paid_for_ever(buyer):
    def stuck(call, reply):
        if call.api != HOLDER:
            return reply
        rows = [{"id": n, "type": 2, "name": str(n)} for n in range(20)]
        return json_reply({"error_code": 0, "result": {"items": rows}})

    buyer.change_answers(stuck)
    messages = buyer.run("shareholders", fails=True)
    assert "two pages in a row hold the same" in str(messages.error) or messages.error
    assert len(buyer.calls(HOLDER)) == 2


# -- what is kept ---------------------------------------------------------------------------------


def test_the_answers_lie_beside_the_tokens_for_nobody_else_to_read(buyer):
    buyer.run("companies")
    file = Path(buyer.config["token_store"], "answers", "answers.sqlite")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert b"sandbox-token" not in file.read_bytes()


def test_answers_are_those_of_one_server_and_exactly_as_they_came(tmp_path):
    one, other = Answers(tmp_path, "http://a"), Answers(tmp_path, "http://b")
    one.put("api", {"b": 1, "a": "甲"}, {"result": {"x": "0.10"}}, NOW)
    assert other.get("api", {"a": "甲", "b": 1}) is None
    assert other.answered("api", {"a": "甲", "b": 1}) == EPOCH
    kept = one.get("api", {"a": "甲", "b": 1})
    assert (kept.answered, json.loads(kept.body)) == (NOW, {"result": {"x": "0.10"}})
    one.put("api", {"a": "乙"}, {}, NOW + timedelta(days=900))
    assert one.get("api", {"a": "甲", "b": 1}) is None, "long forgotten"


def test_a_damaged_file_is_told(buyer):
    folder = Path(buyer.config["token_store"], "answers")
    folder.mkdir(parents=True)
    (folder / "answers.sqlite").write_text("no database" * 100)
    with pytest.raises(ConfigurationError, match="pay for its answers anew"):
        buyer.run("companies")
    assert buyer.calls() == []


def test_a_purse_gives_what_it_holds():
    purse = Purse(2)
    assert [purse.take(), purse.take(), purse.take()] == [True, True, False]
    purse.put_back()
    assert purse.take()
