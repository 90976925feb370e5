"""What activations have in common: their scope, their guard and their time."""

from __future__ import annotations

import logging
import typing as t
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from target_warehouse.errors import BusyError, GuardError, InputError
from target_warehouse.names import quote
from target_warehouse.versions import moment_key

if t.TYPE_CHECKING:
    from target_warehouse.modes.base import Activation, Mode
    from target_warehouse.quarantine import Quarantine

log = logging.getLogger("target-warehouse")

SMALL_SCOPE = 10
"""Below so many rows a share says nothing; only an empty read is guarded."""

PATIENCE = 10.0
"""How many seconds to wait for what another run has claimed; it may just have been killed."""

_LAST_MILLISECOND = 253_402_300_799_999


def milliseconds(version: int) -> int:
    """Return a full read's version as epoch milliseconds; some taps count finer."""
    while version > _LAST_MILLISECOND:
        version //= 1000
    return max(version, 0)


def moment_text(version: int) -> str:
    """Return the moment that a full read's version stands for, the same in every replay."""
    return moment_key(datetime.fromtimestamp(milliseconds(version) / 1000, tz=timezone.utc))


def apply(mode: Mode, activation: Activation, quarantine: Quarantine) -> None:
    """Act on the end of a full read, within a transaction."""
    if not mode.follows_reads:
        return
    stream = mode.schema.stream
    bad = quarantine.of_read(stream, activation)
    if mode.activate(replace(activation, incomplete=len(bad))):
        quarantine.settle(stream, activation)
    else:
        quarantine.hold(bad)


def is_late(mode: Mode, activation: Activation, last: int | None) -> bool:
    """Tell whether a read is older than the one in place, as when old messages are replayed.

    Args:
        mode: Whose rows they are.
        activation: What is to be done.
        last: The version of the read in place, or its milliseconds; None when there is none.
    """
    if last is None or mode.settings.force_delete:
        return False
    if milliseconds(activation.version) >= milliseconds(last):
        return False
    log.warning(
        "Stream %s, %s: the full read %d is older than %d, which is in place, and changes nothing. "
        "`force_delete: true` puts it in place all the same",
        mode.schema.stream,
        _shown(activation),
        activation.version,
        last,
    )
    return True


def _shown(activation: Activation) -> str:
    return ", ".join(f"{name}={value}" for name, value in activation.scope.items()) or "all rows"


def busy(mode: Mode, version: int) -> BusyError:
    """Return the error for a full read that another run is loading at this moment."""
    return BusyError(
        f"Stream {mode.schema.stream!r}: another run loads the full read {version} into "
        f"{mode.dialect.relation(mode.table.name)} at this moment, and two would mix their rows. Let "
        "it end, or end its session on the server, then run again."
    )


@dataclass(frozen=True, slots=True)
class Scope:
    """The rows that an activation speaks about.

    Attributes:
        condition: SQL with $1, $2, ... for the values.
        values: The values.
    """

    condition: str
    values: tuple[str, ...]

    @classmethod
    def of(cls, mode: Mode, activation: Activation, alias: str = "") -> Scope:
        """Return the scope of an activation in the columns of a mode's table.

        Raises:
            InputError: When it names a property that the stream does not have.
        """
        parts: list[str] = []
        values: list[str] = []
        prefix = f"{alias}." if alias else ""
        for name, value in activation.scope.items():
            column = mode.column(name)
            if column is None:
                raise InputError(
                    f"ACTIVATE_VERSION of stream {mode.schema.stream!r} has the scope {name!r}, "
                    "which is no property of the stream. Nothing was marked or replaced."
                )
            if value is None:
                parts.append(f"{prefix}{quote(column)} IS NULL")
                continue
            values.append(value if isinstance(value, str) else str(value))
            parts.append(f"CAST({prefix}{quote(column)} AS text) = ${len(values)}")
        return cls(" AND ".join(parts) or "TRUE", tuple(values))

    @property
    def next(self) -> str:
        """The placeholder after those of the scope."""
        return f"${len(self.values) + 1}"


def may_go(mode: Mode, activation: Activation, *, total: int, going: int, brought: int) -> bool:
    """Tell whether an activation may take away what its read did not bring.

    It is held back when that may be the very records that went to the quarantine: whether a row is
    live whose record was bad is not known, so the table keeps what it has.

    Args:
        mode: Whose rows they are.
        activation: What is to be done.
        total: Live rows in the scope.
        going: Those that the read did not bring.
        brought: Rows in the scope that the read brought.

    Raises:
        GuardError: When more than `max_delete_share` of a scope of at least 10 rows would go, or
            the read brought nothing where rows are, and deletion is not forced.
    """
    start = (
        f"Stream {mode.schema.stream!r}, {_shown(activation)}: the full read {activation.version}"
    )
    # Without a key it cannot be told which rows were brought.
    if activation.incomplete and (going if mode.schema.key else total):
        log.error(
            "%s is held back: %d of its records are in quarantine, and %d of %d live rows did not "
            "come otherwise. Nothing was marked, replaced or shown; the rows from before stay. See "
            "`syncops quarantine list`; mend the source, the tap or its schema, or say with `syncops "
            "quarantine drop` that these records are not wanted. The next full read decides anew.",
            *(start, activation.incomplete, going, total),
        )
        return False
    settings = mode.settings
    if settings.force_delete or not total:
        return True
    advice = (
        " Nothing was marked or replaced. Look whether the source is complete (rights? a filter?); "
        "if it is, run once with `force_delete: true`."
    )
    if not brought:
        raise GuardError(f"{start} brought no row, while {total} are live.{advice}")
    if total >= SMALL_SCOPE and going > settings.max_delete_share * total:
        raise GuardError(
            f"{start} did not bring {going} of {total} live rows, more than `max_delete_share` "
            f"({settings.max_delete_share:g}) allows.{advice}"
        )
    return True
