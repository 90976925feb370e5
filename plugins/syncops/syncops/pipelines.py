"""A tap and a loader of the project, run through Meltano with settings of one run on top."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from dataclasses import dataclass
from pathlib import Path

import click
from openplatform.runs import KIND_VARIABLE
from target_warehouse.settings import Settings as LoaderSettings, StreamSettings

from syncops.errors import SyncopsError
from syncops.project import open_project, told
from syncops.quarantine.warehouse import Warehouse, open_warehouse
from syncops.session import Settings

if t.TYPE_CHECKING:
    from collections.abc import Mapping

    from meltano.core.plugin.project_plugin import ProjectPlugin
    from meltano.core.project import Project
    from sqlalchemy.orm import Session

FOLDER = "syncops"
_OWN = (
    *("task", "max_calls", "budget_share", "streams", "start_date", "end_date", "events"),
    "_select",
)
_TAIL = 40


class RunError(SyncopsError):
    """A run of the tap failed."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One tap and, if any, one loader.

    Attributes:
        tap: The tap's name in the project.
        loader: The loader's.
        environment: The active Meltano environment.
        root: The project's folder.
        folder: Where syncops keeps what is no secret.
        config: The tap's settings.
        variables: Environment variables of the tap's settings that a run may replace.
        schema: Database schema of the tap's tables; None for the engine's own.
        warehouse: The loader's database.
        verbose: Let Meltano's log through.
    """

    tap: str
    loader: str
    environment: str | None
    root: Path
    folder: Path
    config: Mapping[str, t.Any]
    variables: Mapping[str, str]
    schema: str | None
    warehouse: Warehouse
    verbose: bool

    @property
    def state_id(self) -> str:
        """The state id of the live sync."""
        name = f"{self.tap}-to-{self.loader}"
        return f"{self.environment}:{name}" if self.environment else name

    @property
    def accounts(self) -> list[str]:
        """The ids of the tap's accounts."""
        entries = self.config.get("accounts") or []
        return [str(entry["id"]) for entry in entries if isinstance(entry, dict) and "id" in entry]

    def stream(self, name: str) -> StreamSettings:
        """Return how the loader loads a stream."""
        return LoaderSettings(self.warehouse.connection, self.warehouse.config).stream(name)

    def invoke(self, settings: Mapping[str, t.Any]) -> bool:
        """Run the tap alone, with some settings replaced; tell whether it succeeded."""
        return self._meltano(["invoke", self.tap], settings)

    def run(
        self, suffix: str, settings: Mapping[str, t.Any], *, force: bool = False, loud: bool = False
    ) -> bool:
        """Run the tap into the loader under a state id of its own; tell whether it succeeded.

        Args:
            suffix: What tells this state id from the live one.
            settings: Settings of the tap that this run replaces, by name.
            force: Run although Meltano believes that this state id runs already.
            loud: Let Meltano's log through.
        """
        options = [f"--state-id-suffix={suffix}", *(["--force"] if force else [])]
        return self._meltano(["run", *options, self.tap, self.loader], settings, loud=loud)

    def _meltano(
        self, arguments: list[str], settings: Mapping[str, t.Any], *, loud: bool = False
    ) -> bool:
        """Run a command of the Meltano that syncops itself runs with."""
        chosen = {
            self.variables[name]: value if isinstance(value, str) else json.dumps(value)
            for name, value in settings.items()
        }
        active = [f"--environment={self.environment}"] if self.environment else []
        command = [sys.executable, "-m", "meltano.cli", *active, *arguments]
        through = loud or self.verbose
        done = subprocess.run(
            command,
            cwd=self.root,
            # What such a run does says nothing about the live sync.
            env={**os.environ, KIND_VARIABLE: "backfill", **chosen},
            stdin=subprocess.DEVNULL,
            stdout=2 if through else subprocess.PIPE,
            stderr=None if through else subprocess.STDOUT,
            check=False,
        )
        if done.returncode and not through:
            lines = done.stdout.decode(errors="replace").splitlines()[-_TAIL:]
            click.echo("\n".join(lines), err=True)
        return done.returncode == 0


def open_pipeline(tap: str, loader: str) -> Pipeline:
    """Return a tap and a loader of the project, for the running command.

    Raises:
        SyncopsError: There is no such tap or loader, or no database yet.
    """
    warehouse = open_warehouse(loader)
    context = click.get_current_context()
    options = context.find_object(Settings) or Settings(None, verbose=False)
    with open_project(options.environment, verbose=options.verbose) as (project, session):
        with told("reading the project's taps"):
            plugin = _find(project, tap)
            config, extras, variables = _settings(project, session, plugin)
        environment = project.environment.name if project.environment else None
        root, system = Path(project.root), Path(project.sys_dir_root)
    own = warehouse.config.get("schema") or warehouse.config.get("default_target_schema")
    return Pipeline(
        tap=tap,
        loader=warehouse.loader,
        environment=environment,
        root=root,
        folder=system / FOLDER,
        config=config,
        variables=variables,
        schema=str(own or extras.get("_load_schema") or "") or None,
        warehouse=warehouse,
        verbose=options.verbose,
    )


def _find(project: Project, tap: str) -> ProjectPlugin:
    from meltano.core.plugin.base import PluginType

    kind = t.cast("PluginType", PluginType.EXTRACTORS)
    plugins: list[ProjectPlugin] = list(project.plugins.get_plugins_of_type(kind))
    found = next((plugin for plugin in plugins if plugin.name == tap), None)
    if found is None:
        known = ", ".join(plugin.name for plugin in plugins) or "none"
        raise SyncopsError(f"{tap!r} is no extractor of this project. There are: {known}")
    return found


def _settings(
    project: Project, session: Session, plugin: ProjectPlugin
) -> tuple[dict[str, t.Any], dict[str, t.Any], dict[str, str]]:
    """Return a tap's settings, its extras, and the variables of those that we replace."""
    from meltano.core.plugin.settings_service import PluginSettingsService
    from sqlalchemy import inspect

    stored = inspect(session.connection()).has_table("plugin_settings")
    service = PluginSettingsService(project, plugin)
    values = service.as_dict(session=session if stored else None)
    extras = {name: value for name, value in values.items() if name.startswith("_")}
    config = {name: value for name, value in values.items() if not name.startswith("_")}
    definitions = {one.name: one for one in service.definitions()}
    if lacking := [name for name in _OWN if name not in definitions]:
        raise SyncopsError(
            f"{plugin.name} has no setting {', '.join(lacking)}, so it is none of our taps, or its "
            "definition is older than this program."
        )
    variables = {name: service.setting_env(definitions[name]) for name in _OWN}
    return config, extras, variables
