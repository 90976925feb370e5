"""Identifiers: how they are quoted, shortened and kept apart."""

from __future__ import annotations

import hashlib
import re
import typing as t

MAX_BYTES = 63
"""The longest identifier of PostgreSQL. DuckDB has no limit; both get the same names."""

_ENGINES_COLUMNS = "rowid ctid tableoid xmin xmax cmin cmax"
_STATEMENTS_COLUMNS = "__n __row __digest __rank __copy __before __run __nth __next"
RESERVED = frozenset(f"{_ENGINES_COLUMNS} {_STATEMENTS_COLUMNS}".split())
"""Names that no column may have; a property of such a name gets `rowid__2`."""

SYSTEM = frozenset(
    [
        *("_version", "_version_until", "_table_version", "_deleted_at", "_snapshot_at"),
        *("_is_latest", "_valid_from", "_valid_to", "_is_current"),
    ]
)
"""Columns that modes add. No property gets one, in no mode: a table may go from mode to mode."""

_OWN_TABLES = re.compile(
    r"_quarantine(_schemas)?|__(staged|merged|fresh|chains)|.*__staging_-?\d+", re.DOTALL
)

_HASH_LENGTH = 8


def quote(name: str) -> str:
    """Return `name` as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def shorten(name: str, limit: int = MAX_BYTES) -> str:
    """Return `name`, or its beginning and a hash of the whole when it is longer than `limit` bytes.

    Two different names never become one: what differs after the cut differs in the hash. A NUL
    character becomes U+FFFD, an empty name `_`.
    """
    name = name.replace("\x00", "�") or "_"
    raw = name.encode()
    if len(raw) <= limit:
        return name
    digest = hashlib.blake2b(raw, digest_size=_HASH_LENGTH // 2).hexdigest()
    return raw[: limit - _HASH_LENGTH - 1].decode(errors="ignore") + "_" + digest


def variant(name: str, number: int) -> str:
    """Return the name of the `number`-th column of one property: `amount`, `amount__2`, ..."""
    if number == 1:
        return shorten(name)
    suffix = f"__{number}"
    return shorten(name, MAX_BYTES - len(suffix)) + suffix


def is_own(table: str) -> bool:
    """Tell whether a table, also a temporary one, is called so that no stream may have it."""
    return _OWN_TABLES.fullmatch(fold(table)) is not None


def fold(name: str) -> str:
    """Return the form in which two names are the same for DuckDB, which ignores case."""
    return name.lower()


def join(names: t.Iterable[str], separator: str = ", ") -> str:
    """Return the names quoted and joined."""
    return separator.join(quote(name) for name in names)


def apart(name: str) -> str:
    """Return a name for what may not have `name` itself, the same each time."""
    return f"{name}__{hashlib.blake2b(name.encode(), digest_size=2).hexdigest()}"
