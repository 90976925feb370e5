"""Reconciling as an operator does it: through Meltano, beside the live state."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
from meltano_project import truth

EL = ("tap-youzan", "target-duckdb")


def execute(project, *statements: str) -> None:
    with duckdb.connect(project.env["TARGET_DUCKDB_PATH"]) as connection:
        for statement in statements:
            connection.execute(statement)


def landed(project, table: str) -> dict[tuple[str, str], str]:
    with duckdb.connect(project.env["TARGET_DUCKDB_PATH"], read_only=True) as connection:
        rows = connection.execute(
            f"SELECT _account, tid, left(_bookmark, 19) FROM tap_youzan.{table}"
        ).fetchall()
    return {(account, tid): time for account, tid, time in rows}


def test_differences_are_found_and_repaired_within_the_calls_allowed(synced, shop):
    first, second = shop.accounts("youzan")
    ids = {
        account: sorted(k for a, k in truth(shop) if a == account) for account in (first, second)
    }
    lost, stale = {(first, ids[first][3]), (second, ids[second][50])}, ids[first][30]
    execute(
        synced,
        *(f"DELETE FROM tap_youzan.orders WHERE tid = '{tid}'" for _, tid in lost),
        "UPDATE tap_youzan.orders SET _version = '2000', _bookmark = "
        f"left((SELECT min(_bookmark) FROM tap_youzan.orders), 24) || '@{stale}' WHERE tid = '{stale}'",
    )
    before, state_ids = synced.state(), synced.state_ids()
    shop.clear_requests()
    done = synced.command(
        "syncops", "reconcile", *EL, "--stream", "orders", "--last", "40d", "--repair", "--json",
        "--max-calls", "400",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["calls"] == len(shop.requests("youzan")) <= 400
    parts = json.loads(Path(told["plan"]).read_text(encoding="utf-8"))["parts"]
    assert {(p["account"], one["id"]) for p in parts for one in p["missing"]} == lost
    assert {(p["account"], one["id"]) for p in parts for one in p["stale"]} == {(first, stale)}
    assert all(line["repaired"] and line["surplus"] == 0 for line in told["results"])
    assert landed(synced, "orders") == truth(shop)
    assert synced.state() == before
    assert synced.state_ids() == state_ids
    with duckdb.connect(synced.env["TARGET_DUCKDB_PATH"], read_only=True) as connection:
        (number,) = connection.execute("SELECT sum(count) FROM tap_youzan._counts").fetchone()
    assert number >= len(truth(shop))
