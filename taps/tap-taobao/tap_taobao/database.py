"""聚石塔 push tables: what TOP pushes into a MySQL of one's own, read by keyset.

Source: open.taobao.com, 数据推送 (articleId 101587); tables and columns from public code. `jdp_modified`
is when a row was pushed, in whole seconds, so that many rows share one: the position is that time
and the key. Two queries go on from a position, since MySQL finds no index for a row comparison: the
rest of the second, then what came after it.
"""

from __future__ import annotations

import threading
import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote, urlsplit

import pymysql
from openplatform.accounts import Account
from openplatform.errors import ConfigurationError, FatalError, TransientError
from openplatform.http import Connection
from pymysql.constants import CR
from pymysql.cursors import DictCursor

Row = dict[str, t.Any]

COUNT: t.Final = "/count"
"""After a table's name: only count its rows."""

# No server there, gone away, lost, too many connections, read-only for a moment, dead lock, timeout.
_PASSING = {
    CR.CR_CONN_HOST_ERROR,
    CR.CR_CONNECTION_ERROR,
    CR.CR_SERVER_GONE_ERROR,
    CR.CR_SERVER_LOST,
    0,
    1040,
    1053,
    1205,
    1213,
    1317,
    3024,
}


@dataclass(frozen=True, slots=True)
class Table:
    """A push table: its key, and the column that names the shop."""

    name: str
    key: str
    owner: str = "seller_nick"


TABLES: t.Final = {
    table.name: table
    for table in (
        Table("jdp_tb_trade", "tid"),
        Table("jdp_tb_refund", "refund_id"),
        Table("jdp_tb_item", "num_iid", owner="nick"),
    )
}


class PushTables:
    """The push tables of one database.

    Args:
        config: The tap's settings.
        connection: What the run has: the longest wait, and what must never be shown.
    """

    def __init__(self, config: Mapping[str, t.Any], connection: Connection) -> None:
        self._url = str(config.get("push_database") or "")
        self._timeout = int(max(1, connection.timeout[1]))
        self._local = threading.local()
        if password := urlsplit(self._url).password:
            connection.redact.learn(unquote(password))

    def answer(self, account: Account, api: str, params: Mapping[str, t.Any]) -> Row:
        """Return a page of a table as `rows` with the position to go on from as `next`, or a count.

        Raises:
            ConfigurationError: The settings do not lead to the shop's rows.
            FatalError: The database refuses.
            TransientError: It cannot be reached just now.
        """
        table = TABLES[api.partition("/")[0]]
        shop = account.settings.get("nick")
        if not shop:
            msg = f"Setting accounts: account {account.id} has no nick, by which {table.name} names it."
            raise ConfigurationError(msg)
        span = (shop, params["start"], params["end"])
        try:
            if api.endswith(COUNT):
                return {"total": self._count(table, span)}
            rows = self._page(table, span, params.get("after"), int(params["limit"]))
        except pymysql.MySQLError as exc:
            self._forget()
            raise _told(exc, f"account {account.id}, {table.name}") from exc
        following = None
        if len(rows) == int(params["limit"]):
            following = (rows[-1]["jdp_modified"], rows[-1][table.key])
        return {"rows": [_plain(row) for row in rows], "next": following}

    def _count(self, table: Table, span: tuple[str, str, str]) -> int:
        where = f"{table.owner} = %s and jdp_modified >= %s and jdp_modified < %s"
        (row,) = self._query(f"select count(*) as total from {table.name} where {where}", span)  # noqa: S608
        return int(row["total"])

    def _page(
        self,
        table: Table,
        span: tuple[str, str, str],
        after: tuple[datetime, t.Any] | None,
        limit: int,
    ) -> list[Row]:
        shop, start, end = span
        begin = f"select * from {table.name} where {table.owner} = %s"  # noqa: S608 - our own names
        rest = f"order by jdp_modified, {table.key} limit %s"
        if after is None:
            later = f"{begin} and jdp_modified >= %s and jdp_modified < %s {rest}"
            return self._query(later, (shop, start, end, limit))
        moment, key = after
        same = f"{begin} and jdp_modified = %s and {table.key} > %s order by {table.key} limit %s"
        rows = self._query(same, (shop, moment, key, limit))
        if len(rows) < limit:
            later = f"{begin} and jdp_modified > %s and jdp_modified < %s {rest}"
            rows += self._query(later, (shop, moment, end, limit - len(rows)))
        return rows

    def _query(self, statement: str, values: Sequence[t.Any]) -> list[Row]:
        with self._connection().cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())

    def _connection(self) -> pymysql.Connection[DictCursor]:
        """Return this thread's connection; every statement sees what was committed before it."""
        if not hasattr(self._local, "connection"):
            url = urlsplit(self._url)
            if url.scheme != "mysql" or not url.hostname or not url.path.strip("/"):
                msg = (
                    "Setting push_database: it leads to no database. Write it as "
                    "mysql://user:password@host:3306/sys_info."
                )
                raise ConfigurationError(msg)
            self._local.connection = pymysql.connect(
                host=url.hostname,
                port=url.port or 3306,
                user=unquote(url.username or ""),
                password=unquote(url.password or ""),
                database=url.path.strip("/"),
                charset="utf8mb4",
                autocommit=True,
                connect_timeout=10,
                read_timeout=self._timeout,
                cursorclass=DictCursor,
            )
        return t.cast("pymysql.Connection[DictCursor]", self._local.connection)

    def _forget(self) -> None:
        """Drop a connection that may be broken."""
        connection = self._local.__dict__.pop("connection", None)
        if connection is not None and connection.open:
            connection.close()


def _plain(row: Row) -> Row:
    """Return a row as JSON knows it; the tables hold Beijing time, without a zone."""
    return {
        name: value.strftime("%Y-%m-%d %H:%M:%S") if isinstance(value, datetime) else value
        for name, value in row.items()
    }


def _told(exc: pymysql.MySQLError, where: str) -> FatalError | TransientError:
    code = exc.args[0] if exc.args and isinstance(exc.args[0], int) else 0
    if isinstance(exc, (pymysql.OperationalError, pymysql.InterfaceError)) and code in _PASSING:
        return TransientError(f"{where}: the database does not answer ({exc})")
    return FatalError(f"{where}: the database refuses ({exc}); check push_database and its rights")
