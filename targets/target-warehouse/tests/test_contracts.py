"""The three schema contracts against each kind of change, and views on a table that changes."""

from __future__ import annotations

import psycopg
import pytest
from target_warehouse.errors import ContractError

from .singer import activate, record, schema

INTEGER = {"type": ["integer", "null"]}
TEXT = {"type": ["string", "null"]}
OBJECT = {"type": ["object", "null"]}

V1, V2 = 1763625600000, 1763712000000


def load(warehouse, spec, identifier, value, **settings):
    key = settings.pop("key", ("_account", "id"))
    message = schema("t", key=key, **({"value": spec} if spec else {}))
    row = record("t", identifier, **({"value": value} if spec else {}))
    warehouse.load(message, row, **settings)


CHANGES = {
    "new column": (None, None, INTEGER, 7),
    "wider type": (INTEGER, 7, TEXT, "x"),
    "conflicting type": (OBJECT, {"a": 1}, TEXT, "x"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_evolve_takes_every_value(warehouse, change):
    before, value, after, new = CHANGES[change]
    load(warehouse, before, "1", value)
    load(warehouse, after, "2", new)
    columns = warehouse.columns("t")
    assert ("value__2" in columns) is (change == "conflicting type")
    column = "value__2" if change == "conflicting type" else "value"
    assert warehouse.rows(f"SELECT cast({column} AS text) FROM t WHERE id = '2'") == [(str(new),)]


@pytest.mark.parametrize("per_stream", [False, True])
@pytest.mark.parametrize("change", CHANGES)
def test_freeze_refuses_and_writes_nothing(warehouse, change, per_stream):
    before, value, after, new = CHANGES[change]
    load(warehouse, before, "1", value)
    columns = warehouse.columns("t")
    frozen = {"schema_contract": "freeze"}
    settings = {"streams": {"t": frozen}} if per_stream else frozen
    with pytest.raises(ContractError, match=r"frozen.*value"):
        load(warehouse, after, "2", new, **settings)
    assert warehouse.columns("t") == columns
    assert warehouse.count("SELECT count(*) FROM t") == 1


@pytest.mark.parametrize("change", CHANGES)
def test_discard_leaves_the_field_out_and_says_so(warehouse, change, caplog):
    before, value, after, new = CHANGES[change]
    load(warehouse, before, "1", value)
    columns = warehouse.columns("t")
    load(warehouse, after, "2", new, schema_contract="discard")
    assert warehouse.columns("t") == columns
    assert warehouse.count("SELECT count(*) FROM t") == 2
    assert "left out as its contract says: value" in caplog.text


@pytest.mark.parametrize("contract", ["evolve", "freeze", "discard"])
def test_a_new_stream_gets_its_table_under_every_contract(warehouse, contract):
    load(warehouse, INTEGER, "1", 7, schema_contract=contract)
    assert warehouse.rows("SELECT value FROM t") == [(7,)]


@pytest.mark.parametrize("contract", ["freeze", "discard"])
def test_a_changed_key_is_refused_where_the_table_is_fixed(warehouse, contract):
    load(warehouse, None, "1", None)
    with pytest.raises(ContractError, match=r"key.*_account, id.*id"):
        load(warehouse, None, "2", None, key=["id"], schema_contract=contract)
    assert warehouse.count("SELECT count(*) FROM t") == 1


def test_a_changed_key_is_taken_when_the_rows_bear_it(warehouse):
    load(warehouse, None, "1", None)
    load(warehouse, None, "1", None, key=["id"])
    assert warehouse.count("SELECT count(*) FROM t") == 1
    warehouse.load(schema("t"), record("t", "1", account="b"))
    with pytest.raises(ContractError, match="its rows repeat it"):
        load(warehouse, None, "1", None, key=["id"])


@pytest.fixture
def postgres(make_warehouse):
    return make_warehouse("postgres")


def sql(warehouse, *statements):
    with psycopg.connect(warehouse.uri, autocommit=True) as connection:
        connection.execute(f'SET search_path = "{warehouse.config["schema"]}"')
        for statement in statements:
            connection.execute(statement)


def test_a_view_on_a_column_that_must_widen_is_named(postgres):
    load(postgres, INTEGER, "1", 7)
    sql(postgres, "CREATE VIEW report AS SELECT value FROM t")
    with pytest.raises(ContractError, match=r"'value'.*view.*report"):
        load(postgres, TEXT, "2", "x")
    assert postgres.rows("SELECT value FROM report") == [(7,)]
    sql(postgres, "DROP VIEW report")
    load(postgres, TEXT, "2", "x")
    assert postgres.count("SELECT count(*) FROM t") == 2


def snapshot(warehouse, spec, value, version):
    row = record("t", "1", version=version, value=value)
    warehouse.load(schema("t", value=spec), row, activate("t", version), load_mode="snapshot")


def test_our_own_view_is_made_anew_with_its_grants(postgres):
    snapshot(postgres, INTEGER, 7, V1)
    sql(postgres, "GRANT SELECT ON t_latest TO PUBLIC")
    snapshot(postgres, TEXT, "x", V2)
    assert postgres.rows("SELECT value FROM t_latest") == [("x",)]
    granted = "SELECT has_table_privilege('pg_monitor', 't_latest', 'SELECT')"
    assert postgres.rows(granted) == [(True,)]


@pytest.mark.parametrize("relation", ["t", "t_latest"])
def test_our_own_view_stays_when_another_is_in_the_way(postgres, relation):
    snapshot(postgres, INTEGER, 7, V1)
    sql(postgres, f"CREATE VIEW report AS SELECT value FROM {relation}")
    with pytest.raises(ContractError, match="report"):
        snapshot(postgres, TEXT, "x", V2)
    assert postgres.rows("SELECT value FROM t_latest") == [(7,)]
