"""Several streams at once, whose schemas change and whose records are partly bad: still a dict."""

from __future__ import annotations

import json
import typing as t
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

STREAMS = ["a", "b"]
SPECS: dict[str, t.Any] = {
    "text": {"type": ["string", "null"]},
    "integer": {"type": ["integer", "null"]},
    "decimal": {"type": ["string", "null"], "format": "singer.decimal"},
    "object": {"type": ["object", "null"]},
    "mixed": {"anyOf": [{"type": "string"}, {"type": "boolean"}, {"type": "null"}]},
}
TEXTS = st.text(st.sampled_from("ab'\"\\\t\n中{}%$\x00"), max_size=5)
VALUES: dict[str, t.Any] = {
    "text": TEXTS,
    "integer": st.integers(-(2**63), 2**63 - 1),
    "decimal": st.decimals(-(10**9), 10**9, places=4, allow_nan=False).map(str),
    "object": st.dictionaries(TEXTS, st.one_of(st.none(), st.integers(0, 9), TEXTS), max_size=2),
    "mixed": st.one_of(TEXTS, st.booleans()),
}
BAD: dict[str, t.Any] = {"text": 5, "integer": "x", "decimal": "1,5", "object": 7, "mixed": {}}
Step: t.TypeAlias = "tuple[str, str, t.Any]"


@st.composite
def scripts(draw) -> list[Step]:
    """Return schemas and records in an order in which a tap may send them."""
    steps: list[Step] = []
    schemas: dict[str, dict[str, str]] = {}
    for _ in range(draw(st.integers(1, 40))):
        stream = draw(st.sampled_from(STREAMS))
        if stream not in schemas or draw(st.integers(0, 9)) == 0:
            names = draw(st.lists(st.sampled_from(["p", "q", "r"]), unique=True))
            schemas[stream] = {name: draw(st.sampled_from(list(SPECS))) for name in names}
            steps.append(("SCHEMA", stream, schemas[stream]))
            continue
        record: dict[str, t.Any] = {"id": draw(st.sampled_from(["1", "中\\"]))}
        record["v"] = draw(st.one_of(st.none(), st.integers(0, 2)))
        for name, kind in schemas[stream].items():
            if draw(st.integers(0, 5)):
                record[name] = draw(st.one_of(st.none(), VALUES[kind]))
        bad = draw(st.integers(0, 9)) == 0
        if bad and schemas[stream]:
            name = draw(st.sampled_from(sorted(schemas[stream])))
            record[name] = BAD[schemas[stream][name]]
        elif bad:
            del record["id"]
        steps.append(("BAD" if bad else "RECORD", stream, record))
    return steps


def message(step: Step) -> dict[str, t.Any]:
    what, stream, content = step
    if what != "SCHEMA":
        return {"type": "RECORD", "stream": stream, "record": content}
    properties = {"id": {"type": "string"}, "v": {"type": ["integer", "null"]}}
    properties |= {name: SPECS[kind] for name, kind in content.items()}
    return {
        "type": "SCHEMA",
        "stream": stream,
        "schema": {"type": "object", "properties": properties},
        "key_properties": ["id"],
        "bookmark_properties": ["v"],
    }


def plain(value: t.Any) -> t.Any:
    """Return a value in a form that does not tell in which of the wider types it was kept."""
    if value is None:
        return None
    if isinstance(value, dict):
        return json.loads(json.dumps(value).replace("\\u0000", "\\ufffd"))
    text = json.dumps(value) if isinstance(value, bool) else str(value).replace("\x00", "\ufffd")
    try:
        number = Decimal(text.strip()) if text.strip() == text else None
    except ArithmeticError:
        return text
    return number if number is not None and number.is_finite() else text


Rows: t.TypeAlias = "dict[str, dict[str, t.Any]]"


def modelled(steps: list[Step]) -> tuple[dict[str, Rows], set[str]]:
    """Return what the tables hold, by stream and id, and the bad records."""
    tables: dict[str, Rows] = {}
    schemas: dict[str, dict[str, str]] = {}
    bad: set[str] = set()
    for what, stream, content in steps:
        if what == "SCHEMA":
            schemas[stream] = content
            tables.setdefault(stream, {})
            continue
        if what == "BAD":
            bad.add(stream + json.dumps(content, sort_keys=True))
            continue
        held = tables[stream].get(content["id"])
        version = content["v"]
        older = held is not None and held["v"] is not None
        if older and (version is None or version <= held["v"]):
            continue
        row = {**(held or {}), "v": version}
        for name, kind in schemas[stream].items():
            place = f"{name} json" if kind == "object" else f"{name} plain"
            row[place] = plain(content.get(name))
        tables[stream][content["id"]] = row
    return tables, bad


def held(warehouse, stream: str) -> Rows:
    """Return the same of the real table: a property has at most a column for JSON and another."""
    kinds = warehouse.columns(stream)
    names = [name for name in kinds if name not in {"id", "_version"}]
    listed = ", ".join(f'CAST("{name}" AS text)' for name in names)
    rows: Rows = {}
    for identifier, *values in warehouse.rows(f'SELECT id, {listed} FROM "{stream}"'):
        row: dict[str, t.Any] = {}
        for name, value in zip(names, values, strict=True):
            if name == "v":
                row["v"] = None if value is None else int(value)
            elif kinds[name].startswith("json"):
                assert f"{name[0]} json" not in row
                row[f"{name[0]} json"] = None if value is None else json.loads(value)
            else:
                assert f"{name[0]} plain" not in row
                row[f"{name[0]} plain"] = plain(value)
        rows[identifier] = row
    return rows


def without_null(rows: Rows) -> Rows:
    return {key: {n: v for n, v in row.items() if v is not None} for key, row in rows.items()}


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=scripts(), batch_rows=st.integers(1, 8))
def test_streams_are_dicts(make_warehouse, engine, steps, batch_rows):
    warehouse = make_warehouse(engine)
    warehouse.load(*map(message, steps), batch_rows=batch_rows)
    tables, bad = modelled(steps)
    for stream, rows in tables.items():
        assert without_null(held(warehouse, stream)) == without_null(rows)
    found = warehouse.count("SELECT count(*) FROM _quarantine") if bad else 0
    assert found == len(bad)
    assert ("_quarantine" in warehouse.tables()) == bool(bad)
