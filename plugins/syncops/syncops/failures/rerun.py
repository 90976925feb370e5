"""Running a pipeline for nothing but what it owes."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
import typing as t
from dataclasses import dataclass

import click

from syncops.errors import SyncopsError
from syncops.project import open_project, told
from syncops.session import Settings

if t.TYPE_CHECKING:
    from collections.abc import Iterable

_NOT_IN_NAMES = re.compile(r"\W")


@dataclass(frozen=True, slots=True)
class Rerun:
    """One run of a pipeline.

    Attributes:
        environment: Its Meltano environment; None for none.
        tap: The extractor.
        loader: The loader.
        suffix: What its state id ends with; empty for nothing.
        root: The project's folder.
    """

    environment: str | None
    tap: str
    loader: str
    suffix: str
    root: str

    def run(self, streams: Iterable[str]) -> bool:
        """Ask for what is owed and due, and for nothing else; tell whether the run succeeded.

        A hot set without any id is such a run.
        """
        active = [f"--environment={self.environment}"] if self.environment else ["--no-environment"]
        suffix = [f"--state-id-suffix={self.suffix}"] if self.suffix else []
        variable = f"{_NOT_IN_NAMES.sub('_', self.tap).upper()}_HOT_SET"
        words = [
            sys.executable,
            "-m",
            "meltano.cli",
            *active,
            "run",
            *suffix,
            self.tap,
            self.loader,
        ]
        done = subprocess.run(
            words,
            cwd=self.root,
            env={**os.environ, variable: json.dumps({stream: [] for stream in streams})},
            stdin=subprocess.DEVNULL,
            stdout=2,
            check=False,
        )
        return done.returncode == 0


def rerun_of(state_id: str) -> Rerun:
    """Return the run that goes on from a state, for the running command.

    Raises:
        SyncopsError: The state id is not that of an extractor and a loader of this project.
    """
    context = click.get_current_context()
    options = context.find_object(Settings) or Settings(None, verbose=False)
    with open_project(options.environment, verbose=options.verbose) as (project, _):
        with told("reading the project's plugins"):
            from meltano.core.plugin.base import PluginType

            taps, loaders = (
                [plugin.name for plugin in project.plugins.get_plugins_of_type(kind)]
                for kind in (
                    t.cast("PluginType", PluginType.EXTRACTORS),
                    t.cast("PluginType", PluginType.LOADERS),
                )
            )
        root = str(project.root)
    for tap, loader in itertools.product(taps, loaders):
        name = re.escape(f"{tap}-to-{loader}")
        if match := re.fullmatch(rf"(?:([^:]+):)?{name}(?::(.+))?", state_id):
            return Rerun(match[1], tap, loader, match[2] or "", root)
    raise SyncopsError(
        f"{state_id!r} is the state of no extractor and loader of this project; run its pipeline by "
        "yourself. What was due is due now."
    )
