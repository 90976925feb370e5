"""The message files of other targets: each value in its table, or the refusal that is meant."""

from __future__ import annotations

import gzip
import json
import typing as t
from datetime import date, datetime, time, timezone
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest
from target_warehouse.errors import InputError, SchemaMissingError

HERE = Path(__file__).parent / "data"
SDK = Path(str(files("singer_sdk.testing") / "target_test_streams"))

MEANT_TO_FAIL: dict[str, tuple[type[Exception], str]] = {
    "invalid_schema.singer": (InputError, "test_invalid_schema.*no `properties`"),
    "record_before_schema.singer": (SchemaMissingError, "came before the SCHEMA"),
    "invalid-json.json": (InputError, "THIS IS A TEST INPUT.*not valid JSON"),
    "invalid-message-order.json": (SchemaMissingError, "test_table_two.*before the SCHEMA"),
}
# Records that do not fit their own schema: how many, and the reason.
QUARANTINED = {
    "record_missing_key_property.singer": (1, "The key property 'id' is missing"),
    "meltanolabs/record_missing_required_property.singer": (1, "The key property 'id' is missing"),
    "record_missing_required_property.singer": (1, "missing required field `id`"),
    "messages-with-invalid-records.json": (1, "`int`, got `str` - at `$.c_pk`"),
    "pipelinewise/messages-with-nested-schema.json": (1, "Expected an object, got [1, 2, 3]"),
    "messages-pg-logical-streams.json": (4, 'Expected an object, got "['),
}
# The streams and keys of such records, where they have one.
LEFT_OUT: dict[str, set[tuple[str, t.Any]]] = {
    "messages-with-invalid-records.json": {
        ("tap_mysql_test-test_table_invalid_record", "Non Numeric PK")
    },
    "pipelinewise/messages-with-nested-schema.json": {
        ("tap_mysql_test-test_table_nested_schema", 1)
    },
    "messages-pg-logical-streams.json": {
        ("logical1-logical1_edgydata", cid) for cid in (14, 16, 17, 19)
    },
}


def every_file() -> list[Path]:
    ours = [path for path in HERE.rglob("*") if path.suffix in {".singer", ".json", ".gz"}]
    return sorted([*ours, *SDK.glob("*.singer")])


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def lines_of(path: Path) -> list[str]:
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    return [line for line in text.split("\n") if line.strip()]


Rows: t.TypeAlias = "dict[t.Any, dict[str, t.Any]]"


def of(path: Path, known: dict[str, t.Any]) -> t.Any:
    return known.get(name_of(path)) or known.get(path.name)


def meant(lines: list[str], left_out: set[tuple[str, t.Any]]) -> dict[str, Rows]:
    """Return what the tables must hold: a dictionary by key, and for each row one by property."""
    tables: dict[str, Rows] = {}
    schemas: dict[str, t.Any] = {}
    for number, line in enumerate(lines):
        message = json.loads(line, parse_float=Decimal)
        stream = message.get("stream")
        if message["type"] == "SCHEMA":
            schemas[stream] = message
            tables.setdefault(stream, {})
        elif message["type"] == "RECORD":
            schema, record = schemas[stream], message["record"]
            names = schema.get("key_properties") or ()
            key = tuple(record.get(name) for name in names) if names else number
            if not set(schema["schema"].get("required", ())) <= record.keys():
                continue
            if names and (None in key or left_out & {(stream, part) for part in key}):
                continue
            version = next(iter(schema.get("bookmark_properties") or ()), None)
            held = tables[stream].get(key, {})
            if version in schema["schema"]["properties"] and held.get(version) is not None:
                assert isinstance(held[version], str)  # of one form, so that they compare as text
                if record.get(version) is None or record[version] <= held[version]:
                    continue
            properties = schema["schema"]["properties"]
            tables[stream][key] = {**held, **{name: record.get(name) for name in properties}}
    return tables


def held(warehouse, table: str) -> list[dict[str, t.Any]]:
    columns = [name for name in warehouse.columns(table.replace("'", "''")) if name != "_version"]
    listed = ", ".join('"' + name.replace('"', '""') + '"' for name in columns)
    return [
        dict(zip(columns, row, strict=True))
        for row in warehouse.rows(f'SELECT {listed} FROM "{table}"')
    ]


def plain(value: t.Any, kind: str) -> t.Any:  # noqa: PLR0911
    """Return a value as it came or as it is stored in the one form in which both compare."""
    if value is None:
        return None
    if kind.startswith("json"):
        return json.dumps(value, sort_keys=True, default=float)
    if kind.startswith(("numeric", "decimal")):
        return Decimal(str(value)).normalize()
    if kind.startswith("timestamp"):
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        return moment.astimezone(timezone.utc)
    if kind.startswith("time"):
        return time.fromisoformat(value) if isinstance(value, str) else value
    if kind == "date":
        return date.fromisoformat(value) if isinstance(value, str) else value
    if kind in {"text", "varchar"}:
        return value if isinstance(value, str) else json.dumps(value, default=str)
    return value


def without_nul(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {name: without_nul(item) for name, item in value.items()}
    if isinstance(value, list):
        return [without_nul(item) for item in value]
    return value.replace("\x00", "\ufffd") if isinstance(value, str) else value


def came(value: t.Any, kind: str) -> t.Any:
    value = without_nul(value)
    if isinstance(value, str) and kind.startswith("json") and value[:1] in {"{", "["}:
        value = json.loads(value)  # the tap wrote its JSON as text
    if isinstance(value, str) and kind.startswith("timestamp"):
        value = value.replace("Z", "+00:00")
    return plain(value, kind)


def stored(value: t.Any, kind: str) -> t.Any:
    # DuckDB gives JSON as text, psycopg gives what it stands for.
    return plain(json.loads(value) if kind == "json" and value is not None else value, kind)


def in_order(rows: t.Iterable[dict[str, t.Any]]) -> list[str]:
    return sorted(repr(sorted(row.items())) for row in rows)


def check(warehouse, tables: dict[str, Rows]) -> None:
    for stream, rows in tables.items():
        kinds = warehouse.columns(stream.replace("'", "''"))
        expected = [{n: came(v, kinds[n]) for n, v in row.items()} for row in rows.values()]
        found = [
            {n: stored(v, kinds[n]) for n, v in row.items()} for row in held(warehouse, stream)
        ]
        for row in expected:
            row.update({name: None for name in kinds if name not in row and name != "_version"})
        assert in_order(found) == in_order(expected), stream


@pytest.mark.parametrize("path", every_file(), ids=name_of)
def test_the_file_of_a_peer(warehouse, path):
    lines = lines_of(path)
    if path.name in MEANT_TO_FAIL:
        error, words = MEANT_TO_FAIL[path.name]
        with pytest.raises(error, match=f"(?s){words}"):
            warehouse.load(*lines)
        return
    count, reason = of(path, QUARANTINED) or (0, "")
    states = warehouse.load(*lines)
    if count:
        reasons = [r for (r,) in warehouse.rows("SELECT reason FROM _quarantine")]
        assert len(reasons) == count
        assert all(reason in found for found in reasons)
    else:
        assert "_quarantine" not in warehouse.tables()
    check(warehouse, meant(lines, of(path, LEFT_OUT) or set()))
    given = [json.loads(line) for line in lines]
    last = [message["value"] for message in given if message["type"] == "STATE"][-1:]
    assert states[-1:] == last


def test_there_are_files_of_all_peers():
    names = [path.parent.name for path in every_file()]
    assert {name: names.count(name) for name in names} == {
        "meltanolabs": 38,
        "pipelinewise": 14,
        "duckdb": 2,
        "target_test_streams": len(list(SDK.glob("*.singer"))),
    }
    assert names.count("target_test_streams") >= 20


def load(warehouse, *names: str, **settings: t.Any) -> None:
    for name in names:
        warehouse.load(*lines_of(HERE / name), **settings)


def test_one_file_after_another(warehouse):
    """Upserts of MeltanoLabs' suite: what its own test expects of the second file."""
    load(
        warehouse,
        "meltanolabs/user_location_data.singer",
        "meltanolabs/user_location_upsert_data.singer",
    )
    assert warehouse.rows("SELECT id, name FROM test_users ORDER BY id") == [
        (1, "Johny"),
        (2, "George"),
        (3, "Jacob"),
        (4, "Josh"),
        (5, "Jim"),
        (8, "Thomas"),
        (12, "Paul"),
        (13, "Mary"),
    ]
    assert warehouse.rows("SELECT id, name FROM test_locations ORDER BY id") == [
        (1, "Philly"),
        (2, "NY"),
        (3, "San Francisco"),
        (6, "Colorado"),
        (8, "Boston"),
    ]
    assert warehouse.count("SELECT count(*) FROM test_user_in_location") == 5


def test_without_a_key_each_record_is_a_row(warehouse):
    load(warehouse, "meltanolabs/test_no_pk.singer", "meltanolabs/test_no_pk_append.singer")
    assert warehouse.rows("SELECT id, metric FROM test_no_pk ORDER BY metric") == [
        *((1, 11), (2, 22), (3, 33)),
        *((1, 101), (2, 202), (3, 303), (4, 404), (5, 505)),
    ]


def test_activation_takes_away_what_belongs_to_an_older_read(warehouse):
    """MeltanoLabs expects seven rows and "XX" gone; here it is marked, or gone under `overwrite`."""
    name = "meltanolabs/test_activate_version_hard.singer"
    table = "test_activate_version_hard"
    lines = lines_of(HERE / name)
    # An activation before its read is complete belongs to no full read of ours.
    warehouse.load(lines[0], *lines[2:], load_mode="soft_delete")
    live = warehouse.rows(f"SELECT code FROM {table} WHERE _deleted_at IS NULL ORDER BY 1")
    assert [code for (code,) in live] == ["AF", "AN", "AS", "EU", "NA", "OC", "SA"]
    gone = warehouse.rows(f"SELECT code FROM {table} WHERE _deleted_at IS NOT NULL")
    assert gone == [("XX",)]


def test_an_empty_read_does_not_empty_a_table(warehouse):
    """MeltanoLabs expects no row left; here an operator is asked first, whom `force_delete` is."""
    first = "meltanolabs/test_activate_version_deletes_data_properly.singer"
    second = "meltanolabs/test_activate_version_deletes_data_properly_2.singer"
    table = "test_activate_version_deletes_data_properly"
    lines = lines_of(HERE / first)
    warehouse.load(*[x for x in lines if "ACTIVATE" not in x], lines[-1], load_mode="soft_delete")
    live = f"SELECT count(*) FROM {table} WHERE _deleted_at IS NULL"
    assert warehouse.count(live) == 7
    with pytest.raises(Exception, match="force_delete"):
        load(warehouse, second, load_mode="soft_delete")
    assert warehouse.count(live) == 7
    load(warehouse, second, load_mode="soft_delete", force_delete=True)
    assert warehouse.count(live) == 0


def test_a_renamed_column_is_added_and_the_old_one_kept(warehouse):
    load(
        warehouse,
        "pipelinewise/messages-with-multiple-streams.json",
        "pipelinewise/messages-with-multiple-streams-modified-column.json",
    )
    columns = warehouse.columns("tap_mysql_test-test_table_two")
    assert {"c_date", "c_int", "c_pk", "c_varchar"} <= set(columns)
    rows = warehouse.rows(
        'SELECT c_pk, c_int, c_varchar, c_date FROM "tap_mysql_test-test_table_two" ORDER BY c_pk'
    )
    assert [row[:3] for row in rows] == [(1, 1, "1"), (2, 2, "2"), (3, 3, "2")]
    assert [row[3] for row in rows[1:]] == ["2019-02-12 02:00:00", "2019-02-15 02:00:00"]


def test_types_of_a_log_based_tap(warehouse):
    """What pipelinewise's own test expects of its file from a log of PostgreSQL."""
    load(warehouse, "pipelinewise/messages-pg-logical-streams.json", batch_rows=5)
    rows = warehouse.rows(
        'SELECT cid, ctimentz, ctimetz FROM "logical1-logical1_edgydata" WHERE cid < 10 ORDER BY cid'
    )
    assert rows[:6] == [
        (1, None, None),
        (2, time(23, 0, 15), time(23, 0, 15)),
        (3, time(12, 0, 15), time(12, 0, 15)),
        (4, time(12, 0, 15), time(9, 0, 15)),
        (5, time(12, 0, 15), time(15, 0, 15)),
        (6, time(0, 0), time(0, 0)),
    ]
