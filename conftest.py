"""What all tests share: several processes at once, and what is left out where there is no browser."""

from __future__ import annotations

import os
import shutil

import pytest

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
    """Declare our marks."""
    config.addinivalue_line("markers", "browser: needs Chromium or Chrome")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what needs a browser where there is none."""
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
def browser_path() -> str:
    """The browser's program."""
    return find_browser() or pytest.fail(LEFT_OUT)
