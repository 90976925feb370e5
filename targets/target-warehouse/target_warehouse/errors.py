"""Exceptions, one for each way to recover. Their text says what happened, where, and what to do."""

from __future__ import annotations


class WarehouseError(Exception):
    """Base of every error that this target raises on purpose; ends the run without a traceback."""


class SettingsError(WarehouseError):
    """A setting is wrong: a person must change it."""


class InputError(WarehouseError):
    """A line of the input is no Singer message that can be used."""


class SchemaMissingError(InputError):
    """A record came before the schema of its stream."""


class ContractError(WarehouseError):
    """The schema of a stream left what its contract or its table allows."""


class ViewInTheWayError(ContractError):
    """A column cannot change its type while a view uses it."""


class BusyError(WarehouseError):
    """Another run loads the same thing at this moment."""


class GuardError(WarehouseError):
    """An activation would take away more rows than `max_delete_share` allows."""


class QuarantineError(WarehouseError):
    """More records of this run were bad than `quarantine_threshold` allows."""


class MissingKeyError(QuarantineError):
    """As QuarantineError; the record over the threshold lacked a key property."""


class DatabaseError(WarehouseError):
    """The database cannot be reached, written, or understood."""
