"""What the engines could do at best with ready data: `python -m benchmarks.limits postgres|duckdb ...`.

PostgreSQL: COPY of a CSV file into a temporary table, then one INSERT ... ON CONFLICT into a table with
the types and the primary key of ours. DuckDB: `read_json` of the bare records into a table with the
types of ours. Making the CSV and the bare records is not counted.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from benchmarks.generate import PROPERTIES

BLOCK = 1 << 18
_POSTGRES = {
    "string": "text",
    "integer": "bigint",
    "number": "numeric",
    "boolean": "boolean",
    "object": "jsonb",
    "array": "jsonb",
}
_DUCKDB = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DECIMAL(38,18)",
    "boolean": "BOOLEAN",
    "object": "JSON",
    "array": "JSON",
}


def write_csv(messages: Path, to: Path) -> None:
    """Write the records of a file of messages as CSV: nested values as JSON, null as nothing."""
    import msgspec

    columns = [(name, f"c{index}") for index, name in enumerate(PROPERTIES)]
    raw = msgspec.defstruct(
        "Raw",
        [(attribute, msgspec.Raw) for _, attribute in columns],
        rename={attribute: name for name, attribute in columns},
    )
    decode = msgspec.json.Decoder(raw).decode
    with to.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        for record in _records(messages):
            values = [str(value, "utf-8") for value in msgspec.structs.astuple(decode(record))]
            writer.writerow(
                None
                if value == "null"
                else msgspec.json.decode(value)
                if value[0] == '"'
                else value
                for value in values
            )


def write_records(messages: Path, to: Path) -> None:
    """Write the bare records of a file of messages, one a line."""
    with to.open("wb") as out:
        out.writelines(record + b"\n" for record in _records(messages))


def _records(messages: Path):
    begin, end = b'"record":', b',"time_extracted"'
    with messages.open("rb") as lines:
        for line in lines:
            if line.startswith(b'{"type":"RECORD"'):
                yield line[line.index(begin) + len(begin) : line.rindex(end)]


def types(names: dict[str, str], timestamp: str) -> dict[str, str]:
    """Return the type of each column in an engine."""
    return {
        name: timestamp
        if spec.get("format") == "date-time"
        else names[spec["type"] if isinstance(spec["type"], str) else spec["type"][0]]
        for name, spec in PROPERTIES.items()
    }


def postgres(url: str, schema: str, file: Path) -> None:
    """Load a CSV file."""
    import psycopg

    kinds = types(_POSTGRES, "timestamptz")
    columns = ", ".join(f'"{name}" {kind}' for name, kind in kinds.items())
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in kinds if name != "id")
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {schema}")
        cursor.execute(f"CREATE TABLE {schema}.orders ({columns}, PRIMARY KEY (id))")
        cursor.execute(f"CREATE TEMP TABLE staged ({columns}) ON COMMIT DROP")
        with file.open("rb") as data, cursor.copy("COPY staged FROM STDIN (FORMAT csv)") as copy:
            while block := data.read(BLOCK):
                copy.write(block)
        cursor.execute(
            f"INSERT INTO {schema}.orders AS t SELECT * FROM staged ON CONFLICT (id) "
            f"DO UPDATE SET {changes} WHERE excluded.updated_at > t.updated_at"
        )


def duckdb(path: Path, file: Path) -> None:
    """Load a file of bare records."""
    import duckdb as engine

    kinds = types(_DUCKDB, "TIMESTAMP WITH TIME ZONE")
    # A JSON number that is read as DECIMAL goes through a double; as text it stays exact, at no cost.
    read = {name: "VARCHAR" if "DECIMAL" in kind else kind for name, kind in kinds.items()}
    columns = ", ".join(f"'{name}': '{kind}'" for name, kind in read.items())
    chosen = ", ".join(f'"{name}"::{kind} AS "{name}"' for name, kind in kinds.items())
    with engine.connect(str(path)) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute(
            f"CREATE TABLE orders AS SELECT {chosen} FROM "
            f"read_json($1, format = 'newline_delimited', columns = {{{columns}}})",
            [str(file)],
        )


if __name__ == "__main__":
    if sys.argv[1] == "postgres":
        postgres(sys.argv[2], sys.argv[3], Path(sys.argv[4]))
    else:
        duckdb(Path(sys.argv[2]), Path(sys.argv[3]))
