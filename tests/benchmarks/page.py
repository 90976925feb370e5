"""The page `docs/benchmarks.md`: the table, the machine, how it was measured, and the plot."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

from benchmarks import plot
from benchmarks.generate import SEED
from benchmarks.results import Result

OTHERS = "T12p"
_PACKAGES = ("target-warehouse", "openplatform", "duckdb", "psycopg", "msgspec", "singer-sdk")
_HOW = """\
## How it is measured

- **Data.** {records:,} orders from `tests/benchmarks/generate.py` (seed {seed}): 25 columns, about 1,000 bytes a line,
  ids of 19 digits, amounts as JSON numbers and as text, four times with an offset, a nested object, two arrays,
  Chinese text, a STATE after each 10,000. The tap reads as many records from the sandbox, pages of 100.
- **Figure.** Seconds of processor time of the client (with every helper process) and of the database server (read from
  the system's count of all its processes). A and B take turns, at least three times, after one warm-up run; the
  figure is the median of the ratios pair by pair. Each run loads into a fresh schema or file. Time on the clock is told beside it.
- **Memory.** The peak of the client's process; of several processes the highest sum seen. The process is started by a
  small parent, since a child's peak begins with its parent's.
- **Start.** Each run is a process of its own, and its start counts. Bytecode is compiled beforehand on both sides. Our
  target begins a plain load (`--config FILE`) without loading the SDK; within Meltano, which asks for the SDK's log
  format, it loads it, which took {sdk:.2f} s here.
- **Server.** PostgreSQL with {settings}. Autovacuum is off only so that no run pays for the run before it; a checkpoint is
  made before each run.
- **Right first.** The digest of our table is compared with what newest-wins must leave (T12), and also after the runs
  of T6, T8 and T11. Our target validates every record in all of them.
- **Limits.** T6: a CSV file made beforehand goes by COPY into a temporary table, and one `INSERT ... ON CONFLICT` takes
  it into a table with our types and our key. T8: a file of bare records made beforehand is read by `read_json` into a
  table with our types. P3: a loop over `requests.Session` and `orjson`, written by hand for this one stream; it
  converts times, amounts and JSON text like ours, and writes the same records. P3a: it writes each row as it came.
- **Others.** Each runs in an environment of its own with the versions in `tests/benchmarks/peers`. "Tuned" means
  `use_copy`, `validate_records` and `add_record_metadata` off, batches of 50,000.

## What is not comparable

- Targets do different work. MeltanoLabs and pipelinewise store times without their offset; pipelinewise and target-duckdb
  store amounts as doubles; dlt's Arrow path here stores times as text, nested values as text and amounts as
  doubles. Ours stores instants, exact decimals and JSON. Only MeltanoLabs' default and `use_copy` validate as we do.
- None of the others keeps an older version from replacing a newer one (lines T12p); that check costs us a column
  and a comparison.
- dlt is a pipeline of its own, not a Singer target: its figure includes reading the messages with orjson.
- target-duckdb loses the first row of each load of this data.
- A limit starts from data that is already parsed and checked, so no loader can reach 1.
- The tap's figures come from a simulated platform on the same machine: with a real one the network decides (P4).
- One machine, one day. The ratios travel better than the seconds, and they are no gate in our tests.
"""


def write(
    folder: Path,
    results: Sequence[Result],
    *,
    records: int,
    settings: dict[str, str],
) -> None:
    """Write the page and the plot.

    Args:
        folder: Where to.
        results: What was measured.
        records: How many records.
        settings: The PostgreSQL server's settings.
    """
    today = f"{datetime.now(timezone.utc):%Y-%m-%d}"
    subtitle = f"client and server together; {records:,} records of about 1 KB; {today}"
    drawn = plot.svg(plot.panels(results, records), subtitle)
    (folder / "benchmarks.svg").write_text(drawn, encoding="utf-8")
    told = ", ".join(f"`{name} = {value}`" for name, value in settings.items())
    how = _HOW.format(records=records, settings=told, seed=SEED, sdk=_sdk_seconds())
    parts = [
        "# Benchmarks",
        f"Written on {today} by `python3 tests/benchmarks --write`; its end tells when each line was measured.",
        "![Records per second of processor time](benchmarks.svg)",
        _figures(results),
        "## What it took",
        "Medians. Seconds of processor time, seconds on the clock, peak memory of the client.",
        _costs(results),
        *(
            f"- {result.number}: {_note(result)}"
            for result in results
            if result.number != OTHERS and _note(result)
        ),
        "## What other targets leave",
        f"The same files, {max(records // 5, 50):,} orders: base, then updates of which 30 % are older, then messy.",
        *(
            f"- {result.title.partition('what ')[2].removesuffix(' leaves')}: {result.detail}"
            for result in results
            if result.number == OTHERS
        ),
        how.strip(),
        "## When, and on what",
        *(f"- {', '.join(numbers)}: {origin}" for origin, numbers in _origins(results).items()),
    ]
    text = "\n\n".join(parts)
    text = "\n".join(line.rstrip() for line in text.splitlines())
    (folder / "benchmarks.md").write_text(_tight(text) + "\n", encoding="utf-8")


def origin(pairs: int, server: str) -> str:
    """Tell when, where and how the lines of one call are measured.

    Args:
        pairs: How often A and B take turns.
        server: The PostgreSQL server's version.
    """
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)
    return (
        f"{datetime.now(timezone.utc):%Y-%m-%d}, commit {_commit()}, {pairs} pairs; {machine()}; average "
        f"load of the last 15 minutes {os.getloadavg()[2]:.1f}; {server}; Python "
        f"{platform.python_version()}; {versions}"
    )


def _sdk_seconds() -> float:
    """Return the processor time that loading the SDK takes."""
    code = "import time; a = time.process_time(); import singer_sdk; print(time.process_time() - a)"
    words = [sys.executable, "-c", code]
    return float(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


def _origins(results: Sequence[Result]) -> dict[str, list[str]]:
    """Return the numbers of the lines that were measured together."""
    origins: dict[str, list[str]] = {}
    for result in results:
        numbers = origins.setdefault(result.origin, [])
        if result.number not in numbers:
            numbers.append(result.number)
    return origins


def machine() -> str:
    """Tell what machine this is."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        model = next((x.partition(":")[2].strip() for x in lines if "model name" in x), model)
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    system = f"{platform.system()} {platform.release().split('-')[0]} {platform.machine()}"
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB, {system}"


def _figures(results: Sequence[Result]) -> str:
    rows = [
        (r.number, r.title, f"**{r.shown}**", r.shown_bar, r.verdict)
        for r in results
        if r.figure is not None or r.bar is not None
    ]
    return _table(("", "comparison", "figure", "bar", "reached"), "llrrl", rows)


def _costs(results: Sequence[Result]) -> str:
    rows = []
    for result in results:
        if result.pairs is None:
            continue
        spread = "{:.2f} to {:.2f}".format(*result.pairs.spread)
        for name, cost in ((result.pairs.name, result.pairs.first), ("ours", result.pairs.second)):
            server = f"{cost.server_cpu:.2f}" if cost.server_cpu else ""
            helpers = f" ({cost.processes} processes)" if cost.processes > 1 else ""
            figures = (f"{cost.cpu:.2f}", server, f"{cost.wall:.2f}", f"{cost.peak_mib:.0f} MiB")
            rows.append((result.number, name + helpers, *figures, spread))
            spread = ""
    head = ("", "what", "client", "server", "clock", "peak", "pairs")
    return _table(head, "llrrrrl", rows)


def _note(result: Result) -> str:
    return "; ".join(part for part in (result.wrong, result.detail) if part)


def _table(head: Sequence[str], align: str, rows: Sequence[Sequence[str]]) -> str:
    marks = ["---:" if letter == "r" else "---" for letter in align]
    lines = [head, marks, *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _tight(text: str) -> str:
    """Bring the items of one list together."""
    lines = text.split("\n")
    kept = [
        line
        for number, line in enumerate(lines)
        if line
        or not (
            0 < number < len(lines) - 1
            and lines[number - 1].startswith(("- ", "  "))
            and lines[number + 1].startswith("- ")
        )
    ]
    return "\n".join(kept)


def _commit() -> str:
    words = ["git", "log", "-1", "--format=%h"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"
