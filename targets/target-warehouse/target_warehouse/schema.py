"""What a SCHEMA message says: the fields of a stream, their kinds, its key and its version."""

from __future__ import annotations

import enum
import hashlib
import typing as t
from dataclasses import dataclass

import msgspec

from target_warehouse.errors import InputError
from target_warehouse.messages import ABSENT

if t.TYPE_CHECKING:
    from target_warehouse.messages import Message

INT64_MAX = 2**63 - 1
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
    """

    stream: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    version: str | None
    incremental: bool
    digest: str
    message: bytes


def parse(message: Message, line: bytes) -> StreamSchema:
    """Read a SCHEMA message.

    Raises:
        InputError: When it has no properties, or a key that is none of them.
    """
    stream = message.stream
    document: t.Any = None if message.schema is ABSENT else msgspec.json.decode(message.schema)
    properties = document.get("properties") if isinstance(document, dict) else None
    if not isinstance(properties, dict):
        raise InputError(
            f"The SCHEMA message of stream {stream!r} has no `properties`, so its columns are "
            "unknown. The tap must send a JSON schema of an object with properties."
        )
    key = tuple(message.key_properties or ())
    bookmarks = tuple(message.bookmark_properties or ())
    required = {*(document.get("required") or ()), *key}
    fields = tuple(_field(name, spec, name in required) for name, spec in properties.items())
    _check_key(stream, key, {field.name: field for field in fields})
    return StreamSchema(
        stream=stream,
        fields=fields,
        key=key,
        version=_version_property(properties, bookmarks),
        incremental=bool(bookmarks),
        digest=hashlib.blake2b(line.strip(), digest_size=16).hexdigest(),
        message=line.strip(),
    )


def _version_property(properties: dict[str, t.Any], bookmarks: tuple[str, ...]) -> str | None:
    for name in ("_read_at", "_bookmark", *bookmarks[:1]):
        if name in properties:
            return name
    return None


def _check_key(stream: str, key: tuple[str, ...], fields: dict[str, Field]) -> None:
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


def _field(name: str, spec: t.Any, required: bool) -> Field:
    options = _options(spec)
    nullable = not options or "null" in {kind for kind, _ in options}
    kinds = [(_kind(kind, detail), detail) for kind, detail in options if kind != "null"]
    distinct = {kind for kind, _ in kinds}
    if len(distinct) == 1:
        kind = kinds[0][0]
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


def _options(spec: t.Any) -> list[tuple[str, dict[str, t.Any]]]:
    """Return every (type, its schema) that a value may have; empty when anything may come."""
    if not isinstance(spec, dict):
        return []
    declared = spec.get("type")
    if declared is not None:
        names = declared if isinstance(declared, list) else [declared]
        return [(name, spec) for name in names if name in _PRIMITIVE]
    for word in ("anyOf", "oneOf", "allOf"):
        if isinstance(spec.get(word), list):
            return [option for part in spec[word] for option in _options(part)]
    if all(isinstance(value, str) or value is None for value in spec.get("enum", [0])):
        return [("string", spec), ("null", spec)]
    return []


def _kind(name: str, spec: dict[str, t.Any]) -> Kind:
    if name == "string":
        return _STRING_FORMATS.get(str(spec.get("format", "")), Kind.TEXT)
    if name == "integer":
        bounds = (abs(spec.get(word) or 0) for word in ("minimum", "maximum"))
        return Kind.HUGE if any(bound > INT64_MAX for bound in bounds) else Kind.INTEGER
    return {"number": Kind.DECIMAL, "boolean": Kind.BOOLEAN}.get(name, Kind.JSON)


_STRING_FORMATS = {
    "date-time": Kind.TIMESTAMP,
    "date": Kind.DATE,
    "time": Kind.TIME,
    "singer.decimal": Kind.DECIMAL,
    "x-singer.decimal": Kind.DECIMAL,
}
