"""From the JSON of a record to typed values: one pass of a compiled decoder, which also validates.

A record that the decoder refuses takes the slow path, which mends what is harmless (a bare date in a
date-time, 1.0 for an integer) and names precisely what is wrong with the rest.
"""

from __future__ import annotations

import re
import typing as t
from datetime import date, datetime, time, timezone
from decimal import Decimal, InvalidOperation
from itertools import repeat
from operator import attrgetter

import msgspec

from target_warehouse.messages import TableVersion, without_nul
from target_warehouse.schema import INT64_MAX, Field, Kind, StreamSchema
from target_warehouse.versions import parse_moment

if t.TYPE_CHECKING:
    from decimal import Context

Record: t.TypeAlias = msgspec.Struct
"""One decoded record: attributes f0, f1, ... in the order of its schema's fields."""


class Lines(t.NamedTuple):
    """What RECORD lines carry.

    Attributes:
        records: Their records.
        versions: The different versions of full reads that they name; None for those that name none.
    """

    records: list[Record]
    versions: set[int | None]


_NUL_ESCAPE = b"\\u0000"

_Integer = t.Annotated[int, msgspec.Meta(ge=-INT64_MAX - 1, le=INT64_MAX)]
_LocalTime = t.Annotated[time, msgspec.Meta(tz=False)]
_TYPES: dict[Kind, t.Any] = {
    Kind.TEXT: str,
    Kind.INTEGER: _Integer,
    Kind.HUGE: Decimal,
    Kind.DECIMAL: Decimal,
    Kind.BOOLEAN: bool,
    Kind.TIMESTAMP: datetime,
    Kind.DATE: date,
    Kind.TIME: _LocalTime,
    Kind.JSON: msgspec.Raw,
}
_record_of, _version_of = attrgetter("record"), attrgetter("version")
_loose = msgspec.json.Decoder(float_hook=Decimal)
_UNFINDABLE = re.compile(r'["\\\x00-\x1f]')
_exact = msgspec.json.Encoder(decimal_format="number")
_text = msgspec.json.Decoder(str)


class BadRecordError(Exception):
    """A record that cannot be loaded; its text is the reason."""

    def __init__(self, reason: str, *, missing_key: bool = False) -> None:
        super().__init__(reason)
        self.missing_key = missing_key


class DecimalLimits(t.NamedTuple):
    """What an engine's decimals hold.

    Attributes:
        context: Raises InvalidOperation for what needs more digits.
        unit: The smallest decimal that can be told apart, such as Decimal("1e-18").
    """

    context: Context
    unit: Decimal


class RecordDecoder:
    """Decodes and validates the records of one schema.

    Args:
        schema: The stream's schema.
        fields: Those of its fields that are loaded.
        limits: What the engine's decimals hold; None for any finite decimal.
    """

    def __init__(
        self, schema: StreamSchema, fields: t.Sequence[Field], limits: DecimalLimits | None
    ) -> None:
        self.fields = tuple(fields)
        self._key = schema.key
        self._limits = limits
        attributes = {field.name: f"f{index}" for index, field in enumerate(self.fields)}
        self._aliases = _aliases(self.fields)
        self.struct = _struct(self.fields, self._aliases)
        self._decode = msgspec.json.Decoder(self.struct).decode
        self._decode_lines = msgspec.json.Decoder(_line(self.struct)).decode_lines
        self._json = [(attributes[f.name], f.opens, f) for f in self.fields if _is_raw(f)]
        self._decimals = [
            (attributes[f.name], f) for f in self.fields if f.kind in {Kind.DECIMAL, Kind.HUGE}
        ]
        self.key_of: t.Callable[[Record], t.Any] | None = (
            attrgetter(*(attributes[name] for name in schema.key)) if schema.key else None
        )
        kinds = {field.name: field.kind for field in self.fields}
        if self.key_of is not None and Kind.TIMESTAMP in {kinds[name] for name in schema.key}:
            self.key_of = _in_utc(self.key_of)
        version = attributes.get(schema.version or "")
        self.version_of: t.Callable[[Record], t.Any] | None = (
            attrgetter(version) if version else None
        )

    def decode(self, raw: msgspec.Raw, line: bytes) -> Record:
        """Return the record; `line` is the text that `raw` stands in.

        Raises:
            BadRecordError: With the reason, when it does not fit its schema.
        """
        try:
            return self._decoded(raw, line)
        except RecursionError:
            raise BadRecordError("It is nested too deeply to be read") from None

    def _decoded(self, raw: msgspec.Raw, line: bytes) -> Record:
        if _NUL_ESCAPE in line:
            raw = msgspec.Raw(without_nul(bytes(raw)))
        if self._aliases:
            return self._slowly(raw)
        try:
            record = self._decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return self._slowly(raw)
        self._finish([record])
        return record

    def decode_lines(self, block: bytes, count: int) -> Lines | None:
        """Return what RECORD lines carry, in one go; None when one of them needs a closer look."""
        if _NUL_ESCAPE in block or self._aliases:
            return None
        try:
            decoded = self._decode_lines(block)
            records = list(map(_record_of, decoded))
            self._finish(records)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, BadRecordError):
            return None
        if len(records) != count:
            return None
        return Lines(records, set(map(_version_of, decoded)))

    def payload(self, record: Record) -> bytes:
        """Return a decoded record as JSON again."""
        shown = {
            field.name: msgspec.Raw(value.encode()) if field.kind is Kind.JSON else value
            for field, value in zip(self.fields, msgspec.structs.astuple(record), strict=True)
            if value is not None
        }
        return _exact.encode(shown)

    def _finish(self, records: t.Sequence[Record]) -> None:
        """Check what the decoder cannot: the beginnings of JSON, and the room for decimals."""
        for attribute, opens, field in self._json:
            raws = map(attrgetter(attribute), records)
            texts = [None if raw is None else str(raw, "utf-8") for raw in raws]
            if not {text[0] for text in texts if text is not None}.issubset(opens):
                texts = [
                    text if text is None or text[0] in opens else _json_text(text, field)
                    for text in texts
                ]
            for record, text in zip(records, texts, strict=True):
                setattr(record, attribute, text)
        for attribute, field in self._decimals:
            values = list(map(attrgetter(attribute), records))
            if field.kind is Kind.HUGE or not self._all_fit(
                [value for value in values if value is not None]
            ):
                for value in values:
                    if value is not None:
                        self._check_decimal(value, field)

    def _all_fit(self, values: list[Decimal]) -> bool:
        """Tell whether no value needs a closer look."""
        if self._limits is None:
            return all(map(Decimal.is_finite, values))
        quantize, unit = self._limits.context.quantize, self._limits.unit
        try:
            return list(map(quantize, values, repeat(unit))) == values
        except InvalidOperation:
            return False

    def _check_decimal(self, value: Decimal, field: Field) -> None:
        if not value.is_finite():
            raise BadRecordError(f"Expected a finite number, got {value} - at `$.{field.name}`")
        if field.kind is Kind.HUGE and value != value.to_integral_value():
            raise BadRecordError(f"Expected an integer, got {value} - at `$.{field.name}`")
        if self._limits is None or (field.approximate and abs(value) < 1):
            return
        unit = Decimal(1) if field.kind is Kind.HUGE else self._limits.unit
        try:
            rounded = self._limits.context.quantize(value, unit)
        except InvalidOperation:
            rounded = None
        if rounded is None or (rounded != value and not field.approximate):
            raise BadRecordError(
                f"{value} does not fit a decimal with {-int(unit.as_tuple().exponent)} "
                f"digits after the point and 38 in all - at `$.{field.name}`"
            )

    def _slowly(self, raw: msgspec.Raw) -> Record:
        try:
            values = _loose.decode(raw)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise BadRecordError(f"Not valid JSON: {error}") from None
        if not isinstance(values, dict):
            raise BadRecordError(f"Expected an object, got {type(values).__name__}")
        for name in self._key:
            if values.get(name) is None:
                raise BadRecordError(f"The key property {name!r} is missing", missing_key=True)
        for field in self.fields:
            if field.name in values:
                values[field.name] = _mended(values[field.name], field)
        if self._aliases:
            named = [(self._aliases.get(f.name, f.name), f.name) for f in self.fields]
            values = {alias: values[name] for alias, name in named if name in values}
        try:
            record = self._decode(_exact.encode(values))
        except msgspec.MsgspecError as error:
            raise BadRecordError(str(error)) from None
        self._finish([record])
        return record


def _is_raw(field: Field) -> bool:
    return field.kind is Kind.JSON or field.mixed


def _aliases(fields: tuple[Field, ...]) -> dict[str, str]:
    """Return other names for those properties whose names the decoder cannot look for."""
    names = {field.name for field in fields}
    aliases: dict[str, str] = {}
    for name in (field.name for field in fields if _UNFINDABLE.search(field.name)):
        alias = _UNFINDABLE.sub("_", name)
        while alias in names:
            alias += "_"
        names.add(alias)
        aliases[name] = alias
    return aliases


def _in_utc(key_of: t.Callable[[Record], t.Any]) -> t.Callable[[Record], t.Any]:
    """Return the key with moments that can be compared: those without an offset are UTC."""

    def aware(value: t.Any) -> t.Any:
        naive = isinstance(value, datetime) and value.tzinfo is None
        return value.replace(tzinfo=timezone.utc) if naive else value

    def key(record: Record) -> t.Any:
        value = key_of(record)
        return tuple(map(aware, value)) if isinstance(value, tuple) else aware(value)

    return key


def _struct(fields: tuple[Field, ...], aliases: dict[str, str]) -> type[Record]:
    definitions: list[t.Any] = []
    for index, field in enumerate(fields):
        base = msgspec.Raw if _is_raw(field) else _TYPES[field.kind]
        annotation = t.Optional[base] if field.nullable and not _is_raw(field) else base  # noqa: UP045
        name = f"f{index}"
        definitions.append((name, annotation) if field.required else (name, annotation, None))
    names = {f"f{n}": aliases.get(field.name, field.name) for n, field in enumerate(fields)}
    return msgspec.defstruct("Record", definitions, rename=names, gc=False, kw_only=True)


def _line(struct: type[Record]) -> type[msgspec.Struct]:
    """Return the form of a RECORD line, of which only the record and its version are read."""
    version = (t.Optional[TableVersion], None)  # noqa: UP045 - msgspec reads it at run time
    return msgspec.defstruct("Line", [("record", struct), ("version", *version)], gc=False)


def _json_text(text: str, field: Field) -> str | None:
    if text == "null":
        if not field.nullable:
            raise BadRecordError(f"Expected {_expected(field)}, got null - at `$.{field.name}`")
        return None
    if field.mixed:
        if text[0] in "{[":
            raise BadRecordError(f"Expected {_expected(field)}, got JSON - at `$.{field.name}`")
        return _text.decode(text) if text[0] == '"' else text
    if field.opens and text[0] not in field.opens:
        if (written := _written_json(text)) is not None and written[0] in field.opens:
            return written
        raise BadRecordError(f"Expected {_expected(field)}, got {text[:40]} - at `$.{field.name}`")
    return text


def _written_json(text: str) -> str | None:
    """Return the object or array that some taps write as text; None when the JSON is no such text."""
    if text[0] != '"':
        return None
    inner = without_nul(_text.decode(text).strip().encode())
    try:
        msgspec.json.decode(inner, type=msgspec.Raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return inner.decode()


def _expected(field: Field) -> str:
    if field.mixed:
        return "a text, number or boolean"
    words = {"{": "an object", "[": "an array", "{[": "an object or array"}
    return words.get(field.opens, "a value")


def _mended(value: t.Any, field: Field) -> t.Any:
    """Return the value in the form that the strict decoder takes, where nothing is lost by it."""
    if (
        field.kind is Kind.INTEGER
        and isinstance(value, Decimal)
        and value == value.to_integral_value()
    ):
        return int(value) if abs(value) <= INT64_MAX else value
    if field.kind is Kind.TIMESTAMP and isinstance(value, str):
        moment = parse_moment(value)
        return value if moment is None else moment.isoformat()
    if field.kind is Kind.TIME and isinstance(value, str):
        return _utc_time(value)
    if field.kind is Kind.DATE and isinstance(value, str):
        midnight = re.fullmatch(r"(\d{4}-\d{2}-\d{2})[T ]00:00:00(\.0+)?(Z|[+-]00:?00)?", value)
        return midnight.group(1) if midnight else value
    return value


def _utc_time(text: str) -> str:
    """Return a time of day with an offset as that in UTC."""
    try:
        value = msgspec.convert(text, time)
    except msgspec.ValidationError:
        return text
    if value.tzinfo is None:
        return text
    return datetime.combine(date(2000, 1, 2), value).astimezone(timezone.utc).time().isoformat()
