"""From messages to commits: batches, transactions, and STATE after both."""

from __future__ import annotations

import logging
import time
import typing as t
from collections import Counter
from functools import partial

from target_warehouse import messages, schema as schemas
from target_warehouse.batch_files import record_lines
from target_warehouse.dialects.base import relieved
from target_warehouse.errors import InputError, SchemaMissingError, SettingsError
from target_warehouse.kept import EVERY_OPEN, Replayed, Selection
from target_warehouse.names import fold, is_own, shorten
from target_warehouse.quarantine import Quarantine
from target_warehouse.records import BadRecordError
from target_warehouse.sink import Sink

if t.TYPE_CHECKING:
    import msgspec

    from target_warehouse.dialects.base import Dialect
    from target_warehouse.messages import Message
    from target_warehouse.settings import Settings

log = logging.getLogger("target-warehouse")


class Loader:
    """Takes the lines of a tap and brings them into the database.

    All streams share one batch: it is committed whole when it has `batch_rows` rows, `batch_bytes`
    bytes, or has waited `max_batch_age_seconds`. The last STATE that came before is given out
    after the commit, so a STATE that is out stands for rows that are in.

    Args:
        settings: The settings.
        dialect: The database.
        emit: Gives out a STATE value, as JSON.
    """

    def __init__(self, settings: Settings, dialect: Dialect, emit: t.Callable[[str], None]) -> None:
        self._settings = settings
        self._dialect = dialect
        self._emit = emit
        self._row_limit = settings.batch_limit("rows", dialect.batch_rows)
        self._byte_limit = settings.batch_limit("bytes", dialect.batch_bytes)
        self._sinks: dict[str, Sink] = {}
        self._tables: dict[str, str] = {}
        self._received: Counter[str] = Counter()
        self._latest: Sink | None = None
        self._rows = 0
        self._bytes = 0
        self._state: msgspec.Raw | None = None
        self._waiting_since: float | None = None
        self.quarantine = Quarantine(dialect, settings.quarantine_threshold)
        self.counts: Counter[str] = Counter()
        self._handlers: dict[str, t.Callable[[Message, bytes], None]] = {
            "RECORD": self._record,
            "SCHEMA": self._schema,
            "STATE": self._keep_state,
            "ACTIVATE_VERSION": self._activate,
            "BATCH": self._batch,
        }

    @property
    def idle_seconds(self) -> float:
        """How often the age of the batch is looked at."""
        return min(1.0, self._settings.max_batch_age_seconds)

    def take(self, block: bytes) -> None:
        """Take lines. Records of one stream that follow each other go together, which is fast.

        Raises:
            WarehouseError: When the run cannot go on.
        """
        sink = self._latest
        if sink is not None:
            count = block.count(b"\n") + 1
            room = self._rows + count <= self._row_limit
            alike = room and messages.all_begin(block, count, sink.beginning)
            if alike and sink.add_lines(block, count):
                self.counts["RECORD"] += count
                self._added(count, len(block))
                return
        self._take_lines(block.split(b"\n"))

    def _take_lines(self, lines: t.Sequence[bytes]) -> None:
        """Take lines of several kinds or streams, or of more than the batch has room for."""
        start = 0
        while start < len(lines):
            sink = self._latest
            end, size = self._run(lines, start, sink.beginning if sink else messages.NO_BEGINNING)
            count = end - start
            if sink and count > 1 and sink.add_lines(b"\n".join(lines[start:end]), count):
                self.counts["RECORD"] += count
                self._added(count, size)
            else:
                end = max(end, start + 1)
                for line in lines[start:end]:
                    self.handle(line)
            start = end

    def _run(self, lines: t.Sequence[bytes], start: int, beginning: bytes) -> tuple[int, int]:
        """Return where the lines that begin so end, or where they fill the batch, and their size."""
        end, size = start, 0
        last = min(len(lines), start + self._row_limit - self._rows)
        room = self._byte_limit - self._bytes
        while end < last and size < room and lines[end].startswith(beginning):
            size += len(lines[end])
            end += 1
        return end, size

    def handle(self, line: bytes) -> None:
        """Take one line.

        Raises:
            WarehouseError: When the run cannot go on.
        """
        if not line or line.isspace():
            return
        message = messages.decode(line)
        handler = self._handlers.get(message.type)
        if handler is None:
            raise InputError(f"The message type {message.type!r} is unknown. Check the tap.")
        self.counts[message.type] += 1
        handler(message, line)

    def on_idle(self) -> None:
        """Commit what has waited long enough; called also while no line comes."""
        if self._waiting_since is None:
            return
        if time.monotonic() - self._waiting_since >= self._settings.max_batch_age_seconds:
            self.flush()

    def finish(self) -> None:
        """Commit the rest at the end of the input."""
        self.flush()
        for sink in self._sinks.values():
            self._with_relief(sink.finish)
        for sink in self._sinks.values():
            self._count(sink)
        for stream, received in sorted(self._received.items()):
            log.info("Stream %s: %d records loaded", stream, received)
        self.quarantine.report()

    def flush(self) -> None:
        """Commit the batch, then give out the last STATE that came before this point."""
        if self._rows or self.quarantine.pending:
            try:
                self._with_relief(self._commit)
            except Exception as error:
                if not self._dialect.is_bad_data(error):
                    raise
                for sink in self._sinks.values():
                    self._with_relief(partial(sink.refuse, self.quarantine))
                self._with_relief(self._commit)
            for sink in self._sinks.values():
                sink.clear()
            self.quarantine.written()
        if self._state is not None:
            self._emit(str(self._state, "utf-8"))
        self._state = None
        self._rows = self._bytes = 0
        self._waiting_since = None
        if self.quarantine.exceeded:
            raise self.quarantine.error()

    def replay(self, wanted: Selection = EVERY_OPEN) -> list[Replayed]:
        """Try records of the quarantine again, with the newest schema of their streams."""
        outcomes = []
        for stream, message in self.quarantine.begin_replay(wanted).items():
            self.handle(message)
            outcomes.append(self._replay(self._sinks[stream], wanted))
        return outcomes

    def _replay(self, sink: Sink, wanted: Selection) -> Replayed:
        tried = cut = waiting = 0
        before = self.quarantine.count
        for kept in self.quarantine.kept(sink.schema.stream, wanted):
            mode = sink.open(full_table=kept.version is not None)
            if mode.needs_full_reads:
                waiting += 1
                continue
            if not kept.whole:
                cut += 1
                continue
            tried += 1
            payload = kept.payload.encode()
            # Before the batch may be committed, so that record and state are in one transaction.
            self.quarantine.replayed(kept.id)
            self._add(sink, messages.raw(payload), payload, kept.version)
        self.flush()
        left = self.quarantine.count - before
        return Replayed(sink.schema.stream, tried - left, left, cut, waiting)

    def _commit(self) -> None:
        with self._dialect.transaction():
            for sink in self._sinks.values():
                sink.write()
            self.quarantine.write()

    def _with_relief(self, work: t.Callable[[], None]) -> None:
        relieved(self._dialect, work)

    def _record(self, message: Message, line: bytes) -> None:
        if message.record is messages.ABSENT:
            raise InputError(f"A RECORD message of stream {message.stream!r} has no `record`.")
        sink, raw = self._sink(message), message.record
        if sink.schema.tally is not None:
            if sink is not self._latest:
                # What the engine itself refuses shows only when it is written.
                self.flush()
            raw = self.quarantine.told(raw, sink.schema.tally)
        elif not line.startswith(sink.beginning):
            sink.beginning = messages.record_beginning(line, message.stream)
        self._latest = sink
        self._add(sink, raw, line, message.version)

    def _add(self, sink: Sink, raw: msgspec.Raw, line: bytes, version: int | None) -> None:
        try:
            sink.add(raw, line, version)
        except BadRecordError as error:
            self.quarantine.add(
                sink.schema, bytes(raw), version, str(error), missing_key=error.missing_key
            )
        self._added(1, len(line))

    def _added(self, rows: int, size: int) -> None:
        self._rows += rows
        self._bytes += size
        if self._waiting_since is None:
            self._waiting_since = time.monotonic()
        if (
            self._rows >= self._row_limit
            or self._bytes >= self._byte_limit
            or self.quarantine.exceeded
        ):
            self.flush()

    def _schema(self, message: Message, line: bytes) -> None:
        known = self._sinks.get(message.stream)
        schema = schemas.parse(message, line)
        if known is not None and known.schema.digest == schema.digest:
            return
        settings = self._settings.stream(message.stream)
        table = fold(shorten(settings.table))
        if is_own(table):
            raise SettingsError(
                f"The stream {message.stream!r} would have the table {settings.table!r}, which the "
                "target needs for itself. Give it another: setting `streams`, `table`."
            )
        if self._tables.setdefault(table, message.stream) != message.stream:
            raise SettingsError(
                f"The streams {self._tables[table]!r} and {message.stream!r} would share the table "
                f"{settings.table!r} (names that differ only in case are one). Give one of them "
                "another: setting `streams`, `table`."
            )
        self.flush()
        if known is not None:
            self._count(known)
        self._latest = None
        self._sinks[message.stream] = Sink(self._dialect, schema, settings)
        self._with_relief(lambda: self.quarantine.note(schema))

    def _keep_state(self, message: Message, line: bytes) -> None:
        if message.value is messages.ABSENT:
            raise InputError(
                f"A STATE message has no `value`: {line[:200].decode(errors='replace')}"
            )
        self._state = message.value
        if self._waiting_since is None:
            self._waiting_since = time.monotonic()

    def _activate(self, message: Message, line: bytes) -> None:
        sink = self._sinks.get(message.stream)
        if sink is None:
            # Some taps send one before they read, too. Nothing came, so it says nothing.
            log.warning(
                "ACTIVATE_VERSION of stream %s came before its SCHEMA; ignored", message.stream
            )
            return
        if message.version is None:
            raise InputError(f"ACTIVATE_VERSION of stream {message.stream!r} has no `version`.")
        self.flush()
        version, scope = message.version, message.scope or {}
        self._with_relief(lambda: sink.activate(version, scope, self.quarantine))

    def _batch(self, message: Message, line: bytes) -> None:
        sink = self._sink(message)
        for record in record_lines(message):
            self._add(sink, messages.raw(record), record, message.version)

    def _sink(self, message: Message) -> Sink:
        sink = self._sinks.get(message.stream)
        if sink is None:
            raise SchemaMissingError(
                f"The {message.type} message of stream {message.stream!r} came before the SCHEMA "
                "message of that stream. The tap must send the schema first."
            )
        return sink

    def _count(self, sink: Sink) -> None:
        self._received[sink.schema.stream] += sink.received
