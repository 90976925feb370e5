"""Shaping a platform's record into what the schema says: types, time zones, exact amounts.

A `Shaper` is compiled once from a schema file. Keywords that it reads beside JSON Schema's own:
`x-time` (`s`, `ms`, `local` or `auto`: how the platform writes this time) and `x-json` (the value is
JSON text). What does not fit its type becomes null and is counted; what the schema does not know is
left out and counted; neither is an error, and `include_raw` keeps both.
"""

from __future__ import annotations

import re
import typing as t
from collections.abc import Callable, Mapping
from datetime import date, tzinfo
from decimal import Decimal, InvalidOperation

import msgspec

from openplatform.schemas import Schema
from openplatform.times import Misfit, TimeText

Convert = Callable[[t.Any], t.Any]
# Returns None where it would have to look at the values one by one.
ConvertMany = Callable[[list[t.Any]], "list[t.Any] | None"]
Record = dict[str, t.Any]
_PLAIN = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?"
_PLAIN_DECIMAL = re.compile(_PLAIN).fullmatch
_PLAIN_DECIMALS = re.compile(rf"(?:{_PLAIN}\n)*").fullmatch
_LETTER = re.compile(r"[A-Za-z]").search
_TRUE = frozenset({1, "1", "true", "True", "TRUE", "Y"})
_FALSE = frozenset({0, "0", "false", "False", "FALSE", "N"})
_encode_text = msgspec.json.Encoder(decimal_format="number").encode
_decode_text = msgspec.json.Decoder(float_hook=Decimal).decode


def _text(value: t.Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    return _encode_text(value).decode()


def _integer(value: t.Any) -> int | None:
    if isinstance(value, str) and not value.strip():
        return None
    if isinstance(value, (dict, list)):
        raise Misfit
    try:
        number = Decimal(value) if not isinstance(value, (int, Decimal)) else value
        whole = int(number)
    except (InvalidOperation, ValueError, TypeError, OverflowError) as exc:
        raise Misfit from exc
    if whole != number:
        raise Misfit
    return whole


def _decimal(value: t.Any) -> str | None:
    if value.__class__ is Decimal and value.is_finite():
        return format(value, "f")
    if isinstance(value, str):
        if _PLAIN_DECIMAL(value):
            return value
        value = value.strip().replace(",", "")
        if not value:
            return None
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise Misfit
    try:
        number = Decimal(value)
    except InvalidOperation as exc:
        raise Misfit from exc
    if not number.is_finite():
        raise Misfit
    return format(number, "f")


def _decimals(values: list[t.Any]) -> list[str] | None:
    """Convert many amounts at once; None if one of them takes more than a look."""
    kinds = set(map(type, values))
    if kinds == {str}:
        # A text with a line break in it must not pass for two.
        lines = "\n".join(values) + "\n"
        plain = _PLAIN_DECIMALS(lines) and lines.count("\n") == len(values)
        return values if plain else None
    if kinds == {Decimal}:
        # An exponent is written out, and what is not finite refused, one by one.
        texts = list(map(str, values))
        return None if _LETTER("".join(texts)) else texts
    return list(map(str, values)) if kinds == {int} else None


def _boolean(value: t.Any) -> bool | None:
    if isinstance(value, (dict, list)):
        raise Misfit
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    if value == "":
        return None
    raise Misfit


def _date(value: t.Any) -> str | None:
    text = str(value).strip()
    if not text or text.startswith("0000"):
        return None
    if len(text) == len("20261120") and text.isdigit():
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    try:
        return date.fromisoformat(text[:10]).isoformat()
    except ValueError as exc:
        raise Misfit from exc


def kept(value: t.Any) -> t.Any:
    """Convert what the schema leaves open: not at all."""
    return value


class Shaper:
    """Turns raw records into records of one schema, and counts what did not fit.

    Args:
        schema: Content of a schema file.
        zone: The platform's time zone.
        nulls: Texts that the platform writes for "nothing", such as `null`.
        on_unknown: Called with the path of each field that the schema does not know.
        on_misfit: Called with the path of each value that does not fit its type.

    Attributes:
        shape: Shapes one record.
    """

    def __init__(
        self,
        schema: Schema,
        *,
        zone: tzinfo,
        nulls: frozenset[str],
        on_unknown: Callable[[str], None],
        on_misfit: Callable[[str], None],
    ) -> None:
        self._times = TimeText(zone)
        self.nulls = nulls
        self.on_unknown = on_unknown
        self.on_misfit = on_misfit
        self.shape: Callable[[Mapping[str, t.Any]], dict[str, t.Any]] = self._object(schema, "")

    def _object(self, schema: Schema, path: str) -> Callable[[t.Any], dict[str, t.Any]]:
        prefix = f"{path}." if path else ""
        table = {
            name: self.entry(part, prefix + name) for name, part in schema["properties"].items()
        }
        find = table.get
        nulls, on_unknown, on_misfit = self.nulls, self.on_unknown, self.on_misfit

        def convert(raw: t.Any) -> dict[str, t.Any]:
            if not isinstance(raw, dict):
                raise Misfit
            shaped: dict[str, t.Any] = {}
            for name, value in raw.items():
                entry = find(name)
                if entry is None:
                    on_unknown(prefix + name)
                    continue
                kind, change = entry
                if value.__class__ is kind:
                    shaped[name] = None if kind is str and value in nulls else value
                elif value is None or (value.__class__ is str and value in nulls):
                    shaped[name] = None
                else:
                    try:
                        shaped[name] = change(value)
                    except Misfit:
                        on_misfit(prefix + name)
                        shaped[name] = None
            return shaped

        return convert

    def entry(  # noqa: PLR0911 - one return per type
        self, schema: Schema, path: str
    ) -> tuple[type | None, Convert]:
        """Return the Python type of a part that needs no conversion (or None), and the conversion."""
        kinds = schema.get("type", [])
        kinds = {kinds} if isinstance(kinds, str) else set(kinds)
        if schema.get("x-json"):
            inner = self.entry({k: v for k, v in schema.items() if k != "x-json"}, path)[1]
            return None, Parsed(inner)
        if "object" in kinds and "properties" in schema:
            return None, _lenient(self._object(schema, path))
        if "array" in kinds and "items" in schema:
            return None, self._array(schema["items"], f"{path}[]")
        if "object" in kinds or "array" in kinds:
            return None, kept
        if "string" in kinds:
            return self._string(schema)
        if "integer" in kinds:
            return int, _integer
        if "boolean" in kinds:
            return bool, _boolean
        return (int, _number) if "number" in kinds else (None, kept)

    def many(self, convert: Convert) -> ConvertMany | None:
        """Return the conversion of a whole list that belongs to a conversion, if there is one."""
        whole: dict[Convert, ConvertMany] = {
            self._times.local: self._times.many_local,
            self._times.milliseconds: self._times.many_milliseconds,
            _decimal: _decimals,
            _number: _numbers,
        }
        return whole.get(convert)

    def _string(self, schema: Schema) -> tuple[type | None, Convert]:
        form = schema.get("format")
        if form == "date-time":
            times = {"s": "seconds", "ms": "milliseconds", "local": "local"}
            return None, getattr(self._times, times.get(schema.get("x-time", ""), "auto"))
        if form == "date":
            return None, _date
        if form == "singer.decimal":
            return None, _decimal
        return str, _text

    def _array(self, schema: Schema, path: str) -> Convert:
        kind, convert = self.entry(schema, path)
        on_misfit = self.on_misfit

        def convert_all(value: t.Any) -> list[t.Any] | None:
            if value == "":
                return None
            if not isinstance(value, list):
                raise Misfit
            shaped = []
            for item in value:
                try:
                    plain = item is None or item.__class__ is kind
                    shaped.append(item if plain else convert(item))
                except Misfit:
                    on_misfit(path)
                    shaped.append(None)
            return shaped

        return convert_all


def _number(value: t.Any) -> Decimal | int | None:
    if value.__class__ is Decimal and value.is_finite():
        return value
    text = _decimal(value)
    return None if text is None else Decimal(text)


def _numbers(values: list[t.Any]) -> list[t.Any] | None:
    """Convert many numbers at once; None if one of them is no finite decimal."""
    plain = set(map(type, values)) == {Decimal} and all(map(Decimal.is_finite, values))
    return values if plain else None


def _lenient(convert: Convert) -> Convert:
    """Platforms write an empty object as "", and in PHP's manner as []."""

    def wrapped(value: t.Any) -> t.Any:
        return None if value in ("", []) else convert(value)

    return wrapped


class Parsed:
    """Converts what stands within JSON text.

    Args:
        convert: Converts the parsed value.
    """

    def __init__(self, convert: Convert) -> None:
        self._convert = convert

    def __call__(self, value: t.Any) -> t.Any:
        """Convert a text, or a value that was none."""
        if isinstance(value, str):
            if not value.strip():
                return None
            try:
                value = _decode_text(value)
            except msgspec.DecodeError as exc:
                raise Misfit from exc
        return None if value is None else self._convert(value)

    @staticmethod
    def many(values: list[t.Any]) -> list[t.Any] | None:
        """Parse many texts, without the conversion of what they hold; None if one is no JSON."""
        try:
            return list(map(_decode_text, values))
        except (msgspec.DecodeError, TypeError):
            return None
