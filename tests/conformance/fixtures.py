"""Fixtures of all tests of taps."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from openplatform.tap import PlatformTap
from sandbox import Sandbox, SandboxSettings

from conformance.trial import Trial, filled


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare our option."""
    text = "Let each tap go on from every state that a run writes, not from some of them."
    parser.getgroup("taps").addoption("--every-state", action="store_true", help=text)


@pytest.fixture
def every_state(request: pytest.FixtureRequest) -> bool:
    """Whether each state of a run is tried."""
    return bool(request.config.getoption("--every-state"))


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    """One server for all tests of a process; each test fills it anew."""
    with Sandbox(SandboxSettings(size=1)) as box:
        yield box


@pytest.fixture
def trial_of(running_sandbox: Sandbox, tmp_path: Path) -> Callable[..., Trial]:
    """Make the trial of a tap; further arguments are those of `SandboxSettings`."""

    def make(kind: type[PlatformTap], *, platform: str = "", **settings: t.Any) -> Trial:
        return Trial(kind, filled(running_sandbox, **settings), tmp_path / "tokens", platform)

    return make
