"""Misbehaviour on purpose, churn, the log and the controls, as a client meets them."""

from __future__ import annotations

import json
import time

import pytest
import requests
from sandbox import Faults, ManualClock, Sandbox, SandboxSettings
from sandbox.faults import FaultPlan
from sandbox.log import redact
from sandbox.settings import FAULT_KINDS

KEY = {"X-Lab-Key": "sandbox-lab-key-lab1"}
NOW = 1_795_254_000


@pytest.fixture
def session():
    with requests.Session() as made:
        made.trust_env = False
        made.headers.update(KEY)
        yield made


def fetch(session, box, **params):
    return session.get(f"{box.url}/lab/orders/pages", params=params, timeout=5)


def test_every_kind_of_fault_as_a_client_sees_it(session, make_sandbox):
    box = make_sandbox(size=50)

    def only(**rates):
        box.set_faults(**dict.fromkeys(FAULT_KINDS, 0.0), streak=100)
        box.set_faults(**rates)

    only(throttle=1)
    assert fetch(session, box).json()["code"] == 1002
    only(too_many=1, retry_after=7)
    answer = fetch(session, box)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    only(server_error=1)
    assert fetch(session, box).status_code == 500
    only(html=1)
    answer = fetch(session, box)
    assert answer.status_code == 200
    assert answer.text.startswith("<html>")
    only(cut=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        fetch(session, box)
    only(hang=1, hang_seconds=0.2)
    begin = time.monotonic()
    with pytest.raises(requests.exceptions.RequestException):
        fetch(session, box)
    assert time.monotonic() - begin >= 0.2
    only(empty=1)
    answer = fetch(session, box).json()
    assert (answer["rows"], answer["total"]) == ([], 50)
    only()
    assert len(fetch(session, box).json()["rows"]) == 50
    outcomes = {entry.outcome for entry in box.requests("lab")}
    assert outcomes == {f"fault:{kind}" for kind in FAULT_KINDS if kind != "expire"} | {"ok"}


def test_expired_tokens_in_mid_run(make_sandbox):
    box = make_sandbox(size=5)
    base = box.base_url("youzan")
    body = {
        "client_id": "sandbox-client",
        "client_secret": "sandbox-client-secret",
        "authorize_type": "silent",
        "grant_id": box.accounts("youzan")[0],
        "refresh": False,
    }
    token = requests.post(f"{base}/auth/token", json=body, timeout=5).json()["data"]["access_token"]
    box.set_faults(expire=1.0)
    url = f"{base}/api/youzan.trades.sold.get/4.0.4?access_token={token}"
    assert requests.post(url, json={}, timeout=5).json()["gw_err_resp"]["err_code"] == 4202


@pytest.mark.parametrize(
    ("slug", "path", "wanted"),
    [
        ("youzan", "api/youzan.trades.sold.get/4.0.4", ("gw_err_resp", "err_code", 4101)),
        ("kuaishou_shop", "open/order/cursor/list", ("result", None, 1016)),
        ("wecom", "cgi-bin/user/list", ("errcode", None, 45009)),
    ],
)
def test_throttling_is_told_in_each_platforms_own_words(make_sandbox, slug, path, wanted):
    box = make_sandbox(size=5, faults=Faults(throttle=1.0))
    answer = requests.get(f"{box.base_url(slug)}/{path}", timeout=5)
    assert answer.status_code == 200
    outer, inner, code = wanted
    content = answer.json()[outer]
    assert (content[inner] if inner else content) == code


def test_faults_are_decided_by_seed_and_number_and_never_win_for_long():
    plan = FaultPlan(Faults(server_error=0.5, cut=0.5), seed=3)
    decisions = [plan.decide(number, "lab", "the same call") for number in range(1, 200)]
    again = FaultPlan(Faults(server_error=0.5, cut=0.5), seed=3)
    assert decisions == [again.decide(number, "lab", "the same call") for number in range(1, 200)]
    streak = longest = 0
    for decision in decisions:
        streak = streak + 1 if decision else 0
        longest = max(longest, streak)
    assert longest == 2
    assert set(decisions) == {"", "server_error", "cut"}


def test_tokens_do_not_die_again_at_once():
    plan = FaultPlan(Faults(expire=1.0), seed=1)
    decisions = [plan.decide(number, "youzan", number) for number in range(1, 42)]
    assert [place for place, kind in enumerate(decisions) if kind] == [0, 20, 40]


def test_a_cut_answer_never_costs_a_grant(make_sandbox):
    box = make_sandbox(size=5, faults=Faults(cut=1.0, streak=1))
    config = box.config("kuaishou_shop")
    fields = {
        "grant_type": "refresh_token",
        "refresh_token": config["accounts"][0]["refresh_token"],
        "app_id": config["app_key"],
        "app_secret": config["app_secret"],
    }
    url = f"{config['base_url']}/oauth2/refresh_token"
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.post(url, data=fields, timeout=5)
    assert requests.post(url, data=fields, timeout=5).json()["result"] == 1


def test_our_own_mistakes_are_told(session, make_sandbox, monkeypatch, caplog):
    box = make_sandbox(size=5)

    def broken(_call):
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(box.world.platform("lab"), "handle", broken)
    answer = fetch(session, box)
    assert answer.status_code == 500
    assert "the sandbox itself failed: ZeroDivisionError" in answer.json()["error"]
    assert "the sandbox failed on GET /orders/pages" in caplog.text
    assert box.requests()[-1].outcome == "broken"


def test_unknown_churn_settings_are_named(sandbox):
    with pytest.raises(ValueError, match="unknown churn setting rat"):
        sandbox.set_churn(1, rat=2)


def test_unknown_faults_are_named():
    with pytest.raises(ValueError, match="unknown fault setting thunder"):
        FaultPlan(Faults(), 1).set({"thunder": 1.0})


def test_a_patient_client_reads_everything_through_faults(session, make_sandbox):
    rates = Faults(throttle=0.1, too_many=0.1, server_error=0.1, cut=0.1, html=0.1)
    box = make_sandbox(size=500, faults=rates)
    rows, page, tries = [], 1, 0
    while len(rows) < 500:
        tries += 1
        assert tries < 60
        try:
            rows += fetch(session, box, page=page, size=50).json()["rows"]
        except (ValueError, KeyError, requests.RequestException):
            continue
        page += 1
    assert rows == [row.record for row in box.truth("lab", "lab1", "orders")]
    assert tries > 10


def test_churn_happens_between_requests_and_never_inside_one(session, make_sandbox):
    box = make_sandbox(size=300, churn=500, clock=ManualClock(NOW))
    totals = []
    for _ in range(20):
        answer = fetch(session, box, size=1000).json()
        assert answer["total"] == len(answer["rows"])
        totals.append(answer["total"])
    assert totals[-1] > 300
    status = session.get(f"{box.url}/_sandbox/status.json").json()
    assert sum(status["churn"]["made"].values()) == 100
    box.set_churn(0)
    before = fetch(session, box, size=1000).json()
    assert fetch(session, box, size=1000).json() == before
    assert before["rows"] == [row.record for row in box.truth("lab", "lab1", "orders")]
    assert {row["version"] for row in before["rows"]} >= {1, 2}


def test_rows_that_vanish_are_told_apart(session, make_sandbox):
    box = make_sandbox(size=300, churn=200, deletions=0.5)
    for _ in range(30):
        session.get(f"{box.url}/lab/items/pages")
    gone = box.deleted_keys("lab", "lab1", "items")
    assert gone
    assert not set(gone) & {row.key for row in box.truth("lab", "lab1", "items")}


def test_the_log_counts_and_hides_secrets(session, make_sandbox):
    box = make_sandbox(size=50, log_size=10)
    for page in range(1, 13):
        fetch(session, box, page=page, size=2, token="private")
    assert box.counts()["lab", "lab1", "orders/pages", "ok"] == 12
    entries = box.requests("lab", api="orders/pages", account="lab1")
    assert [entry.number for entry in entries] == list(range(3, 13))
    assert entries[-1].params == {"page": "12", "size": "2", "token": "***"}
    assert "private" not in session.get(f"{box.url}/_sandbox/requests.json").text
    box.clear_requests()
    assert box.counts() == {}
    assert redact({"a": [{"app_secret": "x", "b": 1}]}) == {"a": [{"app_secret": "***", "b": 1}]}


def test_the_same_over_http(session, make_sandbox):
    box = make_sandbox(size=40, clock=ManualClock(NOW))

    def post(place, **body):
        return session.post(f"{box.url}/_sandbox/{place}", json=body)

    place = {"platform": "lab", "account": "lab1", "entity": "items"}
    assert post("mutate", **place, kind="delete", count=2).json()["ok"] is True
    lines = session.get(f"{box.url}/_sandbox/truth", params=place).text.splitlines()
    assert len(lines) == 6
    assert set(json.loads(lines[0])) == {"key", "update_time", "version", "record"}
    assert json.loads(lines[0])["update_time"].endswith("Z")
    assert len(session.get(f"{box.url}/_sandbox/deleted", params=place).json()["keys"]) == 2
    assert post("churn", rate=5).json()["rate"] == 5
    assert box.world.churn.rate == 5
    post("faults", cut=0.25)
    assert box.world.plan.faults.cut == 0.25
    post("latency", ms=1)
    assert post("clock/advance", seconds=10).json()["now"] == NOW + 10
    assert post("tokens/expire", platform="youzan").json()["expired"] == 0
    fetch(session, box)
    post("requests/clear")
    assert box.counts() == {}
    assert post("limits", **{"lab.calls": 1}).json()["numbers"] == {"lab.calls": 1}
    assert fetch(session, box).json()["ok"] is True
    assert fetch(session, box).json()["ok"] is False
    for wrong in (
        post("mutate", platform="none"),
        post("mutate", **place, kind="explode"),
        post("faults", thunder=1),
        session.get(f"{box.url}/_sandbox/truth", params={"platform": "lab"}),
    ):
        assert wrong.status_code == 400
        assert wrong.json()["error"]
    assert post("nowhere").status_code == 404
    assert session.get(f"{box.url}/nowhere/x").status_code == 404


def test_the_page_is_self_contained(session, sandbox):
    page = session.get(f"{sandbox.url}/_sandbox/")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "https://" not in page.text
    assert "http://" not in page.text


def test_keyed_changes_and_their_truth(make_sandbox):
    box = make_sandbox(size=20)
    key = next(box.truth("lab", "lab1", "orders")).key
    box.mutate("lab", "lab1", "orders", keys=[key])
    last = list(box.truth("lab", "lab1", "orders"))[-1]
    assert (last.key, last.version, last.record["seller_memo"]) == (key, 2, "v2")
    with pytest.raises(KeyError, match="no living row 77"):
        box.mutate("lab", "lab1", "orders", keys=["77"])
    with pytest.raises(KeyError, match="it has lab1, lab2"):
        box.mutate("lab", "nobody", "orders")
    with pytest.raises(KeyError, match="it has orders, items"):
        list(box.truth("lab", "lab1", "nothing"))


def test_two_sandboxes_with_one_seed_agree():
    with Sandbox(SandboxSettings(size=30)) as one, Sandbox(SandboxSettings(size=30)) as two:
        assert one.url != two.url
        for platform in one.world.platforms.values():
            account = platform.accounts[0]
            for stream in platform.streams():
                first = [row.key for row in one.truth(platform.slug, account, stream)]
                assert first == [row.key for row in two.truth(platform.slug, account, stream)]
                assert first
                assert len(first) == len(set(first))
