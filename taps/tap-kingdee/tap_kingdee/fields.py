"""Fields that settings name, such as `FQty:decimal`, as the schema of a stream."""

from __future__ import annotations

import re
import typing as t
from collections.abc import Collection, Iterable, Mapping

from openplatform.errors import ConfigurationError
from openplatform.schemas import Schema

_KINDS: t.Final[dict[str, Schema]] = {
    "text": {"type": ["string", "null"]},
    "integer": {"type": ["integer", "null"]},
    "decimal": {"type": ["string", "null"], "format": "singer.decimal"},
    "time": {"type": ["string", "null"], "format": "date-time", "x-time": "local"},
    "date": {"type": ["string", "null"], "format": "date"},
    "boolean": {"type": ["boolean", "null"]},
    "object": {"type": ["object", "null"]},
    "objects": {"type": ["array", "null"], "items": {"type": ["object", "null"]}},
}
_STREAM = re.compile(r"[a-z][a-z0-9_]*")
KEY: t.Final[Schema] = {"type": "string"}


def properties(
    texts: Iterable[str], where: str, *, personal: Collection[str] = (), dots: bool = False
) -> dict[str, Schema]:
    """Return the properties that fields become.

    Args:
        texts: Names, each with its type behind a colon unless it is text; `list[].name` is a field of
            the objects in a list.
        where: The setting, for errors.
        personal: Names of those that identify a person.
        dots: Whether names may have dots, which become underscores in ours.

    Raises:
        ConfigurationError: A type is none of ours, or a name has a dot.
    """
    found: dict[str, Schema] = {}
    for text in texts:
        field, _, kind = str(text).partition(":")
        outer, within, inner = field.partition("[].")
        schema, name = _KINDS.get(kind or "text"), (inner if within else field)
        if not name or schema is None or ("." in name and not dots):
            msg = (
                f"Setting {where}: {text!r} is no field. Write NAME, NAME:TYPE or LIST[].NAME:TYPE; "
                f"types: {', '.join(_KINDS)}."
            )
            raise ConfigurationError(msg)
        part = {**schema, "x-personal": True} if field in personal else dict(schema)
        own = name.replace(".", "_")
        level = listed(found, outer) if within else found
        level[own] = part if own == name else {**part, "x-field": name}
    return found


def listed(known: dict[str, Schema], name: str) -> dict[str, Schema]:
    """Return the properties of the objects in a list, which there is from then on."""
    items: Schema = {"type": ["object", "null"], "properties": {}}
    part = known.setdefault(name, {"type": ["array", "null"], "items": items})
    return t.cast("dict[str, Schema]", part["items"]["properties"])


def entries(config: Mapping[str, t.Any], setting: str) -> list[Mapping[str, t.Any]]:
    """Return the entries of a setting that makes streams, each with a name of its own.

    Raises:
        ConfigurationError: A name is missing, none for a table, or stands there twice.
    """
    found = list(config.get(setting) or [])
    names = [str(entry.get("stream") or "") for entry in found]
    for name in names:
        if not _STREAM.fullmatch(name) or names.count(name) > 1:
            msg = (
                f"Setting {setting}: the stream {name!r} has no name in small letters, or stands there "
                "twice. Write for instance stream: sales_returns."
            )
            raise ConfigurationError(msg)
    return found
