"""Recorded answers of a platform, through a tap's shaping, against records kept on file."""

from __future__ import annotations

import difflib
import json
import os
import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import msgspec

from openplatform.accounts import Account
from openplatform.paging import Page
from openplatform.paths import records_at
from openplatform.tap import PlatformTap

WRITE = "GOLDEN_WRITE"
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


@dataclass(frozen=True)
class Shaped:
    """What a tap makes of one answer.

    Attributes:
        records: The finished records.
        unknown: Paths of fields that the schema does not know.
        misfits: Paths of values that did not fit their type.
        keyless: Records left out for want of a key.
    """

    records: list[dict[str, t.Any]]
    unknown: list[str] = field(default_factory=list)
    misfits: list[str] = field(default_factory=list)
    keyless: int = 0


def load_sample(path: Path) -> t.Any:
    """Return a recorded answer, decoded as the HTTP core decodes it."""
    return _decode(path.read_bytes())


def shape_answer(
    tap: PlatformTap,
    stream: str,
    answer: t.Any,
    *,
    account: str,
    carried: Mapping[str, t.Any] | None = None,
    asked: datetime | None = None,
) -> Shaped:
    """Return what a tap makes of a decoded answer of one of its streams.

    Args:
        tap: The tap; give it a held clock, so that `_read_at` stands still.
        stream: The stream's name.
        answer: The decoded answer, or a list of them.
        account: The account it belongs to.
        carried: Fields that come from the call's parameters.
        asked: Start of the window that was asked for: the bookmark of records without a time.
    """
    kind = tap.platform_streams[stream]
    owner = Account(account)
    records: list[dict[str, t.Any]] = []
    for body in answer if isinstance(answer, list) else [answer]:
        page = Page(records_at(body, kind.records), body)
        records += tap.finisher.finished(kind, owner, page, None, carried or {}, fallback=asked)
    counts = tap.metrics.streams[stream, account]
    return Shaped(records, sorted(counts.unknown_fields), sorted(counts.misfits), counts.keyless)


def check_golden(path: Path, records: Sequence[Mapping[str, t.Any]]) -> None:
    """Compare records with those on file; the environment variable GOLDEN_WRITE=1 writes the file.

    Raises:
        AssertionError: They differ, or there is no file.
    """
    text = json.dumps(records, ensure_ascii=False, indent=2, default=str) + "\n"
    if os.environ.get(WRITE):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return
    if not path.is_file():
        raise AssertionError(f"{path.name} is missing; write it with {WRITE}=1 and read it over")
    kept = path.read_text(encoding="utf-8")
    if kept != text:
        lines = difflib.unified_diff(kept.splitlines(), text.splitlines(), path.name, "now", n=1)
        raise AssertionError("\n".join(lines))
