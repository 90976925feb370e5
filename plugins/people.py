"""The fields that identify a person, as each tap's README lists them: from the schemas' own marks."""

from __future__ import annotations

import importlib
import importlib.metadata
import typing as t
from pathlib import Path

import bootstrap
from generated_parts import BEGIN, between

NAME = "people"
INTRODUCTION = """\
With `personal_data: hash` each of these leaves as a keyed hash, with `drop` not at all (see "Personal data" in
the project's README); of an object or a list all that is in it.
"""
NO_ONE = "No field of this tap is known to identify a person."


def with_fields(readme: Path, text: str) -> str:
    """Return a tap's README with the list of today; one without markers for it stays as it is.

    Args:
        readme: Its path, in the tap's folder.
        text: What it holds.
    """
    if BEGIN.format(name=NAME) not in text:
        return text
    return between(text, NAME, listed(fields(readme.parent.name)))


def fields(tap: str) -> dict[str, tuple[str, ...]]:
    """Return the paths of the personal fields by stream (or schema file); what has none stays out."""
    from openplatform import schemas
    from openplatform.personal import marks

    (script,) = importlib.metadata.entry_points(group="console_scripts", name=tap)
    module, _, attribute = script.value.partition(":")
    kind: t.Any = getattr(importlib.import_module(module), attribute.partition(".")[0])
    schemas_of = {
        stream.name: stream.made_schema or schemas.load(stream.package, _file(stream))
        for stream in kind.stream_classes
    }
    # Settings may choose other streams than these.
    files = {_file(stream) for stream in kind.stream_classes}
    folder = Path(bootstrap.ROOT, "taps", tap, module.partition(".")[0], "schemas")
    for name in sorted({path.stem for path in folder.glob("*.json")} - files):
        schemas_of[name] = schemas.load(folder.parent.name, name)
    found = {name: tuple(marks(schema)) for name, schema in schemas_of.items()}
    return {name: paths for name, paths in found.items() if paths}


def _file(stream: t.Any) -> str:
    return t.cast("str", stream.shaped_as or stream.name)


def listed(by_stream: dict[str, tuple[str, ...]]) -> str:
    """Return the list as Markdown; streams with the same fields share a row."""
    if not by_stream:
        return NO_ONE
    rows: dict[tuple[str, ...], list[str]] = {}
    for stream, paths in by_stream.items():
        rows.setdefault(paths, []).append(stream)
    lines = [INTRODUCTION, "| Streams | Fields |", "|---|---|"]
    for paths, streams in rows.items():
        cells = (" ".join(f"`{name}`" for name in names) for names in (streams, paths))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
