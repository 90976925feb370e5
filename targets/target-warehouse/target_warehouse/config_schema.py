"""The settings as a JSON schema, and a quick look whether a configuration fits it.

The SDK has ways to write this and to check it, but takes longer to load than a small run to load its
records.
"""

from __future__ import annotations

import re
import typing as t

RECONNECT_SECONDS = 60
LOAD_MODES = ("upsert", "append", "soft_delete", "snapshot", "overwrite", "history")
CONTRACTS = ("evolve", "freeze", "discard")

Schema: t.TypeAlias = dict[str, t.Any]

_NUMBER = ("string", "number")
"""Also as text: Meltano cannot pass on a fraction that an environment variable holds."""


def _setting(kind: str | tuple[str, ...], description: str, **more: t.Any) -> Schema:
    kinds = [kind] if isinstance(kind, str) else list(kind)
    return {"type": [*kinds, "null"], **more, "description": description}


def _secret(description: str) -> Schema:
    return _setting("string", description, secret=True, writeOnly=True)


def _choice(description: str, words: t.Sequence[str], **more: t.Any) -> Schema:
    return _setting("string", description, **more, enum=list(words))


def _share(description: str, **more: t.Any) -> Schema:
    pattern = r"^(0(\.\d+)?|1(\.0+)?)$"
    return _setting(_NUMBER, description, pattern=pattern, minimum=0, maximum=1, **more)


def _seconds(description: str, default: int, **more: t.Any) -> Schema:
    return _setting(_NUMBER, description, pattern=r"^\d+(\.\d+)?$", default=default, **more)


_STREAM: Schema = {
    "type": "object",
    "properties": {
        "load_mode": _choice("Load mode of these streams.", LOAD_MODES),
        "table": _setting("string", "Table name; default: the stream's name."),
        "schema_contract": _choice("Schema contract of these streams.", CONTRACTS),
        "max_delete_share": _share("Largest share of a scope that one activation may take away."),
        "snapshot_keep": _setting("integer", "How many snapshots to keep.", minimum=1),
    },
    "additionalProperties": False,
}

CONFIG_SCHEMA: Schema = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "url": _secret(
            "The database: `duckdb:///relative/file.duckdb`, `duckdb:////absolute/file.duckdb` or "
            "`postgresql://user:password@host:port/database`. Instead of it, set `path` for DuckDB "
            "or `host` and its companions for PostgreSQL."
        ),
        "path": _setting("string", "DuckDB: the file. It is created when missing."),
        "host": _setting("string", "PostgreSQL: host name or socket directory."),
        "port": _setting("integer", "PostgreSQL: port; default 5432."),
        "user": _setting("string", "PostgreSQL: user."),
        "password": _secret("PostgreSQL: password."),
        "dbname": _setting("string", "PostgreSQL: database."),
        "sslmode": _choice(
            "PostgreSQL: how the connection is protected.",
            ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
        ),
        "sslrootcert": _setting(
            "string",
            "PostgreSQL: file of the certificates that the server's is checked against.",
        ),
        "sslcert": _setting("string", "PostgreSQL: file of our certificate."),
        "sslkey": _setting("string", "PostgreSQL: file of our certificate's key."),
        "schema": _setting(
            "string",
            "Database schema for all tables, created when missing; default `main` in DuckDB, "
            "`public` in PostgreSQL.",
        ),
        "default_target_schema": _setting(
            "string", "Another name of `schema`, as other targets call it."
        ),
        "load_mode": _choice(
            "How records become rows. A stream without a key is appended under `upsert`, "
            "`soft_delete` and `history`.",
            LOAD_MODES,
            default="upsert",
        ),
        "streams": _setting(
            "object",
            "Settings for single streams: a name or a glob, and what differs for it. Where several "
            "match, an exact name wins, then the longest glob.",
            properties={},
            additionalProperties=_STREAM,
        ),
        "schema_contract": _choice(
            "When a schema changes: `evolve` adds and widens columns, `freeze` stops before "
            "anything is written, `discard` leaves unknown columns out.",
            CONTRACTS,
            default="evolve",
        ),
        "max_delete_share": _share(
            "An activation that would take away a larger share of its scope stops with an error; "
            "scopes below 10 rows are only guarded against an empty read.",
            default=0.5,
        ),
        "force_delete": _setting(
            "boolean",
            "Let activations pass whatever they take away. For one run, after a look.",
            default=False,
        ),
        "snapshot_keep": _setting(
            "integer", "Mode `snapshot`: how many snapshots to keep; default all.", minimum=1
        ),
        "quarantine_threshold": _setting(
            "integer",
            "How many bad records of one run go to the table `_quarantine` before the run fails; 0 "
            "fails at the first.",
            minimum=0,
            default=100,
        ),
        "metrics_file": _setting(
            "string",
            "Prometheus textfile, replaced at the end of each run: bad records of the run by stream "
            "and account, and records that stand in the quarantine. A file for each loader.",
        ),
        "batch_rows": _setting(
            "integer",
            "Rows in one transaction; default 10,000 in PostgreSQL, 20,480 in DuckDB.",
            minimum=1,
        ),
        "batch_bytes": _setting(
            "integer",
            "Bytes of input in one transaction; default 16 MB in PostgreSQL, 32 MB in DuckDB.",
            minimum=1,
        ),
        "max_batch_age_seconds": _seconds(
            "Rows wait no longer than this for their transaction, also while the tap is silent.",
            60,
            exclusiveMinimum=0,
        ),
        "reconnect_seconds": _seconds(
            "PostgreSQL: for how long a connection that was lost in mid-load is tried again before "
            "the run fails. Nothing is lost or doubled by it.",
            RECONNECT_SECONDS,
            minimum=0,
        ),
    },
}

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "object": (dict,),
    "null": (type(None),),
}


def surely_fits(value: t.Any, schema: Schema) -> bool:
    """Tell whether a value fits a schema of the kind above, as far as a quick look can tell.

    Returns:
        True only for what fits. False says nothing: ask a real validator, which also says what is
        wrong.
    """
    kinds = schema["type"]
    types = {
        kind for name in ([kinds] if isinstance(kinds, str) else kinds) for kind in _TYPES[name]
    }
    if type(value) not in types or ("enum" in schema and value not in schema["enum"]):
        return False
    if isinstance(value, str):
        return re.search(schema.get("pattern", ""), value) is not None
    if isinstance(value, dict):
        known, others = schema["properties"], schema.get("additionalProperties")
        return all(
            surely_fits(part, known.get(name) or others or {"type": []})
            for name, part in value.items()
        )
    if isinstance(value, (int, float)):
        return bool(
            schema.get("minimum", value) <= value <= schema.get("maximum", value)
            and ("exclusiveMinimum" not in schema or value > schema["exclusiveMinimum"])
        )
    return True
