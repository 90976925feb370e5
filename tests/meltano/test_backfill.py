"""A backfill as an operator starts it: through Meltano, killed, beside the live state."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from datetime import datetime, timedelta, timezone

import duckdb
import psycopg
from meltano_project import COMMAND_SECONDS, calls, end_group, truth, wait_for_calls

EL = ("tap-youzan", "target-duckdb")
DETAILS = "youzan.trade.get"
TABLES = ("orders", "order_details")
STREAMS = (
    ("orders", "orders", "tid"),
    ("order_details", "orders", "tid"),
    ("refunds", "refunds", "refund_id"),
    ("refund_details", "refunds", "refund_id"),
)


def landed(project, table: str) -> dict[tuple[str, str], str]:
    with duckdb.connect(project.env["TARGET_DUCKDB_PATH"], read_only=True) as connection:
        rows = connection.execute(
            f"SELECT _account, tid, left(_bookmark, 19) FROM tap_youzan.{table}"
        ).fetchall()
    return {(account, tid): time for account, tid, time in rows}


def wait_for_state(project, process) -> None:
    """Wait until the backfill has saved a state of its own."""
    path = project.env["MELTANO_DATABASE_URI"].removeprefix("sqlite:///")
    deadline = time.monotonic() + COMMAND_SECONDS
    saved = 0
    while not saved:
        assert process.poll() is None, "it ended before it saved a state"
        assert time.monotonic() < deadline, "it saved no state"
        with closing(sqlite3.connect(path)) as connection:
            (saved,) = connection.execute(
                "SELECT count(*) FROM state WHERE state_id LIKE '%:backfill-%'"
            ).fetchone()
        time.sleep(0.05)


def test_a_killed_backfill_goes_on_and_leaves_the_live_bookmarks_alone(synced, shop):
    whole = truth(shop)
    with duckdb.connect(synced.env["TARGET_DUCKDB_PATH"]) as connection:
        for table in TABLES:
            connection.execute(f"DELETE FROM tap_youzan.{table}")
    before = synced.state()
    shop.clear_requests()
    command = [
        "syncops", "backfill", *EL, "--stream", "orders", "--stream", "order_details",
        "--last", "40d", "--budget-share", "0.9", "--yes",
    ]  # fmt: skip
    # Small windows and batches, so that there is a state to go on from.
    small = {
        "TAP_YOUZAN_WINDOW_RECORDS": "8",
        "TAP_YOUZAN_CONCURRENCY": "2",
        "TARGET_DUCKDB_BATCH_ROWS": "8",
    }
    env = {**synced.env, **small}
    shop.world.latency_ms = 200.0
    process = subprocess.Popen(
        command, cwd=synced.root, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    wait_for_state(synced, process)
    wait_for_calls(shop, DETAILS, 60, process)
    end_group(process, signal.SIGKILL)
    shop.world.latency_ms = 0.0
    (own,) = synced.state_ids() - {"demo:tap-youzan-to-target-duckdb"}
    assert ":backfill-" in own
    assert synced.state() == before
    read = calls(shop, DETAILS)
    done = synced.command(*command, "--force", **small)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Going on with" in done.stderr
    assert calls(shop, DETAILS) - read < len(whole), "it went on where it stopped"
    assert landed(synced, "orders") == landed(synced, "order_details") == whole
    assert synced.state() == before
    assert own not in synced.state_ids()


def test_the_weekly_job_reads_the_last_days_of_all_its_streams(project, shop, database):
    week = timedelta(days=7)
    first = f"{datetime.now(timezone.utc) - week:%Y-%m-%dT%H:%M:%S}"
    postgres = {f"TARGET_POSTGRES_{word.upper()}": value for word, value in database.items()}
    project.run("youzan-resync-7d", **postgres)
    last = f"{datetime.now(timezone.utc) - week:%Y-%m-%dT%H:%M:%S}"
    with psycopg.connect(**database) as connection:
        for stream, entity, key in STREAMS:
            rows = connection.execute(
                f"SELECT _account, {key}, left(_bookmark, 19) FROM tap_youzan.{stream}"
            ).fetchall()
            found = {(account, str(identifier)): time for account, identifier, time in rows}
            whole = truth(shop, entity)
            recent = {row: time for row, time in whole.items() if time > last}
            assert found.items() >= recent.items(), stream
            assert recent
            assert all(whole[row] == time >= first for row, time in found.items()), stream
    assert project.state_ids() == set(), "it was done, and there is no live sync"
