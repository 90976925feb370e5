"""Odd values: each is stored as it is meant, or set aside with its reason, alike on both engines."""

from __future__ import annotations

import json
import typing as t
from decimal import Decimal

import pytest

from .singer import record, schema


def maybe(kind: str, **more: t.Any) -> dict[str, t.Any]:
    return {"type": [kind, "null"], **more}


MOMENT = maybe("string", format="date-time")
DAY = maybe("string", format="date")
TIME = maybe("string", format="time")
DECIMAL = maybe("string", format="singer.decimal")
NO_MOMENT = "Invalid RFC3339 encoded datetime"


class Bad(str):
    """What the reason of a record in quarantine says."""

    __slots__ = ()


def outcome(warehouse, spec: t.Any, values: t.Iterable[str]) -> dict[str, str | Bad | None]:
    """Load one record for each JSON text, and return its column as text or the reason against it."""
    values = list(values)
    lines = [
        f'{{"type":"RECORD","stream":"t","record":{{"_account":"a","id":"{n}","v":{value}}}}}'
        for n, value in enumerate(values)
    ]
    warehouse.load(schema("t", v=spec), *lines)
    found: dict[str, str | Bad | None] = {
        values[int(n)]: text for n, text in warehouse.rows("SELECT id, CAST(v AS text) FROM t")
    }
    if "_quarantine" in warehouse.tables():
        for reason, payload in warehouse.rows("SELECT reason, payload FROM _quarantine"):
            identifier = payload.split('"id":"')[1].split('"')[0]
            found[values[int(identifier)]] = Bad(reason)
    assert len(found) == len(values)
    return found


def check(
    warehouse,
    spec: t.Any,
    expected: dict[str, str | Bad | None],
    form: t.Callable[[str], t.Any] = str,
) -> None:
    found = outcome(warehouse, spec, expected)
    for value, text in expected.items():
        got = found[value]
        if isinstance(text, Bad):
            assert isinstance(got, Bad), (value, got)
            assert text in got, (value, got)
            assert "$.v" in got or "COPY" in got, (value, got)
        else:
            assert not isinstance(got, Bad), (value, got)
            assert (None if got is None else form(got)) == (text and form(text)), value


def quoted(expected: dict[str, str | Bad]) -> dict[str, str | Bad | None]:
    return {json.dumps(value): text for value, text in expected.items()}


def test_moments(warehouse):
    check(
        warehouse,
        MOMENT,
        {
            "null": None,
            **quoted(
                {
                    "2026-11-20T08:00:00Z": "2026-11-20 08:00:00+00",
                    "2026-11-20t08:00:00z": "2026-11-20 08:00:00+00",
                    "2026-11-20T08:00:00+08:00": "2026-11-20 00:00:00+00",
                    "2026-11-20T08:00:00+0800": "2026-11-20 00:00:00+00",
                    "2026-11-20T08:00:00+08": "2026-11-20 00:00:00+00",
                    "2026-11-20T08:00:00.5+05:30": "2026-11-20 02:30:00.5+00",
                    "2026-11-20T08:00:00": "2026-11-20 08:00:00+00",
                    "2026-11-20 08:00:00": "2026-11-20 08:00:00+00",
                    "2026-11-20T08:00": "2026-11-20 08:00:00+00",
                    "2026-11-20": "2026-11-20 00:00:00+00",
                    # Summer time: the hour that a clock skips, and the one that it shows twice.
                    "2026-03-29T02:30:00+01:00": "2026-03-29 01:30:00+00",
                    "2026-10-25T02:30:00+02:00": "2026-10-25 00:30:00+00",
                    "2026-10-25T02:30:00+01:00": "2026-10-25 01:30:00+00",
                    "0001-01-01T00:00:00Z": "0001-01-01 00:00:00+00",
                    "1969-12-31T23:59:59.999Z": "1969-12-31 23:59:59.999+00",
                    "9999-12-31T23:59:59.999999Z": "9999-12-31 23:59:59.999999+00",
                    "9999-12-31T23:59:59-08:00": "10000-01-01 07:59:59+00",
                    "2026-11-20T08:00:00.123456789Z": "2026-11-20 08:00:00.123457+00",
                    "2016-12-31T23:59:60Z": Bad(NO_MOMENT),
                    "2026-11-20T24:00:00Z": Bad(NO_MOMENT),
                    "2026-02-30T00:00:00Z": Bad(NO_MOMENT),
                    "10000-01-01T00:00:00Z": Bad(NO_MOMENT),
                    "0000-00-00 00:00:00": Bad(NO_MOMENT),
                    "2026-11-20T08:00:00+08:00[Asia/Shanghai]": Bad(NO_MOMENT),
                    "1763625600000": Bad(NO_MOMENT),
                    "infinity": Bad(NO_MOMENT),
                    "": Bad(NO_MOMENT),
                }
            ),
            "1763625600": Bad("got `int`"),
        },
    )


def test_an_offset_that_no_clock_shows(warehouse):
    """DuckDB works it out; PostgreSQL has a limit of 15:59, and names it."""
    value = '"2026-11-20T08:00:00+23:59"'
    found = outcome(warehouse, MOMENT, [value, '"2026-11-20T08:00:00+14:00"'])
    assert found['"2026-11-20T08:00:00+14:00"'] == "2026-11-19 18:00:00+00"
    if warehouse.engine == "duckdb":
        assert found[value] == "2026-11-19 08:01:00+00"
    else:
        assert isinstance(found[value], Bad)
        assert "displacement out of range" in found[value]


def test_days(warehouse):
    check(
        warehouse,
        DAY,
        quoted(
            {
                "2026-11-20": "2026-11-20",
                "2026-11-20T00:00:00Z": "2026-11-20",
                "0001-01-01": "0001-01-01",
                "9999-12-31": "9999-12-31",
                "2026-11-20T08:00:00Z": Bad("Invalid RFC3339 encoded date"),
                "0000-00-00": Bad("Invalid RFC3339 encoded date"),
                "": Bad("Invalid RFC3339 encoded date"),
            }
        ),
    )


def test_times_of_day(warehouse):
    check(
        warehouse,
        TIME,
        quoted(
            {
                "08:00:00": "08:00:00",
                "23:59:59.999999": "23:59:59.999999",
                "08:00:00Z": "08:00:00",
                "08:00:00+08:00": "00:00:00",
                "04:00:00+08:00": "20:00:00",
                "24:00:00": Bad("Invalid RFC3339 encoded time"),
                "8 o'clock": Bad("Invalid RFC3339 encoded time"),
            }
        ),
    )


def test_amounts_are_exact(warehouse):
    for spec in (maybe("number", multipleOf=0.01), DECIMAL):
        name = "t" + str(len(warehouse.tables()))
        lines = [
            f'{{"type":"RECORD","stream":"{name}","record":{{"_account":"a","id":"{n}","v":{value}}}}}'
            for n, value in enumerate(["0.01", '"0.01"', "1e-2", "19.99", '"1E+2"', "-0", "0.10"])
        ]
        warehouse.load(schema(name, v=spec), *lines)
        rows = warehouse.rows(f"SELECT v FROM {name} ORDER BY id")
        expected = ["0.01", "0.01", "0.01", "19.99", "100", "0", "0.1"]
        assert [value for (value,) in rows] == list(map(Decimal, expected))


def test_integers(warehouse):
    check(
        warehouse,
        maybe("integer"),
        {
            "9223372036854775807": "9223372036854775807",
            "-9223372036854775808": "-9223372036854775808",
            "1e3": "1000",
            "1.0": "1",
            "-0": "0",
            "9223372036854775808": Bad("<= 9223372036854775807"),
            "1.5": Bad("Expected `int | null`"),
            "true": Bad("got `bool`"),
            '"5"': Bad("got `str`"),
            "1e400": Bad("out of range"),
        },
    )


def test_integers_beyond_64_bits(warehouse):
    digits = "12345678901234567890123456789012345678"
    check(
        warehouse,
        maybe("integer", maximum=10**37),
        {
            "9223372036854775808": "9223372036854775808",
            "1e20": "1" + "0" * 20,
            digits: digits,
            "-" + digits: "-" + digits,
            "1.0": "1",
            "0.5": Bad("Expected an integer, got 0.5"),
        },
    )


def test_an_integer_of_39_digits_is_set_aside(warehouse):
    found = outcome(warehouse, maybe("integer", maximum=10**40), ["9" * 39, "9" * 38])
    assert isinstance(found["9" * 39], Bad)
    assert found["9" * 38] == "9" * 38


def test_no_numbers(warehouse):
    finite = Bad("Expected a finite number")
    expected = {"NaN": finite, "Infinity": finite, "-Infinity": finite, '"NaN"': finite}
    check(warehouse, maybe("number"), expected)


def test_no_numbers_within_json_become_text(warehouse):
    check(
        warehouse,
        maybe("object"),
        {'{"a":NaN}': '{"a":"NaN"}', '{"a":["NaN",-Infinity]}': '{"a":["NaN","-Infinity"]}'},
        json.loads,
    )


def test_texts(warehouse):
    check(
        warehouse,
        maybe("string"),
        {
            r'"a\u0000b"': "a\ufffdb",
            r'"\\u0000"': r"\u0000",
            r'"\\\u0000"': "\\\ufffd",
            r'"\ud800"': "\ufffd",
            r'"x\udc00\ud83dy"': "x\ufffd\ufffdy",
            r'"\ud83d\ude00"': "\U0001f600",
            '"\U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467"': (
                "\U0001f600 \U0001f468\u200d\U0001f469\u200d\U0001f467"
            ),
            r'"\\."': r"\.",
            r'"a\n\\.\nb"': "a\n\\.\nb",
            r'"\\N"': r"\N",
            r'"\r\n\t\b\f\u0001\u001f\u007f"': "\r\n\t\b\f\x01\x1f\x7f",
            r'"\""': '"',
            r'"null"': "null",
            r'"]\n["': "]\n[",
            '"\u2028\u2029\ufeff"': "\u2028\u2029\ufeff",
            '""': "",
            "null": None,
            "5": Bad("Expected `str | null`, got `int`"),
        },
    )


def test_json_values(warehouse):
    check(
        warehouse,
        maybe("object"),
        {
            r'{"a":"x\u0000"}': '{"a":"x\ufffd"}',
            r'{"a\u0000":1}': '{"a\ufffd":1}',
            r'{"a":"\\u0000"}': r'{"a":"\\u0000"}',
            r'{"a":"\ud800"}': '{"a":"\ufffd"}',
            '{"a":1,"a":2}': '{"a":2}',
            '{"a":12345678901234567890123}': '{"a":12345678901234567890123}',
            '{"":{"":[]}}': '{"":{"":[]}}',
            r'"{\"a\":[1]}"': '{"a":[1]}',
            "[]": Bad("Expected an object"),
            '"[]"': Bad("Expected an object"),
            '"{"': Bad("Expected an object"),
        },
        json.loads,
    )
    found = warehouse.rows("SELECT CAST(v AS text) FROM t WHERE id = '5'")[0][0]
    assert "12345678901234567890123" in found


def test_arrays_of_arrays(warehouse):
    check(
        warehouse,
        maybe("array"),
        {value: value for value in ("[[1,[2,[3]]],[],[{}]]", '[[],[[]],[["中"]]]', "[null]")},
        json.loads,
    )


@pytest.mark.parametrize("inner", ["1", r'"\u0000"', r'"\ud800"', "NaN"])
def test_nesting(warehouse, inner):
    """500 levels are loaded; what no decoder reads is set aside, and the others are loaded."""
    ways = [("[" * 500, "]" * 500), ('{"a":' * 500, "}" * 500), ("[" * 100_000, "]" * 100_000)]
    values = [before + inner + after for before, after in ways]
    found = outcome(warehouse, {}, [*values, '"last"'])
    assert found['"last"'] == '"last"'
    assert str(found[values[0]]).startswith("[[[[")
    assert str(found[values[0]]).count("[") == 500
    assert str(found[values[1]]).count("{") == 500
    assert isinstance(found[values[2]], Bad)
    assert "nested too deeply" in found[values[2]]


def test_values_of_5_megabytes(warehouse):
    text, other = "x中" * 1_250_000, "y" * 5_000_000
    warehouse.load(
        schema("t", v=maybe("string"), o=maybe("object")),
        record("t", "1", v=text, o={"a": other}),
        record("t", "2", v="small", o={}),
    )
    rows = warehouse.rows("SELECT v, CAST(o AS text) FROM t ORDER BY id")
    assert rows[0][0] == text
    assert json.loads(rows[0][1]) == {"a": other}
    assert rows[1] == ("small", "{}")


def test_a_key_of_5_megabytes(warehouse):
    """DuckDB has no index and takes it; PostgreSQL's has a limit, and names it."""
    warehouse.load(schema("t"), record("t", "中x" * 1_250_000), record("t", "2", "good"))
    if warehouse.engine == "duckdb":
        assert warehouse.rows("SELECT max(length(id)), count(*) FROM t") == [(2_500_000, 2)]
        return
    assert warehouse.rows("SELECT id, name FROM t") == [("2", "good")]
    assert "index row requires" in warehouse.rows("SELECT reason FROM _quarantine")[0][0]


def keyed(warehouse, spec: t.Any, *ids: t.Any, **settings: t.Any) -> list[tuple[t.Any, ...]]:
    spec = {"properties": {"id": spec, "name": maybe("string")}}
    message = {"type": "SCHEMA", "stream": "t", "schema": spec, "key_properties": ["id"]}
    lines = [
        f'{{"type":"RECORD","stream":"t","record":{{"id":{value},"name":"{n}"}}}}'
        for n, value in enumerate(ids)
    ]
    warehouse.load(message, *lines, **settings)
    return warehouse.rows("SELECT CAST(id AS text), name FROM t ORDER BY name")


@pytest.mark.parametrize("batch_rows", [1, 100])
def test_keys_compare_as_values(warehouse, batch_rows):
    """Two ways to write one moment, number or truth are one row, within a batch and across."""
    ids = ['"2026-11-20T08:00:00Z"', '"2026-11-20T16:00:00+08:00"', '"2026-11-20T08:00:00"']
    rows = keyed(warehouse, MOMENT, *ids, '"2026-11-20"', batch_rows=batch_rows)
    assert rows == [("2026-11-20 08:00:00+00", "2"), ("2026-11-20 00:00:00+00", "3")]


@pytest.mark.parametrize("batch_rows", [1, 100])
def test_number_keys(warehouse, batch_rows):
    rows = keyed(warehouse, maybe("number"), "1", "1.0", "1e0", '"1"', "1.5", batch_rows=batch_rows)
    assert [(Decimal(key), name) for key, name in rows] == [
        (Decimal(1), "3"),
        (Decimal("1.5"), "4"),
    ]


def test_a_number_key_is_never_rounded(warehouse):
    """Two keys that a rounding would make one: DuckDB sets aside what it cannot hold."""
    keyed(warehouse, maybe("number"), "0.1234567890123456781", "0.1234567890123456782", "7")
    rows = 1 if warehouse.engine == "duckdb" else 3
    assert warehouse.count("SELECT count(DISTINCT id) FROM t") == rows
    if warehouse.engine == "duckdb":
        assert warehouse.count("SELECT count(*) FROM _quarantine") == 2


@pytest.mark.parametrize("batch_rows", [1, 100])
def test_boolean_keys(warehouse, batch_rows):
    rows = keyed(warehouse, maybe("boolean"), "true", "false", "true", batch_rows=batch_rows)
    assert rows == [("false", "1"), ("true", "2")]


def test_text_keys_differ_by_every_character(warehouse):
    ids = ['""', '" "', '"a"', '"a "', '"A"', '"é"', '"e\u0301"', '"\\\\"', '"1"', '"01"']
    rows = keyed(warehouse, {"type": "string"}, *ids)
    assert {key for key, _ in rows} == {json.loads(value) for value in ids}


def test_a_key_without_a_value_is_set_aside(warehouse):
    """Also where the schema lets null pass: such a row would never be found again."""
    rows = keyed(warehouse, maybe("string"), "null", '"1"', "null")
    assert rows == [("1", "1")]
    reasons = warehouse.rows("SELECT reason FROM _quarantine")
    assert {reason for (reason,) in reasons} == {"The key property 'id' is missing"}
