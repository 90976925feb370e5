"""Rows in the form that COPY reads: a JSON array without its brackets is a line of CSV.

So a compiled encoder writes them, and COPY is told that a backslash escapes. Only what JSON writes
as an escape of its own (line breaks, tabs, other control characters) must be put back.
"""

from __future__ import annotations

import re
import typing as t
from functools import cache
from itertools import starmap

import msgspec

if t.TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from target_warehouse.dialects.base import Row

OPTIONS = r"""(FORMAT csv, QUOTE '"', ESCAPE '\', NULL 'null')"""
"""How COPY is told to read what `lines` returns."""

_CHUNK_ROWS = 500
_encode_lines = msgspec.json.Encoder().encode_lines
_CONTROL = re.compile(rb"\\[bfnrtu]")
_ESCAPE = re.compile(rb"\\(?:u00(..)|(.))")
_CHARACTERS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}


def lines(rows: Sequence[Row]) -> Iterator[bytes]:
    """Yield rows as lines of CSV, some hundred at a time. Values are of the types that JSON has a form for."""
    for start in range(0, len(rows), _CHUNK_ROWS):
        chunk = rows[start : start + _CHUNK_ROWS]
        array = _array(len(chunk[0]))
        # A line break within the text is escaped, so one that is not stands between two rows.
        text = _encode_lines(list(starmap(array, chunk)))[1:-2].replace(b"]\n[", b"\n")
        if _CONTROL.search(text):
            text = b"\n".join(map(_unescaped, text.split(b"\n")))
        yield text
        yield b"\n"


@cache
def _array(width: int) -> type[msgspec.Struct]:
    fields = [(f"c{index}", t.Any) for index in range(width)]
    return msgspec.defstruct("Row", fields, array_like=True, gc=False)


def _unescaped(line: bytes) -> bytes:
    return _ESCAPE.sub(_character, line) if _CONTROL.search(line) else line


def _character(escape: re.Match[bytes]) -> bytes:
    """Return the character that an escape stands for; a quote or backslash stays escaped."""
    code, letter = escape.groups()
    return bytes.fromhex(code.decode()) if code else _CHARACTERS.get(letter, escape[0])
