"""The engines: one module each, behind the protocol in `base`."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from target_warehouse.dialects.base import Dialect
    from target_warehouse.settings import Connection


def connect(connection: Connection) -> Dialect:
    """Open the database that the settings name.

    Raises:
        DatabaseError: When it cannot be reached or written.
    """
    if connection.engine == "duckdb":
        from target_warehouse.dialects.duckdb import DuckDB

        return DuckDB(connection)
    from target_warehouse.dialects.postgres import Postgres

    return Postgres(connection)
