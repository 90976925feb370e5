"""What asks for single records through Meltano: the jobs for events and for a hot set, and failures."""

from __future__ import annotations

import json

import duckdb
import pytest
from end_to_end.processes import gate
from meltano_project import bookmarks, truth


@pytest.fixture
def gated(synced, shop, tmp_path):
    """A project after its first run, whose shops push their changes to an eventgate."""
    with gate(tmp_path, shop.world.gates()) as url:
        shop.push("youzan", f"{url}/push")
        synced.env["EVENTGATE_URL"] = url
        yield synced


def landed(project, table="orders"):
    with duckdb.connect(project.env["TARGET_DUCKDB_PATH"], read_only=True) as connection:
        rows = connection.execute(f"select _account, tid, _bookmark from tap_youzan.{table}")
        return {(account, tid): mark[:19] for account, tid, mark in rows.fetchall()}


def syncops(project, *arguments, code=0):
    done = project.meltano("--log-level=error", "invoke", "syncops", *arguments)
    assert done.returncode == code, (done.stdout + done.stderr)[-3000:]
    return done.stdout


def owed(project, code=0):
    found = json.loads(syncops(project, "failures", "list", "--json", code=code))["failures"]
    return [(failure["stream"], failure["key"], failure["condition"]) for failure in found]


def test_events_failures_and_a_hot_set(gated, shop):
    account = shop.accounts("youzan")[0]
    before = bookmarks(gated.state(), "orders")
    changed = shop.mutate("youzan", account, "orders", "update", count=2)
    new = shop.mutate("youzan", account, "orders", "insert", count=2)
    hidden = {new[0]}
    platform = shop.world.platform("youzan")
    find = platform.dataset(account, "orders").find
    platform.dataset(account, "orders").find = lambda key: None if key in hidden else find(key)
    shop.pushed(30)
    events = {"url": gated.env["EVENTGATE_URL"], "only": True, "wait": 0}
    quick = {
        "TAP_YOUZAN__EVENTS_EVENTS": json.dumps(events),
        "TAP_YOUZAN_FAILURE_ATTEMPTS": "1",
        "TAP_YOUZAN_FAILURE_WAIT": "0.1",
    }
    shop.clear_requests()
    log = gated.run("tap-youzan--events", "target-duckdb", **quick)
    assert "4 records are asked for again" in log
    assert not [r for r in shop.requests("youzan") if "start_update" in r.params]
    assert {new[1], *changed} <= {key for _, key in landed(gated)}
    gated.run("tap-youzan--events", "target-duckdb", **quick)
    parked = [("order_details", new[0], "parked"), ("orders", new[0], "parked")]
    assert sorted(owed(gated, code=1)) == parked
    assert bookmarks(gated.state(), "orders") == before, "the bookmarks are those of the other run"

    # Then it comes, and is asked for on request.
    hidden.clear()
    told = syncops(gated, "failures", "retry", "--state", "parked", "--yes", "--run")
    assert "None of them is owed any more" in told
    assert owed(gated) == []
    assert landed(gated) == truth(shop)
    assert landed(gated, "order_details") == truth(shop, "order_details")

    # A hot set, chosen by SQL: nothing else is asked for.
    keys = sorted(key for shop_id, key in truth(shop) if shop_id == account)[:3]
    sql = f"select _account, tid from tap_youzan.orders where tid in ({str(keys)[1:-1]})"
    syncops(gated, "hotset", "tap-youzan", "--stream", "order_details", "--sql", sql)
    shop.clear_requests()
    gated.run("tap-youzan--hot", "target-duckdb")
    asked = [r.params["tid"] for r in shop.requests("youzan") if "tid" in r.params]
    assert sorted(asked) == keys
    assert bookmarks(gated.state(), "orders") == before
