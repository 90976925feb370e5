"""SIGKILL at any message, in every mode, on both engines: a re-run converges to the same tables."""

from __future__ import annotations

import json

import pytest

from .singer import activate, incremental, order, record, schema, state

V0, V1, V2 = 1763625600000, 1763712000000, 1763798400000
SETTINGS = {"batch_rows": 2, "max_delete_share": 1, "max_batch_age_seconds": 0.05}

FIRST_READ = [
    schema(),
    *[record("users", str(n), f"first {n}", version=V0) for n in range(6)],
    activate("users", V0),
    state({"read": V0}),
]


def second_read(version: int):
    """A full read without 2 and 4, and with a new row; a tap that starts again takes a new version."""
    return [
        schema(),
        *[record("users", str(n), f"second {n}", version=version) for n in (0, 1, 3, 5, 6)],
        activate("users", version),
        state({"read": version}),
    ]


ORDERS = [
    incremental(),
    *[
        message
        for n in range(5)
        for message in (
            order(str(n), f"v{n}", f"2026-11-20T0{n}:00:00.000Z@{n}"),
            order("0", f"w{n}", f"2026-11-20T0{9 - n}:00:00.000Z@0"),
            state({"orders": n}),
        )
    ],
]

QUERIES = {
    "upsert": "SELECT id, name FROM {} ORDER BY 1, 2",
    "soft_delete": "SELECT id, name, _deleted_at IS NULL FROM {} ORDER BY 1, 2",
    "overwrite": "SELECT id, name FROM {} ORDER BY 1, 2",
    "snapshot": "SELECT id, name, _is_latest FROM {} ORDER BY 1, 2, 3",
    "history": "SELECT id, name, _valid_from IS NULL, _is_current FROM {} ORDER BY 1, 2, 4",
}


def killed_after(warehouse, messages, count: int, **settings):
    """Feed so many messages, kill the process."""
    process = warehouse.start(**SETTINGS, **settings)
    process.stdin.write("".join(json.dumps(m) + "\n" for m in messages[:count]).encode())
    process.stdin.flush()
    if any(message["type"] == "STATE" for message in messages[:count]):
        process.stdout.readline()
    else:
        # Its first words in the log: the program has started.
        process.stderr.readline()
    process.kill()
    process.communicate()


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
@pytest.mark.parametrize("mode", ["upsert", "soft_delete", "overwrite", "snapshot", "history"])
def test_full_reads(make_warehouse, engine, mode):
    calm = make_warehouse(engine)
    calm.load(*FIRST_READ, load_mode=mode, **SETTINGS)
    calm.load(*second_read(V2), load_mode=mode, **SETTINGS)
    query = QUERIES[mode].format("users")
    expected = calm.rows(query)
    interrupted = second_read(V1)
    for count in (4, len(interrupted) - 2, len(interrupted) - 1):
        warehouse = make_warehouse(engine)
        warehouse.load(*FIRST_READ, load_mode=mode, **SETTINGS)
        before = warehouse.rows(query)
        killed_after(warehouse, interrupted, count, load_mode=mode)
        if mode == "overwrite" and count < len(interrupted) - 1:
            assert warehouse.rows(query) == before
        warehouse.load(*second_read(V2), load_mode=mode, **SETTINGS)
        found = warehouse.rows(query)
        if mode == "snapshot" and len(found) != len(expected):
            # The interrupted read was whole when the kill came: its snapshot is kept as well.
            latest = "SELECT id, name FROM users_latest ORDER BY id"
            assert warehouse.rows(latest) == calm.rows(latest)
        elif mode == "history":
            current = "SELECT id, name FROM users WHERE _is_current ORDER BY id"
            assert warehouse.rows(current) == calm.rows(current)
            assert warehouse.count("SELECT count(*) FROM users WHERE _valid_to IS NULL") == 7
        else:
            assert found == expected, count
        assert not {name for name in warehouse.tables() if "staging" in name}


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
@pytest.mark.parametrize("mode", ["upsert", "soft_delete", "history"])
def test_incremental_streams(make_warehouse, engine, mode):
    calm = make_warehouse(engine)
    calm.load(*ORDERS, load_mode=mode, **SETTINGS)
    query = QUERIES[mode].format("orders")
    warehouse = make_warehouse(engine)
    for count in (3, 8, len(ORDERS)):
        # Each run begins again from the start, which is further back than any STATE.
        killed_after(warehouse, ORDERS, count, load_mode=mode)
    warehouse.load(*ORDERS, load_mode=mode, **SETTINGS)
    assert warehouse.rows(query) == calm.rows(query)


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_a_state_that_is_out_stands_for_rows_that_are_in(make_warehouse, engine):
    """Killed right at each STATE that comes out; what it covers must be in the table."""
    warehouse = make_warehouse(engine)
    process = warehouse.start(batch_rows=3)
    lines = [incremental()]
    for n in range(30):
        lines += [order(str(n), "x", "2026-11-20T08:00:00.000Z@1"), state(n)]
    process.stdin.write("".join(json.dumps(m) + "\n" for m in lines).encode())
    process.stdin.flush()
    covered = -1
    for _ in range(4):
        covered = json.loads(process.stdout.readline())
    process.kill()
    process.communicate()
    present = {int(identifier) for (identifier,) in warehouse.rows("SELECT id FROM orders")}
    assert covered >= 0
    assert set(range(covered + 1)) <= present
