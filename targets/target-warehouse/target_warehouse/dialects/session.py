"""The connection to PostgreSQL: how it is made, and made again when it is lost."""

from __future__ import annotations

import logging
import random
import time
import typing as t
from contextlib import suppress

import backoff
import psycopg
from psycopg.conninfo import conninfo_to_dict

from target_warehouse.errors import BusyError

if t.TYPE_CHECKING:
    from target_warehouse.settings import Connection

log = logging.getLogger("target-warehouse")

_OPTIONS = "-c timezone=UTC -c datestyle=ISO -c client_min_messages=warning"
_WATCH_THE_CLIENT = (
    "SELECT set_config('client_connection_check_interval', '1s', false) "
    "WHERE current_setting('client_connection_check_interval', true) = '0'"
)
_END_OLD_MILLISECONDS = 5000
_MOST_REPEATS = 20
_LONGEST_PAUSE = 0.5


class Session:
    """One session on the server, and the next one when it is lost.

    What a session holds is gone with it: temporary tables, locks, the transaction at hand. The
    locks by which this run claims what it works on are taken again; the rest is done again by
    whoever repeats the transaction.

    Args:
        wanted: Where and how to connect.
    """

    connection: psycopg.Connection[t.Any]
    cursor: psycopg.Cursor[t.Any]

    def __init__(self, wanted: Connection) -> None:
        self._wanted = wanted
        self._where = wanted.shown
        self._failing_since: float | None = None
        self._settled: BaseException | None = None
        self._repeats = 0
        self.claims: set[int] = set()
        self._identity = self._connect()

    @property
    def idle(self) -> bool:
        """Whether no transaction is open."""
        return self.connection.info.transaction_status is psycopg.pq.TransactionStatus.IDLE

    def is_lost(self, error: BaseException) -> bool:
        """Tell whether an error means that the session is gone, and not just its transaction."""
        if not isinstance(error, (psycopg.OperationalError, psycopg.InterfaceError)):
            return False
        # 57P01 to 57P05: the server ends sessions, or does not take new ones yet.
        return self.connection.closed or (error.sqlstate or "").startswith(("08", "57P0"))

    def recover(self, error: BaseException) -> bool:
        """Make ready for a second try of a transaction that failed; tell whether one makes sense."""
        if isinstance(
            error, (psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
        ):
            # Another run wrote the same rows; the server chose which of both gives way.
            self._repeats += 1
            time.sleep(random.uniform(0, _LONGEST_PAUSE))  # noqa: S311 - no secret
            return self._repeats <= _MOST_REPEATS
        if error is self._settled:
            self._settled = None
            return True
        return self.is_lost(error) and self._connect_again(error)

    def progressed(self) -> None:
        """Say that something was committed: patience begins anew."""
        self._failing_since = None
        self._repeats = 0

    def transaction_number(self) -> str | None:
        """Return by which number the server will know the fate of this transaction; None for none."""
        found = self.cursor.execute("SELECT pg_current_xact_id_if_assigned()::text").fetchone()
        return None if found is None else found[0]

    def was_committed(self, number: str, error: BaseException) -> bool:
        """Find out what became of a transaction when the answer to its COMMIT was lost.

        Args:
            number: What `transaction_number` returned.
            error: What came in place of the answer.
        """
        reason = error
        while self._connect_again(reason):
            try:
                status = self._status(number)
                while status == "in progress":
                    time.sleep(_LONGEST_PAUSE)
                    status = self._status(number)
            except psycopg.OperationalError as again:
                reason = again
                continue
            # Connected again, so that a repetition need not do that.
            self._settled = None if status == "committed" else error
            return status == "committed"
        return False

    def _status(self, number: str) -> str | None:
        try:
            found = self.cursor.execute("SELECT pg_xact_status($1::xid8)", (number,)).fetchone()
        except psycopg.DataError:
            # Unknown to this server, as after a failover to one that never heard of it.
            return None
        return None if found is None else found[0]

    def _connect(self) -> tuple[t.Any, ...]:
        """Connect, and return by what the server knows the session."""
        words = conninfo_to_dict(self._wanted.conninfo)
        # The user's own come first, such as a lock_timeout.
        options = f"{words.get('options') or ''} {_OPTIONS}".strip()
        if self._wanted.read_only:
            options += " -c default_transaction_read_only=on"
        self.connection = psycopg.connect(
            self._wanted.conninfo,
            autocommit=True,
            application_name="target-warehouse",
            options=options,
            cursor_factory=psycopg.RawCursor,
            prepare_threshold=None,
        )
        self.cursor = self.connection.cursor()
        # What a killed run had begun would else go on to its end, and keep its locks and claims.
        # Servers before 14, and some systems, cannot watch for that.
        with suppress(psycopg.Error):
            self.cursor.execute(_WATCH_THE_CLIENT)
        found = self.cursor.execute(
            "SELECT pid, backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()"
        ).fetchone()
        return found or (0, None)

    def _connect_again(self, error: BaseException) -> bool:
        now = time.monotonic()
        self._failing_since = self._failing_since or now
        left = self._failing_since + self._wanted.patience - now
        self.connection.close()
        if left <= 0:
            return False
        log.warning(
            "The connection to PostgreSQL at %s is lost (%s). Connecting again, for at most %.0f "
            "seconds; then the batch at hand is written again",
            *(self._where, " ".join(str(error).split()) or type(error).__name__, left),
        )
        persistent = backoff.on_exception(
            backoff.expo,
            psycopg.OperationalError,
            max_time=left,
            factor=0.1,
            max_value=2,
            logger=None,
        )
        try:
            persistent(self._resume)()
        except psycopg.OperationalError:
            return False
        return True

    def _resume(self) -> None:
        """Connect, end what is left of the session before, and take back its claims."""
        new = self._connect()
        # Where only the way to the server broke, its side of the session may live on for hours.
        self.cursor.execute(
            "SELECT pg_terminate_backend(pid, $3) FROM pg_stat_activity "
            "WHERE pid = $1 AND backend_start = $2::timestamptz",
            (*self._identity, _END_OLD_MILLISECONDS),
        )
        self._identity = new
        for number in self.claims:
            taken = self.cursor.execute("SELECT pg_try_advisory_lock($1)", (number,)).fetchone()
            if taken != (True,):
                raise BusyError(
                    f"The connection to PostgreSQL at {self._where} was lost, and while it was, another "
                    "run began to load a stream that this run was loading. What was committed stays; "
                    "let the other run end, then run again."
                )
