"""From the fields of a schema to the columns of a table: naming, evolution and contracts."""

from __future__ import annotations

import logging
import typing as t
from dataclasses import dataclass, replace
from itertools import count

from target_warehouse.dialects.base import Column, Dialect, Table
from target_warehouse.errors import ContractError
from target_warehouse.names import RESERVED, SYSTEM, apart, fold, shorten, variant
from target_warehouse.schema import Field, Kind, StreamSchema

if t.TYPE_CHECKING:
    from target_warehouse.settings import StreamSettings

log = logging.getLogger("target-warehouse")

_WIDER: dict[Kind, tuple[Kind, ...]] = {
    Kind.INTEGER: (Kind.HUGE, Kind.DECIMAL, Kind.TEXT),
    Kind.HUGE: (Kind.TEXT,),
    Kind.DECIMAL: (Kind.TEXT,),
    Kind.BOOLEAN: (Kind.TEXT,),
    Kind.DATE: (Kind.TIMESTAMP, Kind.TEXT),
    Kind.TIMESTAMP: (Kind.TEXT,),
    Kind.TIME: (Kind.TEXT,),
}
"""The kinds that hold every value of a kind. Objects and arrays fit nowhere else."""

# Columns by which a table is known to be laid out for one mode only.
_MARKS = {"_snapshot_at": "snapshot", "_valid_from": "history"}


@dataclass(frozen=True, slots=True)
class Shape:
    """What a mode adds to the columns of the data.

    Attributes:
        staged: Columns whose values come with each row.
        extra: Columns that only SQL fills.
        key: Whether rows are told apart by the stream's key, and which columns join it.
    """

    staged: tuple[Column, ...] = ()
    extra: tuple[Column, ...] = ()
    keyed: bool = True
    key_extra: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Which fields are loaded, into which columns, and what the table lacks for it."""

    fields: tuple[Field, ...]
    columns: tuple[Column, ...]
    new: tuple[Column, ...]
    wider: tuple[Column, ...]


def plan(
    fields: t.Sequence[Field],
    existing: t.Mapping[str, Kind | None],
    *,
    reserved: t.Collection[str] = (),
    contract: str = "evolve",
) -> Plan:
    """Assign a column to each field.

    A field takes the column of its name; where that holds another kind, the wider one of both is
    used; where neither is wider, the field gets a column of its own, `amount__2`. Of names that
    differ only in case the first keeps its name, and the others get a hash:
    `Amount__1f0c`. Under the contracts `freeze` and `discard` a table that exists stays
    as it is: fields without a column are left out of the plan.
    """
    present = {fold(name): Column(name, kind or Kind.TEXT) for name, kind in existing.items()}
    foreign = {fold(name) for name, kind in existing.items() if kind is None}
    natural = {fold(shorten(field.name)) for field in fields}
    taken = {fold(name) for name in reserved} | RESERVED | SYSTEM
    owned: set[str] = set()
    fixed = contract != "evolve" and bool(existing)
    assigned: dict[str, Column] = {}
    new: list[Column] = []
    wider: list[Column] = []
    # Exact names first, so that `id` and `Id` keep their columns whatever their order.
    exact = {name for name in existing if fold(name) not in taken}
    for field in sorted(fields, key=lambda field: (shorten(field.name) not in exact, field.name)):
        own = fold(shorten(field.name))
        base = apart(field.name) if own in owned else field.name
        for number in count(1):
            name = variant(base, number)
            folded = fold(name)
            if folded in taken or folded in foreign or (folded != own and folded in natural):
                continue
            column = present.get(folded)
            if column is None:
                if not fixed:
                    assigned[field.name] = Column(name, field.kind)
                    new.append(assigned[field.name])
                break
            if column.kind is field.kind or column.kind in _WIDER.get(field.kind, ()):
                assigned[field.name] = column
                break
            if field.kind in _WIDER.get(column.kind, ()):
                if not fixed:
                    assigned[field.name] = Column(column.name, field.kind)
                    wider.append(assigned[field.name])
                break
        owned.add(own)
        if field.name in assigned:
            taken.add(fold(assigned[field.name].name))
    loaded = tuple(field for field in fields if field.name in assigned)
    columns = tuple(assigned[field.name] for field in loaded)
    return Plan(loaded, columns, tuple(new), tuple(wider))


def prepare(
    dialect: Dialect, schema: StreamSchema, settings: StreamSettings, shape: Shape, name: str
) -> tuple[tuple[Field, ...], Table]:
    """Bring a table into the form that a stream needs, and return the loaded fields and the table.

    Raises:
        ContractError: When the stream's contract forbids it, or the table was made for another mode.
    """
    existing = dialect.columns(name)
    _check_names(dialect.relation(name), existing)
    _check_marks(dialect.relation(name), existing, shape)
    system = (*shape.staged, *shape.extra)
    reserved = {column.name for column in system}
    result = plan(schema.fields, existing, reserved=reserved, contract=settings.schema_contract)
    _check_contract(schema, settings, result, dialect.relation(name))
    _check_key(schema, result, dialect.relation(name), exists=bool(existing))
    columns = dict(zip((field.name for field in result.fields), result.columns, strict=True))
    key = (*(columns[name].name for name in schema.key), *shape.key_extra) if shape.keyed else ()
    used = {fold(column.name) for column in (*result.columns, *system)}
    table = Table(
        name=name,
        columns=(*result.columns, *shape.staged),
        key=key,
        extra=shape.extra,
        kept=tuple(column for column in existing if fold(column) not in used),
    )
    if not existing:
        dialect.create(table)
        return result.fields, table
    if settings.schema_contract != "evolve":
        _check_same_key(dialect, schema, settings, table)
    lacking = (*result.new, *(column for column in system if column.name not in existing))
    _evolve(dialect, table, lacking, result.wider)
    return result.fields, table


def _evolve(
    dialect: Dialect, table: Table, new: t.Sequence[Column], wider: t.Sequence[Column]
) -> None:
    with dialect.transaction():
        for column in new:
            dialect.add_column(table.name, column)
        for column in wider:
            log.info("Table %s: column %s becomes %s", table.name, column.name, column.kind.value)
            dialect.widen(table.name, column)
        present = dialect.key(table.name)
        if present is not None and set(present) != set(table.key):
            dialect.replace_key(table)


def _check_names(relation: str, existing: t.Mapping[str, t.Any]) -> None:
    """Refuse a table made by others in which a name would mean another thing to our statements."""
    if clash := sorted(name for name in existing if fold(name) in RESERVED):
        raise ContractError(
            f"Table {relation} has a column {clash[0]!r}, a name that the target needs for itself. "
            "Rename the column, or give the stream another table (setting `streams`: `table`)."
        )


def _check_marks(relation: str, existing: t.Mapping[str, t.Any], shape: Shape) -> None:
    own = {column.name for column in (*shape.staged, *shape.extra)}
    for mark, mode in _MARKS.items():
        if existing and (mark in existing) != (mark in own):
            found = (
                f"was made in mode {mode}" if mark in existing else f"was not made in mode {mode}"
            )
            raise ContractError(
                f"Table {relation} {found} and cannot take rows of another layout. Give the "
                "stream another table (setting `streams`: `table`), or drop this one."
            )


def _check_key(schema: StreamSchema, result: Plan, relation: str, *, exists: bool) -> None:
    """Refuse rows whose key a table has never had: another tap's stream of the same name fills it."""
    new = {column.name for column in result.new}
    names = {
        field.name: column.name for field, column in zip(result.fields, result.columns, strict=True)
    }
    lacking = [name for name in schema.key if names.get(name) in new]
    if exists and lacking:
        raise ContractError(
            f"Table {relation} has no column for the key {', '.join(lacking)} of stream "
            f"{schema.stream!r}: another tap seems to write a stream of that name there. Give each tap "
            "a schema of its own (setting `schema`), or the stream another table (setting `streams`: "
            "`table`)."
        )


def _check_same_key(
    dialect: Dialect, schema: StreamSchema, settings: StreamSettings, table: Table
) -> None:
    """Refuse another key where the contract says that the table stays as it is."""
    present = dialect.key(table.name)
    if present and table.key and set(present) != set(table.key):
        raise ContractError(
            f"Stream {schema.stream!r}: the key of {dialect.relation(table.name)} is "
            f"({', '.join(present)}), that of the stream is now ({', '.join(table.key)}), and the contract "
            f"`{settings.schema_contract}` forbids to change it. Nothing of it was written. Correct "
            "the tap, or set `schema_contract` to evolve for one run."
        )


def _check_contract(
    schema: StreamSchema, settings: StreamSettings, result: Plan, relation: str
) -> None:
    loaded = {field.name for field in result.fields}
    missing = [field.name for field in schema.fields if field.name not in loaded]
    if not missing:
        return
    listed = ", ".join(missing)
    if settings.schema_contract == "freeze":
        raise ContractError(
            f"Stream {schema.stream!r} is frozen, but its schema has fields for which {relation} has "
            f"no fitting column: {listed}. Nothing of it was written. Leave the fields out in "
            "the tap, or set `schema_contract` to evolve or discard."
        )
    if lost := set(missing) & set(schema.key):
        raise ContractError(
            f"Stream {schema.stream!r}: {relation} has no column for the key properties "
            f"{', '.join(sorted(lost))}, and the contract `discard` forbids to add one. Set "
            "`schema_contract` to evolve for one run."
        )
    log.warning("Stream %s: left out as its contract says: %s", schema.stream, listed)


def renamed(table: Table, name: str) -> Table:
    """Return the same table under another name, as it is when newly created."""
    return replace(table, name=name, kept=())
