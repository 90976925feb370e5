"""The whole way once, without any account: sandbox, Meltano, tap-youzan, target-duckdb.

    python3 plugins/demo.py             run it; run it again to see only what is new arrive
    python3 plugins/demo.py --stop      stop the sandbox
    python3 plugins/demo.py --forget    stop it, and delete the demo's data and bookmarks

The sandbox keeps running between the runs, as a real platform would, so that the commands that are
shown at the end work.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import typing as t
from dataclasses import dataclass
from pathlib import Path

import bootstrap

if t.TYPE_CHECKING:
    from rich.console import Console

ROOT = bootstrap.ROOT
PORT = int(os.environ.get("SANDBOX_PORT", "8700"))
SANDBOX = f"http://127.0.0.1:{PORT}"
DUCKDB = ROOT / "output" / "demo.duckdb"
LOGS = ROOT / ".meltano" / "demo"
SCHEMA = "tap_youzan"  # named by Meltano after the tap
STATE_ID = "demo:tap-youzan-to-target-duckdb"
RUN = ["meltano", "--environment=demo", "run", "tap-youzan", "target-duckdb"]
BOOKMARKS = ["syncops", "bookmarks", "show", "--state-id", STATE_ID]
REWIND = ["syncops", "bookmarks", "rewind", "--state-id", STATE_ID]
# What happens in the shops between two runs of the demo.
NEWS = {"insert": 25, "update": 60}


class DemoError(Exception):
    """The demo cannot go on. The message says what to do."""


def environment() -> dict[str, str]:
    """Return the environment of the demo's commands."""
    env = bootstrap.environment()
    env["MELTANO_ENVIRONMENT"] = "demo"
    if PORT != 8700:
        env["TAP_YOUZAN_BASE_URL"] = f"{SANDBOX}/youzan"
    return env


# --- The sandbox -----------------------------------------------------------------------------


def sandbox(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the sandbox."""
    command = ["sandbox", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment()
    )


def start_sandbox() -> bool:
    """Make sure that the sandbox answers; return whether it had been running before.

    Raises:
        DemoError: it does not start, for example since another program has the port.
    """
    if sandbox("status", "--url", SANDBOX).returncode == 0:
        return True
    LOGS.mkdir(parents=True, exist_ok=True)
    background = ["--background", "--log", str(LOGS / "sandbox.log")]
    started = sandbox("serve", "--port", str(PORT), "--no-limits", *background)
    if started.returncode:
        raise DemoError(f"{started.stderr.strip()}\nThe variable SANDBOX_PORT takes another port.")
    return False


def let_time_pass() -> int:
    """Let the simulated shops sell and ship something; return how many orders changed."""
    status = json.loads(sandbox("status", "--url", SANDBOX, "--json").stdout)
    youzan = next(one for one in status["platforms"] if one["slug"] == "youzan")
    for account in youzan["accounts"]:
        for kind, count in NEWS.items():
            what = ["youzan", account, "orders", "--kind", kind, "--count", str(count)]
            sandbox("mutate", *what, "--url", SANDBOX).check_returncode()
    return len(youzan["accounts"]) * sum(NEWS.values())


# --- The run and what it left ----------------------------------------------------------------


def run_meltano(console: Console) -> float:
    """Run the pipeline and return how many seconds it took; its last line is shown meanwhile.

    Raises:
        DemoError: the run failed; the end of its log is in the message.
    """
    log = LOGS / "meltano.log"
    LOGS.mkdir(parents=True, exist_ok=True)
    DUCKDB.parent.mkdir(exist_ok=True)
    began = time.monotonic()
    with (
        log.open("w", encoding="utf-8") as kept,
        subprocess.Popen(
            RUN, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8",
            cwd=ROOT, env={**environment(), "NO_COLOR": "1"},
        ) as process,
        console.status("Meltano installs the plugins and starts ...") as status,
    ):  # fmt: skip
        for line in process.stdout or ():
            kept.write(line)
            status.update(_last_words(line, console.width))
    if process.returncode:
        tail = "\n".join(log.read_text(encoding="utf-8").splitlines()[-25:])
        raise DemoError(f"{tail}\n\nThe run failed; its whole log is in {log.relative_to(ROOT)}")
    return time.monotonic() - began


def _last_words(line: str, width: int) -> str:
    from rich.markup import escape

    return escape(line.partition("] ")[2].strip()[: max(width - 6, 20)]) or "..."


@dataclass(frozen=True, slots=True)
class Landed:
    """What one table holds; `fresh` of its rows are new or changed."""

    table: str
    rows: int
    fresh: int
    newest: str


def landed(before: t.Mapping[str, Landed]) -> dict[str, Landed]:
    """Look at every table of the demo's DuckDB file.

    Args:
        before: What the tables held when the run began.

    Raises:
        DemoError: another process has the file open.
    """
    import duckdb

    if not DUCKDB.exists():
        return {}
    try:
        connection = duckdb.connect(str(DUCKDB), read_only=True)
    except duckdb.IOException as exc:
        where = DUCKDB.relative_to(ROOT)
        msg = f"{where} cannot be read; close the program that has it open.\n{exc}"
        raise DemoError(msg) from exc
    listing = (
        "select table_name, list(column_name) from information_schema.columns "
        "where table_schema = ? and not starts_with(table_name, '_') group by 1 order by 1"
    )
    found = {}
    with connection:
        for table, columns in connection.execute(listing, [SCHEMA]).fetchall():
            # Without bookmarks only a larger number of rows shows that something came.
            mark = "_bookmark" if "_bookmark" in columns else "null"
            old = before.get(table, Landed(table, 0, 0, ""))
            counts = f'select count(*), count_if({mark} > ?), max({mark}) from {SCHEMA}."{table}"'  # noqa: S608
            rows, beyond, newest = connection.execute(counts, [old.newest]).fetchall()[0]
            found[table] = Landed(table, rows, max(beyond or 0, rows - old.rows), newest or "")
    return found


def show(console: Console, before: t.Mapping[str, Landed], seconds: float) -> None:
    """Show what landed, where the bookmarks stand, and what to type next."""
    from rich.table import Table

    table = Table("table", "rows", "new or changed", title=f"Landed in {seconds:.0f} s")
    table.title_justify = "left"
    for column in table.columns[1:]:
        column.justify = "right"
    after = landed(before).values()
    for one in after:
        table.add_row(one.table, f"{one.rows:,}", f"{one.fresh:,}" if one.fresh else "")
    table.add_section()
    table.add_row("all", f"{sum(o.rows for o in after):,}", f"{sum(o.fresh for o in after):,}")
    console.print(table)
    console.print(f"\n[bold]$ {' '.join(BOOKMARKS)}[/]", highlight=False)
    subprocess.run(BOOKMARKS, cwd=ROOT, env=environment(), check=False)
    console.print(f"\nThe data: [bold]{DUCKDB.relative_to(ROOT)}[/] (DuckDB)", highlight=False)
    console.print(f"The platform: {SANDBOX}/_sandbox/ (in a browser)", highlight=False)
    console.print("\nWhat to type next", style="bold")
    query = f"import duckdb; duckdb.connect('{DUCKDB.relative_to(ROOT)}').sql('from {SCHEMA}.orders').show()"
    steps = {
        "the same again: only what is new comes": "python3 plugins/demo.py",
        "the commands of the project": f"source {bootstrap.BIN.relative_to(ROOT)}/activate",
        "what the demo ran": " ".join(RUN),
        "read the last seven days again": " ".join([*REWIND, "--to", "-7d"]),
        "look at the data": f'python -c "{query}"',
        "stop the sandbox": "python3 plugins/demo.py --stop",
    }
    for what, command in steps.items():
        console.print(f"  [dim]# {what}[/]\n  {command}", highlight=False, soft_wrap=True)


def run(console: Console) -> None:
    """Run the demo."""
    again = start_sandbox()
    console.print(f"The sandbox {'is running' if again else 'started'}: {SANDBOX}/_sandbox/")
    before = landed({})
    if again and before:
        console.print(f"Meanwhile in its shops: {let_time_pass()} orders came or changed")
    console.print(f"\n[bold]$ {' '.join(RUN)}[/]", highlight=False)
    show(console, before, run_meltano(console))


def forget(console: Console) -> None:
    """Delete the demo's data and its bookmarks."""
    for file in (DUCKDB, DUCKDB.with_name(DUCKDB.name + ".wal")):
        file.unlink(missing_ok=True)
    clear = ["meltano", "--log-level=error", "state", "clear", "--force", STATE_ID]
    subprocess.run(clear, cwd=ROOT, env=environment(), check=False)
    console.print("The demo's data and bookmarks are gone; the next run starts afresh.")


def main() -> int:
    """Run the script; return its exit code."""
    from rich.console import Console

    parser = argparse.ArgumentParser(description="Show the whole way once, without any account.")
    parser.add_argument("--stop", action="store_true", help="stop the sandbox")
    parser.add_argument("--forget", action="store_true", help="stop it, delete data and bookmarks")
    chosen = parser.parse_args()
    console = Console()
    if chosen.stop or chosen.forget:
        stopped = sandbox("stop", "--url", SANDBOX).returncode == 0
        console.print("The sandbox has stopped." if stopped else "The sandbox was not running.")
        if chosen.forget:
            forget(console)
        return 0
    try:
        run(console)
    except DemoError as error:
        console.print(str(error), style="red", markup=False, highlight=False)
        return 1
    return 0


if __name__ == "__main__":
    bootstrap.enter(Path(__file__), sys.argv[1:])
    sys.exit(main())
