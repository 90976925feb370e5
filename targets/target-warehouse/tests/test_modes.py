"""The modes that act on full reads: soft_delete, overwrite, snapshot, history; and their guard."""

from __future__ import annotations

import itertools
import json

import pytest
from target_warehouse.errors import ContractError, GuardError, InputError

from .singer import activate, incremental, order, record, schema, state

V1, V2, V3 = 1763625600000, 1763712000000, 1763798400000


def users(version: int, *identifiers: str, account: str = "a", name: str = "x"):
    return [record("users", i, name, account=account, version=version) for i in identifiers]


def live(warehouse, table: str = "users"):
    found = warehouse.rows(
        f"SELECT _account, id FROM {table} WHERE _deleted_at IS NULL ORDER BY 1, 2"
    )
    return ["".join(row) for row in found]


# -- soft_delete ---------------------------------------------------------------------------------


def soft(warehouse, *messages, **settings):
    return warehouse.load(
        schema(), *messages, load_mode="soft_delete", **{"max_delete_share": 1, **settings}
    )


def test_soft_delete_marks_exactly_what_vanished_and_revives(warehouse):
    soft(warehouse, *users(V1, "1", "2", "3"), activate("users", V1))
    assert live(warehouse) == ["a1", "a2", "a3"]
    soft(warehouse, *users(V2, "1", "3"), activate("users", V2))
    assert live(warehouse) == ["a1", "a3"]
    marked = "SELECT cast(_deleted_at AT TIME ZONE 'UTC' AS text) FROM users WHERE id = '2'"
    assert warehouse.rows(marked) == [("2025-11-21 08:00:00",)]
    soft(warehouse, *users(V3, "1", "2"), activate("users", V3))
    assert live(warehouse) == ["a1", "a2"]


def test_a_row_seen_again_unchanged_stays(warehouse):
    """Its version is not newer, so nothing is rewritten; that it was seen must count all the same."""
    same = {"_bookmark": "2026-11-20T08:00:00.000Z@1"}
    spec = schema(bookmark=["_bookmark"], _bookmark={"type": "string"})
    for version in (V1, V2):
        warehouse.load(
            spec,
            *[record("users", i, f"v{version}", version=version, **same) for i in "12"],
            activate("users", version),
            load_mode="soft_delete",
        )
    rows = warehouse.rows("SELECT name, _table_version, _deleted_at FROM users")
    assert rows == [(f"v{V1}", V2, None)] * 2


def test_soft_delete_keeps_to_its_scope(warehouse):
    soft(warehouse, *users(V1, "1", "2"), *users(V1, "1", "2", account="b"), activate("users", V1))
    soft(warehouse, *users(V2, "1"), activate("users", V2, _account="a"))
    assert live(warehouse) == ["a1", "b1", "b2"]


def test_without_activation_nothing_is_marked(warehouse):
    soft(warehouse, *users(V1, "1", "2"), activate("users", V1))
    soft(warehouse, *users(V2, "1"), state("interrupted"))
    assert live(warehouse) == ["a1", "a2"]


def test_a_late_replay_of_an_older_read_revives_nothing(warehouse):
    soft(warehouse, *users(V1, "1", "2"), activate("users", V1))
    soft(warehouse, *users(V3, "1"), activate("users", V3))
    soft(warehouse, *users(V2, "2"))
    assert live(warehouse) == ["a1"]


def test_a_record_outside_of_full_reads_revives(warehouse):
    soft(warehouse, *users(V1, "1", "2"), activate("users", V1))
    soft(warehouse, *users(V2, "1"), activate("users", V2))
    soft(warehouse, record("users", "2", "back"))
    assert live(warehouse) == ["a1", "a2"]


def test_activation_twice_changes_nothing(warehouse):
    soft(warehouse, *users(V1, "1", "2"), activate("users", V1))
    for _ in range(2):
        soft(warehouse, *users(V2, "1"), activate("users", V2))
    assert live(warehouse) == ["a1"]


def test_a_read_with_quarantined_records_marks_nothing(warehouse):
    soft(warehouse, *users(V1, "1", "2"), activate("users", V1))
    bad = record("users", "2", version=V2)
    bad["record"]["name"] = 5
    soft(warehouse, *users(V2, "1"), bad, activate("users", V2))
    assert live(warehouse) == ["a1", "a2"]


# -- the guard -----------------------------------------------------------------------------------

FULL_MODES = ["soft_delete", "overwrite", "snapshot"]


def visible(warehouse, mode: str) -> int:
    table = {"snapshot": "users_latest"}.get(mode, "users")
    where = "WHERE _deleted_at IS NULL" if mode == "soft_delete" else ""
    return warehouse.count(f"SELECT count(*) FROM {table} {where}")


@pytest.mark.parametrize("mode", FULL_MODES)
def test_guard_stops_a_shrunken_read(warehouse, mode):
    names = [str(n) for n in range(20)]
    warehouse.load(schema(), *users(V1, *names), activate("users", V1), load_mode=mode)
    shrunken = [
        schema(),
        state("before"),
        *users(V2, *names[:9]),
        activate("users", V2),
        state("x"),
    ]
    with pytest.raises(GuardError, match=r"11 of 20 live rows.*force_delete"):
        warehouse.load(*shrunken, load_mode=mode)
    assert visible(warehouse, mode) == 20
    warehouse.load(*shrunken, load_mode=mode, force_delete=True)
    assert visible(warehouse, mode) == 9


@pytest.mark.parametrize("mode", FULL_MODES)
def test_guard_lets_half_go(warehouse, mode):
    names = [str(n) for n in range(20)]
    warehouse.load(schema(), *users(V1, *names), activate("users", V1), load_mode=mode)
    warehouse.load(schema(), *users(V2, *names[:10]), activate("users", V2), load_mode=mode)
    assert visible(warehouse, mode) == 10


@pytest.mark.parametrize("mode", FULL_MODES)
def test_an_empty_read_is_always_guarded(warehouse, mode):
    warehouse.load(schema(), *users(V1, "1"), activate("users", V1), load_mode=mode)
    empty = [schema(), activate("users", V2)]
    with pytest.raises(GuardError, match="brought no row"):
        warehouse.load(*empty, load_mode=mode, max_delete_share=1)
    assert visible(warehouse, mode) == 1
    warehouse.load(*empty, load_mode=mode, force_delete=True)
    assert visible(warehouse, mode) == 0


@pytest.mark.parametrize("mode", FULL_MODES)
def test_an_unknown_scope_is_refused(warehouse, mode):
    with pytest.raises(InputError, match="shop"):
        warehouse.load(schema(), *users(V1, "1"), activate("users", V1, shop="1"), load_mode=mode)


# -- overwrite -----------------------------------------------------------------------------------


def test_overwrite_holds_exactly_the_last_read(warehouse):
    warehouse.load(schema(), *users(V1, "1", "2"), activate("users", V1), load_mode="overwrite")
    warehouse.load(
        schema(), *users(V2, "2", "3", name="y"), activate("users", V2), load_mode="overwrite"
    )
    assert warehouse.rows("SELECT id, name FROM users ORDER BY id") == [("2", "y"), ("3", "y")]
    assert warehouse.tables() == {"users"}


def test_overwrite_shows_nothing_of_an_interrupted_read(warehouse):
    warehouse.load(schema(), *users(V1, "1", "2"), activate("users", V1), load_mode="overwrite")
    process = warehouse.start(load_mode="overwrite", batch_rows=1)
    for message in [schema(), *users(V2, "9", "8"), state(1)]:
        process.stdin.write(json.dumps(message).encode() + b"\n")
    process.stdin.write(b'{"type":"cut')
    process.communicate()
    assert warehouse.tables() == {"users", f"users__staging_{V2}"}
    assert warehouse.rows("SELECT id FROM users ORDER BY id") == [("1",), ("2",)]
    warehouse.load(schema(), *users(V3, "1", "3"), activate("users", V3), load_mode="overwrite")
    assert warehouse.rows("SELECT id FROM users ORDER BY id") == [("1",), ("3",)]
    assert warehouse.tables() == {"users"}


def test_overwrite_of_a_read_without_activation_changes_nothing(warehouse):
    warehouse.load(schema(), *users(V1, "1", "2"), activate("users", V1), load_mode="overwrite")
    warehouse.load(schema(), *users(V2, "9"), load_mode="overwrite")
    assert warehouse.rows("SELECT id FROM users ORDER BY id") == [("1",), ("2",)]
    # What came is kept for a tap that goes on with its read, until another read begins.
    assert warehouse.tables() == {"users", f"users__staging_{V2}"}
    warehouse.load(schema(), *users(V2, "8"), activate("users", V2), load_mode="overwrite")
    assert warehouse.rows("SELECT id FROM users ORDER BY id") == [("8",), ("9",)]
    warehouse.load(schema(), *users(V3, "7"), load_mode="overwrite")
    warehouse.load(schema(), *users(V3 + 1, "6"), activate("users", V3 + 1), load_mode="overwrite")
    assert warehouse.rows("SELECT id FROM users ORDER BY id") == [("6",)]
    assert warehouse.tables() == {"users"}


def test_overwrite_replaces_only_its_scope(warehouse):
    both = [*users(V1, "1", "2"), *users(V1, "1", account="b")]
    warehouse.load(schema(), *both, activate("users", V1), load_mode="overwrite")
    read = [*users(V2, "1", "3"), *users(V2, "7", account="b")]
    warehouse.load(schema(), *read, activate("users", V2, _account="a"), load_mode="overwrite")
    found = warehouse.rows("SELECT _account, id FROM users ORDER BY 1, 2")
    assert found == [("a", "1"), ("a", "3"), ("b", "1")]


def test_overwrite_without_a_key(warehouse):
    for version, count in ((V1, 3), (V2, 2)):
        rows = users(version, *["1"] * count)
        warehouse.load(schema(key=[]), *rows, activate("users", version), load_mode="overwrite")
        assert warehouse.count("SELECT count(*) FROM users") == count


@pytest.mark.parametrize("mode", ["overwrite", "snapshot"])
def test_streams_that_come_in_parts_are_merged(warehouse, mode, caplog):
    warehouse.load(incremental(), order("1", "a", "2026-11-20T08:00:00.000Z@1"), load_mode=mode)
    warehouse.load(incremental(), order("2", "a", "2026-11-20T08:00:00.000Z@2"), load_mode=mode)
    assert warehouse.count("SELECT count(*) FROM orders") == 2
    assert "loaded in mode upsert" in caplog.text


# -- snapshot ------------------------------------------------------------------------------------


def snapshots(warehouse):
    return warehouse.rows(
        "SELECT count(*), cast(_snapshot_at AS text) FROM users GROUP BY 2 ORDER BY 2"
    )


def test_snapshot_keeps_each_read_and_shows_the_last_complete_one(warehouse):
    warehouse.load(schema(), *users(V1, "1", "2"), activate("users", V1), load_mode="snapshot")
    warehouse.load(schema(), *users(V2, "1", "3"), load_mode="snapshot")
    latest = "SELECT id FROM users_latest ORDER BY id"
    assert warehouse.rows(latest) == [("1",), ("2",)]
    warehouse.load(schema(), *users(V3, "2", "4"), activate("users", V3), load_mode="snapshot")
    assert warehouse.rows(latest) == [("2",), ("4",)]
    # The read that was never activated is gone, the first one is kept whole.
    assert [count for count, _ in snapshots(warehouse)] == [2, 2]


def test_snapshot_prunes(warehouse):
    for version in (V1, V2, V3):
        warehouse.load(
            schema(),
            *users(version, "1"),
            activate("users", version),
            load_mode="snapshot",
            snapshot_keep=2,
        )
    assert [count for count, _ in snapshots(warehouse)] == [1, 1]
    assert warehouse.count("SELECT count(*) FROM users_latest") == 1


def test_snapshot_of_one_account_leaves_the_other(warehouse):
    both = [*users(V1, "1"), *users(V1, "1", account="b")]
    warehouse.load(schema(), *both, activate("users", V1), load_mode="snapshot")
    warehouse.load(
        schema(), *users(V2, "1", "2"), activate("users", V2, _account="a"), load_mode="snapshot"
    )
    found = warehouse.rows("SELECT _account, id FROM users_latest ORDER BY 1, 2")
    assert found == [("a", "1"), ("a", "2"), ("b", "1")]


def test_snapshot_view_follows_new_and_wider_columns(warehouse):
    number = {"type": ["integer", "null"]}
    spec = schema(size=number)
    warehouse.load(spec, *users(V1, "1"), activate("users", V1), load_mode="snapshot")
    spec = schema(size={"type": ["string", "null"]}, extra={"type": ["string", "null"]})
    rows = [record("users", "1", version=V2, size="big", extra="e")]
    warehouse.load(spec, *rows, activate("users", V2), load_mode="snapshot")
    assert warehouse.rows("SELECT size, extra FROM users_latest") == [("big", "e")]


# -- history -------------------------------------------------------------------------------------

CHAIN = [("1", "a"), ("2", "a"), ("3", "b"), ("4", "a"), ("5", "a")]
"""(hour of the version, content): the history is a, b, a."""


def at(hour: str) -> str:
    return f"2026-11-20T0{hour}:00:00.000Z@1"


def history(warehouse, *steps, **settings):
    rows = [order("1", name, at(hour)) for hour, name in steps]
    warehouse.load(incremental(), *rows, load_mode="history", **settings)


def chain(warehouse):
    return warehouse.rows(
        "SELECT name, cast(_valid_from AT TIME ZONE 'UTC' AS text), "
        "cast(_valid_to AT TIME ZONE 'UTC' AS text), _is_current FROM orders ORDER BY _valid_from"
    )


EXPECTED = [
    ("a", "2026-11-20 01:00:00", "2026-11-20 03:00:00", False),
    ("b", "2026-11-20 03:00:00", "2026-11-20 04:00:00", False),
    ("a", "2026-11-20 04:00:00", None, True),
]


@pytest.mark.parametrize("batch_rows", [1, 2, 100])
def test_history_in_order(warehouse, batch_rows):
    history(warehouse, *CHAIN, batch_rows=batch_rows)
    assert chain(warehouse) == EXPECTED


def test_history_replayed_changes_nothing(warehouse):
    for _ in range(2):
        history(warehouse, *CHAIN, batch_rows=2)
    assert chain(warehouse) == EXPECTED


def test_history_in_one_batch_of_any_order(warehouse):
    history(warehouse, *reversed(CHAIN))
    assert chain(warehouse) == EXPECTED


def test_history_has_the_newest_content_and_every_change_in_any_order(make_warehouse):
    """An older version that comes late splits a run; then the run's end is where its content shows."""
    for arrival in itertools.permutations(CHAIN[:4]):
        warehouse = make_warehouse("duckdb")
        history(warehouse, *arrival, batch_rows=1)
        found = chain(warehouse)
        assert [row[0] for row in found] == ["a", "b", "a"], arrival
        assert [row[3] for row in found] == [False, False, True]
        assert [row[1] for row in found[1:]] == [row[2] for row in found[:-1]]


def test_history_ignores_columns_with_an_underscore(warehouse):
    spec = schema(_read_at={"type": ["string", "null"], "format": "date-time"})
    for hour in "123":
        warehouse.load(
            spec,
            record("users", "1", "same", _read_at=f"2026-11-20T0{hour}:00:00Z"),
            load_mode="history",
        )
    assert warehouse.count("SELECT count(*) FROM users") == 1


def test_history_of_unversioned_records_follows_arrival(warehouse):
    spec = schema()
    warehouse.load(spec, *[record("users", "1", name) for name in "aab"], load_mode="history")
    warehouse.load(spec, record("users", "1", "a"), load_mode="history")
    rows = warehouse.rows("SELECT name, _is_current FROM users ORDER BY _valid_from")
    assert rows == [("a", False), ("b", False), ("a", True)]


def test_history_survives_a_new_column(warehouse):
    history(warehouse, ("1", "a"), ("3", "b"))
    spec = incremental(extra={"type": ["string", "null"]})
    warehouse.load(spec, order("1", "c", at("2"), extra="e"), load_mode="history")
    rows = warehouse.rows("SELECT name, extra FROM orders ORDER BY _valid_from")
    assert rows == [("a", None), ("c", "e"), ("b", None)]
    history(warehouse, ("4", "d"))
    rows = warehouse.rows("SELECT name, extra FROM orders ORDER BY _valid_from")
    assert rows == [("a", None), ("c", "e"), ("b", None), ("d", None)]


def test_a_table_of_one_mode_refuses_another(warehouse):
    warehouse.load(schema(), *users(V1, "1"), activate("users", V1), load_mode="snapshot")
    with pytest.raises(ContractError, match="mode snapshot"):
        warehouse.load(schema(), *users(V1, "1"), load_mode="upsert")
    with pytest.raises(ContractError, match=r"made in mode (history|snapshot)"):
        warehouse.load(schema(), *users(V1, "1"), load_mode="history")


def test_modes_by_glob(warehouse):
    streams = {
        "*": {"load_mode": "append"},
        "us*": {"load_mode": "soft_delete"},
        "users": {"table": "people"},
    }
    warehouse.load(
        schema(),
        schema("orders"),
        *users(V1, "1"),
        record("orders", "1"),
        record("orders", "1"),
        streams=streams,
    )
    assert "_deleted_at" in warehouse.columns("people")
    assert warehouse.count("SELECT count(*) FROM orders") == 2
