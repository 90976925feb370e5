"""The commands: list, show, export, replay, drop."""

from __future__ import annotations

import os
import typing as t
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path

import click
import msgspec
from openplatform.bookmarks import UTC
from target_warehouse.kept import Quarantined, Selection, State, drop, quarantined_schemas

from syncops.console import confirm, console, print_json
from syncops.errors import SyncopsError
from syncops.options import json_option, stream_option
from syncops.quarantine.tables import (
    HIDDEN,
    Listed,
    group_json,
    group_table,
    outcome_json,
    record_json,
    record_lines,
    summed,
)
from syncops.quarantine.warehouse import Warehouse, open_warehouse
from syncops.times import parse_destination

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from target_warehouse.dialects.base import Dialect

    Command = Callable[..., t.Any]

_EVERY = tuple(State)
_HELD = (
    "A full read is held back because of records here: the table shows rows from before. Mend the "
    "source, the tap or its schema, or say with `syncops quarantine drop` that they are not wanted; "
    "the next full read decides anew."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options of a command select, and where."""

    loader: str | None
    schemas: tuple[str, ...]
    wanted: Selection

    def where(self, dialect: Dialect) -> list[str]:
        """Return the database schemas that are meant and have a quarantine."""
        found = quarantined_schemas(dialect)
        return [name for name in found if not self.schemas or name in self.schemas]

    def groups(self, dialect: Dialect) -> list[Listed]:
        """Return the selected records by schema, stream, reason and state."""
        return summed(
            Listed(schema, group)
            for schema in self.where(dialect)
            for group in Quarantined.within(dialect, schema).groups(self.wanted)
        )


def selecting(
    default: State | None = State.OPEN, *, ids: bool = True
) -> Callable[[Command], Command]:
    """Add the options that select records; the command gets them as one `Asked`.

    Args:
        default: The state that is meant when neither `--state` nor an id is given; None for every.
        ids: Whether the command takes ids.
    """
    shown = default.value if default else "all"

    def decorate(command: Command) -> Command:
        def called(*, loader: str | None, schemas: tuple[str, ...], **more: t.Any) -> t.Any:
            names = ("streams", "reason", "since", "states")
            given = {name: more.pop(name) for name in names}
            chosen = more.pop("ids", ())
            states = tuple(State(s) for s in given["states"] if s != "all")
            if not states:
                every = chosen or "all" in given["states"] or default is None
                states = _EVERY if every else (t.cast("State", default),)
            wanted = Selection(
                ids=chosen,
                streams=given["streams"],
                reasons=tuple(part for part in given["reason"].split(HIDDEN) if part.strip()),
                since=given["since"],
                states=states,
            )
            return command(Asked(loader, schemas, wanted), **more)

        called.__name__, called.__doc__ = command.__name__, command.__doc__
        called.__dict__.update(command.__dict__)
        for option in reversed(_options(shown, ids=ids)):
            called = option(called)
        return called

    return decorate


def _options(default: str, *, ids: bool) -> list[Callable[[Command], Command]]:
    options: list[Callable[[Command], Command]] = [
        click.option(
            "--loader", metavar="NAME", help="Loader; default: the only one with a database."
        ),
        click.option(
            "--schema",
            "schemas",
            multiple=True,
            metavar="NAME",
            help="Only this database schema, with Meltano one for each tap; repeatable.",
        ),
        stream_option,
        click.option(
            "--reason", default="", metavar="TEXT", help="Only reasons with this text, in any case."
        ),
        click.option(
            "--since",
            callback=_moment,
            metavar="TIME",
            help="Only what came at or after a time, in UTC, or a span before now: -7d, 2026-11-01.",
        ),
        click.option(
            "--state",
            "states",
            multiple=True,
            type=click.Choice([*(state.value for state in State), "all"]),
            help=f"Only records in this state; repeatable. Default: {default}.",
        ),
    ]
    starts = click.argument("ids", nargs=-1, metavar="[ID]...", callback=_starts)
    return [starts, *options] if ids else options


def _moment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> t.Any:
    try:
        return parse_destination(value, now=datetime.now(UTC)).time if value else None
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


def _starts(
    _context: click.Context, _parameter: click.Parameter, value: tuple[str, ...]
) -> tuple[str, ...]:
    for text in value:
        if len(text) < 4:
            raise click.BadParameter(f"{text!r} is too short; give 4 characters of an id or more.")
    return value


@click.group()
def quarantine() -> None:
    """Look at the records that a loader set aside, load them again, or drop them.

    A record that does not fit its schema, has no key, or is refused by the database does not stop a
    run: target-warehouse keeps it in the table _quarantine, with its reason, and loads the others.
    Only the records that are open count.

    \b
    open      waits for you
    replayed  was loaded by a replay
    dropped   you said that it is not wanted
    outdated  a later full read brought it again, or its row is gone at the source

    A full read is held back while one of its records is open and a live row did not come: that row
    might be the one, so nothing is deleted or replaced. The column Held says so.

    The database is the one of the project's loader, in the active environment. Records may hold
    personal data: only `show` and `export` print them.
    """  # noqa: D301 - click reads the backspace


@quarantine.command("list")
@selecting(ids=False)
@json_option
def list_command(asked: Asked, *, as_json: bool) -> None:
    """Say what is in quarantine: how many records, of which stream, and why.

    Reasons that differ only in the values of a record are one line; values are shown as ….

    \b
    Examples:
      syncops quarantine list
      syncops quarantine list --state all --since -7d
      syncops quarantine list --loader target-postgres --stream 'order*' --json
    """  # noqa: D301
    warehouse = open_warehouse(asked.loader)
    with warehouse.opened() as dialect:
        listed = asked.groups(dialect)
    if as_json:
        groups = [group_json(one) for one in listed]
        print_json({"loader": warehouse.loader, "groups": groups})
    elif listed:
        console().print(group_table(f"{warehouse.loader}: {warehouse.shown}", listed))
        if any(one.group.held and one.group.state is State.OPEN for one in listed):
            click.echo(_HELD)
    else:
        click.echo(f"Nothing in the quarantine of {warehouse.loader} is {_said(asked)}.")


def _said(asked: Asked) -> str:
    states = " or ".join(state.value for state in asked.wanted.states)
    return states if asked.wanted == Selection(states=asked.wanted.states) else "selected"


@quarantine.command()
@selecting()
@click.option("--limit", default=20, show_default=True, help="Show no more records than these.")
@click.option("--whole-schema", is_flag=True, help="Show all of the schema that a record failed.")
@json_option
def show(asked: Asked, limit: int, *, whole_schema: bool, as_json: bool) -> None:
    """Show records whole: the reason, the schema that they failed, and the record as it came.

    ID is the beginning of an id, as `list` shows one for each line; with it the state does not
    matter. Prints what may be personal data.

    \b
    Examples:
      syncops quarantine show 3f2a9c1d
      syncops quarantine show --stream orders --limit 3
    """  # noqa: D301
    shown: list[t.Any] = []
    more = False
    with open_warehouse(asked.loader).opened() as dialect:
        for schema, kept in _records(asked, dialect):
            if len(shown) == limit:
                more = True
                break
            message = Quarantined.within(dialect, schema).schema(kept)
            if as_json:
                failed = None if message is None else msgspec.Raw(message.encode())
                shown.append({**record_json(schema, kept), "schema_message": failed})
            else:
                shown.append("\n".join(record_lines(schema, kept, message, whole=whole_schema)))
    if not shown:
        raise SyncopsError(_nothing(asked))
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(shown), indent=2).decode())
        return
    click.echo("\n\n".join(shown))
    if more:
        click.echo(f"There are more; --limit shows more than {limit}.", err=True)


def _records(asked: Asked, dialect: Dialect) -> Iterator[tuple[str, t.Any]]:
    for schema in asked.where(dialect):
        for kept in Quarantined.within(dialect, schema).records(asked.wanted):
            yield schema, kept


def _nothing(asked: Asked) -> str:
    states = ", ".join(state.value for state in asked.wanted.states)
    return (
        f"No record in quarantine is selected (states looked at: {states}). `syncops quarantine list "
        "--state all` shows what is there."
    )


@quarantine.command()
@selecting()
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A new file, which only you may read; default: the standard output.",
)
@json_option
def export(asked: Asked, output: Path | None, *, as_json: bool) -> None:
    """Write records as JSON lines, with reason, state and times, to look into or to send on.

    The record itself is in `record`, to the letter as it came; in `payload`, as text, where it is no
    JSON or not whole. With --output, --json prints how many there were.

    \b
    Examples:
      syncops quarantine export --stream orders -o orders.jsonl
      syncops quarantine export --state all | jq .reason
    """  # noqa: D301
    if as_json and output is None:
        raise click.UsageError(
            "--json tells what was written to --output; the lines are JSON already."
        )
    count = 0
    with open_warehouse(asked.loader).opened() as dialect:
        records = _records(asked, dialect)
        first = next(records, None)
        if first is None:
            raise SyncopsError(_nothing(asked))
        with _opened(output) as file:
            for schema, kept in chain([first], records):
                file.write(msgspec.json.encode(record_json(schema, kept)) + b"\n")
                count += 1
    if as_json:
        print_json({"exported": count, "file": str(output)})
    elif output is not None:
        click.echo(f"{count} records written to {output}.")


def _opened(output: Path | None) -> t.Any:
    if output is None:
        return click.open_file("-", "wb")
    try:
        return open(output, "xb", opener=partial(os.open, mode=0o600))
    except OSError as error:
        raise SyncopsError(
            f"{output} cannot be written: {error.strerror}. Nothing was exported; name a new file."
        ) from error


@quarantine.command()
@selecting()
@json_option
def replay(asked: Asked, *, as_json: bool) -> None:
    """Load records again, with the newest schema of their stream and the loader's own settings.

    Do so when the schema has changed, or the loader is newer. An older version never overwrites a
    newer one, and a record that is loaded is not tried again. What is still bad stays, with its
    reason of today. Streams in the modes overwrite and snapshot wait for their next full read, which
    brings the records anyway.

    Exit code 1 if a selected record stays.

    \b
    Examples:
      syncops quarantine replay
      syncops quarantine replay --stream orders
      syncops quarantine replay 3f2a9c1d
    """  # noqa: D301
    warehouse = open_warehouse(asked.loader)
    with warehouse.opened() as dialect:
        schemas = sorted({one.schema for one in asked.groups(dialect)})
    if not schemas:
        raise SyncopsError(_nothing(asked))
    outcomes = {schema: warehouse.replay(schema, asked.wanted) for schema in schemas}
    if as_json:
        print_json([line for schema in schemas for line in outcome_json(schema, outcomes[schema])])
    else:
        for schema in schemas:
            for outcome in outcomes[schema]:
                click.echo(f"{schema}: {outcome}")
    if any(outcome.stays for schema in schemas for outcome in outcomes[schema]):
        click.get_current_context().exit(1)


@quarantine.command("drop")
@selecting()
@click.option("-y", "--yes", is_flag=True, help="Do not ask; for programs.")
@json_option
def drop_command(asked: Asked, *, yes: bool, as_json: bool) -> None:
    """Say that records are not wanted.

    They stay in the table, with the state dropped. When one comes again, to the letter, it counts
    neither against quarantine_threshold nor as a reason to hold a full read back: then its row, if
    there is one, is deleted or replaced like any other that did not come. `replay --state dropped`
    loads them all the same.

    \b
    Examples:
      syncops quarantine drop 3f2a9c1d
      syncops quarantine drop --stream orders --reason 'Invalid RFC3339' --yes
    """  # noqa: D301
    if asked.wanted == Selection() and not asked.schemas:
        raise click.UsageError(
            "Say which: give ids or options such as --stream. All that are open: --stream '*'."
        )
    warehouse = open_warehouse(asked.loader)
    with warehouse.opened() as dialect:
        listed = asked.groups(dialect)
        chosen = {
            schema: list(Quarantined.within(dialect, schema).ids(asked.wanted))
            for schema in sorted({one.schema for one in listed})
        }
    count = sum(map(len, chosen.values()))
    if not count:
        raise SyncopsError(_nothing(asked))
    if not as_json:
        console().print(group_table(f"{warehouse.loader}: {warehouse.shown}", listed))
    if not confirm(f"Drop {count} records?", yes=yes):
        raise click.exceptions.Exit(1)
    _drop(warehouse, chosen)
    if as_json:
        print_json({"dropped": count})
    else:
        click.echo(f"{count} records dropped.")


def _drop(warehouse: Warehouse, chosen: dict[str, list[str]]) -> None:
    with warehouse.opened(read_only=False) as dialect, dialect.transaction():
        for schema, identifiers in chosen.items():
            drop(dialect, schema, identifiers)
