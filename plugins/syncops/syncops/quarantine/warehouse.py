"""The database of a loader, found and opened with the configuration that Meltano would give it."""

from __future__ import annotations

import typing as t
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import click

from syncops.errors import SyncopsError
from syncops.project import open_project, told
from syncops.session import Settings

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meltano.core.plugin.project_plugin import ProjectPlugin
    from meltano.core.project import Project
    from sqlalchemy.orm import Session
    from target_warehouse.dialects.base import Dialect
    from target_warehouse.kept import Replayed, Selection
    from target_warehouse.settings import Connection

EXECUTABLE = "target-warehouse"
_PLACES = ("url", "path", "host")


class WarehouseError(SyncopsError):
    """The loader's database cannot be found, opened or read."""


@dataclass(frozen=True, slots=True)
class Warehouse:
    """The database of one loader.

    Attributes:
        loader: The loader's name in the project.
        config: Its configuration, as Meltano gives it to the loader outside of a run.
        connection: Where the database is.
    """

    loader: str
    config: Mapping[str, t.Any]
    connection: Connection

    @property
    def shown(self) -> str:
        """The database, for people."""
        return self.connection.path or self.connection.shown

    @contextmanager
    def opened(self, *, read_only: bool = True, schema: str | None = None) -> Iterator[Dialect]:
        """Open the database, by default only to look: others may look at the same time.

        Args:
            read_only: Nothing is written.
            schema: Database schema in which tables are named; by default the engine's own.

        Raises:
            WarehouseError: When it cannot be opened or used.
        """
        from target_warehouse import dialects

        connection = replace(self.connection, schema=schema, read_only=read_only)
        with self._told():
            dialect = dialects.connect(connection)
            try:
                yield dialect
            except BaseException as error:
                if explained := dialect.explain(error):
                    raise explained from error
                raise
            finally:
                dialect.close()

    def replay(self, schema: str, wanted: Selection) -> list[Replayed]:
        """Let the loader try records of one database schema again, with its own configuration."""
        from target_warehouse.target import TargetWarehouse

        config = {**self.config, "schema": schema}
        config.pop("default_target_schema", None)
        with self._told():
            return TargetWarehouse(config=config).session.replay_quarantine(wanted)

    @contextmanager
    def _told(self) -> Iterator[None]:
        from target_warehouse.errors import WarehouseError as TargetError

        try:
            yield
        except TargetError as error:
            text = str(error)
            for secret in self.connection.secrets:
                text = text.replace(secret, "***")
            raise WarehouseError(f"Loader {self.loader}: {text}") from error


def open_warehouse(loader: str | None) -> Warehouse:
    """Return the warehouse of a loader of the project, for the running command.

    Args:
        loader: Its name; None for the only one that is a `target-warehouse` with a database.

    Raises:
        WarehouseError: When there is no such loader, more than one, or no database yet.
    """
    from target_warehouse.errors import SettingsError
    from target_warehouse.settings import Settings as LoaderSettings

    context = click.get_current_context()
    options = context.find_object(Settings) or Settings(None, verbose=False)
    with open_project(options.environment, verbose=options.verbose) as (project, session):
        name, config = _choose(project, session, loader)
        root = project.root
    try:
        connection = LoaderSettings.read(config).connection
    except SettingsError as error:
        raise WarehouseError(f"Loader {name}: {error}") from error
    if connection.engine == "duckdb":
        # Meltano starts the loader in the project's folder.
        path = root / connection.path
        if not path.exists():
            raise WarehouseError(
                f"Loader {name}: there is no DuckDB file {path} yet. Run a sync first, or name the "
                "environment or loader that you mean (--environment before the command, --loader)."
            )
        connection = replace(connection, path=str(path))
        config = {**{k: v for k, v in config.items() if k not in _PLACES}, "path": str(path)}
    return Warehouse(name, config, connection)


def _choose(
    project: Project, session: Session, loader: str | None
) -> tuple[str, Mapping[str, t.Any]]:
    """Return the loader's name and configuration."""
    with told("reading the project's loaders"):
        from meltano.core.plugin.base import PluginType

        plugins: list[ProjectPlugin] = [
            plugin
            for plugin in project.plugins.get_plugins_of_type(
                t.cast("PluginType", PluginType.LOADERS)
            )
            if Path(plugin.executable or "").name == EXECUTABLE
        ]
        names = [plugin.name for plugin in plugins]
        if loader is not None and loader not in names:
            raise WarehouseError(
                f"{loader!r} is no loader of this project that runs {EXECUTABLE}, whose database "
                f"syncops can read. Such loaders: {', '.join(names) or 'none'}"
            )
        configs = {
            plugin.name: _config(project, session, plugin)
            for plugin in plugins
            if loader in {None, plugin.name}
        }
    if loader is not None:
        return loader, configs[loader]
    ready = [name for name, config in configs.items() if any(map(config.get, _PLACES))]
    if len(ready) != 1:
        environment = project.environment.name if project.environment else "none"
        which = ", ".join(ready or names) or "none"
        what = "more than one has a database" if ready else "none has a database"
        raise WarehouseError(
            f"Of the loaders that run {EXECUTABLE} ({which}) {what} in the environment "
            f"{environment}. Name one with --loader, or another environment: syncops --environment NAME "
            "quarantine ..."
        )
    return ready[0], configs[ready[0]]


def _config(project: Project, session: Session, plugin: ProjectPlugin) -> dict[str, t.Any]:
    from meltano.core.plugin.settings_service import PluginSettingsService
    from sqlalchemy import inspect

    # Meltano makes the table of stored settings at its first command.
    stored = inspect(session.connection()).has_table("plugin_settings")
    service = PluginSettingsService(project, plugin)
    found = service.as_dict(extras=False, session=session if stored else None)
    return {name: value for name, value in found.items() if value is not None}
