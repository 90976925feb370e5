"""The one way in which syncops writes a state: history before the write, both under the lock."""

from __future__ import annotations

import secrets
import typing as t
from dataclasses import dataclass
from datetime import datetime

from openplatform.bookmarks import UTC, format_time

from syncops.errors import ChangedMeanwhileError

if t.TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from syncops.bookmarks.partitions import Payload
    from syncops.history import History
    from syncops.states import States


@dataclass(frozen=True, slots=True)
class Edit:
    """One planned edit of one state.

    Attributes:
        state_id: Whose state.
        before: The state that was previewed; None if there is none.
        plan: Returns the new state from the present one; None removes it.
        undoes: The commands that it takes back, if it is an undo.
    """

    state_id: str
    before: Payload | None
    plan: Callable[[Payload | None], Payload | None]
    undoes: Sequence[str] = ()

    @property
    def after(self) -> Payload | None:
        """The state that the preview shows."""
        return self.plan(self.before)


def apply_edits(
    states: States, history: History, edits: Sequence[Edit], *, action: str, force: bool = False
) -> None:
    """Write planned edits, each with a copy of the earlier state in the history.

    Args:
        states: Where the states are.
        history: Where the copies go.
        edits: What to write.
        action: What is done, as the operator would type it.
        force: Write although a sync runs or the state has moved since the preview; the plan is then
            made anew from the present state.

    Raises:
        RunningError: If a sync runs on one of the state ids.
        ChangedMeanwhileError: If a state is not the one that was previewed.
        BackendError: If a state could not be written; it and those after it are unchanged.
    """
    if not force:
        for edit in edits:
            states.refuse_if_running(edit.state_id)
    now = datetime.now(UTC)
    command = f"{format_time(now)}-{secrets.token_hex(2)}"
    for edit in edits:
        with states.locked(edit.state_id) as state:
            before = state.read()
            if before != edit.before and not force:
                raise ChangedMeanwhileError(
                    f"{edit.state_id!r} has moved since the preview, probably by a sync. It was "
                    "not changed. Run the command again to see a new preview."
                )
            after = edit.plan(before)
            entry = history.append(
                edit.state_id,
                command=command,
                at=now,
                action=action,
                before=before,
                after=after,
                undoes=edit.undoes,
            )
            try:
                state.write(after)
            except BaseException:
                history.forget_failed(entry)
                raise
