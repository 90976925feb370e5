"""Shaping a page of records at once, where a compiled check finds them plain.

Most records of a platform hold nothing but fields that the schema knows, in the types that it names.
That is checked by one compiled pass over the page. Then only the fields that need another form
(times, amounts, JSON in text) are touched, where they stand. A page that does not pass goes record
by record through the `Shaper`. What it stumbled over is learnt: a field that comes in another type
joins those that are converted, a field that the schema does not know those that are left out.
"""

from __future__ import annotations

import re
import threading
import typing as t
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import repeat
from operator import itemgetter, setitem

import msgspec

from openplatform.records import Convert, ConvertMany, Parsed, Record, Shaper, kept
from openplatform.schemas import Schema
from openplatform.times import Misfit

_MISFIT = re.compile(r"Expected .* - at `\$\[\d+\]\.(?P<path>.*)`", re.DOTALL)
_UNKNOWN = re.compile(
    r"Object contains unknown field `(?P<name>[^`\"\\\x00-\x1f]+)` - at `\$\[\d+\](?P<path>.*)`"
)
_INDEX = re.compile(r"\[\d+\]")
_ITEM = "[]"
# Objects with ids as field names would otherwise be learnt without end.
_UNKNOWN_LEARNT = 100


class _Inner(t.NamedTuple):
    """What the objects within JSON text must be, as a list, and what is to do with them."""

    page: type[list[t.Any]]
    level: _Level


class _Change(t.NamedTuple):
    """A field to convert."""

    name: str
    path: str
    convert: Convert
    convert_many: ConvertMany | None
    inner: _Inner | None


@dataclass
class _Level:
    """What is to do with the objects of one level of the schema."""

    unknown: list[tuple[str, str]] = field(default_factory=list)
    changes: list[_Change] = field(default_factory=list)
    objects: list[tuple[str, _Level]] = field(default_factory=list)
    arrays: list[tuple[str, _Level]] = field(default_factory=list)

    @property
    def plain(self) -> bool:
        """Whether nothing is to do."""
        return not (self.unknown or self.changes or self.objects or self.arrays)


class PageShaper:
    """Shapes pages of one stream.

    Args:
        schema: Content of its schema file.
        shaper: Shapes the records of a page that is not plain.
    """

    def __init__(self, schema: Schema, shaper: Shaper) -> None:
        self._schema = schema
        self._shaper = shaper
        self._converted: set[str] = set()
        self._unknown: dict[str, set[str]] = {}
        self._lock = threading.Lock()
        self._compiled = self._compile()

    def shape(self, records: Sequence[t.Any], *, keep: bool = False) -> list[Record]:
        """Return the records as the schema says.

        Args:
            records: Raw records; they may be changed in place.
            keep: Leave them as they are.
        """
        if keep:
            return [self._shaper.shape(record) for record in records]
        page, level = self._compiled
        try:
            msgspec.convert(records, page)
        except msgspec.ValidationError as misfit:
            self._learn(str(misfit), "")
            return [self._shaper.shape(record) for record in records]
        self._change(level, t.cast("list[Record]", records))
        return t.cast("list[Record]", records)

    def _learn(self, reason: str, under: str) -> None:
        """Take into the compiled check what a page, or the objects under a path, were refused for."""
        with self._lock:
            if found := _MISFIT.fullmatch(reason):
                known, new = self._converted, under + _INDEX.sub(_ITEM, found["path"])
            elif found := _UNKNOWN.fullmatch(reason):
                prefix = under + f"{_INDEX.sub(_ITEM, found['path'])}.".removeprefix(".")
                known, new = self._unknown.setdefault(prefix, set()), found["name"]
                if sum(map(len, self._unknown.values())) >= _UNKNOWN_LEARNT:
                    return
            else:
                return
            if new not in known:
                known.add(new)
                self._compiled = self._compile()

    def _compile(self) -> tuple[type[list[t.Any]], _Level]:
        level, record = self._object(self._schema, "")
        return _page_of(record), level

    def _object(self, schema: Schema, prefix: str) -> tuple[_Level, type[msgspec.Struct]]:
        level = _Level()
        kinds: dict[str, t.Any] = {}
        for name, part in schema["properties"].items():
            kinds[name] = self._field(part, name, prefix + name, level)
        for name in self._unknown.get(prefix, set()) - kinds.keys():
            kinds[name] = t.Any
            level.unknown.append((name, prefix + name))
        level.objects = [(name, inner) for name, inner in level.objects if not inner.plain]
        level.arrays = [(name, inner) for name, inner in level.arrays if not inner.plain]
        names = {f"f{index}": name for index, name in enumerate(kinds)}
        fields = [(attribute, kinds[name], None) for attribute, name in names.items()]
        struct = msgspec.defstruct(
            "Plain", fields, rename=names, forbid_unknown_fields=True, gc=False
        )
        return level, struct

    def _field(self, schema: Schema, name: str, path: str, level: _Level) -> t.Any:
        """Return the type of what needs no conversion; note at its level what does."""
        kinds = schema.get("type", [])
        kinds = {kinds} if isinstance(kinds, str) else set(kinds)
        if path not in self._converted and not schema.get("x-json"):
            if "object" in kinds and "properties" in schema:
                inner, struct = self._object(schema, f"{path}.")
                level.objects.append((name, inner))
                return t.Optional[struct]  # noqa: UP045 - msgspec reads it at run time
            items = schema.get("items", {})
            if "array" in kinds and "properties" in items:
                inner, struct = self._object(items, f"{path}{_ITEM}.")
                level.arrays.append((name, inner))
                return t.Optional[list[struct]]  # type: ignore[valid-type]  # noqa: UP045
            if "array" in kinds and items and path + _ITEM not in self._converted:
                plain = self._shaper.entry(items, path + _ITEM)[0]
                if plain is not None:
                    return t.Optional[list[t.Optional[plain]]]  # type: ignore[valid-type]  # noqa: UP045
            plain, convert = self._shaper.entry(schema, path)
            if plain is not None and not (plain is str and self._shaper.nulls):
                return t.Optional[plain]  # noqa: UP045
            if convert is kept and not self._shaper.nulls:
                return t.Any
        convert = self._shaper.entry(schema, path)[1]
        many, within = self._shaper.many(convert), None
        if isinstance(convert, Parsed) and "object" in kinds and "properties" in schema:
            below, struct = self._object(schema, f"{path}.")
            many, within = convert.many, _Inner(_page_of(t.Optional[struct]), below)  # noqa: UP045
        many = None if self._shaper.nulls else many
        level.changes.append(_Change(name, path, self._nullable(convert), many, within))
        return t.Any

    def _nullable(self, convert: Convert) -> Convert:
        nulls = self._shaper.nulls
        if not nulls:
            return convert

        def converted(value: t.Any) -> t.Any:
            return None if value.__class__ is str and value in nulls else convert(value)

        return converted

    def _change(self, level: _Level, records: list[Record]) -> None:
        for name, path in level.unknown:
            for record in records:
                if name in record:
                    del record[name]
                    self._shaper.on_unknown(path)
        names = [change.name for change in level.changes]
        for change, values in zip(level.changes, _columns(records, names), strict=False):
            self._convert(change, records, values)
        for name, inner in level.objects:
            self._change(inner, [r[name] for r in records if r.get(name) is not None])
        for name, inner in level.arrays:
            items = [item for r in records for item in r.get(name) or ()]
            self._change(inner, items)

    def _convert(self, change: _Change, records: list[Record], values: list[t.Any]) -> None:
        name, path, convert, many, inner = change
        if type(None) in set(map(type, values)):
            records = [r for r, value in zip(records, values, strict=True) if value is not None]
            values = [value for value in values if value is not None]
        if many is not None and values and (done := many(values)) and self._fit(done, change):
            if done is not values:
                # The fastest loop there is.
                deque(map(setitem, records, repeat(name), done), maxlen=0)
            if inner is not None:
                self._change(inner.level, [value for value in done if value is not None])
            return
        for record, value in zip(records, values, strict=True):
            try:
                record[name] = convert(value)
            except Misfit:
                self._shaper.on_misfit(path)
                record[name] = None

    def _fit(self, values: list[t.Any], change: _Change) -> bool:
        """Tell whether the objects within JSON text are plain; learn from those that are not."""
        if change.inner is None:
            return True
        try:
            msgspec.convert(values, change.inner.page)
        except msgspec.ValidationError as misfit:
            self._learn(str(misfit), f"{change.path}.")
            return False
        return True


def _columns(records: list[Record], names: Sequence[str]) -> list[list[t.Any]]:
    """Return fields of all records, each as one list; None where a record lacks it.

    All fields of a record are fetched while it is at hand: a page is larger than a processor's cache.
    """
    if len(names) > 1:
        with suppress(KeyError):
            return list(map(list, zip(*map(itemgetter(*names), records), strict=True)))
    return [[record.get(name) for record in records] for name in names]


def _page_of(record: t.Any) -> type[list[t.Any]]:
    """Return the type of a list of such records, ready for use.

    msgspec completes a type at its first use. A thread that comes upon a type that another one is
    completing reads a null pointer, so this happens before any thread can see it.
    """
    page = list[record]
    msgspec.convert([], page)
    return page
