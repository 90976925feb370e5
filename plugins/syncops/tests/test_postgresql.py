"""Meltano's system database on PostgreSQL, the way it is run in production."""

from __future__ import annotations

import uuid

import psycopg
import pytest
from syncops.states import open_states

STATE_ID = "demo:tap-youzan-to-target-duckdb"


@pytest.fixture
def database(postgres_server):
    """The URI of an empty database."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'create database "{name}"')
    return postgres_server.replace("/postgres?", f"/{name}?")


@pytest.fixture
def project(fresh_project, database, monkeypatch):
    uri = database.replace("postgresql://", "postgresql+psycopg://")
    monkeypatch.setenv("MELTANO_DATABASE_URI", uri)
    return fresh_project


def test_from_the_first_look_to_the_undo(project, state):
    assert "There is no state yet" in project.bookmarks("show").stderr
    project.migrate()
    project.set(STATE_ID, state)
    result = project.bookmarks("rewind", "--state-id", STATE_ID, "--to", "2026-11-01", "--yes")
    assert result.exit_code == 0, result.output
    positions = {
        p["account"]: p["position"] for p in project.shown("--stream", "orders")[0]["partitions"]
    }
    assert set(positions.values()) == {"2026-11-01T00:00:00.000Z@"}
    made = project.bookmarks("merge", "--from", STATE_ID, "--into", "demo:new", "--yes")
    assert made.exit_code == 0, made.output
    assert project.bookmarks("undo", "--steps", "2", "--yes").exit_code == 0
    assert project.get(STATE_ID) == state
    assert project.ids() == [STATE_ID]


def test_nobody_writes_a_row_that_is_claimed(project, state, database):
    project.migrate()
    project.set(STATE_ID, state)
    write = "UPDATE state SET completed_state = '{}' WHERE state_id = %s"
    with open_states("demo") as states, psycopg.connect(database) as other:
        other.execute("SET lock_timeout = '50ms'")
        other.commit()
        with states.locked(STATE_ID), pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute(write, (STATE_ID,))
        other.rollback()
        other.execute(write, (STATE_ID,))
        other.rollback()


def test_a_sync_on_another_machine_is_respected(project, state):
    project.migrate()
    project.set(STATE_ID, state)
    project.add_running_job(STATE_ID, heartbeat_age=2)
    result = project.bookmarks("rewind", "--state-id", STATE_ID, "--to", "2026-11-01", "--yes")
    assert result.exit_code == 1
    assert "is running since" in result.stderr
    assert project.get(STATE_ID) == state
