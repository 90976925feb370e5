"""What a partition still owes beside its bookmark; no edit may lose any of it.

Failures are owed until they are fetched; open ids (records that may still change although their time
has passed) are read again until they are final; collected ids, which a list brought, are still to be
asked for. A bookmark does not bring any of them back.
"""

from __future__ import annotations

import copy
import typing as t

if t.TYPE_CHECKING:
    from collections.abc import Callable, Hashable

Data = dict[str, t.Any]


def _failure(item: Data) -> Hashable:
    return str(item.get("stream")), str(item.get("key"))


_IDENTITY: dict[str, Callable[[t.Any], Hashable]] = {
    "failures": _failure,
    "open": str,
    "collected": str,
}


def add_owed(data: Data, other: Data, *, but_not: Data | None = None) -> None:
    """Add what another entry of the same partition owes to an entry, in place.

    Args:
        data: The entry that takes it; where both owe the same, its own words stay.
        other: The entry that it comes from.
        but_not: What this entry owes is not taken.
    """
    for name, identity in _IDENTITY.items():
        mine = data.get(name) or []
        known = {identity(item) for item in [*mine, *((but_not or {}).get(name) or [])]}
        more = [item for item in other.get(name) or [] if identity(item) not in known]
        if more:
            data[name] = [*mine, *copy.deepcopy(more)]
