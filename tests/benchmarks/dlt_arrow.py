"""A peer: dlt loads a file of messages as Arrow tables into PostgreSQL, merge by upsert.

It runs in an environment of its own: `python dlt_arrow.py URL SCHEMA WORK_FOLDER < messages`. Nothing is
made easier or harder than dlt's documents suggest: orjson, batches of 10,000 (the fastest here), CSV through COPY, the
schema taken from Arrow. Times stay text, nested values JSON text and amounts doubles.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
os.environ["RUNTIME__LOG_LEVEL"] = "WARNING"

import dlt
import orjson
import pyarrow as pa

BATCH = 10_000


def tables() -> Iterator[pa.Table]:
    """Yield the records of standard input, a batch at a time."""
    rows: list[dict[str, object]] = []
    for line in sys.stdin.buffer:
        if not line.startswith(b'{"type":"RECORD"'):
            continue
        record = orjson.loads(line)["record"]
        for name in ("buyer", "items", "tags"):
            record[name] = orjson.dumps(record[name]).decode()
        rows.append(record)
        if len(rows) == BATCH:
            yield pa.Table.from_pylist(rows)
            rows = []
    if rows:
        yield pa.Table.from_pylist(rows)


def main(url: str, schema: str, folder: str) -> None:
    """Load the table of orders."""
    pipeline = dlt.pipeline(
        pipeline_name=schema,
        destination=dlt.destinations.postgres(credentials=url),
        dataset_name=schema,
        pipelines_dir=folder,
    )
    orders = dlt.resource(
        tables,
        name="orders",
        primary_key="id",
        write_disposition={"disposition": "merge", "strategy": "upsert"},
    )
    pipeline.run(orders, loader_file_format="csv")


if __name__ == "__main__":
    main(*sys.argv[1:])
