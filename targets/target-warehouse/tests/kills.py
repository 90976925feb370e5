"""Rounds of SIGKILL on the program while it is fed."""

from __future__ import annotations

import logging
import random
import threading
import time
import typing as t
from collections.abc import Iterator

if t.TYPE_CHECKING:
    from .conftest import Warehouse
    from .crash import Source, State
    from .zygote import Program, Zygote

log = logging.getLogger(__name__)


class Feeder(threading.Thread):
    """Writes lines into a program, at most so many."""

    def __init__(self, program: Program, lines: Iterator[bytes], most: int | None) -> None:
        super().__init__(daemon=True)
        self._program, self._lines, self._most = program, lines, most
        self.done = threading.Event()
        self.start()

    def run(self) -> None:
        part: list[bytes] = []
        size = 0
        for number, line in enumerate(self._lines):
            if self._most is not None and number >= self._most:
                break
            part.append(line)
            size += len(line)
            if size > 20_000:
                if not self._program.write(b"".join(part)):
                    break
                part, size = [], 0
        self._program.write(b"".join(part))
        self.done.set()


def rounds(zygote: Zygote, warehouse: Warehouse, source: Source, mode: str, *, kills: int) -> None:
    """Kill the program so many times at random moments, then let it come to its end; check always."""
    rng = random.Random(kills)
    state: State = None
    with_state = replayed = 0
    began = time.monotonic()
    settings = {"load_mode": mode, "max_delete_share": 1, "max_batch_age_seconds": 0.2}
    each = max(source.size // kills, 20)
    for number in range(kills):
        begin = source.begin_again(state) if number else state
        before = source.left(begin)
        # Never to its end before the last kill.
        room = source.left(begin) // 2 if source.left(begin) < 3 * each else 3 * each
        most = rng.randrange(1, max(room, 2))
        config = warehouse.configure(batch_rows=rng.randrange(each // 8 + 1, each + 2), **settings)
        program = zygote.start(config)
        feeder = Feeder(program, source.lines(begin), most)
        way = rng.choice(["sent", "states", "moment"])
        if way == "states":
            program.await_states(rng.randrange(1, 4), 1.0 if not feeder.done.wait(0.5) else 0.3)
        elif way == "moment":
            feeder.done.wait(rng.random())
        else:
            feeder.done.wait(20)
            time.sleep(rng.random() * 0.1)
        code = program.kill()
        assert code == -9, (code, program.log)
        feeder.join(20)
        program.stdin.close()
        with_state += program.states != []
        state = program.states[-1] if program.states else begin
        replayed += max(0, min(most, before) - before + source.left(state))
        source.check(warehouse, mode, state)
    begin = source.begin_again(state)
    program = zygote.start(warehouse.configure(**settings))
    feeder = Feeder(program, source.lines(begin), None)
    feeder.join(300)
    assert program.finish() == 0, program.log
    source.check(warehouse, mode, program.states[-1])
    source.check_end(warehouse, mode)
    log.info(
        "%s, %s: %d records, %d kills, of which %d after a STATE; about %d lines sent again; %.0f s",
        *(warehouse.engine, mode, source.size, kills, with_state, replayed),
        time.monotonic() - began,
    )
