"""Other targets, each in an environment of its own below `.benchmarks`, with the versions of `peers/`."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
import typing as t
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.generate import PARTS, Orders
from benchmarks.measure import Cost
from benchmarks.results import Result
from benchmarks.target_path import SHOWN, Loads, TargetPath

ROOT = Path(__file__).resolve().parent.parent.parent
ENVIRONMENTS = ROOT / ".benchmarks"
PINS = Path(__file__).with_name("peers")
_FIRST_ID = 2_500_000_000_000_000_000


@dataclass(frozen=True, slots=True)
class Peer:
    """Another target.

    Attributes:
        number: The comparison's number.
        name: What it is called in the table.
        environment: The file of its pins, and its folder.
        program: What to run, in its environment.
        bar: What peer / ours should reach.
        engine: Where it loads to.
        settings: Its settings beside the connection.
        loses: Rows that it is known to lose of each load.
    """

    number: str
    name: str
    environment: str
    program: str
    bar: float
    engine: str = "postgres"
    settings: dict[str, t.Any] = field(default_factory=dict)
    loses: int = 0


_MELTANOLABS = "MeltanoLabs target-postgres 0.8.1"
_TUNED = {
    "use_copy": True,
    "validate_records": False,
    "add_record_metadata": False,
    "activate_version": False,  # it must be off when the metadata are
    "batch_size_rows": 50_000,
}
PEERS = (
    Peer("T1", f"{_MELTANOLABS}, default", "meltanolabs", "target-postgres", 10),
    Peer(
        "T2",
        f"{_MELTANOLABS}, use_copy",
        "meltanolabs",
        "target-postgres",
        7,
        settings={"use_copy": True},
    ),
    Peer(
        "T3",
        f"{_MELTANOLABS}, tuned",
        "meltanolabs",
        "target-postgres",
        3,
        settings=_TUNED,
    ),
    Peer("T4", "pipelinewise-target-postgres 2.1.2", "pipelinewise", "target-postgres", 2.5),
    Peer("T5", "dlt 1.31.0, Arrow, upsert", "dlt", "python", 1.3),
    Peer(
        "T7",
        "target-duckdb 0.8.0, batches of 100,000",
        "target-duckdb",
        "target-duckdb",
        4,
        engine="duckdb",
        settings={"batch_size_rows": 100_000},
        loses=1,
    ),
)


def prepare(name: str) -> Path:
    """Make a peer's environment, unless it is there with these pins; return its folder of programs.

    Raises:
        RuntimeError: The packages cannot be installed.
    """
    import bootstrap

    pins = PINS / f"{name}.txt"
    folder = ENVIRONMENTS / name
    stamp = folder / ".installed"
    mark = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != mark:
        shutil.rmtree(folder, ignore_errors=True)
        ENVIRONMENTS.mkdir(exist_ok=True)
        (ENVIRONMENTS / ".gitignore").write_text("*\n")
        uv = bootstrap.uv()
        python = str(folder / "bin" / "python")
        for words in (
            ["venv", "--quiet", "--python", sys.executable, str(folder)],
            [
                "pip",
                "install",
                "--quiet",
                "--compile-bytecode",
                "--python",
                python,
                "-r",
                str(pins),
            ],
        ):
            # Elsewhere, since within the workspace its own pins would count.
            done = subprocess.run(
                [*uv, *words],
                env=bootstrap.environment(),
                cwd=tempfile.gettempdir(),
                capture_output=True,
                check=False,
            )
            if done.returncode:
                told = done.stderr.decode(errors="replace")[-1500:]
                raise RuntimeError(f"the environment of {name} cannot be made:\n{told}")
        stamp.write_text(mark)
    return folder / "bin"


class Peers:
    """The comparisons with other targets.

    Args:
        loads: What runs the loaders.
        ours: The comparisons of our target.
        records: How many orders `base` has.
    """

    def __init__(self, loads: Loads, ours: TargetPath, records: int) -> None:
        self._loads = loads
        self._ours = ours
        self._records = records

    def against(self, peer: Peer) -> Result:
        """Let a peer and ours take turns on `base`."""
        source = self._loads.files.messages("base", self._records)
        title = f"{SHOWN[peer.engine]}: {peer.name} / ours"
        lost: list[int] = []

        def theirs() -> Cost:
            cost = load(source)
            if not lost:
                lost.append(self._records - len(self._versions(peer)))
            return cost

        try:
            load = self.loader(peer)
            pairs = self._ours.against(peer.engine, theirs, peer.name)
        except RuntimeError as error:
            return Result(peer.number, title, None, peer.bar, unit="x", wrong=f"not run: {error}")
        told = f"the peer lost {lost[0]} of {self._records:,} rows" if lost[0] else ""
        known = lost[0] <= peer.loses
        return Result(
            peer.number,
            title,
            pairs.ratio,
            peer.bar,
            unit="x",
            detail=told if known else "",
            wrong="" if known else told,
            pairs=pairs,
        )

    def all_leave(self) -> list[Result]:
        """Tell what each peer's table holds, once for each program."""
        once = {peer.environment: peer for peer in reversed(PEERS)}
        return [self.leave(peer) for peer in reversed(once.values())]

    def leave(self, peer: Peer) -> Result:
        """Tell what a peer's table holds after base, updates and messy."""
        title = f"{SHOWN[peer.engine]}: what {peer.name} leaves"
        told: list[str] = []
        known = Known(Orders(self._records))
        try:
            load = self.loader(peer)
            for count, part in enumerate(PARTS):
                load(self._loads.files.messages(part, self._records), fresh=count == 0)
                found = self._versions(peer)
                told.append(f"after {part}: {known.compared(part, found)}")
            told.append(self._types(peer))
        except RuntimeError as error:
            told.append(f"then it fails: {_reason(error)}")
        return Result("T12p", title, None, None, detail="; ".join(told))

    def loader(self, peer: Peer) -> Callable[..., Cost]:
        """Return what loads a file with a peer."""
        programs = prepare(peer.environment)
        program = str(programs / peer.program)

        def load(source: Path, *, fresh: bool = True) -> Cost:
            if fresh:
                self._loads.fresh(peer.engine)
            schema = self._loads.schema
            if peer.environment == "dlt":
                script = str(Path(__file__).with_name("dlt_arrow.py"))
                words = [script, self._loads.server.url, schema, str(self._loads.folder / "dlt")]
                return self._loads.timed(peer.engine, [program, *words], source, ours=False)
            config = {**self._connection(peer, schema), **peer.settings}
            return self._loads.load(peer.engine, [program], config, source, ours=False)

        return load

    def _connection(self, peer: Peer, schema: str) -> dict[str, t.Any]:
        if peer.engine == "duckdb":
            return {"filepath": str(self._loads.database), "default_target_schema": "main"}
        database = "database" if peer.environment == "meltanolabs" else "dbname"
        return {
            "host": "127.0.0.1",
            "port": self._loads.server.port,
            "user": "postgres",
            "password": "unused",
            database: "postgres",
            "default_target_schema": schema,
        }

    def _versions(self, peer: Peer) -> dict[int, int]:
        """Return the revision that the peer's table holds of each order."""
        found = self._query(peer, "SELECT id, revision FROM {schema}.orders")
        return {int(key) - _FIRST_ID: int(revision) for key, revision in found}

    def _types(self, peer: Peer) -> str:
        found = self._query(
            peer,
            "SELECT column_name, data_type FROM information_schema.columns "
            "WHERE table_schema = '{schema}' AND table_name = 'orders' "
            "AND column_name IN ('updated_at', 'total_amount') ORDER BY column_name DESC",
        )
        return "times are {}, amounts {}".format(*(kind.lower() for _, kind in found))

    def _query(self, peer: Peer, sql: str) -> list[tuple[t.Any, ...]]:
        if peer.engine == "postgres":
            return self._loads.server.query(sql.format(schema=self._loads.schema))
        import duckdb

        with duckdb.connect(str(self._loads.database), read_only=True) as connection:
            return connection.execute(sql.format(schema="main")).fetchall()


def _reason(error: RuntimeError) -> str:
    """Return the line of an error's text that tells most."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    telling = [line for line in lines if "cannot" in line or "Error" in line]
    return (telling or lines)[-1][:160]


class Known:
    """How old each revision of each order is.

    Args:
        orders: The generated files.
    """

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._age = {
            (version.order, version.revision): version.shift
            for part in PARTS[1:]
            for version in orders.versions(part)
        }

    def compared(self, part: str, found: dict[int, int]) -> str:
        """Tell how many rows are missing or older than the newest version."""
        newest = {version.order: version.shift for version in self._orders.newest(part)}
        stale = sum(
            self._age.get((order, revision), 0) < newest[order]
            for order, revision in found.items()
            if order in newest
        )
        missing = len(newest.keys() - found.keys())
        words = [f"{missing:,} rows missing"] if missing else []
        words += [f"{stale:,} rows not the newest version"] if stale else []
        return ", ".join(words) or "right"
