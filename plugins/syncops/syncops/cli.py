"""The program `syncops`: the root of all command groups."""

from __future__ import annotations

import click

from syncops.alerts.commands import alert
from syncops.backfill.commands import backfill
from syncops.bookmarks.commands import bookmarks
from syncops.failures.commands import failures
from syncops.hotset.commands import hotset
from syncops.quarantine.commands import quarantine
from syncops.reconcile.commands import reconcile
from syncops.report.commands import report
from syncops.session import Settings


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--environment", metavar="NAME", help="Meltano environment, as in `meltano --environment`."
)
@click.option("-v", "--verbose", is_flag=True, help="Show Meltano's log and tracebacks.")
@click.version_option(package_name="syncops")
@click.pass_context
def main(context: click.Context, environment: str | None, *, verbose: bool) -> None:
    """Operate the syncs of a Meltano project.

    Runs in the project's folder, or through Meltano as `meltano invoke syncops ...`. It reads and
    writes the state wherever Meltano keeps it, and the quarantine in the database of the loader.

    \b
    Exit codes: 0 done, 1 failed or nothing matched, 2 wrong usage.
    """  # noqa: D301 - click reads the backspace
    context.obj = Settings(environment, verbose=verbose)


main.add_command(alert)
main.add_command(bookmarks)
main.add_command(failures)
main.add_command(hotset)
main.add_command(quarantine)
main.add_command(report)
main.add_command(reconcile)
main.add_command(backfill)
