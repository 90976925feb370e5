"""Files of JSON lines in syncops' folder: one line is appended for each thing that happened."""

from __future__ import annotations

import os
import typing as t

import msgspec

if t.TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def append(path: Path, lines: Iterable[t.Any]) -> None:
    """Append lines in one write, so that two programs do not mix theirs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = b"".join(msgspec.json.encode(line) + b"\n" for line in lines)
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(descriptor, text)
    finally:
        os.close(descriptor)


def read(path: Path) -> list[dict[str, t.Any]]:
    """Return all whole lines; a file that does not exist has none."""
    if not path.exists():
        return []
    found = []
    for line in path.read_bytes().splitlines():
        try:
            found.append(msgspec.json.decode(line, type=dict[str, t.Any]))
        except msgspec.MsgspecError:
            continue  # cut off by a full disk or a killed program
    return found
