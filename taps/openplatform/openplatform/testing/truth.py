"""What a tap brought, against what a simulator says is true."""

from __future__ import annotations

import typing as t
from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from openplatform.records import Shaper
from openplatform.tap import PlatformTap

_SHOWN = 20
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


class TruthLike(t.Protocol):
    """One true row: its key (parts joined by `:`) and its content as the platform shows it."""

    @property
    def key(self) -> str:
        """The key as text."""

    @property
    def record(self) -> t.Any:
        """The content."""


def differences(
    tap: PlatformTap,
    stream: str,
    truth: Iterable[TruthLike],
    table: Mapping[str, Mapping[str, t.Any]],
    *,
    ignore: frozenset[str] = frozenset(),
) -> list[str]:
    """Return how a table differs from the truth, in words; an empty list means that it does not.

    Args:
        tap: The tap, whose shaping the true rows go through.
        stream: The stream's name.
        truth: The true rows.
        table: Records by key, as `Messages.latest` gives them.
        ignore: Fields that may differ.
    """
    kind = tap.platform_streams[stream]
    found: list[str] = []
    shaper = Shaper(
        kind.source_schema,
        zone=tap.zone_info,
        nulls=kind.nulls,
        on_unknown=lambda path: found.append(f"{stream}: the schema does not know {path}"),
        on_misfit=lambda path: found.append(f"{stream}: {path} does not fit its type"),
    )
    expected = set()
    for row in truth:
        expected.add(row.key)
        if (record := table.get(row.key)) is None:
            found.append(f"{stream} {row.key}: missing")
            continue
        # As it comes over the wire: a fraction is exact there, and a float is not.
        sent = _decode(msgspec.json.encode(row.record))
        for name, value in shaper.shape(kind.flatten(sent)).items():
            if name not in ignore and record.get(name) != value:
                found.append(f"{stream} {row.key}: {name} is {record.get(name)!r}, not {value!r}")
    found += [f"{stream} {key}: does not exist" for key in table if key not in expected]
    return list(dict.fromkeys(found))[:_SHOWN]
