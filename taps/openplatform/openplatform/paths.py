"""Short paths into decoded JSON: `data.list[].order` walks dictionaries and flattens lists."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping


def value_at(body: t.Any, path: str) -> t.Any:
    """Return the value at a dotted path without `[]`, or None when a part of it is missing."""
    for name in path.split(".") if path else ():
        if not isinstance(body, Mapping):
            return None
        body = body.get(name)
    return body


def records_at(body: t.Any, path: str) -> list[t.Any]:
    """Return the records at a path; a missing or null list is an empty one.

    Args:
        body: Decoded JSON.
        path: Such as `data.orders[]`; a path without `[]` names one record. After `[]` may follow
            the path of the record within the list's element.
    """
    before, marker, after = path.partition("[]")
    found = value_at(body, before)
    if found is None:
        return []
    if not marker:
        return [found]
    items = found if isinstance(found, list) else [found]
    inner = after.lstrip(".")
    if not inner:
        return list(items)
    return [record for item in items for record in records_at(item, inner)]
