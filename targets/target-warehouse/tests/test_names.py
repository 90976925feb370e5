"""Names of streams and properties: whatever they are, nothing is mixed up and nothing lost."""

from __future__ import annotations

import json
import typing as t
import unicodedata

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from target_warehouse.errors import InputError, SettingsError
from target_warehouse.names import MAX_BYTES, shorten

TEXT = {"type": ["string", "null"]}
MODES = ["upsert", "append", "soft_delete", "history", "snapshot", "overwrite"]
PLAIN = ["订单号", "店铺名称", "camelCase", "PascalCase", "select", "user", "order", "table", "end"]
ODD = [
    *('a"b', "a'b", "a.b", "a%b", "a%sb", "a%(x)s", "a{b}", "{new}", "{old}", "{}", "{0}", "$1"),
    *("a\nb", "a\rb", "a\tb", "a\\b", "a;b--", " a ", "", "_", "/*", "a\x01b", "a,b", "(a)", "😀"),
]
OURS = [
    *("_version", "_deleted_at", "_table_version", "_snapshot_at", "_is_latest", "_valid_from"),
    *("_valid_to", "_is_current", "_version_until", "_version__2", "_VERSION"),
]
ENGINES = [
    *("rowid", "ctid", "tableoid", "xmin", "xmax", "cmin", "cmax", "oid", "ROWID", "rowid__2"),
    *("__n", "__row", "__next", "__digest", "__run", "__rank", "__copy", "__before", "__nth"),
    *("s", "t", "o", "excluded", "merged", "staged", "c0", "f0"),
]
LONG = ["x" * 63, "x" * 64, "x" * 70 + "a", "x" * 70 + "b", "中" * 21, "中" * 30, "中" * 30 + "b"]
ALIKE = [
    *(unicodedata.normalize(form, "é") for form in ("NFC", "NFD")),
    *("Amount", "amount", "AMOUNT", "ä", "Ä", "ß", "ẞ", "SS", "İ", "i̇", "K", "\u212a"),
]


def spec(stream: str, names: t.Iterable[str], key: t.Sequence[str] = ("id",)) -> dict[str, t.Any]:
    properties = {"id": {"type": "string"}, **dict.fromkeys(names, TEXT)}
    schema = {"type": "object", "properties": properties}
    return {"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": list(key)}


def row(stream: str, values: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"type": "RECORD", "stream": stream, "record": values, "version": 1}


def values_of(warehouse, table: str) -> list[set[str]]:
    """Return the texts of each row, whatever their columns are called."""
    quoted = table.replace('"', '""')
    schema = warehouse.config.get("schema", "main")
    return [
        {value for value in values if isinstance(value, str) and value[:1] == "="}
        for values in warehouse.rows(f'SELECT * FROM "{schema}"."{quoted}" ORDER BY id')
    ]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    "names",
    [[*PLAIN, *ODD, *ENGINES], [*OURS, "content"], [*LONG, *ALIKE]],
    ids=["odd", "ours", "alike"],
)
def test_each_property_keeps_its_value(warehouse, names, mode):
    """Two runs, the second with changed values: each value has one column, and stays in it."""
    names = list(dict.fromkeys(names))
    for turn in ("one", "two"):
        rows = [
            {"id": key, **{name: f"={turn} {key} {n}" for n, name in enumerate(names)}}
            for key in ("1", "2", "3")
        ]
        activation = {"type": "ACTIVATE_VERSION", "stream": "t", "version": 1}
        read = [spec("t", names), *[row("t", values) for values in rows], activation]
        warehouse.load(*read, load_mode=mode)
    expected = [{f"={turn} {key} {n}" for n in range(len(names))} for key in "123"]
    found = values_of(warehouse, "t")
    for one in expected:
        assert one in found
    width = len(warehouse.columns("t"))
    warehouse.load(spec("t", names), row("t", {"id": "4"}), load_mode=mode)
    assert len(warehouse.columns("t")) == width


def test_where_there_is_no_doubt_a_column_is_called_as_its_property(warehouse):
    names = [*PLAIN, *[name for name in ODD if name]]
    warehouse.load(spec("t", names), row("t", {"id": "1", **dict.fromkeys(names, "x")}))
    assert set(warehouse.columns("t")) == {"id", "_version", *names}


@pytest.mark.parametrize("name", ["a\x00b", "a\ud800b"])
def test_what_no_engine_takes_in_a_name_is_replaced(warehouse, name):
    """A NUL or half a surrogate pair becomes U+FFFD, in the schema, in records and in keys."""
    lines = [spec("t", [name], ["id", name]), row("t", {"id": "1", name: "x"})]
    warehouse.load(*map(json.dumps, lines))
    assert warehouse.rows('SELECT id, "a\ufffdb" FROM t') == [("1", "x")]


def test_a_property_that_the_next_schema_does_not_name_keeps_its_value(warehouse):
    """On DuckDB the names of such columns go through a template: braces must not."""
    names = [*ODD, "{new.__class__}", "{{", "}}"]
    warehouse.load(spec("t", names), row("t", {"id": "1", **{n: f"={n}" for n in names}}))
    warehouse.load(spec("t", []), row("t", {"id": "1"}), row("t", {"id": "2"}))
    assert values_of(warehouse, "t") == [{f"={n}" for n in names}, set()]


STREAMS = [
    *("订单", "camelCase", "select", "pg_class", 'a"b', "a'b", "a.b", "public.x", "../x", "a%sb"),
    *("{x}", "a\nb", "a\\b", "$1", "t; DROP TABLE t", "staged", "merged", "fresh", "chains", "t"),
    *(
        "keys",
        "t keys",
        "warehouse",
        "temp",
        "main",
        "x" * 80 + "a",
        "x" * 80 + "b",
        "中" * 30,
        "😀",
    ),
]


@pytest.mark.parametrize("mode", ["upsert", "history"])
def test_each_stream_has_its_table(warehouse, mode):
    """Also those called as tables of our own statements are: each holds its rows and no others."""
    for turn in range(2):
        lines = [spec(stream, ["v"]) for stream in STREAMS]
        for n, stream in enumerate(STREAMS):
            lines += [row(stream, {"id": str(k), "v": f"={n} {k} {turn}"}) for k in range(3)]
        warehouse.load(*lines, load_mode=mode)
    tables = {shorten(stream) for stream in STREAMS}
    assert warehouse.tables() == tables
    for n, stream in enumerate(STREAMS):
        found = set().union(*values_of(warehouse, shorten(stream)))
        newest = {f"={n} {k} 1" for k in range(3)}
        all_turns = newest | {f"={n} {k} 0" for k in range(3)}
        assert found == (newest if mode == "upsert" else all_turns), stream


@pytest.mark.parametrize(
    "stream",
    [
        *("_quarantine", "_quarantine_schemas", "_Quarantine", "__staged", "__merged", "__fresh"),
        *("__chains", "orders__staging_1763625600000"),
    ],
)
def test_a_table_of_our_own_is_refused(warehouse, stream):
    with pytest.raises(SettingsError, match=r"needs for itself.*`table`"):
        warehouse.load(spec(stream, []), row(stream, {"id": "1"}))
    warehouse.load(
        spec(stream, []), row(stream, {"id": "1"}), streams={stream: {"table": "another"}}
    )
    assert warehouse.tables() == {"another"}


def test_a_stream_without_a_name(warehouse):
    with pytest.raises(InputError, match="has no `stream`"):
        warehouse.load(spec("", []))


def test_overwrite_leaves_tables_that_only_look_like_its_own(warehouse):
    warehouse.load(spec("t__staging_old", []), row("t__staging_old", {"id": "1"}))
    activation = {"type": "ACTIVATE_VERSION", "stream": "t", "version": 1}
    warehouse.load(spec("t", []), row("t", {"id": "1"}), activation, load_mode="overwrite")
    assert warehouse.count('SELECT count(*) FROM "t__staging_old"') == 1


@pytest.mark.parametrize(
    "schema", ["订单", "a.b", 'a"b', "a'b", "{x}", "warehouse", "select", "a%sb"]
)
def test_a_schema_may_be_called_anything(warehouse, schema):
    for value in ("=old", "=new"):
        warehouse.load(spec("t", ["v"]), row("t", {"id": "1", "v": value}), schema=schema)
    quoted = schema.replace('"', '""')
    assert warehouse.rows(f'SELECT v FROM "{quoted}"."t"') == [("=new",)]


@given(one=st.text(min_size=1), other=st.text(min_size=1))
def test_shortened_names_never_meet(one, other):
    """But for NUL, which is replaced; and what is short enough stays as it is."""
    for name in (one, other):
        if not any("\ud800" <= character <= "\udfff" for character in name):
            assert len(shorten(name).encode()) <= MAX_BYTES
    if one != other and "\x00" not in one + other:
        assert shorten("x" * 60 + one) != shorten("x" * 60 + other)


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    names=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=40).filter(
            lambda name: name != "id"
        ),
        unique=True,
        min_size=1,
        max_size=8,
    )
)
def test_any_names(make_warehouse, engine, names):
    warehouse = make_warehouse(engine)
    values = {name: f"={n}" for n, name in enumerate(names)}
    for _ in range(2):
        warehouse.load(spec("t", names), row("t", {"id": "1", **values}))
    assert values_of(warehouse, "t") == [set(values.values())]
