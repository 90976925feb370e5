"""The commands that write: rewind, merge, undo. Each shows a preview, asks, and keeps a copy."""

from __future__ import annotations

import re
import shlex
import typing as t
from datetime import datetime
from functools import partial, reduce

import click
from openplatform.bookmarks import UTC

from syncops.bookmarks.diff import compare
from syncops.bookmarks.merge import Prefer, merge
from syncops.bookmarks.partitions import Selection, index_partitions, read_partitions
from syncops.bookmarks.rewind import plan_rewind
from syncops.bookmarks.tables import difference_table, kept_lines
from syncops.bookmarks.undo import undo_edit
from syncops.console import confirm, console
from syncops.editing import Edit, apply_edits
from syncops.errors import SyncopsError
from syncops.history import undoable
from syncops.options import account_option, all_option, state_ids, stream_option, writing, zone
from syncops.session import open_session
from syncops.times import parse_destination

if t.TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from openplatform.bookmarks import Bookmark

    from syncops.bookmarks.diff import Difference
    from syncops.bookmarks.partitions import Payload
    from syncops.history import Entry
    from syncops.session import Session

_PLAIN_ID = re.compile(r"[^/\\\s]+")
_BECOMES = ("Now", "Becomes")


@click.command()
@state_ids(required=True, note="All that match are rewound.")
@stream_option
@account_option
@click.option(
    "--to",
    "to_text",
    required=True,
    metavar="POSITION",
    help="A date, a time, a bookmark time@id, epoch milliseconds, or a span before now: -7d, -12h.",
)
@click.option(
    "--timezone",
    callback=zone,
    metavar="ZONE",
    default="UTC",
    show_default=True,
    help="Zone of a date or time without an offset.",
)
@click.option(
    "--forward", is_flag=True, help="Also move bookmarks forward: what lies between is skipped."
)
@writing
def rewind(
    state_id_globs: tuple[str, ...],
    streams: tuple[str, ...],
    accounts: tuple[str, ...],
    to_text: str,
    timezone: tzinfo,
    *,
    forward: bool,
    yes: bool,
    dry_run: bool,
    force: bool,
) -> None:
    """Move bookmarks back, so that the next run reads again from there.

    -7d is seven days before now, whatever the bookmark is; units are w d h m s (-1d12h). A date or
    time without an offset is UTC unless --timezone says otherwise. With an id (time@id) reading
    resumes right after that record. No bookmark moves forward unless --forward is given. Full-table
    streams have no bookmark, and the bookmarks of other taps are left alone.

    \b
    Examples:
      syncops bookmarks rewind --state-id prod:tap-youzan-to-target-postgres --to -7d
      syncops bookmarks rewind --state-id 'prod:tap-youzan*' --stream 'order*' \\
        --to 2026-11-01 --timezone Asia/Shanghai
      syncops bookmarks rewind --state-id prod:tap-youzan-to-target-postgres --account 42583152 \\
        --stream orders --to 2026-11-01T00:00:00.000Z@E20261101000000 --yes
    """  # noqa: D301 - click reads the backspace
    try:
        to = parse_destination(to_text, now=datetime.now(UTC), timezone=timezone)
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="--to") from error
    session = open_session()
    selection = Selection(streams, accounts)
    edits: list[Edit] = []
    kept_for: set[str] = set()
    out = console()
    for state_id in _existing(session, state_id_globs):
        where = session.states.where(state_id)
        before = session.states.read(state_id)
        if before is None:
            continue
        plan = plan_rewind(before, selection, to, forward=forward, where=where)
        if plan.moved:
            edit = Edit(state_id, before, partial(_rewound, selection, to, forward, where))
            edits.append(edit)
            out.print(difference_table(state_id, *_BECOMES, _changes(session, edit)))
        for line in kept_lines(plan.kept):
            out.print(line)
        kept_for.update(reason for _, reason in plan.kept)
    if edits:
        action = _typed("rewind", streams=streams, accounts=accounts, to=str(to), forward=forward)
        _write(session, edits, action, yes=yes, dry_run=dry_run, force=force)
    elif not kept_for:
        raise SyncopsError(
            "No stream and account matches --stream and --account. Nothing was changed."
        )
    elif kept_for != {"already there"}:
        raise SyncopsError("No bookmark can move; the reasons stand above. Nothing was changed.")


def _rewound(
    selection: Selection, to: Bookmark, forward: bool, where: str, payload: Payload | None
) -> Payload | None:
    if payload is None:
        return None
    return plan_rewind(payload, selection, to, forward=forward, where=where).payload


@click.command("merge")
@click.option("--from", "source_id", required=True, metavar="ID", help="State id to take from.")
@click.option("--into", "target_id", required=True, metavar="ID", help="State id that is changed.")
@click.option(
    "--prefer",
    type=click.Choice([prefer.value for prefer in Prefer]),
    default=Prefer.OLDER.value,
    show_default=True,
    help="Whose position stands where both have one. Failures of both are kept in any case.",
)
@stream_option
@account_option
@writing
def merge_command(
    source_id: str,
    target_id: str,
    prefer: str,
    streams: tuple[str, ...],
    accounts: tuple[str, ...],
    *,
    yes: bool,
    dry_run: bool,
    force: bool,
) -> None:
    """Take the partitions of one state into another and keep all others.

    Partitions are matched by stream and account. (`meltano state merge` replaces the whole list and
    so drops every account that the source does not have.) The older bookmark is the safe choice:
    reading twice is harmless, skipping is not.

    \b
    Examples:
      syncops bookmarks merge --from prod:tap-youzan-to-target-postgres:shop2 \\
        --into prod:tap-youzan-to-target-postgres
      syncops bookmarks merge --from dev:tap-a-to-target-b --into prod:tap-a-to-target-b \\
        --prefer source --dry-run
    """  # noqa: D301 - click reads the backspace
    if source_id == target_id:
        raise click.UsageError("--from and --into name the same state.")
    session = open_session()
    if not session.states.exists(source_id):
        raise _no_such_state(session, source_id)
    source = session.states.read(source_id)
    target = session.states.read(target_id) if session.states.exists(target_id) else None
    if target is None and not _PLAIN_ID.fullmatch(target_id):
        raise click.UsageError(f"{target_id!r} is no state id like prod:tap-a-to-target-b.")
    selection = Selection(streams, accounts)
    names = (session.states.where(source_id), session.states.where(target_id))
    if source is None or not any(p in selection for p in read_partitions(source, where=names[0])):
        raise SyncopsError(f"{source_id!r} has nothing that matches. Nothing was changed.")
    edit = Edit(target_id, target, partial(_merged, source, selection, Prefer(prefer), names))
    changes = _changes(session, edit)
    if not changes:
        click.echo(f"{target_id} already holds all of it. Nothing was changed.")
        return
    console().print(difference_table(target_id, *_BECOMES, changes))
    kept = len(index_partitions(edit.after, where=names[1])) - len(changes)
    click.echo(f"{kept} other entries stay as they are.")
    action = _typed(f"merge --from {source_id}", prefer=prefer, streams=streams, accounts=accounts)
    _write(session, [edit], action, yes=yes, dry_run=dry_run, force=force)


def _merged(
    source: Payload,
    selection: Selection,
    prefer: Prefer,
    names: tuple[str, str],
    payload: Payload | None,
) -> Payload:
    source_name, target_name = names
    return merge(
        source, payload, selection, prefer, source_name=source_name, target_name=target_name
    )


@click.command()
@state_ids(note="Default: those of the active environment.")
@all_option
@click.option(
    "--steps",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many commands to take back.",
)
@writing
def undo(
    state_id_globs: tuple[str, ...],
    steps: int,
    *,
    every: bool,
    yes: bool,
    dry_run: bool,
    force: bool,
) -> None:
    """Take back the latest edits that syncops made.

    One step is one command, whatever number of states it changed. Where syncs have run since, only
    the streams and accounts that the command had changed go back to what they were; all others keep
    their progress. An undo is not undone by the next undo, which goes one step further back; a copy
    is kept all the same (see `syncops bookmarks history`).

    \b
    Examples:
      syncops bookmarks undo
      syncops bookmarks undo --state-id prod:tap-youzan-to-target-postgres --steps 2 --dry-run
    """  # noqa: D301 - click reads the backspace
    session = open_session()
    ids = session.states.select(session.history.state_ids(), state_id_globs, every=every)
    groups = undoable(entry for name in ids for entry in session.history.entries(name))[:steps]
    if not groups:
        raise SyncopsError("There is no edit to take back. Nothing was changed.")
    by_state: dict[str, list[Entry]] = {}
    for group in groups:
        click.echo(f"Takes back: {group[0].at} {group[0].action}")
        for entry in group:
            by_state.setdefault(entry.state_id, []).append(entry)
    edits = [
        Edit(
            state_id,
            session.states.read(state_id),
            partial(_undone, entries, session.states.where(state_id)),
            tuple(entry.command for entry in entries),
        )
        for state_id, entries in by_state.items()
    ]
    for edit in edits:
        changes = _changes(session, edit)
        console().print(difference_table(edit.state_id, *_BECOMES, changes))
    if len(groups) < steps:
        click.echo(f"Only {len(groups)} of {steps} steps are there to take back.")
    action = _typed("undo", steps=steps)
    _write(session, edits, action, yes=yes, dry_run=dry_run, force=force)


def _undone(entries: Sequence[Entry], where: str, payload: Payload | None) -> Payload | None:
    """Take edits back, newest first."""
    return reduce(
        lambda current, entry: undo_edit(current, entry.before, entry.after, where=where),
        entries,
        payload,
    )


def _write(
    session: Session,
    edits: Sequence[Edit],
    action: str,
    *,
    yes: bool,
    dry_run: bool,
    force: bool,
) -> None:
    """Ask and write, or say why not."""
    if dry_run:
        click.echo("Dry run: nothing was changed.")
        return
    if not force:
        for edit in edits:
            session.states.refuse_if_running(edit.state_id)
    names = ", ".join(edit.state_id for edit in edits)
    if not confirm(f"Change {names}?", yes=yes):
        raise SyncopsError("Nothing was changed.")
    apply_edits(session.states, session.history, edits, action=action, force=force)
    again = " ".join(f"--state-id {shlex.quote(edit.state_id)}" for edit in edits)
    click.echo(f"Changed {names}.")
    if not any(edit.undoes for edit in edits):
        click.echo(f"Take it back with: syncops bookmarks undo {again}")


def _changes(session: Session, edit: Edit) -> list[Difference]:
    where = session.states.where(edit.state_id)
    return compare(edit.before, edit.after, left_name=where, right_name=where)


def _existing(session: Session, globs: Sequence[str]) -> list[str]:
    """Return the state ids that exist; every glob must match at least one."""
    for glob in globs:
        if not session.states.ids((glob,)):
            raise _no_such_state(session, glob)
    return session.states.ids(globs)


def _no_such_state(session: Session, name: str) -> SyncopsError:
    known = ", ".join(session.states.ids(every=True)) or "none"
    return SyncopsError(f"There is no state {name!r}. Known state ids: {known}")


def _typed(command: str, **options: t.Any) -> str:
    """Return a command as it would be typed, for the history."""
    words = [command]
    for name, value in options.items():
        if isinstance(value, tuple):
            words += [f"--{name.rstrip('s')} {shlex.quote(item)}" for item in value]
        elif value is True:
            words.append(f"--{name}")
        elif value is not False:
            words.append(f"--{name} {shlex.quote(str(value))}")
    return " ".join(words)
