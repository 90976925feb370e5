"""Options that several commands share."""

from __future__ import annotations

import typing as t
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

if t.TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

    Decorator = Callable[[Callable[..., t.Any]], Callable[..., t.Any]]


def zone(_context: click.Context, _parameter: click.Parameter, value: str) -> tzinfo:
    """Return the zone that an option names; a click callback."""
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise click.BadParameter(
            f"{value!r} is no time zone; write one like Asia/Shanghai."
        ) from error


def state_ids(*, required: bool = False, note: str) -> Decorator:
    """`--state-id`, repeatable, exact or a glob."""
    return click.option(
        "--state-id",
        "state_id_globs",
        multiple=True,
        required=required,
        metavar="ID",
        help=f"State id or glob, as `meltano state list` shows it; repeatable. {note}",
    )


stream_option = click.option(
    "--stream", "streams", multiple=True, metavar="GLOB", help="Only these streams; repeatable."
)
account_option = click.option(
    "--account", "accounts", multiple=True, metavar="GLOB", help="Only these accounts; repeatable."
)
all_option = click.option(
    "--all", "every", is_flag=True, help="State ids of all environments, not only the active one."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def writing(command: Callable[..., t.Any]) -> Callable[..., t.Any]:
    """Add the options of every command that writes: `--yes`, `--dry-run`, `--force`."""
    for option in (
        click.option(
            "--force",
            is_flag=True,
            help="Write even while a sync runs on this state; it may overwrite the edit.",
        ),
        click.option("--dry-run", is_flag=True, help="Show the preview and change nothing."),
        click.option("-y", "--yes", is_flag=True, help="Do not ask; for programs."),
    ):
        command = option(command)
    return command
