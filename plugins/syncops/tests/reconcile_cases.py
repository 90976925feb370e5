"""A tap and a loader that run in this process instead of in Meltano's; tests/meltano has the whole way."""

from __future__ import annotations

import typing as t
import uuid
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO, StringIO

import duckdb
import psycopg
from openplatform.clock import SystemClock
from openplatform.errors import OpenPlatformError
from openplatform.tap import PlatformTap
from openplatform.writer import PageWriter
from syncops.pipelines import Pipeline
from syncops.quarantine.warehouse import Warehouse
from target_warehouse.settings import Settings as LoaderSettings
from target_warehouse.target import TargetWarehouse
from typing_extensions import override


class Ahead(SystemClock):
    """Some seconds ahead, so that what the shop has just changed has settled."""

    @override
    def now(self):
        return super().now() + timedelta(seconds=5)


class Output(PageWriter):
    """Keeps what a tap writes."""

    def __init__(self):
        super().__init__()
        self.data = b""

    @override
    def flush(self):
        pass

    @override
    def _write(self, data):
        self.data += data


@dataclass(frozen=True)
class InProcess(Pipeline):
    """A pipeline whose programs run in this process.

    Attributes:
        kind: The tap.
        streams: What a run without a choice of its own reads.
    """

    kind: type[PlatformTap]
    streams: tuple[str, ...]

    @override
    def invoke(self, settings):
        return self._tap(settings)[0]

    @override
    def run(self, suffix, settings, *, force=False, loud=False):
        done, output = self._tap(settings)
        target = TargetWarehouse(config={**self.warehouse.config, "schema": self.schema})
        with redirect_stdout(StringIO()):
            target.process_lines(BytesIO(output))
            target.process_endofpipe()
        return done

    def _tap(self, settings):
        more = {name: value for name, value in settings.items() if name != "_select"}
        if "max_calls" in more:
            more["max_calls"] = int(more["max_calls"])
        writer = Output()
        tap = self.kind(config={**self.config, **more}, message_writer=writer)
        wanted = {glob.removesuffix(".*") for glob in settings.get("_select", self.streams)}
        tap.clock = Ahead()
        for name, stream in tap.streams.items():
            stream.selected = name in wanted
        try:
            tap.sync_all()
        except OpenPlatformError:
            return False, writer.data
        return True, writer.data


class Loaded:
    """A database for a test, and what a loader needs to write to it.

    Args:
        engine: `duckdb` or `postgres`.
        folder: For the file.
        server: URI of a PostgreSQL server; called only where it is needed.
        config: More settings of the loader.
    """

    def __init__(self, engine, folder, server, **config):
        self.config: dict[str, t.Any] = config
        if engine == "duckdb":
            config["path"] = str(folder / "warehouse.duckdb")
        else:
            uri, name = server(), "d" + uuid.uuid4().hex
            with psycopg.connect(uri, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}")
            config["url"] = uri.replace("/postgres?", f"/{name}?")

    def execute(self, sql):
        if "path" in self.config:
            with duckdb.connect(self.config["path"]) as connection:
                return connection.execute(sql).fetchall()
        with psycopg.connect(self.config["url"]) as connection:
            cursor = connection.execute(sql)
            return cursor.fetchall() if cursor.description else []


def pipeline_of(kind, streams, config, loaded, folder):
    """Return a pipeline of a tap into a loaded database."""
    connection = LoaderSettings.read(loaded.config).connection
    return InProcess(
        tap=kind.name, loader="target", environment="demo", root=folder, folder=folder,
        config={
            **config, "settle": "1s", "retry_wait": "10ms",
            "account_requests_per_second": 10_000, "token_store": str(folder / "tokens"),
        },
        variables={}, schema=kind.name.replace("-", "_"), verbose=False,
        warehouse=Warehouse("target", loaded.config, connection), kind=kind, streams=streams,
    )  # fmt: skip
