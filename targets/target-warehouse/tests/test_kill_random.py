"""Random schemas, records, interleavings, modes and kill points; the model is a dictionary."""

from __future__ import annotations

import json
import random
import time
import typing as t
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from .crash import BEGIN, version_of
from .kills import Feeder

MODES = ["upsert", "append", "soft_delete", "history"]
KINDS: dict[str, tuple[dict[str, t.Any], t.Callable[[random.Random], t.Any]]] = {
    "text": (
        {"type": ["string", "null"]},
        lambda rng: rng.choice([None, "", "\\N", "a\tb\nc", "中文", '"', "\\."]),
    ),
    "integer": (
        {"type": ["integer", "null"]},
        lambda rng: rng.choice([None, 0, -(2**63), 2**63 - 1, rng.randrange(1000)]),
    ),
    "decimal": (
        {"type": ["string", "null"], "format": "singer.decimal"},
        lambda rng: rng.choice([None, "0.01", f"{rng.randrange(10**9)}.{rng.randrange(100):02d}"]),
    ),
    "boolean": ({"type": ["boolean", "null"]}, lambda rng: rng.choice([None, True, False])),
    "moment": (
        {"type": ["string", "null"], "format": "date-time"},
        lambda rng: rng.choice([None, "2026-01-01T08:00:00+08:00", "1969-12-31T23:59:59.999Z"]),
    ),
    "json": (
        {"type": ["object", "array", "null"]},
        lambda rng: rng.choice([None, {}, [[1], [None]], {"键": [{"a": "\\"}]}]),
    ),
}


def plain(kind: str, value: t.Any) -> t.Any:
    """Return a value so that what was sent and what was read back compare equal."""
    if value is None:
        return None
    if kind == "decimal":
        return Decimal(value).normalize()
    if kind == "moment":
        moment = (
            value
            if isinstance(value, datetime)
            else datetime.fromisoformat(value.replace("Z", "+00:00"))
        )
        return moment.astimezone(timezone.utc)
    if kind == "json":
        return json.dumps(json.loads(value) if isinstance(value, str) else value, sort_keys=True)
    return value


class Stream:
    """One stream: a schema that grows, and what was sent of it."""

    def __init__(self, name: str, mode: str, rng: random.Random) -> None:
        self.name, self.mode, self._rng = name, mode, rng
        self.kinds = {f"f{n}": rng.choice(list(KINDS)) for n in range(rng.randrange(1, 5))}
        self.sent: list[tuple[int, int, int, dict[str, t.Any]]] = []

    def grow(self) -> None:
        self.kinds[f"f{len(self.kinds)}"] = self._rng.choice(list(KINDS))

    def schema(self) -> bytes:
        properties: dict[str, t.Any] = {
            "id": {"type": "integer"},
            "at": {"type": "string", "format": "date-time"},
            # Makes each version's content its own, so that `history` has a row for each.
            "serial": {"type": "integer"},
        }
        properties |= {name: KINDS[kind][0] for name, kind in self.kinds.items()}
        message = {"type": "SCHEMA", "stream": self.name, "schema": {"properties": properties}}
        keys = {"key_properties": ["id"], "bookmark_properties": ["at"]}
        return json.dumps({**message, **keys}).encode() + b"\n"

    def record(self, position: int) -> bytes:
        rng = self._rng
        if self.sent and rng.random() < 0.1:
            key, version, serial, values = rng.choice(self.sent)[0:4]
        else:
            key, version, serial = (
                rng.randrange(20),
                position * 2 - rng.choice([0, 0, 61]),
                position,
            )
            values = {name: KINDS[kind][1](rng) for name, kind in self.kinds.items()}
        self.sent.append((key, version, serial, values))
        at = (BEGIN + timedelta(seconds=version)).isoformat()
        record = {"id": key, "at": at, "serial": serial, **values}
        message = {"type": "RECORD", "stream": self.name, "record": record}
        return json.dumps(message).encode() + b"\n"

    def expected(self, count: int) -> dict[t.Any, tuple[t.Any, ...]]:
        """Return what so many records must leave, by what tells rows apart."""
        model: dict[t.Any, tuple[t.Any, ...]] = {}
        for key, version, serial, values in self.sent[:count]:
            content = tuple(plain(kind, values.get(name)) for name, kind in self.kinds.items())
            row = (key, version, serial, *content)
            if self.mode == "append":
                model[row] = row
            elif self.mode == "history":
                model.setdefault((key, version), row)
            elif key not in model or version > model[key][1]:
                model[key] = row
        return model

    def found(self, warehouse) -> list[tuple[t.Any, ...]]:
        names = [f"cast({n} AS text)" if k == "json" else n for n, k in self.kinds.items()]
        rows = warehouse.look(
            f"SELECT {', '.join(['id', '_version', 'serial', *names])} FROM {self.name}"
        )
        kinds = self.kinds.values()
        return [(r[0], version_of(r[1]), r[2], *map(plain, kinds, r[3:])) for r in rows]


class Script:
    """All that a tap sends; a STATE's value is the number of events before it."""

    def __init__(self, rng: random.Random, length: int) -> None:
        self.streams = [Stream(f"s{n}", mode, rng) for n, mode in enumerate(rng.sample(MODES, 4))]
        self.events: list[bytes] = []
        self._schemas: list[list[bytes]] = []
        self._counts: list[list[int]] = []
        schemas = [stream.schema() for stream in self.streams]
        for position in range(length):
            self._schemas.append(list(schemas))
            self._counts.append([len(stream.sent) for stream in self.streams])
            at = rng.randrange(4)
            kind = rng.random()
            if kind < 0.02:
                self.streams[at].grow()
                schemas[at] = self.streams[at].schema()
                self.events.append(schemas[at])
            elif kind < 0.1:
                self.events.append(b'{"type":"STATE","value":{"done":%d}}\n' % position)
            else:
                self.events.append(self.streams[at].record(position))
        self._counts.append([len(stream.sent) for stream in self.streams])
        self.events.append(b'{"type":"STATE","value":{"done":%d}}\n' % length)

    def lines(self, done: int) -> t.Iterator[bytes]:
        yield from self._schemas[done]
        yield from self.events[done:]

    def check(self, warehouse, done: int) -> None:
        for stream, count in zip(self.streams, self._counts[done], strict=True):
            if not count:
                continue
            serials = {
                r[0]: r[1] for r in warehouse.look(f"SELECT serial, _version FROM {stream.name}")
            }
            covered = stream.expected(count)
            if stream.mode in {"append", "history"}:
                assert {row[2] for row in covered.values()} <= set(serials), stream.mode
            else:
                held = {
                    r[0]: version_of(r[1])
                    for r in warehouse.look(f"SELECT id, _version FROM {stream.name}")
                }
                assert all(held[row[0]] >= row[1] for row in covered.values()), stream.mode


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
@pytest.mark.parametrize("seed", range(4))
def test_the_model_is_a_dictionary(make_warehouse, zygote, engine, seed):
    rng = random.Random(seed)
    script = Script(rng, 1500)
    warehouse = make_warehouse(engine)
    settings = {
        "streams": {stream.name: {"load_mode": stream.mode} for stream in script.streams},
        "max_batch_age_seconds": 0.2,
    }
    done = 0
    for _ in range(6):
        config = warehouse.configure(batch_rows=rng.randrange(1, 120), **settings)
        program = zygote.start(config)
        most = rng.randrange(1, max(2, (len(script.events) - done) // 2))
        feeder = Feeder(program, script.lines(done), most)
        feeder.done.wait(5)
        time.sleep(rng.random() * 0.3)
        assert program.kill() == -9, program.log
        feeder.join(20)
        program.stdin.close()
        done = program.states[-1]["done"] if program.states else done
        script.check(warehouse, done)
    program = zygote.start(warehouse.configure(batch_rows=rng.randrange(1, 3000), **settings))
    Feeder(program, script.lines(done), None).join(60)
    assert program.finish() == 0, program.log
    for stream in script.streams:
        expected = stream.expected(len(stream.sent))
        found = stream.found(warehouse)
        assert sorted(map(repr, found)) == sorted(map(repr, expected.values())), stream.mode
