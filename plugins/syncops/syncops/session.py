"""What every command group works with, opened when a command needs it and closed by click."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import click

from syncops.history import History
from syncops.states import States, open_states

HISTORY_VARIABLE = "SYNCOPS_HISTORY"


@dataclass(frozen=True, slots=True)
class Session:
    """The states of the project and the history of their edits."""

    states: States
    history: History


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of the program itself.

    Attributes:
        environment: The Meltano environment asked for; None for Meltano's own choice.
        verbose: Show Meltano's log and the traceback of an error.
    """

    environment: str | None
    verbose: bool


def open_session() -> Session:
    """Open the project for the running command.

    Raises:
        BackendError: If there is no project, no such environment, or no way to the state.
    """
    context = click.get_current_context()
    settings = context.find_object(Settings) or Settings(None, verbose=False)
    states = context.with_resource(open_states(settings.environment, verbose=settings.verbose))
    named = os.environ.get(HISTORY_VARIABLE)
    folder = Path(named) if named else states.system_directory / "syncops" / "history"
    return Session(states, History(folder))
