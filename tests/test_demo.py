"""The demo's bad days and its counting; test_readme runs the whole of it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import demo
import duckdb
import pytest

SCRIPT = [sys.executable, str(demo.ROOT / "plugins" / "demo.py")]


@pytest.fixture
def taken_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


def run(*arguments, port):
    return subprocess.run(
        [*SCRIPT, *arguments],
        env={**os.environ, "SANDBOX_PORT": str(port)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_taken_port_is_told_with_the_way_out(taken_port):
    done = run(port=taken_port)
    assert done.returncode == 1
    assert str(taken_port) in done.stdout
    assert "SANDBOX_PORT takes another port" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_stop_without_a_sandbox_is_no_error(taken_port):
    done = run("--stop", port=taken_port)
    assert (done.returncode, done.stdout) == (0, "The sandbox was not running.\n")


def test_it_counts_what_is_new_or_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "DUCKDB", tmp_path / "demo.duckdb")
    assert demo.landed({}) == {}
    with duckdb.connect(str(demo.DUCKDB)) as connection:
        connection.execute(f"create schema {demo.SCHEMA}; use {demo.SCHEMA}")
        connection.execute("create table orders as select 'A' id, '2026-11-20T08:00' _bookmark")
        connection.execute("create table shops as select 1 id")
        connection.execute("create table _quarantine as select 1 id")
    first = demo.landed({})
    assert {name: (one.rows, one.fresh) for name, one in first.items()} == {
        "orders": (1, 1),
        "shops": (1, 1),
    }
    with duckdb.connect(str(demo.DUCKDB)) as connection:
        connection.execute(f"use {demo.SCHEMA}")
        connection.execute("update orders set _bookmark = '2026-11-20T09:00'")
        connection.execute("insert into orders values ('B', '2026-11-20T10:00')")
    second = demo.landed(first)
    assert (second["orders"].rows, second["orders"].fresh) == (2, 2)
    assert (second["shops"].rows, second["shops"].fresh) == (1, 0)
