"""What a SCHEMA message says: the fields of a stream, their kinds, its key and its version."""

from __future__ import annotations

import enum
import hashlib
import typing as t
from dataclasses import dataclass, replace

import msgspec

from target_warehouse.errors import InputError
from target_warehouse.messages import ABSENT, without_nul

if t.TYPE_CHECKING:
    from target_warehouse.messages import Message

INT64_MAX = 2**63 - 1
_JSON_NAMES = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}
_PRIMITIVE = {"string", "integer", "number", "boolean", "object", "array", "null"}


class Kind(str, enum.Enum):
    """The kinds of columns; each dialect has one type for each."""

    TEXT = "text"
    INTEGER = "integer"
    HUGE = "huge integer"
    DECIMAL = "decimal"
    BOOLEAN = "boolean"
    TIMESTAMP = "timestamp"
    DATE = "date"
    TIME = "time"
    JSON = "json"


@dataclass(frozen=True, slots=True)
class Field:
    """One property of a stream.

    Attributes:
        name: The property's name.
        kind: What its column holds.
        nullable: Whether null is a value of it.
        required: Whether a record without it is bad.
        mixed: A text field whose values may also be numbers or booleans.
        opens: The characters with which the JSON of a value may begin; empty for any.
        approximate: A JSON number without a declared precision, which may be rounded where an
            engine has no room for all of its fraction.
    """

    name: str
    kind: Kind
    nullable: bool = True
    required: bool = False
    mixed: bool = False
    opens: str = ""
    approximate: bool = False


@dataclass(frozen=True, slots=True)
class StreamSchema:
    """A stream as its SCHEMA message describes it.

    Attributes:
        stream: Its name.
        fields: Its properties, in their order.
        key: Names of the key properties; empty for a stream without a key.
        version: Name of the property that tells a row's version; None for order of arrival.
        incremental: Whether it has a replication key.
        digest: A hash of properties, key and bookmark.
        message: The SCHEMA message, kept for replaying quarantined records.
        tally: Name of the property that is to hold how many records of the stream and account that
            the record names (`stream`, `account`) went to the quarantine; None for most streams.
    """

    stream: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    version: str | None
    incremental: bool
    digest: str
    message: bytes
    tally: str | None = None


def parse(message: Message, line: bytes) -> StreamSchema:
    """Read a SCHEMA message.

    Raises:
        InputError: When it names no stream, has no properties, or a key that is none of them.
    """
    stream = message.stream
    if not stream:
        raise InputError("A SCHEMA message has no `stream`. Give the stream a name in the tap.")
    document = _document(message)
    properties = document.get("properties")
    if not isinstance(properties, dict):
        raise InputError(
            f"The SCHEMA message of stream {stream!r} has no `properties`, so its columns are "
            "unknown. The tap must send a JSON schema of an object with properties."
        )
    key = tuple(dict.fromkeys(_name(name) for name in message.key_properties or ()))
    bookmarks = tuple(_name(name) for name in message.bookmark_properties or ())
    listed = document.get("required")
    required = {n for n in listed if isinstance(n, str)} if isinstance(listed, list) else set()
    fields = {
        name: _field(name, _options(spec, document), name in required)
        for name, spec in properties.items()
    }
    _check_key(stream, key, fields)
    for name in key:
        # A row without its key is never found again; one whose key was rounded is another's.
        fields[name] = replace(fields[name], nullable=False, required=True, approximate=False)
    if not fields:
        raise InputError(
            f"The schema of stream {stream!r} has `properties`, but none in it, so it has no "
            "column. Select a property, or deselect the stream."
        )
    return StreamSchema(
        stream=stream,
        fields=tuple(fields.values()),
        key=key,
        version=_version_property(fields, bookmarks),
        incremental=bool(bookmarks),
        digest=hashlib.blake2b(line.strip(), digest_size=16).hexdigest(),
        message=line.strip(),
        tally=next((name for name, spec in properties.items() if _is_tally(spec)), None),
    )


def _is_tally(spec: t.Any) -> bool:
    return isinstance(spec, dict) and spec.get("x-loader") == "quarantined"


def _document(message: Message) -> dict[str, t.Any]:
    """Return the JSON schema of a SCHEMA message; empty when it has none."""
    if message.schema is ABSENT:
        return {}
    try:
        document = msgspec.json.decode(without_nul(bytes(message.schema)))
    except RecursionError:
        raise InputError(
            f"The schema of stream {message.stream!r} is nested too deeply to be read."
        ) from None
    return document if isinstance(document, dict) else {}


def _name(name: str) -> str:
    """Return the name of a property as its records have it once they are read."""
    return name.replace("\x00", "\ufffd")


def _version_property(fields: t.Mapping[str, Field], bookmarks: tuple[str, ...]) -> str | None:
    for name in ("_read_at", "_bookmark", *bookmarks[:1]):
        if name in fields and fields[name].kind not in {Kind.JSON, Kind.BOOLEAN}:
            return name
    return None


def _check_key(stream: str, key: tuple[str, ...], fields: t.Mapping[str, Field]) -> None:
    for name in key:
        if name not in fields:
            raise InputError(
                f"Stream {stream!r} has the key property {name!r}, which is not among the "
                "properties of its schema. Select the property, or correct `key_properties`."
            )
        if fields[name].kind is Kind.JSON:
            raise InputError(
                f"The key property {name!r} of stream {stream!r} may be an object or an array, "
                "which cannot be a key. Correct its type or `key_properties` in the tap."
            )


_Option: t.TypeAlias = "tuple[str, dict[str, t.Any]]"
"""One type that a value may have, and the schema that says so."""


def _field(name: str, options: list[_Option] | None, required: bool) -> Field:
    options = options or []
    nullable = not options or "null" in {kind for kind, _ in options}
    kinds = [_kind(kind, detail) for kind, detail in options if kind != "null"]
    distinct = set(kinds)
    if len(distinct) == 1:
        kind = kinds[0]
        if kind is Kind.JSON:
            opens = "".join(
                {"object": "{", "array": "["}[name] for name, _ in options if name != "null"
            )
            return Field(name, kind, nullable, required, opens=opens)
        approximate = kind is Kind.DECIMAL and any(
            option == "number" and "multipleOf" not in detail for option, detail in options
        )
        return Field(name, kind, nullable, required, approximate=approximate)
    if distinct and distinct <= {Kind.INTEGER, Kind.HUGE, Kind.DECIMAL}:
        return Field(name, Kind.DECIMAL, nullable, required, approximate=True)
    if not distinct or Kind.JSON in distinct:
        return Field(name, Kind.JSON, nullable, required)
    return Field(name, Kind.TEXT, nullable, required, mixed=distinct != {Kind.TEXT})


def _options(spec: t.Any, document: t.Any, seen: tuple[str, ...] = ()) -> list[_Option] | None:
    """Return every type that a value may have; None when anything may come."""
    if not isinstance(spec, dict):
        return None
    pointer = spec.get("$ref")
    if isinstance(pointer, str):
        found = None if pointer in seen else _resolved(pointer, document)
        return _options(found, document, (*seen, pointer))
    if isinstance(spec.get("allOf"), list):
        merged: dict[str, t.Any] = {}
        for part in (*spec["allOf"], {k: v for k, v in spec.items() if k != "allOf"}):
            merged.update(part if isinstance(part, dict) else {})
        return _options(merged, document, seen)
    if spec.get("type") is not None:
        names = spec["type"] if isinstance(spec["type"], list) else [spec["type"]]
        known = [name for name in names if isinstance(name, str) and name in _PRIMITIVE]
        return [(name, spec) for name in known] or None
    either = spec.get("anyOf", spec.get("oneOf"))
    if isinstance(either, list):
        parts = [_options(part, document, seen) for part in either]
        return None if None in parts else [option for part in parts for option in part or ()]
    return _options_of_values(spec)


def _resolved(pointer: str, document: t.Any) -> t.Any:
    """Return what a reference within the schema points at; None for any other."""
    if not pointer.startswith("#/"):
        return None
    for word in pointer[2:].split("/"):
        if not isinstance(document, dict):
            return None
        document = document.get(word.replace("~1", "/").replace("~0", "~"))
    return document


def _options_of_values(spec: dict[str, t.Any]) -> list[_Option] | None:
    """Return the types of the values that `const` or `enum` lists; null is let through always."""
    values = [spec["const"]] if "const" in spec else spec.get("enum")
    if not isinstance(values, list):
        return None
    names = {_JSON_NAMES.get(type(value), "object") for value in values} - {"null"}
    if not names or "object" in names:
        return None
    return [*((name, {}) for name in sorted(names)), ("null", {})]


def _kind(name: str, spec: dict[str, t.Any]) -> Kind:
    if name == "string":
        return _STRING_FORMATS.get(str(spec.get("format", "")), Kind.TEXT)
    if name == "integer":
        bounds = [spec.get(word) for word in ("minimum", "maximum")]
        huge = any(isinstance(b, (int, float)) and abs(b) > INT64_MAX + 1 for b in bounds)
        return Kind.HUGE if huge else Kind.INTEGER
    return {"number": Kind.DECIMAL, "boolean": Kind.BOOLEAN}.get(name, Kind.JSON)


_STRING_FORMATS = {
    "date-time": Kind.TIMESTAMP,
    "date": Kind.DATE,
    "time": Kind.TIME,
    "singer.decimal": Kind.DECIMAL,
    "x-singer.decimal": Kind.DECIMAL,
}
