"""A tap that can begin again at any STATE, and the truth about what it sent.

The truth is worked out with dictionaries from what was sent, never from what a target did.
"""

from __future__ import annotations

import abc
import json
import logging
import random
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from .singer import NULLABLE_TEXT

if t.TYPE_CHECKING:
    from .conftest import Warehouse

log = logging.getLogger(__name__)
BEGIN = datetime(2026, 11, 1, tzinfo=timezone.utc)
SCHEMA = {
    "type": "SCHEMA",
    "stream": "t",
    "schema": {
        "properties": {
            "_account": {"type": "string"},
            "id": {"type": "integer"},
            "_bookmark": {"type": "string"},
            "name": NULLABLE_TEXT,
            "amount": {"type": ["string", "null"], "format": "singer.decimal"},
            "more": {"type": ["object", "null"]},
        }
    },
    "key_properties": ["_account", "id"],
    "bookmark_properties": ["_bookmark"],
}
_CONTENT = "name, cast(amount AS text), cast(more AS text)"


class Row(t.NamedTuple):
    """One record: the row it stands for, its version (a number), and its content (a number)."""

    id: int
    version: int
    content: int

    def json(self) -> bytes:
        at = BEGIN + timedelta(seconds=self.version)
        number = self.content
        return json.dumps(
            {
                "_account": f"a{self.id % 3}",
                "id": self.id,
                # Late versions come with another offset: the instant counts, not the text.
                "_bookmark": (
                    at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
                    if self.version % 7
                    else at.astimezone(timezone(timedelta(hours=8))).isoformat()
                ),
                "name": f"名 {number}\t" if number % 5 else None,
                "amount": f"{number}.01",
                "more": {"n": number, "list": [number, "\\"]},
            }
        ).encode()


def shown(values: t.Sequence[t.Any]) -> int:
    """Return the content of a row that was read back; fails where its parts disagree."""
    name, amount, more = values
    number = json.loads(more)["n"]
    assert name == (f"名 {number}\t" if number % 5 else None), values
    assert amount is not None, values
    assert float(amount) == number + 0.01, values
    assert json.loads(more) == {"n": number, "list": [number, "\\"]}, values
    return int(number)


def version_of(text: str) -> int:
    """Return the number of a version as the target keeps it."""
    return round(
        (datetime.fromisoformat(text[:26]).replace(tzinfo=timezone.utc) - BEGIN).total_seconds()
    )


State = t.Optional[dict[str, int]]  # noqa: UP045 - also on 3.10


class Source(abc.ABC):
    """What a tap sends from a STATE on, and what must then be in the table."""

    size: int

    @abc.abstractmethod
    def lines(self, state: State) -> Iterator[bytes]:
        """Yield lines from the record after a STATE on."""

    @abc.abstractmethod
    def left(self, state: State) -> int:
        """Return how many records follow a STATE."""

    def begin_again(self, state: State) -> State:
        """Return where a killed tap begins."""
        return state

    @abc.abstractmethod
    def check(self, warehouse: Warehouse, mode: str, state: State) -> None:
        """Assert that what a STATE covers is in the table, and nothing that was never sent."""

    @abc.abstractmethod
    def check_end(self, warehouse: Warehouse, mode: str) -> None:
        """Assert that the table is the truth, row by row."""


def record_line(record: bytes, full_read: int | None = None) -> bytes:
    version = b"" if full_read is None else b',"version":%d' % full_read
    return b'{"type":"RECORD","stream":"t","record":%s%s}\n' % (record, version)


def state_line(value: dict[str, int]) -> bytes:
    return json.dumps({"type": "STATE", "value": value}).encode() + b"\n"


def newest(rows: t.Iterable[Row], model: dict[int, Row] | None = None) -> dict[int, Row]:
    """Return the row of each key that newest-wins must leave; of equal versions the first."""
    model = {} if model is None else model
    for row in rows:
        held = model.get(row.id)
        if held is None or row.version > held.version:
            model[row.id] = row
    return model


def chains(rows: t.Iterable[Row]) -> dict[int, list[Row]]:
    """Return the versions of each key in their order, the first of each run of equal content."""
    versions: dict[int, dict[int, Row]] = {}
    for row in rows:
        versions.setdefault(row.id, {}).setdefault(row.version, row)
    found: dict[int, list[Row]] = {}
    for key, known in versions.items():
        chain = found[key] = []
        for _, row in sorted(known.items()):
            if not chain or chain[-1].content != row.content:
                chain.append(row)
    return found


def table_rows(warehouse: Warehouse, table: str = "t", where: str = "") -> list[Row]:
    """Return the rows of a table, their parts checked against each other."""
    found = warehouse.look(f"SELECT id, _version, {_CONTENT} FROM {table} {where}")
    return [Row(row[0], version_of(row[1]), shown(row[2:])) for row in found]


def check_history(warehouse: Warehouse, expected: dict[int, list[Row]]) -> None:
    found = warehouse.look(
        f"SELECT id, _version, {_CONTENT}, _valid_from, _valid_to, _is_current FROM t "
        "ORDER BY id, _version"
    )
    rows: dict[int, list[Row]] = {}
    for row in found:
        rows.setdefault(row[0], []).append(Row(row[0], version_of(row[1]), shown(row[2:5])))
    assert rows == expected
    for one, two in zip(found, [*found[1:], None], strict=True):
        begin, end, current = one[5:]
        assert begin == BEGIN + timedelta(seconds=version_of(one[1])), one
        follows = two is not None and two[0] == one[0]
        assert current is not follows, (one, two)
        assert end == (two[5] if follows and two else None), (one, two)


class Changes(Source):
    """An incremental stream: updates of a quarter as many keys, some late, some twice."""

    def __init__(self, size: int, every: int, seed: int) -> None:
        self.size, self._every = size, every
        rng = random.Random(seed)
        self.rows: list[Row] = []
        contents: dict[int, int] = {}
        for number in range(size):
            key, kind = rng.randrange(size // 4 + 1), rng.random()
            if kind < 0.1 and self.rows:
                # Sent twice, as after a look back.
                self.rows.append(rng.choice(self.rows[-50:]))
                continue
            # Late versions only where no content repeats: of a run of one content `history` keeps
            # the first version and the last, so what a late one splits depends on what came when.
            late, same = kind < 0.3 and key % 2, kind > 0.8 and not key % 2
            version = number * 2 + 1 - (rng.randrange(1, 400) * 2 if late else 0)
            contents[key] = contents.get(key, number) if same else number
            self.rows.append(Row(key, version, contents[key]))
        self._encoded = [row.json() for row in self.rows]

    def lines(self, state: State) -> Iterator[bytes]:
        yield json.dumps(SCHEMA).encode() + b"\n"
        start = state["n"] if state else 0
        for number in range(start, self.size):
            yield record_line(self._encoded[number])
            if (number + 1) % self._every == 0 or number + 1 == self.size:
                yield state_line({"n": number + 1})

    def left(self, state: State) -> int:
        return self.size - (state["n"] if state else 0)

    def check(self, warehouse: Warehouse, mode: str, state: State) -> None:
        if state is None:
            return
        covered = self.rows[: state["n"]]
        found = table_rows(warehouse)
        if mode == "append":
            assert len(found) == len(set(found)), "a row is there twice"
            assert set(found) >= set(covered)
        elif mode == "history":
            present = {(row.id, row.version) for row in found}
            # Later records add to these chains and never join two of their rows: see `__init__`.
            for chain in chains(covered).values():
                for row in chain:
                    assert (row.id, row.version) in present, row
            assert {row.id for row in covered} <= {row.id for row in found}
        else:
            held = {row.id: row for row in found}
            assert len(held) == len(found), "a key is there twice"
            for row in newest(covered).values():
                assert held[row.id].version >= row.version, row
        assert set(found) <= set(self.rows)

    def check_end(self, warehouse: Warehouse, mode: str) -> None:
        if mode == "history":
            check_history(warehouse, chains(self.rows))
            return
        found = table_rows(warehouse)
        expected = set(self.rows) if mode == "append" else set(newest(self.rows).values())
        assert sorted(found) == sorted(expected)


@dataclass
class Reads(Source):
    """Full reads one after another, each with its activation; some rows go, some change.

    A killed tap goes on with its read where it can (`resume`), or begins it anew under a new version.
    """

    size: int
    every: int
    seed: int
    reads: int
    resume: bool
    attempt: int = 0
    may_be_active: int = -1
    rows: list[list[Row]] = field(default_factory=list)
    versions: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rng = random.Random(self.seed)
        each = self.size // self.reads
        current = {key: Row(key, 1, key) for key in range(each * 5 // 4)}
        for read in range(self.reads):
            for key in rng.sample(sorted(current), each // 4):
                current[key] = Row(key, read * 100 + 3, current[key].content + 100_000)
            here = rng.sample(sorted(current), each)
            self.rows.append([current[key] for key in here])
        self._encoded = [[row.json() for row in rows] for rows in self.rows]

    def version(self, read: int, attempt: int) -> int:
        """Return the version of a read: epoch milliseconds, as taps of this project write them."""
        return 1_763_625_600_000 + read * 3_600_000 + attempt * 1000

    def lines(self, state: State) -> Iterator[bytes]:
        yield json.dumps(SCHEMA).encode() + b"\n"
        first, start, attempt = self._position(state)
        for read in range(first, self.reads):
            version = self.version(read, attempt)
            for number in range(start, len(self.rows[read])):
                yield record_line(self._encoded[read][number], version)
                if (number + 1) % self.every == 0 or number + 1 == len(self.rows[read]):
                    yield state_line({"read": read, "n": number + 1, "attempt": attempt})
            yield b'{"type":"ACTIVATE_VERSION","stream":"t","version":%d}\n' % version
            self.versions[read] = version
            yield state_line({"read": read + 1, "n": 0, "attempt": self.attempt})
            start, attempt = 0, self.attempt

    def _position(self, state: State) -> tuple[int, int, int]:
        return (state["read"], state["n"], state["attempt"]) if state else (0, 0, self.attempt)

    def left(self, state: State) -> int:
        read, number, _ = self._position(state)
        return sum(map(len, self.rows[read:])) - number

    def begin_again(self, state: State) -> State:
        if self.resume:
            return state
        self.attempt += 1
        return {"read": state["read"] if state else 0, "n": 0, "attempt": self.attempt}

    def check(self, warehouse: Warehouse, mode: str, state: State) -> None:
        if state is None:
            return
        read, number, attempt = self._position(state)
        begun = self.rows[read][:number] if read < self.reads else []
        if mode in {"overwrite", "snapshot"}:
            # The activation may be committed, and the STATE after it not yet out.
            table = "t" if mode == "overwrite" else "t_latest"
            shown_now = sorted(table_rows(warehouse, table))
            before = sorted(self.rows[read - 1]) if read else []
            if len(begun) == len(self.rows[min(read, self.reads - 1)]):
                self.may_be_active = read
            if shown_now != before:
                assert read == self.may_be_active, (read, number, len(shown_now))
                assert shown_now == sorted(self.rows[read])
            elif begun:
                version = self.version(read, attempt)
                waiting = (
                    table_rows(warehouse, f"t__staging_{version}")
                    if mode == "overwrite"
                    else table_rows(warehouse, "t", f"WHERE {_taken(version)}")
                )
                assert set(begun) <= set(waiting)
                assert len(waiting) == len(set(waiting))
            return
        covered = [row for rows in self.rows[:read] for row in rows] + begun
        held = table_rows(warehouse)
        assert set(held) <= {row for rows in self.rows for row in rows}
        if mode == "append":
            assert len(held) == len(set(held)), "a row is there twice"
            assert set(held) >= set(covered)
        elif mode == "history":
            assert {row.id for row in covered} <= {row.id for row in held}
        else:
            versions = {row.id: row.version for row in held}
            assert len(versions) == len(held), "a key is there twice"
            for row in newest(covered).values():
                assert versions[row.id] >= row.version, row

    def check_end(self, warehouse: Warehouse, mode: str) -> None:
        everything = [row for rows in self.rows for row in rows]
        if mode == "history":
            check_history(warehouse, chains(everything))
        elif mode == "append":
            assert sorted(table_rows(warehouse)) == sorted(set(everything))
        elif mode == "overwrite":
            assert sorted(table_rows(warehouse)) == sorted(self.rows[-1])
            assert not [name for name in warehouse.tables() if "__staging_" in name]
        elif mode == "snapshot":
            assert sorted(table_rows(warehouse, "t_latest")) == sorted(self.rows[-1])
            for read, rows in enumerate(self.rows):
                taken = table_rows(warehouse, "t", f"WHERE {_taken(self.versions[read])}")
                assert sorted(taken) == sorted(rows)
            unknown = {row[0] for row in warehouse.look("SELECT DISTINCT _snapshot_at FROM t")}
            unknown -= {_moment(version) for version in self.versions.values()}
            # A read whose activation was the last thing that happened before a kill stays whole.
            for moment in unknown:
                where = f"WHERE _snapshot_at = TIMESTAMPTZ '{moment.isoformat()}'"
                assert sorted(table_rows(warehouse, "t", where)) in [
                    sorted(rows) for rows in self.rows
                ]
            assert warehouse.look("SELECT count(*) FROM t WHERE _is_latest IS NULL") == [(0,)]
        else:
            assert sorted(table_rows(warehouse)) == sorted(newest(everything).values())
            if mode == "soft_delete":
                found = warehouse.look(
                    "SELECT id, _deleted_at FROM t WHERE _deleted_at IS NOT NULL"
                )
                assert {key for key, _ in found} == self._gone()

    def _gone(self) -> set[int]:
        ever = {row.id for rows in self.rows for row in rows}
        return ever - {row.id for row in self.rows[-1]}


def _moment(version: int) -> datetime:
    return datetime.fromtimestamp(version / 1000, tz=timezone.utc)


def _taken(version: int) -> str:
    return f"_snapshot_at = TIMESTAMPTZ '{_moment(version).isoformat()}'"
