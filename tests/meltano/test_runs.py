"""`meltano run tap-youzan target-duckdb`, from the first time to the bad days."""

from __future__ import annotations

import signal

import duckdb
import pytest
from meltano_project import STATE_ID, bookmarks, calls, end_group, truth, wait_for_calls

DETAILS = "youzan.trade.get"
EL = ("tap-youzan", "target-duckdb")
# Entities of the sandbox, and the table and the key column in which they land.
TABLES = {"orders": "tid", "order_details": "tid", "refunds": "refund_id", "items": "item_id"}


def warehouse(project, table="orders", key="tid") -> dict[tuple[str, str], str]:
    """Return (account, key) -> bookmark (or the read time, for full-table streams)."""
    with duckdb.connect(project.env["TARGET_DUCKDB_PATH"], read_only=True) as connection:
        columns = {row[0] for row in connection.execute(f"describe tap_youzan.{table}").fetchall()}
        mark = "_bookmark" if "_bookmark" in columns else "null"
        rows = connection.execute(
            f"select _account, {key}, {mark} from tap_youzan.{table}"
        ).fetchall()
    found = {(account, str(identifier)): mark for account, identifier, mark in rows}
    assert len(found) == len(rows), f"a key stands twice in {table}"
    return found


def assert_same(project, shop):
    """Every order of the platform is in the warehouse, in its last version, and no other."""
    for table, key in TABLES.items():
        assert warehouse(project, table, key).keys() == truth(shop, table).keys(), table
    landed = {key: mark[:19] for key, mark in warehouse(project).items()}
    assert landed == truth(shop)


def test_a_clean_clone_runs_at_once(clone, shop):
    assert not (clone.root / ".meltano").exists()
    clone.run(*EL)
    assert_same(clone, shop)
    assert STATE_ID in clone.state_ids()


def test_the_second_run_reads_only_what_is_new(synced, shop):
    account = shop.accounts("youzan")[0]
    changed = shop.mutate("youzan", account, "orders", "update", count=3)
    new = shop.mutate("youzan", account, "orders", "insert", count=2)
    before = bookmarks(synced.state(), "orders")
    synced.run(*EL)
    assert calls(shop, DETAILS) == len({*changed, *new})
    assert_same(synced, shop)
    after = bookmarks(synced.state(), "orders")
    assert all(after[account] > before[account] for account in before)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda s: s.name)
def test_an_interrupted_run_goes_on_where_it_stopped(project, shop, number):
    shop.world.latency_ms = 30.0  # so that there is a middle in which to stop it
    process = project.start("run", *EL)
    wait_for_calls(shop, DETAILS, 40, process)
    end_group(process, number)
    assert process.returncode != 0
    shop.world.latency_ms = 0.0
    # After SIGKILL Meltano cannot know that the other run is dead, until its heartbeat is old.
    project.run("--force", *EL)
    assert_same(project, shop)


def test_a_killed_tap_fails_the_run_and_loses_nothing(project, shop):
    import psutil

    shop.world.latency_ms = 30.0
    process = project.start("run", *EL)
    wait_for_calls(shop, DETAILS, 40, process)
    (tap,) = (
        child
        for child in psutil.Process(process.pid).children(recursive=True)
        if any(part.endswith("/tap-youzan") for part in child.cmdline())
    )
    tap.kill()
    assert process.wait(timeout=120) != 0
    shop.world.latency_ms = 0.0
    project.run(*EL)
    assert_same(project, shop)


def test_full_refresh_reads_everything_again(synced, shop):
    before = bookmarks(synced.state(), "orders")
    synced.run(*EL, "--full-refresh")
    assert calls(shop, DETAILS) == len(truth(shop))
    assert_same(synced, shop)
    after = bookmarks(synced.state(), "orders")
    assert after.keys() == before.keys()
    assert all(after[account] >= before[account] for account in before)


def test_a_suffix_keeps_a_second_line_of_bookmarks(synced, shop):
    synced.run(*EL, "--state-id-suffix=trial")
    assert calls(shop, DETAILS) == len(truth(shop)), "the second line began at the beginning"
    assert {STATE_ID, f"{STATE_ID}:trial"} <= synced.state_ids()
    assert_same(synced, shop)


def test_one_account_alone_leaves_the_other_bookmarks(synced, shop):
    first, second = shop.accounts("youzan")
    before = bookmarks(synced.state(), "orders")
    shop.mutate("youzan", first, "orders", "update", count=2)
    synced.run(*EL, TAP_YOUZAN_ACCOUNTS=f'[{{"id": "{first}"}}]')
    after = bookmarks(synced.state(), "orders")
    assert after[second] == before[second]
    assert after[first] > before[first]
    assert_same(synced, shop)


def test_rewind_lets_the_next_run_read_again(synced, shop):
    done = synced.meltano(
        "invoke", "syncops", "bookmarks", "rewind", "--state-id", STATE_ID,
        "--stream", "order*", "--to", "-60d", "--yes",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    synced.run(*EL)
    assert calls(shop, DETAILS) == len(truth(shop))
    assert_same(synced, shop)
