"""Meltano's state, reached through Meltano: its project, state manager, locks and job table.

Nothing here knows a backend. Whatever `state_backend.uri` says (the system database, a folder, a
bucket, an add-on), Meltano's own `StateStoreManager` reads and writes it. Imports of Meltano stand
inside the functions because they take a second that `--help` should not cost.
"""

from __future__ import annotations

import copy
import typing as t
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from syncops.errors import CorruptStateError, RunningError
from syncops.project import open_project, told

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from meltano.core.project import Project
    from meltano.core.state_store import StateStoreManager
    from sqlalchemy.orm import Session

    from syncops.bookmarks.partitions import Payload

SYSTEMDB = "systemdb"


@dataclass(frozen=True, slots=True)
class Running:
    """A sync that holds a state id now, as Meltano's job table tells.

    Attributes:
        since: When it started, in UTC.
        heartbeat: When it last said that it lives, in UTC; None if it never did.
        valid_until: When Meltano takes it for dead unless another heartbeat comes, in UTC.
    """

    since: datetime
    heartbeat: datetime | None
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class LockedState:
    """What can be done with a state while its lock is held.

    Attributes:
        read: Returns the state as it is under the lock.
        write: Replaces the state; None removes it.
    """

    read: Callable[[], Payload | None]
    write: Callable[[Payload | None], None]


class States:
    """The states of one Meltano project under one environment. Made by `open_states`."""

    def __init__(
        self, project: Project, session: Session, manager: StateStoreManager, backend: str
    ) -> None:
        self._project = project
        self._session = session
        self._manager = manager
        self._in_database = backend == SYSTEMDB
        self.backend = backend

    @property
    def root(self) -> Path:
        """The project's folder."""
        return Path(self._project.root)

    @property
    def dotenv(self) -> dict[str, str]:
        """What the project's `.env` sets."""
        return {name: value for name, value in self._project.dotenv_env.items() if value}

    @property
    def environment(self) -> str | None:
        """The active Meltano environment."""
        return self._project.environment.name if self._project.environment else None

    @property
    def system_directory(self) -> Path:
        """Meltano's own folder, usually `.meltano` in the project."""
        return self._project.sys_dir_root

    def where(self, state_id: str) -> str:
        """Return how errors call a state."""
        return f"state {state_id!r} (state backend {self.backend})"

    def ids(self, patterns: Sequence[str] = (), *, every: bool = False) -> list[str]:
        """Return the state ids, sorted.

        Args:
            patterns: Ids or globs, looked up in all environments. Without any: those of the active
                environment.
            every: All of them instead, whatever their environment.
        """
        if not self._has_table("state"):
            return []
        with told("reading the list of states"):
            found = sorted(self._manager.get_state_ids())
        self._end_read()
        return self.select(found, patterns, every=every)

    def select(self, ids: Sequence[str], patterns: Sequence[str], *, every: bool) -> list[str]:
        """Return those of some state ids that `ids` would return."""
        if patterns:
            return [name for name in ids if any(_matches(name, p) for p in patterns)]
        if every or self.environment is None:
            return list(ids)
        return [name for name in ids if name.startswith(f"{self.environment}:")]

    def read(self, state_id: str) -> Payload | None:
        """Return the state that the next run would begin with, or None if there is none.

        Raises:
            CorruptStateError: If what is stored is no JSON object.
        """
        payload = self._read(state_id)
        self._end_read()
        return payload

    def exists(self, state_id: str) -> bool:
        """Tell whether there is a state; asked before any read of a name that a person typed.

        A folder as the backend would take a path for a state id and follow it.
        """
        return state_id in self.ids(every=True)

    def running(self, state_id: str) -> Running | None:
        """Return the sync that runs on a state id now, if Meltano knows of one that lives."""
        from meltano.core.job.finder import JobFinder

        if not self._has_table("runs"):
            return None
        with told("reading the table of runs"):
            alive = [
                job for job in JobFinder(state_id).running(self._session) if not job.is_stale()
            ]
            found = [Running(j.started_at, j.last_heartbeat_at, j.valid_until()) for j in alive]
        self._end_read()
        return found[0] if found else None

    def refuse_if_running(self, state_id: str) -> None:
        """Raise RunningError if a sync would overwrite an edit."""
        if run := self.running(state_id):
            raise RunningError(
                f"A sync of {state_id!r} is running since {run.since:%Y-%m-%d %H:%M:%S} UTC; its "
                "next STATE would overwrite the edit. Nothing was changed. Wait for it or stop it, "
                "then try again; if it was killed, Meltano frees the state id at "
                f"{run.valid_until:%H:%M:%S} UTC. --force edits nevertheless."
            )

    @contextmanager
    def locked(self, state_id: str) -> Iterator[LockedState]:
        """Hold Meltano's lock on a state id, for reading it again and writing it.

        The system database has no lock of Meltano's own; there the row itself is claimed, so that
        nobody else writes it before we do.
        """
        with ExitStack() as stack:
            with told(f"locking {self.where(state_id)}"):
                stack.enter_context(self._manager.acquire_lock(state_id, retry_seconds=1))
                if self._in_database:
                    stack.callback(self._session.rollback)
                    self._claim(state_id)
            yield LockedState(partial(self._read, state_id), partial(self._write, state_id))

    def _claim(self, state_id: str) -> None:
        from meltano.core.job_state import JobState
        from sqlalchemy import update

        unchanged = update(JobState).where(JobState.state_id == state_id).values(state_id=state_id)
        self._session.execute(unchanged)

    def _read(self, state_id: str) -> Payload | None:
        from meltano.core.utils import merge

        if not self._has_table("state"):
            return None
        with told(f"reading {self.where(state_id)}"):
            try:
                state = self._manager.get(state_id)
            except (ValueError, AttributeError, TypeError) as error:
                what = f"it is no JSON object ({error})"
                raise CorruptStateError(what, where=self.where(state_id)) from error
        if state is None:
            return None
        # Copies first: Meltano's own json_merged() alters the stored object while it merges.
        parts = copy.deepcopy((state.completed_state, state.partial_state))
        completed, unfinished = ({} if part is None else part for part in parts)
        if not isinstance(completed, dict) or not isinstance(unfinished, dict):
            raise CorruptStateError("it is no JSON object", where=self.where(state_id))
        merged: Payload = merge(dict(unfinished), dict(completed))  # type: ignore[no-untyped-call]
        return merged

    def _write(self, state_id: str, payload: Payload | None) -> None:
        from meltano.core.state_store import MeltanoState

        with told(f"writing {self.where(state_id)}"):
            self._session.expunge_all()
            if payload is None:
                self._manager.delete(state_id)
            else:
                # set_all replaces the state, as `meltano state import` does; set() may merge.
                self._manager.set_all([MeltanoState(state_id, {}, payload)])

    def _end_read(self) -> None:
        """Let go of the snapshot and the cache, so that the next read sees what others wrote."""
        self._session.rollback()

    def _has_table(self, name: str) -> bool:
        """Tell whether Meltano has made its tables, as it does at its first command."""
        from sqlalchemy import inspect

        if name == "state" and not self._in_database:
            return True
        with told("looking into Meltano's system database"):
            return inspect(self._session.connection()).has_table(name)


@contextmanager
def open_states(environment: str | None = None, *, verbose: bool = False) -> Iterator[States]:
    """Open the states of the Meltano project around the working directory or MELTANO_PROJECT_ROOT.

    Args:
        environment: The Meltano environment; by default MELTANO_ENVIRONMENT or the project's own.
        verbose: Let Meltano log to the standard error.

    Raises:
        BackendError: If there is no project, no such environment, or no way to the state.
    """
    with open_project(environment, verbose=verbose) as opened, ExitStack() as stack:
        project, session = opened
        with told("opening the state backend"):
            from meltano.core.state_store import (
                state_store_manager_from_project_settings,
            )

            manager = state_store_manager_from_project_settings(project.settings, session)
            stack.callback(manager.close)
            backend = _without_credentials(project.settings.get("state_backend.uri"))
        yield States(project, session, manager, backend)


def _without_credentials(uri: str) -> str:
    parts = urlsplit(uri)
    if not parts.scheme:
        return uri
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()


def _matches(state_id: str, pattern: str) -> bool:
    return state_id == pattern or fnmatchcase(state_id, pattern)
