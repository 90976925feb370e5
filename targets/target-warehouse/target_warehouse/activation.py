"""What activations have in common: their scope, their guard and their time."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from datetime import datetime, timezone

from target_warehouse.errors import GuardError, InputError
from target_warehouse.names import quote
from target_warehouse.versions import moment_key

if t.TYPE_CHECKING:
    from target_warehouse.modes.base import Activation, Mode

SMALL_SCOPE = 10
"""Below so many rows a share says nothing; only an empty read is guarded."""

_LAST_MILLISECOND = 253_402_300_799_999


def moment_text(version: int) -> str:
    """Return the moment that a full read's version stands for, so that a replay writes the same.

    Versions are epoch milliseconds; for any other number it is now.
    """
    if 0 < version <= _LAST_MILLISECOND:
        return moment_key(datetime.fromtimestamp(version / 1000, tz=timezone.utc))
    return moment_key(datetime.now(tz=timezone.utc))


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


def check_share(
    mode: Mode, activation: Activation, *, total: int, going: int, brought: int
) -> None:
    """Refuse an activation that would take away too much.

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
    settings = mode.settings
    if settings.force_delete or not total:
        return
    scope = ", ".join(f"{name}={value}" for name, value in activation.scope.items()) or "all rows"
    start = f"Stream {mode.schema.stream!r}, {scope}: the full read {activation.version} "
    advice = (
        " Nothing was marked or replaced. Look whether the source is complete (rights? a filter?); "
        "if it is, run once with `force_delete: true`."
    )
    if not brought:
        raise GuardError(f"{start}brought no row, while {total} are live.{advice}")
    if total >= SMALL_SCOPE and going > settings.max_delete_share * total:
        raise GuardError(
            f"{start}did not bring {going} of {total} live rows, more than `max_delete_share` "
            f"({settings.max_delete_share:g}) allows.{advice}"
        )
