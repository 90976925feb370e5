"""The pytest fixtures `sandbox` and `make_sandbox`, available wherever this package is installed."""

from __future__ import annotations

import contextlib
import typing as t
from collections.abc import Iterator

import pytest

from sandbox.settings import SandboxSettings
from sandbox.testing import Sandbox


class MakeSandbox(t.Protocol):
    """Starts a sandbox for the length of a test."""

    def __call__(self, **settings: t.Any) -> Sandbox:
        """Start one; the arguments are the fields of `SandboxSettings`."""


@pytest.fixture
def make_sandbox() -> Iterator[MakeSandbox]:
    """Start sandboxes with settings of the test's choice; they end with the test."""
    with contextlib.ExitStack() as stack:
        yield lambda **settings: stack.enter_context(Sandbox(SandboxSettings(**settings)))


@pytest.fixture
def sandbox(make_sandbox: MakeSandbox) -> Sandbox:
    """Return a running sandbox with the default settings."""
    return make_sandbox()
