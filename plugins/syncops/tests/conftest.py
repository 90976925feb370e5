"""A real Meltano project in a temporary folder, seeded and checked through Meltano's own classes."""

from __future__ import annotations

import json
import typing as t
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

import pytest
import structlog
from click.testing import CliRunner, Result
from meltano.core.db import project_engine
from meltano.core.job import Job, State
from meltano.core.migration_service import MigrationService
from meltano.core.project import Project
from meltano.core.state_service import StateService
from syncops.cli import main

MELTANO_YML = """
requires_meltano: ">=4.4"
project_id: 0f0e6a43-3a4f-4a44-8a2c-2f5b1d1d7c11
default_environment: demo
send_anonymous_usage_stats: false
cli:
  disable_version_check: true
environments:
- name: demo
- name: prod
"""


class MeltanoProject:
    """What a test does with the project around syncops."""

    def __init__(self, root, backend):
        self.root = root
        self.backend = backend

    @contextmanager
    def service(self):
        project = Project.find(self.root, activate=False)
        engine, make_session = project_engine(project)
        with make_session() as session, StateService(project, session) as service:
            yield service
        engine.dispose()

    def migrate(self):
        project = Project.find(self.root, activate=False)
        project.sys_dir_root.mkdir(exist_ok=True)
        engine, _ = project_engine(project)
        MigrationService(engine).upgrade(silent=True)
        engine.dispose()

    def set(self, state_id, payload):
        with self.service() as service:
            service.set_state(state_id, json.dumps(payload), validate=False)

    def merge(self, state_id, payload):
        """Leave the state in two parts, as a full refresh does."""
        with self.service() as service:
            service.add_state(state_id, json.dumps(payload), payload_flags=2)

    def get(self, state_id):
        with self.service() as service:
            return service.get_state(state_id)

    def ids(self):
        with self.service() as service:
            return sorted(service.list_state())

    def break_storage(self, state_id, text):
        """Store a text that is no state where the backend keeps it."""
        if self.backend == "systemdb":
            with self.service() as service:
                connection = service.session.connection()
                sql = "UPDATE state SET completed_state = ? WHERE state_id = ?"
                connection.exec_driver_sql(sql, (text, state_id))
                service.session.commit()
        else:
            (self.root / "states" / state_id / "state.json").write_text(text)

    def add_running_job(self, state_id, *, heartbeat_age):
        """Put a sync into Meltano's job table that last gave a sign of life so long ago."""
        then = datetime.now(timezone.utc) - timedelta(seconds=heartbeat_age)
        with self.service() as service:
            job = Job(job_name=state_id, state=State.RUNNING, started_at=then)
            job.last_heartbeat_at = then
            job.save(service.session)

    def syncops(self, *arguments, **options) -> Result:
        return CliRunner().invoke(main, arguments, **options)

    def bookmarks(self, *arguments) -> Result:
        return self.syncops("bookmarks", *arguments)

    def shown(self, *arguments) -> list[dict[str, t.Any]]:
        result = self.bookmarks("show", "--json", *arguments)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)["states"]


def make_project(root, backend):
    uri = "systemdb" if backend == "systemdb" else f"file://{root}/states"
    root.mkdir(exist_ok=True)
    (root / "meltano.yml").write_text(f"{MELTANO_YML}state_backend:\n  uri: {uri}\n")
    return MeltanoProject(root, backend)


@pytest.fixture
def clean_environment(monkeypatch):
    for name in ("ENVIRONMENT", "STATE_BACKEND_URI", "DATABASE_URI", "SYS_DIR_ROOT"):
        monkeypatch.delenv(f"MELTANO_{name}", raising=False)
    monkeypatch.delenv("SYNCOPS_HISTORY", raising=False)
    yield
    structlog.reset_defaults()


@pytest.fixture(params=["systemdb", "file"])
def project(request, tmp_path, monkeypatch, clean_environment):
    """A project without any run yet, on each backend; its system database is as Meltano makes it."""
    made = make_project(tmp_path / "project", request.param)
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(made.root))
    made.migrate()
    return made


@pytest.fixture
def fresh_project(tmp_path, monkeypatch, clean_environment):
    """A project in which no meltano command ever ran."""
    made = make_project(tmp_path / "fresh", "systemdb")
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(made.root))
    return made


@pytest.fixture
def state() -> dict[str, t.Any]:
    """Two accounts, a full table, and what other taps leave."""
    failure = {"key": "E1", "stream": "order_details", "attempts": 1, "reason": "busy"}
    return {
        "singer_state": {
            "bookmarks": {
                "orders": {
                    "partitions": [
                        {
                            "context": {"_account": "42583152"},
                            "replication_key": "_bookmark",
                            "replication_key_value": "2026-11-10T08:00:00.000Z@",
                            "failures": [
                                {**failure, "parked": False},
                                {**failure, "key": "E2", "parked": True},
                            ],
                            "last_run": "2026-11-10T08:01:00.000Z",
                            "not_ours": {"to": ["keep"]},
                        },
                        {
                            "context": {"_account": "555"},
                            "replication_key": "_bookmark",
                            "replication_key_value": "2026-11-02T00:00:00.000Z@E9",
                        },
                    ]
                },
                "users": {
                    "partitions": [
                        {"context": {"_account": "corp1"}, "complete_versions": [1762329600000]}
                    ]
                },
                "issues": {
                    "replication_key": "updated_at",
                    "replication_key_value": "2026-01-01T00:00:00",
                },
                "labels": {},
                "seen": 17,
            },
            "currently_syncing": None,
        },
        "beside": True,
    }
