"""Short ways to write Singer messages."""

from __future__ import annotations

import typing as t

NULLABLE_TEXT = {"type": ["string", "null"]}


def schema(
    stream: str = "users",
    key: t.Sequence[str] = ("_account", "id"),
    bookmark: t.Sequence[str] = (),
    **properties: t.Any,
) -> dict[str, t.Any]:
    base = {"_account": {"type": "string"}, "id": {"type": "string"}, "name": NULLABLE_TEXT}
    return {
        "type": "SCHEMA",
        "stream": stream,
        "schema": {"type": "object", "properties": {**base, **properties}},
        "key_properties": list(key),
        "bookmark_properties": list(bookmark),
    }


def incremental(stream: str = "orders", **properties: t.Any) -> dict[str, t.Any]:
    return schema(stream, bookmark=["_bookmark"], _bookmark={"type": "string"}, **properties)


def record(
    stream: str,
    identifier: str,
    name: str | None = None,
    *,
    account: str = "a",
    version: int | None = None,
    **values: t.Any,
) -> dict[str, t.Any]:
    message: dict[str, t.Any] = {
        "type": "RECORD",
        "stream": stream,
        "record": {"_account": account, "id": identifier, "name": name, **values},
    }
    if version is not None:
        message["version"] = version
    return message


def order(identifier: str, name: str, at: str, **values: t.Any) -> dict[str, t.Any]:
    return record("orders", identifier, name, _bookmark=at, **values)


def activate(stream: str, version: int, **scope: str) -> dict[str, t.Any]:
    message: dict[str, t.Any] = {"type": "ACTIVATE_VERSION", "stream": stream, "version": version}
    if scope:
        message["scope"] = scope
    return message


def state(value: t.Any) -> dict[str, t.Any]:
    return {"type": "STATE", "value": value}
