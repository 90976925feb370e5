"""One prepared copy of the project for all tests; its own state, warehouse and sandbox for each."""

from __future__ import annotations

import shutil
import uuid
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from meltano_project import Project, environment
from project_files import copy_project
from sandbox.settings import SandboxSettings
from sandbox.testing import Sandbox

PLUGINS = (
    "tap-youzan",
    "target-duckdb",
    "target-postgres",
    "target-jsonl",
    "target-postgres-meltanolabs",
    "sandbox",
    "syncops",
    "eventgate",
)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """A copy of the project with its plugins installed by Meltano."""
    root = copy_project(tmp_path_factory.mktemp("meltano") / "project")
    done = Project(root, environment()).meltano("install", *PLUGINS)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    return root


@pytest.fixture(scope="session")
def shops():
    """The settings of two small shops; the same ones give the same data in every test."""
    end = datetime.now(timezone.utc) - timedelta(hours=1)
    return {"accounts": 2, "size": 60, "limits": False, "history_end": end}


@pytest.fixture
def shop(make_sandbox, shops):
    """A sandbox with two small shops."""
    return make_sandbox(**shops)


def tie(shop, folder) -> dict[str, str]:
    """Return the environment that ties a project to a sandbox and to a test's own folder."""
    return environment(
        MELTANO_DATABASE_URI=f"sqlite:///{folder}/meltano.db",
        TAP_YOUZAN_BASE_URL=shop.base_url("youzan"),
        TAP_YOUZAN_RETRY_WAIT="100ms",
        TARGET_DUCKDB_PATH=str(folder / "warehouse.duckdb"),
        TARGET_JSONL_DESTINATION_PATH=str(folder),
    )


@pytest.fixture
def project(prepared, shop, tmp_path):
    """The prepared project, tied to this test's sandbox and warehouse."""
    return Project(prepared, tie(shop, tmp_path))


@pytest.fixture(scope="session")
def first_run(prepared, shops, tmp_path_factory):
    """What a first run leaves in its folder: Meltano's database and the warehouse."""
    folder = tmp_path_factory.mktemp("first-run")
    with Sandbox(SandboxSettings(**shops)) as shop:
        Project(prepared, tie(shop, folder)).run("tap-youzan", "target-duckdb")
    return folder


@pytest.fixture
def synced(project, first_run, tmp_path):
    """The project after its first run; no call of it is in the log of this test's sandbox."""
    shutil.copytree(first_run, tmp_path, dirs_exist_ok=True)
    return project


@pytest.fixture
def clone(shop, tmp_path):
    """A clean clone, tied to this test's sandbox and warehouse."""
    return Project(copy_project(tmp_path / "clone"), tie(shop, tmp_path))


@pytest.fixture
def database(postgres_server):
    """An empty database, as the words of a connection."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'create database "{name}"')
    (host,) = parse_qs(urlsplit(postgres_server).query)["host"]
    return {"host": host, "user": "postgres", "dbname": name}
