"""`syncops hotset`: ids by SQL from the loader's database into the file that the hot job reads."""

from __future__ import annotations

import json

import duckdb
import pytest
from openplatform.hotset import read

LOADER = """
plugins:
  loaders:
  - name: target-duckdb
    namespace: target_duckdb
    executable: target-warehouse
    settings: [{name: path}]
"""


@pytest.fixture
def shop(fresh_project, monkeypatch):
    """A project whose warehouse holds the items of two shops."""
    file = fresh_project.root / "meltano.yml"
    file.write_text(file.read_text() + LOADER)
    monkeypatch.setenv("TARGET_DUCKDB_PATH", "shop.duckdb")
    with duckdb.connect(str(fresh_project.root / "shop.duckdb")) as connection:
        connection.execute("create table items (_account varchar, item_id bigint, hot boolean)")
        connection.execute(
            "insert into items values ('a', 11, true), ('a', 12, false), ('b', 13, true)"
        )
    return fresh_project


def hot(shop):
    return json.loads((shop.root / "output" / "hot" / "youzan.json").read_text())


def choose(shop, sql, *more, stream="items", tap="tap-youzan"):
    return shop.syncops("hotset", tap, "--stream", stream, "--sql", sql, *more)


def test_one_column_holds_ids_and_two_hold_accounts_as_well(shop):
    done = choose(shop, "select item_id from items where hot order by 1")
    assert done.exit_code == 0, done.output
    assert "2 ids of items" in done.stdout
    assert hot(shop) == {"items": ["11", "13"]}
    by_account = "select _account, item_id from items order by 2"
    assert choose(shop, by_account, stream="item_details").exit_code == 0
    both = {"items": ["11", "13"], "item_details": {"a": ["11", "12"], "b": ["13"]}}
    assert hot(shop) == both, "the other stream stays"
    config = {"hot_set_file": str(shop.root / "output" / "hot" / "youzan.json")}
    assert set(read(config, ["items", "item_details"])) == set(both), "the tap reads it"


def test_the_hot_part_of_a_tap_has_the_same_file(shop):
    assert choose(shop, "select 1", tap="tap-youzan--hot").exit_code == 0
    assert hot(shop) == {"items": ["1"]}


def test_nothing_found_empties_the_stream(shop):
    assert choose(shop, "select 1").exit_code == 0
    done = choose(shop, "select item_id from items where false", "--json")
    assert json.loads(done.stdout)["ids"] == 0
    assert hot(shop) == {"items": []}


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("select item_id from orders", "orders"),
        ("select * from items", "one column (ids) or two"),
        ("delete from items", "read-only"),
        ("select i from range(100001) t(i)", "no hot set"),
    ],
)
def test_what_is_no_query_for_ids_is_told_and_writes_nothing(shop, sql, said):
    done = choose(shop, sql)
    assert done.exit_code == 1
    assert said in done.stderr
    assert "Traceback" not in done.output
    assert not (shop.root / "output").exists()
    with duckdb.connect(str(shop.root / "shop.duckdb"), read_only=True) as connection:
        assert connection.execute("select count(*) from items").fetchall() == [(3,)]


def test_a_damaged_file_is_not_overwritten(shop):
    file = shop.root / "hot.json"
    file.write_text("[1]")
    done = choose(shop, "select 1", "--output", "hot.json")
    assert done.exit_code == 1
    assert "Mend or remove it" in done.stderr
    assert file.read_text() == "[1]"
