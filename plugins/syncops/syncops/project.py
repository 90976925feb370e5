"""The Meltano project: found, with its environment active, and its system database open.

Imports of Meltano stand inside the functions because they take a second that `--help` should not
cost.
"""

from __future__ import annotations

import logging
import os
import sys
import typing as t
from contextlib import ExitStack, contextmanager

import structlog

from syncops.errors import BackendError, SyncopsError

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from meltano.core.project import Project
    from sqlalchemy.orm import Session


@contextmanager
def open_project(
    environment: str | None = None, *, verbose: bool = False
) -> Iterator[tuple[Project, Session]]:
    """Open the Meltano project around the working directory or MELTANO_PROJECT_ROOT.

    Args:
        environment: The Meltano environment; by default MELTANO_ENVIRONMENT or the project's own.
        verbose: Let Meltano log to the standard error.

    Raises:
        BackendError: If there is no project, no such environment, or no system database.
    """
    _quiet_meltano(verbose=verbose)
    with ExitStack() as stack:
        with told("opening the Meltano project"):
            from meltano.core.db import project_engine

            project = _project(environment)
            # SQLite makes the file but not its folder.
            project.sys_dir_root.mkdir(parents=True, exist_ok=True)
            engine, make_session = project_engine(project)
            stack.callback(engine.dispose)
            session = stack.enter_context(make_session())
        yield project, session


def _project(environment: str | None) -> Project:
    from meltano.core.project import PROJECT_ENVIRONMENT_ENV, Project
    from meltano.core.utils import check_meltano_compatibility

    # activate=True would point the project's link to the meltano program at ours.
    project: Project = Project.find(activate=False)
    check_meltano_compatibility(project.meltano.requires_meltano)
    name = (
        environment
        or os.environ.get(PROJECT_ENVIRONMENT_ENV)
        or project.dotenv_env.get(PROJECT_ENVIRONMENT_ENV)
        or project.settings.get("default_environment")
    )
    if name and name.lower() != "null":
        project.activate_environment(name)
    return project


def _quiet_meltano(*, verbose: bool) -> None:
    """Send Meltano's log to the standard error; by default it would mix with what we print."""
    level = logging.DEBUG if verbose else logging.WARNING
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )


@contextmanager
def told(doing: str) -> Iterator[None]:
    """Turn whatever Meltano, SQLAlchemy or a cloud client raises into one message.

    Each backend has exceptions of its own, so there is no narrower class to catch.
    """
    try:
        yield
    except SyncopsError:
        raise
    except Exception as error:
        structlog.get_logger(__name__).debug("the traceback", exc_info=error)
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise BackendError(
            f"{doing[0].upper()}{doing[1:]} failed: {type(error).__name__}: {reason[0]} "
            "Check that `meltano state list` works here; --verbose shows more."
        ) from error
