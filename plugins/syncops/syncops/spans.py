"""Stretches of time on the command line: --from and --to, or --last."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime

import click
from openplatform.bookmarks import UTC

from syncops.times import parse_destination

if t.TYPE_CHECKING:
    from collections.abc import Callable

_SPAN = re.compile(r"(?:\d+[wdhms])+")


def moment_option(
    name: str, variable: str, text: str
) -> Callable[[Callable[..., t.Any]], Callable[..., t.Any]]:
    """Return an option that takes a moment; in UTC unless it says otherwise."""

    def read(_context: click.Context, _parameter: click.Parameter, value: str | None) -> t.Any:
        try:
            return parse_destination(value, now=datetime.now(UTC)).time if value else None
        except ValueError as error:
            raise click.BadParameter(str(error)) from error

    shown = "A date or time (UTC without an offset), or a span before now: -7d."
    return click.option(name, variable, callback=read, metavar="TIME", help=f"{text} {shown}")


def span_start(start: datetime | None, last: str | None, now: datetime) -> datetime:
    """Return where a stretch begins that is given by --from or by --last.

    Raises:
        click.UsageError: By neither, by both, or by what is no span.
    """
    if (start is None) == (last is None):
        raise click.UsageError("Say either --from TIME or --last SPAN, such as --last 7d.")
    if start is not None:
        return start
    if not _SPAN.fullmatch(last or ""):
        raise click.UsageError(f"--last {last}: no span. Write for instance 90d, 36h or 1d12h.")
    return parse_destination(f"-{last}", now=now).time
