"""Guarded deletes: what one full read may take away, in each mode that acts on full reads."""

from __future__ import annotations

import pytest
from target_warehouse.errors import GuardError

from .singer import activate, record, schema

V1, V2, V3 = 1763625600000, 1763712000000, 1763798400000
MODES = ["soft_delete", "overwrite", "snapshot"]


def read(version, count, *, accounts="a", scoped=False):
    rows = [
        record("users", str(n), account=account, version=version)
        for account in accounts
        for n in range(count)
    ]
    ends = [activate("users", version, _account=account) for account in accounts]
    return [schema(), *rows, *(ends if scoped else [activate("users", version)])]


def live(warehouse, mode):
    table = "users_latest" if mode == "snapshot" else "users"
    where = "WHERE _deleted_at IS NULL" if mode == "soft_delete" else ""
    found = warehouse.rows(f"SELECT _account, count(*) FROM {table} {where} GROUP BY 1 ORDER BY 1")
    return dict(found)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("scoped", [False, True])
@pytest.mark.parametrize(
    ("before", "after", "share", "passes"),
    [
        (10, 5, 0.5, True),
        (10, 4, 0.5, False),
        (10, 9, 0, False),
        (10, 10, 0, True),
        (10, 1, 1, True),
        (9, 1, 0.5, True),
        (9, 0, 1, False),
        (1, 0, 0.5, False),
        (10, 0, 1, False),
    ],
)
def test_shares(warehouse, mode, scoped, before, after, share, passes):  # noqa: PLR0917
    settings = {"load_mode": mode, "max_delete_share": share}
    warehouse.load(*read(V1, before, scoped=scoped), **settings)
    second = read(V2, after, scoped=scoped)
    if passes:
        warehouse.load(*second, **settings)
        assert live(warehouse, mode) == {"a": after}
        return
    with pytest.raises(GuardError, match="force_delete") as told:
        warehouse.load(*second, **settings)
    assert str(before) in str(told.value)
    assert ("_account=a" if scoped else "all rows") in str(told.value)
    assert live(warehouse, mode) == {"a": before}
    warehouse.load(*second, **settings, force_delete=True)
    assert live(warehouse, mode) == ({"a": after} if after else {})


@pytest.mark.parametrize("mode", MODES)
def test_a_first_read_of_nothing_passes(warehouse, mode):
    warehouse.load(*read(V1, 0), load_mode=mode)
    assert live(warehouse, mode) == {}


@pytest.mark.parametrize("mode", MODES)
def test_each_account_of_a_run_is_guarded_on_its_own(warehouse, mode):
    warehouse.load(*read(V1, 10, accounts="abc"), load_mode=mode)
    rows = [
        m for account, n in (("a", 6), ("b", 1), ("c", 8)) for m in read(V2, n, accounts=account)
    ]
    records = [m for m in rows if m["type"] == "RECORD"]
    ends = [activate("users", V2, _account=account) for account in "abc"]
    with pytest.raises(GuardError, match=r"_account=b.*9 of 10"):
        warehouse.load(schema(), *records, *ends, load_mode=mode)
    assert live(warehouse, mode) == {"a": 6, "b": 10, "c": 10}
    again = [{**m, "version": V3} if "version" in m else m for m in (*records, *ends[::2])]
    warehouse.load(schema(), *again, load_mode=mode)
    assert live(warehouse, mode) == {"a": 6, "b": 10, "c": 8}


@pytest.mark.parametrize("mode", MODES)
def test_a_per_stream_share_wins(warehouse, mode):
    settings = {"load_mode": mode, "streams": {"us*": {"max_delete_share": "0.9"}}}
    warehouse.load(*read(V1, 10), **settings)
    warehouse.load(*read(V2, 2), **settings)
    assert live(warehouse, mode) == {"a": 2}


@pytest.mark.parametrize("mode", MODES)
def test_a_late_replay_of_an_older_read_takes_nothing_back(warehouse, mode):
    warehouse.load(*read(V1, 6), load_mode=mode)
    warehouse.load(*read(V3, 8), load_mode=mode)
    warehouse.load(*read(V1, 6), load_mode=mode)
    warehouse.load(*read(V2, 5), load_mode=mode)
    assert live(warehouse, mode) == {"a": 8}


@pytest.mark.parametrize("mode", MODES)
def test_the_same_activation_twice_in_one_run(warehouse, mode):
    warehouse.load(*read(V1, 6), activate("users", V1), load_mode=mode)
    assert live(warehouse, mode) == {"a": 6}


@pytest.mark.parametrize("mode", MODES)
def test_versions_in_nanoseconds(warehouse, mode):
    for version, count in ((V1 * 10**6, 4), (V2 * 10**6, 3)):
        warehouse.load(*read(version, count), load_mode=mode)
    assert live(warehouse, mode) == {"a": 3}
