"""Answers whose form nobody has described: where their rows are, and how rows are told apart."""

from __future__ import annotations

import hashlib
import typing as t
from collections.abc import Mapping

import msgspec

from openplatform.errors import FatalError

_canonical = msgspec.json.Encoder(order="deterministic").encode


def rows_within(payload: t.Any, name: str = "") -> list[t.Any]:
    """Return the rows of a payload: itself, the list of this name, else the only list that it holds.

    Raises:
        FatalError: It holds several lists, none of this name.
    """
    if isinstance(payload, list):
        return payload
    if not isinstance(payload, Mapping):
        return []
    lists = {key: value for key, value in payload.items() if isinstance(value, list)}
    if name in lists:
        return lists[name]
    if len(lists) > 1:
        msg = f"the answer holds several lists ({', '.join(lists)}), and which one is meant is not known"
        raise FatalError(msg)
    return next(iter(lists.values()), [])


def digest_of(value: t.Any) -> str:
    """Return a short name for exactly this content, whatever the order of its fields."""
    return hashlib.sha256(_canonical(value)).hexdigest()[:32]


def kept_whole(raw: t.Any) -> dict[str, t.Any]:
    """Return a record of fields that nobody has described: whole, and known by what it holds."""
    return {"digest": digest_of(raw), "content": raw}
