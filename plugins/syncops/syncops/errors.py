"""What can go wrong, told to the operator: what, where, what to do next. Exit code 1."""

from __future__ import annotations

import click


class SyncopsError(click.ClickException):
    """Base of every error that syncops raises on purpose; click prints it as one message."""


class CorruptStateError(SyncopsError):
    """A stored state does not have the shape of a Singer state. Nothing is changed."""

    def __init__(self, what: str, *, where: str) -> None:
        """Name the fault and the place.

        Args:
            what: What is wrong, with its path inside the state.
            where: The state id and backend, history entry or file that holds it.
        """
        super().__init__(
            f"Corrupt state in {where}: {what}. Nothing was changed. Look at it with "
            "`meltano state get`, and put a good copy back with `meltano state set STATE_ID "
            "--input-file FILE` (`syncops bookmarks history` lists the copies that syncops kept)."
        )


class BackendError(SyncopsError):
    """Meltano, its system database or its state backend could not be used."""


class RunningError(SyncopsError):
    """A sync that would overwrite the edit is running."""


class ChangedMeanwhileError(SyncopsError):
    """The state is no longer the one that was previewed."""
