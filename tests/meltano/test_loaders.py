"""Other loaders with our taps, and another tap with our target."""

from __future__ import annotations

import json
import os

import duckdb
import psycopg
import pytest
import yaml
from meltano_project import truth


def target_postgres(database) -> dict[str, str]:
    """Return the settings of our own loader for PostgreSQL."""
    return {f"TARGET_POSTGRES_{word.upper()}": value for word, value in database.items()}


def target_postgres_meltanolabs(database) -> dict[str, str]:
    """Return the settings of MeltanoLabs' loader; a Unix socket needs its URL form."""
    url = "postgresql+psycopg://{user}@/{dbname}?host={host}".format(**database)
    return {"TARGET_POSTGRES_MELTANOLABS_SQLALCHEMY_URL": url}


@pytest.mark.parametrize("settings", [target_postgres, target_postgres_meltanolabs])
def test_postgres_holds_what_the_platform_holds(project, shop, database, settings):
    loader = settings.__name__.replace("_", "-")
    project.run("tap-youzan", loader, **settings(database))
    account = shop.accounts("youzan")[0]
    shop.mutate("youzan", account, "orders", "update", count=4)
    project.run("tap-youzan", loader, **settings(database))
    with psycopg.connect(**database) as connection:
        rows = connection.execute(
            "select _account, tid, _bookmark from tap_youzan.orders"
        ).fetchall()
    assert {(account, tid): mark[:19] for account, tid, mark in rows} == truth(shop)
    assert len(rows) == len(truth(shop))


def test_jsonl_holds_what_the_platform_holds(project, shop, tmp_path):
    project.run("tap-youzan", "target-jsonl")
    lines = (tmp_path / "orders.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    assert {(r["_account"], r["tid"]): r["_bookmark"][:19] for r in rows} == truth(shop)


def test_the_jobs_divide_the_streams_and_miss_none(project, shop, database):
    settings = target_postgres(database)
    project.run("youzan-hourly", **settings)
    with psycopg.connect(**database) as connection:
        hourly = tables(connection)
    project.run("youzan-full-nightly", **settings)
    with psycopg.connect(**database) as connection:
        both = tables(connection)
        (orders,) = connection.execute("select count(*) from tap_youzan.orders").fetchone()
    assert {"orders", "refunds"} <= hourly
    assert "items" not in hourly
    assert "items" in both
    assert orders == len(truth(shop))
    assert {
        "demo:tap-youzan--hourly-to-target-postgres",
        "demo:tap-youzan--full-to-target-postgres",
    } <= project.state_ids()


def test_a_schedule_runs_its_job(project, shop, database):
    done = project.meltano("schedule", "run", "youzan-hourly", **target_postgres(database))
    assert done.returncode == 0, done.stderr[-3000:]
    with psycopg.connect(**database) as connection:
        (orders,) = connection.execute("select count(*) from tap_youzan.orders").fetchone()
    assert orders == len(truth(shop))


def tables(connection) -> set[str]:
    listing = "select table_name from information_schema.tables where table_schema = 'tap_youzan'"
    return {name for (name,) in connection.execute(listing).fetchall()}


# The community's tap for JSON lines: another author, another SDK version, its own shapes.
TAP_JSONL = {
    "name": "tap-jsonl",
    "namespace": "tap_jsonl",
    "pip_url": "--no-config tap-jsonl==0.3.1",
    "executable": "tap-jsonl",
    "capabilities": ["catalog", "discover", "state"],
    "settings": [
        {"name": "path"},
        {"name": "stream_name"},
        {"name": "primary_keys", "kind": "array"},
    ],
}


def test_a_community_tap_loads_into_our_target(clone, tmp_path):
    fragment = {"plugins": {"extractors": [TAP_JSONL]}}
    (clone.root / "plugins" / "test.meltano.yml").write_text(
        yaml.safe_dump(fragment), encoding="utf-8"
    )
    source = tmp_path / "people.jsonl"
    settings = {
        "TAP_JSONL_PATH": str(source),
        "TAP_JSONL_STREAM_NAME": "people",
        "TAP_JSONL_PRIMARY_KEYS": '["id"]',
    }
    wang, li = {"id": 1, "name": "王小明", "score": 1.5}, {"id": 2, "name": "李雷", "score": None}
    # The tap takes the file's time for the time of its rows.
    for seconds, people in enumerate([[wang, li], [{**wang, "name": "王大明", "score": 2.25}]]):
        source.write_text("".join(json.dumps(one) + "\n" for one in people), encoding="utf-8")
        os.utime(source, (1_760_000_000 + seconds, 1_760_000_000 + seconds))
        clone.run("tap-jsonl", "target-duckdb", **settings)
    with duckdb.connect(clone.env["TARGET_DUCKDB_PATH"], read_only=True) as connection:
        rows = connection.execute(
            "select id, name, score from tap_jsonl.people order by id"
        ).fetchall()
    assert [(int(i), name, score and float(score)) for i, name, score in rows] == [
        (1, "王大明", 2.25),
        (2, "李雷", None),
    ]
