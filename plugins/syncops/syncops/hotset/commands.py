"""The command `hotset`: ids from the warehouse into the file that a tap's hot job reads."""

from __future__ import annotations

import json
import os
import tempfile
import typing as t
from pathlib import Path

import click
from openplatform.errors import ConfigurationError
from openplatform.hotset import read_file

from syncops.console import print_json
from syncops.errors import SyncopsError
from syncops.options import json_option
from syncops.project import open_project
from syncops.quarantine.warehouse import open_warehouse
from syncops.session import Settings

if t.TYPE_CHECKING:
    from collections.abc import Sequence

    from target_warehouse.dialects.base import Dialect

_FOLDER = Path("output", "hot")
_MOST = 100_000


@click.command()
@click.argument("tap")
@click.option("--stream", required=True, metavar="NAME", help="Stream whose records these are.")
@click.option(
    "--sql",
    required=True,
    metavar="QUERY",
    help="A query of one column, the ids; or of two, the accounts and their ids.",
)
@click.option("--loader", metavar="NAME", help="Loader; default: the only one with a database.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File; default: output/hot/PLATFORM.json of the project, which the job PLATFORM-hot reads.",
)
@json_option
def hotset(
    tap: str, stream: str, sql: str, loader: str | None, output: Path | None, *, as_json: bool
) -> None:
    """Choose the records that a tap asks for again on a schedule of their own.

    The query runs in the loader's database, where it can only read. Its ids replace those of the
    stream in the file; other streams in it stay. Then the job asks for just these records, by id, and
    moves no bookmark.

    \b
    Examples:
      syncops hotset tap-youzan --stream items \\
        --sql 'select _account, item_id from tap_youzan.items where display = 1'
      meltano run youzan-hot
    """  # noqa: D301 - click reads the backspace
    file = _root() / (output or _FOLDER / f"{_slug(tap)}.json")
    content = _present(file)
    warehouse = open_warehouse(loader)
    with warehouse.opened() as dialect:
        ids = _asked(dialect, sql)
    content[stream] = ids
    number = len(ids) if isinstance(ids, list) else sum(map(len, ids.values()))
    _replace(file, content)
    if as_json:
        print_json({"file": str(file), "stream": stream, "ids": number})
    else:
        click.echo(f"{number} ids of {stream} stand in {file} now.")


def _root() -> Path:
    options = click.get_current_context().find_object(Settings) or Settings(None, verbose=False)
    with open_project(options.environment, verbose=options.verbose) as (project, _):
        return Path(project.root)


def _slug(tap: str) -> str:
    """Return the platform's name in jobs: `youzan` for tap-youzan and for tap-youzan--hot."""
    return tap.partition("--")[0].removeprefix("tap-")


def _present(file: Path) -> dict[str, t.Any]:
    if not file.exists():
        return {}
    try:
        content = read_file(file)
    except ConfigurationError as error:
        raise SyncopsError(f"{error} Mend or remove it first.") from error
    if not isinstance(content, dict):
        raise SyncopsError(f"{file} holds no JSON object. Mend or remove it first.")
    return content


def _asked(dialect: Dialect, sql: str) -> list[str] | dict[str, list[str]]:
    """Return the ids, by account where the query tells accounts."""
    try:
        rows = dialect.rows(sql)
    except Exception as error:
        if explained := dialect.explain(error):
            raise explained from error
        # Each engine has errors of its own for a query that it cannot run.
        reason = str(error).strip().splitlines()[0]
        raise SyncopsError(f"The query cannot be run: {reason}") from error
    if len(rows) > _MOST:
        raise SyncopsError(f"{len(rows)} ids are no hot set; limit the query to {_MOST}.")
    widths = {len(row) for row in rows}
    if not widths <= {1} and widths != {2}:
        raise SyncopsError("The query must have one column (ids) or two (accounts, ids).")
    if widths == {2}:
        return _by_account(rows)
    return [str(identifier) for (identifier,) in rows if identifier is not None]


def _by_account(rows: Sequence[Sequence[t.Any]]) -> dict[str, list[str]]:
    ids: dict[str, list[str]] = {}
    for account, identifier in rows:
        if account is not None and identifier is not None:
            ids.setdefault(str(account), []).append(str(identifier))
    return ids


def _replace(file: Path, content: dict[str, t.Any]) -> None:
    """Replace the file at once: a tap may read it at any moment."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            json.dump(content, out, ensure_ascii=False, indent=2)
            out.write("\n")
        Path(name).chmod(0o644)
        Path(name).replace(file)
    except OSError as error:
        raise SyncopsError(f"{file} cannot be written: {error.strerror}.") from error
