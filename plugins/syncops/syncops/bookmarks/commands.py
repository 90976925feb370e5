"""The commands that only look (show, diff, history), and the group that holds all of them."""

from __future__ import annotations

import json
import typing as t
from datetime import datetime
from pathlib import Path

import click
from openplatform.bookmarks import UTC, format_time

from syncops.bookmarks.diff import compare
from syncops.bookmarks.edit_commands import merge_command, rewind, undo
from syncops.bookmarks.partitions import SINGER_STATE, Selection, read_partitions
from syncops.bookmarks.tables import (
    difference_json,
    difference_table,
    history_table,
    partition_json,
    state_table,
)
from syncops.console import console, print_json
from syncops.errors import CorruptStateError, SyncopsError
from syncops.history import taken_back
from syncops.options import account_option, all_option, json_option, state_ids, stream_option
from syncops.session import Session, open_session

if t.TYPE_CHECKING:
    from syncops.bookmarks.partitions import Payload
    from syncops.history import Entry


@click.group()
def bookmarks() -> None:
    """Look at bookmarks, move them, compare and merge states, take edits back.

    A bookmark is the position of one stream of one account, written time@id: everything up to it
    has been read. A bookmark that moves back makes the next run read again from there; what is read
    twice is harmless, since in the warehouse the newest version wins.
    """


for command in (rewind, merge_command, undo):
    bookmarks.add_command(command)


@bookmarks.command()
@state_ids(note="Default: those of the active environment.")
@stream_option
@account_option
@all_option
@json_option
def show(
    state_id_globs: tuple[str, ...],
    streams: tuple[str, ...],
    accounts: tuple[str, ...],
    *,
    every: bool,
    as_json: bool,
) -> None:
    """Show bookmark, lag, failures and last run of each stream and account.

    Lag is how far the bookmark (or the last complete read of a full-table stream) is behind now.
    Owed failures are retried by the next runs; parked ones wait for a request.

    \b
    Examples:
      syncops bookmarks show
      syncops bookmarks show --stream orders --account 42583152
      syncops bookmarks show --state-id 'prod:*' --json
    """  # noqa: D301 - click reads the backspace
    session = open_session()
    states = session.states
    now = datetime.now(UTC)
    selection = Selection(streams, accounts)
    shown: list[dict[str, t.Any]] = []
    faults: list[str] = []
    out = console()
    for state_id in states.ids(state_id_globs, every=every):
        try:
            payload = states.read(state_id)
            partitions = read_partitions(payload, where=states.where(state_id))
        except CorruptStateError as error:
            faults.append(error.message)
            shown.append({"state_id": state_id, "error": error.message, "partitions": []})
            continue
        selected = [partition for partition in partitions if partition in selection]
        faults += [partition.problem for partition in selected if partition.problem]
        if not selected and (streams or accounts):
            continue
        running = states.running(state_id)
        shown.append(
            {
                "state_id": state_id,
                "running_since": format_time(running.since) if running else None,
                "partitions": [partition_json(partition, now) for partition in selected],
            }
        )
        if not as_json:
            out.print(state_table(state_id, selected, running, now))
    if as_json:
        print_json({"environment": states.environment, "now": format_time(now), "states": shown})
    if faults:
        raise SyncopsError("\n".join(faults))
    if not shown:
        raise SyncopsError(_nothing_matched(session, state_id_globs))


def _nothing_matched(session: Session, state_id_globs: tuple[str, ...]) -> str:
    known = session.states.ids(every=True)
    if not known:
        return (
            "There is no state yet. Run a sync first, for instance: meltano run tap-... target-..."
        )
    asked = " ".join(state_id_globs) or f"environment {session.states.environment!r}"
    return f"Nothing matches {asked} and the other options. Known state ids: {', '.join(known)}"


@bookmarks.command()
@click.argument("left", metavar="A")
@click.argument("right", metavar="B")
@stream_option
@account_option
@json_option
def diff(
    left: str, right: str, streams: tuple[str, ...], accounts: tuple[str, ...], *, as_json: bool
) -> None:
    """Show what differs between two states, per stream and account.

    A and B are each a state id, a copy in the history (ID#3: the state before edit 3), or a file
    as `meltano state get` prints it. Exit code 0 whether or not they differ.

    \b
    Examples:
      syncops bookmarks diff prod:tap-youzan-to-target-postgres backup.json
      syncops bookmarks diff 'prod:tap-a-to-target-b#3' prod:tap-a-to-target-b --stream orders
    """  # noqa: D301 - click reads the backspace
    session = open_session()
    selection = Selection(streams, accounts)
    (left_state, left_name), (right_state, right_name) = (
        _resolve(session, name) for name in (left, right)
    )
    found = compare(left_state, right_state, left_name=left_name, right_name=right_name)
    differences = [difference for difference in found if difference.either in selection]
    if as_json:
        print_json([difference_json(difference) for difference in differences])
    elif differences:
        console().print(difference_table(None, left, right, differences))
    else:
        click.echo("No difference.")


def _resolve(session: Session, name: str) -> tuple[Payload | None, str]:
    """Return the state that a name on the command line stands for, and what errors call it."""
    if session.states.exists(name):
        return session.states.read(name), session.states.where(name)
    state_id, mark, number = name.rpartition("#")
    if mark and number.isdigit():
        return _copy(session, state_id, int(number)), f"the history, {name}"
    if Path(name).is_file():
        return _from_file(Path(name)), f"file {name}"
    known = ", ".join(session.states.ids(every=True)) or "none"
    raise SyncopsError(
        f"{name!r} is neither a state id, nor a copy in the history (STATE_ID#NUMBER), nor a file. "
        f"Known state ids: {known}"
    )


def _copy(session: Session, state_id: str, number: int) -> Payload:
    return _entry(session, state_id, number).before or {SINGER_STATE: {"bookmarks": {}}}


def _entry(session: Session, state_id: str, number: int) -> Entry:
    entries = {entry.number: entry for entry in session.history.entries(state_id)}
    if number not in entries:
        numbers = ", ".join(map(str, entries)) or "none"
        raise SyncopsError(f"The history of {state_id!r} has no edit {number}; it has: {numbers}")
    return entries[number]


def _from_file(path: Path) -> Payload:
    """Read a file with or without the key `singer_state` around the bookmarks."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CorruptStateError(f"it is no JSON ({error})", where=f"file {path}") from error
    if not isinstance(value, dict):
        raise CorruptStateError("it is no JSON object", where=f"file {path}")
    return value if SINGER_STATE in value else {SINGER_STATE: value}


@bookmarks.command()
@state_ids(note="Default: those of the active environment.")
@all_option
@click.option(
    "--print", "number", type=int, help="Print the state before this edit, for `meltano state set`."
)
@json_option
def history(
    state_id_globs: tuple[str, ...], number: int | None, *, every: bool, as_json: bool
) -> None:
    """List the edits that syncops made, newest first.

    Before each edit a copy of the state is kept in .meltano/syncops/history, or in the folder that
    SYNCOPS_HISTORY names. ID#3 stands for the state before edit 3 in `syncops bookmarks diff`.

    \b
    Examples:
      syncops bookmarks history
      syncops bookmarks history --state-id prod:tap-youzan-to-target-postgres --print 3 > state.json
    """  # noqa: D301 - click reads the backspace
    session = open_session()
    edited = session.history.state_ids()
    if number is not None:
        if len(state_id_globs) != 1:
            raise click.UsageError("--print needs exactly one --state-id.")
        print_json(_copy(session, state_id_globs[0], number))
        return
    ids = session.states.select(edited, state_id_globs, every=every)
    entries = [entry for state_id in ids for entry in session.history.entries(state_id)]
    entries.sort(key=lambda entry: (entry.at, entry.state_id, entry.number), reverse=True)
    gone = taken_back(entries)
    if as_json:
        print_json([_entry_json(entry, gone) for entry in entries])
    elif entries:
        console().print(history_table(entries, gone))
    else:
        click.echo("No edits yet.")


def _entry_json(entry: Entry, gone: set[tuple[str, str]]) -> dict[str, t.Any]:
    return {
        "state_id": entry.state_id,
        "number": entry.number,
        "command": entry.command,
        "at": entry.at,
        "action": entry.action,
        "undone": (entry.state_id, entry.command) in gone,
    }
