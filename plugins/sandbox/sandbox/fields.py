"""The fields of records in the compact grammar of the fact sheets.

`name:int`, `name:str`, `name:bool`, `name:int[]`, `name{...}` for an object, `name[]{...}` for a list
of objects. `blank` turns a grammar into a record in which nothing has happened yet, `filled` into one
with a value for every field; its kinds are whatever the platform's own values know.
"""

from __future__ import annotations

import functools
import re
import typing as t
from collections.abc import Callable

import orjson

_TOKEN = re.compile(r"(\w+)(\[\])?(?:\{|:(\w+)(\[\])?)|\}")
_ZERO: t.Final = {"int": 0, "str": "", "bool": False}


@functools.cache
def _tokens(fields: str) -> tuple[tuple[str | None, ...], ...]:
    """Return name, mark of a list, kind, and mark of a list of kinds, for each word of a grammar."""
    return tuple(token.groups() for token in _TOKEN.finditer(fields))


def blank(fields: str) -> bytes:
    """Return the JSON of a record of these fields: zeros, empty texts and empty lists."""
    root: dict[str, t.Any] = {}
    stack = [root]
    for name, many, kind, kinds in _tokens(fields):
        if name is None:
            stack.pop()
        elif kind:
            stack[-1][name] = [] if kinds else _ZERO[kind]
        else:
            inner: dict[str, t.Any] = {}
            stack[-1][name] = [] if many else inner
            stack.append(inner)
    return orjson.dumps(root)


def fresh(record: bytes) -> dict[str, t.Any]:
    """Return a new copy of a blank record."""
    return t.cast("dict[str, t.Any]", orjson.loads(record))


def filled(fields: str, value: Callable[[str, str], t.Any]) -> dict[str, t.Any]:
    """Return a record of these fields, with one element in every list.

    Args:
        fields: The grammar.
        value: Gives the value of a field, by its name and its kind.
    """
    root: dict[str, t.Any] = {}
    stack = [root]
    for name, many, kind, kinds in _tokens(fields):
        if name is None:
            stack.pop()
        elif kind:
            one = value(name, kind)
            stack[-1][name] = [one] if kinds else one
        else:
            inner: dict[str, t.Any] = {}
            stack[-1][name] = [inner] if many else inner
            stack.append(inner)
    return root
