"""One stream on its way into its table: decoding, deduplication within a batch, its mode."""

from __future__ import annotations

import logging
import typing as t
from itertools import repeat

from target_warehouse import messages
from target_warehouse.activation import apply
from target_warehouse.dialects.base import relieved
from target_warehouse.errors import InputError
from target_warehouse.modes import choose
from target_warehouse.modes.base import Activation, Entry
from target_warehouse.records import BadRecordError, RecordDecoder
from target_warehouse.versions import sort_keys

if t.TYPE_CHECKING:
    import msgspec

    from target_warehouse.dialects.base import Dialect
    from target_warehouse.modes.base import Mode
    from target_warehouse.quarantine import Quarantine
    from target_warehouse.records import Record
    from target_warehouse.schema import StreamSchema
    from target_warehouse.settings import StreamSettings

log = logging.getLogger("target-warehouse")


class Sink:
    """Holds the records of one stream until they are written.

    The table is opened with the first record or activation: only then it is known whether the
    stream comes in full reads.
    """

    def __init__(self, dialect: Dialect, schema: StreamSchema, settings: StreamSettings) -> None:
        self.schema = schema
        self.received = 0
        self._dialect = dialect
        self._settings = settings
        self._mode: Mode | None = None
        self._decoder: RecordDecoder
        self._rows: dict[t.Any, Entry] = {}
        self._read: int | None = None
        self.beginning = messages.NO_BEGINNING

    def open(self, *, full_table: bool) -> Mode:
        """Prepare the table and return the mode.

        Raises:
            ContractError: When the table may not take the stream.
        """
        if self._mode is not None:
            return self._mode
        wanted = self._settings.load_mode
        kind = choose(wanted, has_key=bool(self.schema.key), full_table=full_table)
        self._mode = relieved(
            self._dialect, lambda: kind(self._dialect, self.schema, self._settings)
        )
        if kind.needs_full_reads is False and wanted in {"overwrite", "snapshot"}:
            log.warning(
                "Stream %s comes in parts, not in full reads: loaded in mode %s, not %s",
                self.schema.stream,
                kind.__name__.lower(),
                wanted,
            )
        self._decoder = RecordDecoder(self.schema, self._mode.fields, self._dialect.limits)
        return self._mode

    def add(self, raw: msgspec.Raw, line: bytes, table_version: int | None) -> None:
        """Take one record into the batch; of two for one row the newer stays.

        Args:
            raw: The JSON of the record.
            line: The line in which it came.
            table_version: The version of its full read; None outside of full reads.

        Raises:
            BadRecordError: When it cannot be loaded.
        """
        mode = self._mode or self.open(full_table=table_version is not None)
        if table_version != self._read:
            self._turn(mode, table_version)
        self._hold(mode, [self._decoder.decode(raw, line)])

    def add_lines(self, block: bytes, count: int) -> bool:
        """Take RECORD lines of this stream in one go.

        Args:
            block: The lines.
            count: How many they are.

        Returns:
            False when one of them needs a closer look; then none was taken.
        """
        if self._mode is None:
            return False
        decoded = self._decoder.decode_lines(block, count)
        if decoded is None or decoded.versions != {self._read}:
            return False
        self._hold(self._mode, decoded.records)
        return True

    def _hold(self, mode: Mode, records: t.Sequence[Record]) -> None:
        """Take decoded records of the read at hand into the batch."""
        decoder, read = self._decoder, self._read
        known = list(map(decoder.version_of, records)) if decoder.version_of else None
        versions = mode.versions(sort_keys(known) if known else [None] * len(records))
        entries = list(map(Entry._make, zip(versions, repeat(read), records)))
        first = self.received
        self.received += len(records)
        if decoder.key_of is None or not mode.table.key:
            self._rows.update(zip(range(first, self.received), entries, strict=True))
            return
        keys = map(decoder.key_of, records)
        identities = list(mode.identities(keys, versions, read))
        fresh = dict(zip(identities, entries, strict=True))
        if len(fresh) == len(entries) and self._rows.keys().isdisjoint(fresh):
            self._rows.update(fresh)
            return
        for identity, entry in zip(identities, entries, strict=True):
            held = self._rows.setdefault(identity, entry)
            if held is not entry:
                self._rows[identity] = _newest(held, entry)

    def _turn(self, mode: Mode, table_version: int | None) -> None:
        """Follow the stream from one full read to another."""
        if table_version is not None:
            relieved(self._dialect, lambda: mode.begin(table_version))
        elif mode.needs_full_reads:
            raise BadRecordError("The record has no version, unlike the others of its stream")
        self._read = table_version

    def write(self) -> None:
        """Write the batch, within a transaction."""
        if self._rows and self._mode is not None:
            self._mode.write(list(self._rows.values()))

    def clear(self) -> None:
        """Forget the batch that was committed."""
        self._rows.clear()

    def refuse(self, quarantine: Quarantine) -> None:
        """Move the records that the engine does not take to the quarantine."""
        entries = list(self._rows.values())
        refused = {id(entry): reason for entry, reason in self._refused(entries)}
        for identity, entry in list(self._rows.items()):
            reason = refused.get(id(entry))
            if reason is not None:
                del self._rows[identity]
                payload = self._decoder.payload(entry.record)
                quarantine.add(self.schema, payload, entry.table_version, reason)

    def _refused(self, entries: list[Entry]) -> t.Iterator[tuple[Entry, str]]:
        """Find the entries that cannot be written by halving; nothing of it is kept."""
        if not entries or self._mode is None:
            return
        try:
            with self._dialect.transaction():
                self._mode.write(entries)
                raise _UndoError  # noqa: TRY301 - what leaves the transaction undoes it
        except _UndoError:
            return
        except Exception as error:
            if not self._dialect.is_bad_data(error):
                raise
            if len(entries) == 1:
                yield entries[0], " ".join(str(error).split())
                return
        middle = len(entries) // 2
        yield from self._refused(entries[:middle])
        yield from self._refused(entries[middle:])

    def activate(self, version: int, scope: t.Mapping[str, t.Any], quarantine: Quarantine) -> None:
        """Act on a complete full read whose records are all written."""
        mode = self.open(full_table=True)
        if not isinstance(scope, dict):
            raise InputError(
                f"The scope of ACTIVATE_VERSION of {self.schema.stream!r} is no object."
            )
        mode.begin(version)
        with self._dialect.transaction():
            apply(mode, Activation(version, scope), quarantine)

    def finish(self) -> None:
        """End the stream: an empty one still gets its table."""
        self.open(full_table=not self.schema.incremental).finish()


class _UndoError(Exception):
    """Leaves a transaction so that nothing of it is kept."""


def _newest(held: Entry, new: Entry) -> Entry:
    """Return which of two records of one row stays; the later sighting counts for both."""
    wins = held.version is None or (new.version is not None and new.version > held.version)
    winner = new if wins else held
    sightings = [v for v in (held.table_version, new.table_version) if v is not None]
    return winner._replace(table_version=max(sightings, default=None))
