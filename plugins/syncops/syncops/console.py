"""What all command groups share in talking to people and to programs."""

from __future__ import annotations

import json
import sys
import typing as t

import click
from rich.console import Console

_WIDE = 240


def console() -> Console:
    """Return a console for the standard output that does not fold tables in a pipe or a file."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=_WIDE)


def print_json(value: t.Any) -> None:
    """Print a value for programs."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def confirm(question: str, *, yes: bool) -> bool:
    """Ask on a terminal whether to go on.

    Args:
        question: What is about to happen.
        yes: The answer was given on the command line.

    Raises:
        click.UsageError: If nobody can answer.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise click.UsageError(
            "Nobody can answer here: this is no terminal. Nothing was changed. Add --yes to write, "
            "or --dry-run to only look."
        )
    return click.confirm(question)
