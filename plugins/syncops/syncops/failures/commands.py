"""The commands: list, retry, drop, export."""

from __future__ import annotations

import shlex
import typing as t
from collections import Counter
from datetime import datetime
from functools import partial
from pathlib import Path

import click
from openplatform.bookmarks import UTC, format_time

from syncops.bookmarks.partitions import Selection
from syncops.console import confirm, console, print_json
from syncops.editing import Edit, apply_edits
from syncops.errors import CorruptStateError, SyncopsError
from syncops.failures.found import Condition, Failure, Wanted, dropped, due_now
from syncops.failures.rerun import rerun_of
from syncops.failures.tables import as_csv, as_json_lines, failure_table
from syncops.options import (
    account_option,
    all_option,
    json_option,
    state_ids,
    stream_option,
    writing,
)
from syncops.session import Session, open_session

if t.TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from syncops.bookmarks.partitions import Payload
    from syncops.failures.found import Entry

    Command = Callable[..., t.Any]
    Change = Callable[[Entry], Entry | None]


@click.group()
def failures() -> None:
    """Look at what is owed, make it due, drop it.

    A record that could not be fetched, or that an event told of before it was there, is owed: runs try
    it again after 10, 20, 40 seconds. After its last attempt it is parked, and nobody tries it any
    more until you ask for it here.
    """


def _selecting(command: Command) -> Command:
    """Add the options that select failures; the command gets them as `ids` and `wanted`."""

    def called(
        *,
        state_id_globs: tuple[str, ...],
        every: bool,
        streams: tuple[str, ...],
        accounts: tuple[str, ...],
        keys: tuple[str, ...],
        reason: str,
        conditions: tuple[str, ...],
        **more: t.Any,
    ) -> t.Any:
        session = open_session()
        chosen = tuple(Condition(name) for name in conditions)
        where, now = Selection(streams, accounts), datetime.now(UTC)
        wanted = Wanted(where, keys, reason, chosen, now)
        return command(session, session.states.ids(state_id_globs, every=every), wanted, **more)

    called.__name__, called.__doc__ = command.__name__, command.__doc__
    called.__dict__.update(command.__dict__)
    for option in (
        click.option("--reason", default="", metavar="TEXT", help="Only reasons with this text."),
        click.option(
            "--state",
            "conditions",
            multiple=True,
            type=click.Choice([one.value for one in Condition]),
            help="Only failures that are due, waiting or parked; repeatable.",
        ),
        click.option("--key", "keys", multiple=True, metavar="ID", help="This id; repeatable."),
        all_option,
        account_option,
        stream_option,
        state_ids(note="Default: those of the active environment."),
    ):
        called = option(called)
    return called


def _found(session: Session, ids: Sequence[str], wanted: Wanted) -> dict[str, list[Failure]]:
    """Return the wanted failures by state id; a damaged state is told and left out."""
    found: dict[str, list[Failure]] = {}
    faults: list[str] = []
    for state_id in ids:
        place = session.states.where(state_id)
        try:
            some = wanted.found(session.states.read(state_id), state_id=state_id, place=place)
        except CorruptStateError as error:
            faults.append(error.message)
            continue
        if some:
            found[state_id] = some
    for fault in faults:
        click.echo(fault, err=True)
    if faults and not found:
        raise SyncopsError("No state could be read.")
    return found


@failures.command("list")
@_selecting
@json_option
def list_command(session: Session, ids: list[str], wanted: Wanted, *, as_json: bool) -> None:
    """List what is owed, across all taps and accounts.

    due: the next run tries it. waiting: a later run does. parked: nobody does any more.
    Exit code 1 when something is parked, 0 otherwise.

    \b
    Examples:
      syncops failures list
      syncops failures list --state parked --stream 'order*'
      syncops --environment prod failures list --json
    """  # noqa: D301 - click reads the backspace
    found = _found(session, ids, wanted)
    everything = [failure for some in found.values() for failure in some]
    conditions = Counter(failure.condition(wanted.now) for failure in everything)
    if as_json:
        content = [failure.told(wanted.now) for failure in everything]
        counts = {condition.value: conditions[condition] for condition in Condition}
        print_json({"now": format_time(wanted.now), "counts": counts, "failures": content})
    else:
        for state_id, some in found.items():
            console().print(failure_table(state_id, some, wanted.now))
        counted = ", ".join(f"{n} {condition.value}" for condition, n in conditions.items())
        click.echo(f"{counted}." if everything else "Nothing is owed.")
    if conditions[Condition.PARKED]:
        click.get_current_context().exit(1)


@failures.command()
@_selecting
@click.option("--run", "at_once", is_flag=True, help="Then run the taps for just what is due.")
@writing
def retry(
    session: Session,
    ids: list[str],
    wanted: Wanted,
    *,
    at_once: bool,
    yes: bool,
    dry_run: bool,
    force: bool,
) -> None:
    """Make failures due now, parked ones too, with all their attempts before them again.

    The next run of the pipeline tries them. --run starts such a run for each state: it asks for what
    is due and reads nothing else, so no bookmark moves.

    \b
    Examples:
      syncops failures retry --state parked --yes
      syncops failures retry --stream order_details --key E20261120160000 --run
    """  # noqa: D301 - click reads the backspace
    found = _found(session, ids, wanted)
    change = due_now(wanted.now)
    if not _edit(session, found, wanted, change, "retry", yes=yes, dry_run=dry_run, force=force):
        return
    click.echo("They are due now; the next run tries them.")
    if at_once:
        failed = [
            state_id
            for state_id, some in found.items()
            if not rerun_of(state_id).run({failure.stream for failure in some})
        ]
        if failed:
            raise SyncopsError(f"Not all runs succeeded: {', '.join(failed)}. See above.")
        _tell_left(session, found, wanted)


def _tell_left(session: Session, retried: dict[str, list[Failure]], wanted: Wanted) -> None:
    """Say how many of the failures that were retried are still owed."""
    everything = Wanted(wanted.where, (), "", (), wanted.now)
    present = {
        failure.identity
        for some in _found(session, list(retried), everything).values()
        for failure in some
    }
    left = sum(failure.identity in present for some in retried.values() for failure in some)
    click.echo(f"{left} of them are still owed." if left else "None of them is owed any more.")


@failures.command()
@_selecting
@writing
def drop(
    session: Session, ids: list[str], wanted: Wanted, *, yes: bool, dry_run: bool, force: bool
) -> None:
    """Forget failures: these records are not asked for again unless they change.

    Give at least one option that says which.

    \b
    Examples:
      syncops failures drop --state parked --reason 'not found' --yes
      syncops failures drop --stream items --account 42583152 --key 4570001
    """  # noqa: D301 - click reads the backspace
    where = wanted.where
    if not (where.streams or where.accounts or wanted.keys or wanted.reason or wanted.conditions):
        raise click.UsageError("Say which: --stream, --account, --key, --reason or --state.")
    found = _found(session, ids, wanted)
    _edit(session, found, wanted, dropped, "drop", yes=yes, dry_run=dry_run, force=force)


@failures.command()
@_selecting
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv"]),
    default="jsonl",
    show_default=True,
    help="One JSON object a line, or a table for spreadsheets.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File to write; default: the standard output.",
)
def export(
    session: Session, ids: list[str], wanted: Wanted, *, form: str, output: Path | None
) -> None:
    """Write failures to a file, for a ticket or a script.

    \b
    Examples:
      syncops failures export --state parked --format csv --output parked.csv
      syncops failures export --stream orders | jq -r .key
    """  # noqa: D301 - click reads the backspace
    everything = [f for some in _found(session, ids, wanted).values() for f in some]
    text = (as_csv if form == "csv" else as_json_lines)(everything, wanted.now)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SyncopsError(f"{output} cannot be written: {error.strerror}.") from error
    click.echo(f"Wrote {len(everything)} failures to {output}.")


def _edit(
    session: Session,
    found: dict[str, list[Failure]],
    wanted: Wanted,
    change: Change,
    action: str,
    *,
    yes: bool,
    dry_run: bool,
    force: bool,
) -> bool:
    """Show, ask and write; tell whether anything was written.

    Raises:
        SyncopsError: If nothing matches, or nobody wants it.
    """
    if not found:
        raise SyncopsError("Nothing that is owed matches. Nothing was changed.")
    for state_id, some in found.items():
        console().print(failure_table(state_id, some, wanted.now))
    if dry_run:
        click.echo("Dry run: nothing was changed.")
        return False
    if not force:
        for state_id in found:
            session.states.refuse_if_running(state_id)
    number = sum(map(len, found.values()))
    if not confirm(f"{action.capitalize()} {number} in {', '.join(found)}?", yes=yes):
        raise SyncopsError("Nothing was changed.")
    edits = [
        Edit(state_id, session.states.read(state_id), partial(_changed, wanted, change, state_id))
        for state_id in found
    ]
    apply_edits(session.states, session.history, edits, action=f"failures {action}", force=force)
    again = " ".join(f"--state-id {shlex.quote(state_id)}" for state_id in found)
    click.echo(f"Changed {number} failures. Take it back with: syncops bookmarks undo {again}")
    return True


def _changed(
    wanted: Wanted, change: Change, state_id: str, payload: Payload | None
) -> Payload | None:
    if payload is None:
        return None
    return wanted.changed(payload, change, state_id=state_id, place=f"state {state_id!r}")
