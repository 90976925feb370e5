"""What only the loader knows, told to monitoring: bad records, as log lines and for Prometheus."""

from __future__ import annotations

import logging
import os
import tempfile
import time
import typing as t
from pathlib import Path

import msgspec

log = logging.getLogger("target-warehouse")

_IN_RUN = "target_warehouse_quarantined_records"
_OPEN = "target_warehouse_quarantine_open"
_LOADED = "target_warehouse_last_load_timestamp_seconds"
_FAMILIES = {
    _IN_RUN: "Bad records of the last load.",
    _OPEN: "Records that stand in the quarantine.",
    _LOADED: "When the last load ended.",
}
_ESCAPED = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})

Counts: t.TypeAlias = t.Mapping[tuple[str, str], int]


def log_lines(counts: Counts) -> None:
    """Write a Singer metric line for each stream and account that had bad records.

    Args:
        counts: How many bad records this run had, by stream and account.
    """
    for (stream, account), number in sorted(counts.items()):
        point = {
            "type": "counter",
            "metric": "quarantined_records",
            "value": number,
            "tags": {"stream": stream, "account": account},
        }
        log.info("METRIC: %s", msgspec.json.encode(point).decode())


def write_file(path: str, counts: Counts, standing: t.Mapping[str, int]) -> None:
    """Replace a Prometheus textfile; whoever reads it sees the old one or the new one, whole.

    That it cannot be written is a warning: the records are loaded.

    Args:
        path: The file.
        counts: How many bad records this run had, by stream and account.
        standing: How many records stand in the quarantine, by stream.
    """
    target = Path(path).expanduser()
    temporary = ""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=".metrics-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(_lines(counts, standing))
            os.fchmod(file.fileno(), 0o644)  # it is read by another user
        Path(temporary).replace(target)
    except OSError as error:
        log.warning("The metrics were not written (metrics_file %s): %s", path, error)
        if temporary:
            Path(temporary).unlink(missing_ok=True)


def _lines(counts: Counts, standing: t.Mapping[str, int]) -> t.Iterator[str]:
    samples = {
        _IN_RUN: {_labels(stream=s, account=a): n for (s, a), n in sorted(counts.items())},
        _OPEN: {_labels(stream=stream): n for stream, n in sorted(standing.items())},
        _LOADED: {"": int(time.time())},
    }
    for name, series in samples.items():
        yield f"# HELP {name} {_FAMILIES[name]}\n# TYPE {name} gauge\n"
        yield from (f"{name}{labels} {value}\n" for labels, value in series.items())


def _labels(**values: str) -> str:
    inner = ",".join(f'{name}="{value.translate(_ESCAPED)}"' for name, value in values.items())
    return f"{{{inner}}}"
