"""Schema files: what a platform sends (`x-` keywords) and what the tap writes (the rest)."""

from __future__ import annotations

import json
import typing as t
from importlib.resources import files

Schema = dict[str, t.Any]

TEXT: Schema = {"type": ["string", "null"]}
ACCOUNT: Schema = {
    "type": ["string"],
    "description": "The account (shop, company, tenant) that the record belongs to",
}
BOOKMARK: Schema = {
    "type": ["string"],
    "description": "Position update_time@id of the record in the stream's total order (UTC)",
}
READ_AT: Schema = {
    "type": ["string"],
    "format": "date-time",
    "description": "When this state of the record was read (UTC); the platform tells no update time",
}
RAW: Schema = {"type": ["object", "null"], "description": "The record as the platform sent it"}


def load(package: str, stream: str) -> Schema:
    """Return the content of `<package>/schemas/<stream>.json`."""
    text = (files(package) / "schemas" / f"{stream}.json").read_text(encoding="utf-8")
    return t.cast("Schema", json.loads(text))


def published(schema: t.Any) -> t.Any:
    """Return a schema without the `x-` keywords that only the tap itself needs."""
    if isinstance(schema, dict):
        return {k: published(v) for k, v in schema.items() if not k.startswith("x-")}
    if isinstance(schema, list):
        return [published(part) for part in schema]
    return schema
