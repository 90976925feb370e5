"""One sandbox serves all trials of a module; each trial gives it a new world."""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

import pytest
from sandbox.settings import SandboxSettings
from sandbox.testing import Sandbox

from end_to_end import eventlog


class World(t.Protocol):
    """Fills the sandbox anew."""

    def __call__(self, **settings: t.Any) -> Sandbox:
        """The arguments are the fields of `SandboxSettings`."""


@pytest.fixture(scope="module")
def _served() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def world(_served: Sandbox) -> World:
    """Give the running sandbox a new world; what it held before is gone."""

    def fill(**settings: t.Any) -> Sandbox:
        _served.refill(SandboxSettings(**settings))
        return _served

    return fill


@pytest.fixture
def log() -> Iterator[eventlog.Log]:
    """An event log that is served over HTTP."""
    with eventlog.serving() as served:
        yield served
