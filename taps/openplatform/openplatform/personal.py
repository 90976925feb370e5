"""Personal data: what identifies a person leaves the tap as it is, as a keyed hash, or not at all.

Schema files mark such fields with `x-personal`. Within a run the true values are needed (details are
asked for by the ids of people), so records are changed where they leave, a page at a time.
"""

from __future__ import annotations

import hmac
import typing as t
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from singer_sdk import typing as th

from openplatform.errors import ConfigurationError
from openplatform.records import Record
from openplatform.schemas import Schema

KEEP, HASH, DROP = "keep", "hash", "drop"
MARK = "x-personal"
_MODES = (KEEP, HASH, DROP)
_SHORTEST_KEY = 16
# Values of a field of several records to what leaves instead; none of them is null.
Change = Callable[[list[t.Any]], list[t.Any]]
_encode = msgspec.json.Encoder(decimal_format="number", order="sorted").encode


def settings() -> tuple[th.Property[t.Any], th.Property[t.Any]]:
    """Return the settings `personal_data` and `personal_key`."""
    return (
        stream_setting(
            "What becomes of fields that identify a person: they stay, are replaced by a"
            " keyed hash of their text, or left out. Default: keep."
        ),
        th.Property(
            "personal_key",
            th.StringType,
            secret=True,
            description=(
                "Key of the hashes, 16 characters or more. The same key gives the same hash of a text "
                "in every run and every tap; who has it can try texts out."
            ),
        ),
    )


def stream_setting(description: str = "Overrides personal_data.") -> th.Property[t.Any]:
    """Return the setting `personal_data`, as a single stream has it as well."""
    return th.Property(
        "personal_data", th.StringType, allowed_values=list(_MODES), description=description
    )


@dataclass(frozen=True, slots=True)
class Policy:
    """What becomes of personal data.

    Attributes:
        mode: `keep`, `hash` or `drop`.
        key: Key of the hashes.
    """

    mode: str = KEEP
    key: bytes = b""

    @classmethod
    def read(cls, config: Mapping[str, t.Any], stream: str) -> Policy:
        """Read what the settings say of a stream.

        Raises:
            ConfigurationError: They make no sense.
        """
        own = (config.get("streams") or {}).get(stream) or {}
        mode = own.get("personal_data") or config.get("personal_data") or KEEP
        if mode not in _MODES:
            msg = f"Setting personal_data: {mode!r} is unknown. Write {', '.join(_MODES)}."
            raise ConfigurationError(msg)
        key = str(config.get("personal_key") or "")
        if mode == HASH and len(key) < _SHORTEST_KEY:
            msg = (
                f"Setting personal_key: personal_data is {HASH}, which needs a key of {_SHORTEST_KEY} "
                'characters or more. Make one with: python3 -c "import secrets; '
                'print(secrets.token_hex(32))". Keep it: with another one all hashes are others.'
            )
            raise ConfigurationError(msg)
        return cls(mode, key.encode())


def restricted(config: Mapping[str, t.Any]) -> bool:
    """Tell whether personal data of any stream is hashed or dropped."""
    streams = (config.get("streams") or {}).values()
    modes = (part.get("personal_data") for part in (config, *(one or {} for one in streams)))
    return any(mode not in {None, "", KEEP} for mode in modes)


class Shield:
    """What becomes of the personal data of one stream.

    Args:
        policy: What the settings say.
        schema: Content of the stream's schema file.

    Attributes:
        policy: What the settings say.
        fields: Top-level fields that are hashed or dropped as a whole.
    """

    def __init__(self, policy: Policy, schema: Schema) -> None:
        self.policy = policy
        self._drops = policy.mode == DROP
        self._change = None if policy.mode == KEEP else self._object(schema)
        self.fields = frozenset(
            name for name, part in schema["properties"].items() if self._change and marked(part)
        )

    @property
    def idle(self) -> bool:
        """Whether records leave as they are."""
        return self._change is None

    def drops_key(self, key: Sequence[str]) -> bool:
        """Tell whether a field of the key would be dropped."""
        return self._drops and not self.fields.isdisjoint(key)

    def schema(self, schema: Schema) -> Schema:
        """Return the schema of what leaves."""
        return schema if self.idle else self._left(schema)

    def records(self, records: Sequence[Record]) -> list[Record]:
        """Return what leaves of some records; they themselves stay as they are."""
        return list(records) if self._change is None else self._change(list(records))

    def _left(self, schema: Schema) -> Schema:
        if marked(schema):
            return _hashed(schema)
        left = dict(schema)
        if "properties" in schema:
            left["properties"] = {
                name: self._left(part)
                for name, part in schema["properties"].items()
                if not (self._drops and marked(part))
            }
        if isinstance(schema.get("items"), dict):
            left["items"] = self._left(schema["items"])
        return left

    def _object(self, schema: Schema) -> Change | None:
        """Return what changes objects of a schema; None where nothing in them is personal."""
        parts = schema.get("properties", {})
        dropped = [name for name, part in parts.items() if self._drops and marked(part)]
        found = ((name, self._part(p)) for name, p in parts.items() if name not in dropped)
        changes = [(name, change) for name, change in found if change is not None]
        if not (dropped or changes):
            return None

        def change_all(objects: list[t.Any]) -> list[t.Any]:
            copies = [one.copy() for one in objects]
            for name in dropped:
                for one in copies:
                    one.pop(name, None)
            for name, change in changes:
                held = copies
                values = [one.get(name) for one in copies]
                if None in values:
                    held = [one for one, v in zip(copies, values, strict=True) if v is not None]
                    values = [value for value in values if value is not None]
                if values:
                    for one, value in zip(held, change(values), strict=True):
                        one[name] = value
            return copies

        return change_all

    def _part(self, schema: Schema) -> Change | None:
        if marked(schema):
            return _each(self._hashes) if _listed(schema) else self._hashes
        if "properties" in schema:
            return self._object(schema)
        if isinstance(schema.get("items"), dict):
            inner = self._part(schema["items"])
            return None if inner is None else _each(inner)
        return None

    def _hashes(self, values: list[t.Any]) -> list[t.Any]:
        texts = [v if v.__class__ is str else _encode(v).decode() for v in values]
        # An empty text tells nothing of anyone, but that there is none.
        hashes = {text: text and self._hash(text) for text in set(texts)}
        return [hashes[text] for text in texts]

    def _hash(self, text: str) -> str:
        return hmac.digest(self.policy.key, text.encode("utf-8", "surrogatepass"), "sha256").hex()


class Shielded(t.Protocol):
    """A stream, as far as it matters here."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def key(self) -> tuple[str, ...]:
        """Fields that identify a record."""

    @property
    def shield(self) -> Shield:
        """What becomes of its personal data."""


def check(streams: Iterable[Shielded], *, raw: bool) -> None:
    """Refuse what cannot be.

    Args:
        streams: The streams that shall be read.
        raw: Whether records shall carry `_raw`.

    Raises:
        ConfigurationError: Says what to set instead.
    """
    held = [one for one in streams if one.shield.policy.mode != KEEP]
    if held and raw:
        msg = (
            f"Setting include_raw: _raw would bring all that personal_data keeps back of {held[0].name}. "
            "Leave out one of them."
        )
        raise ConfigurationError(msg)
    if keyed := [one.name for one in held if one.shield.drops_key(one.key)]:
        own = ", ".join(f"{name}: {{personal_data: {HASH}}}" for name in keyed)
        msg = (
            f"Setting personal_data: the key of {', '.join(keyed)} identifies a person and cannot be "
            f"dropped. Leave these streams out, or hash them: streams: {{{own}}}."
        )
        raise ConfigurationError(msg)


def _each(change: Change) -> Change:
    """Return what changes the items of lists; nulls among them stay."""

    def change_lists(lists: list[t.Any]) -> list[t.Any]:
        # Where a schema leaves the items open, a platform may send one without a list around it.
        lists = [items if items.__class__ is list else [items] for items in lists]
        new = iter(change([item for items in lists for item in items if item is not None]))
        return [[None if item is None else next(new) for item in items] for items in lists]

    return change_lists


def marked(schema: Schema) -> bool:
    """Tell whether a field is personal as a whole."""
    items = schema.get("items")
    return bool(schema.get(MARK)) or (isinstance(items, dict) and marked(items))


def marks(schema: Schema, path: str = "") -> Iterator[str]:
    """Yield the paths of all personal fields of a schema, such as `orders[].receiver_name`."""
    if path and marked(schema):
        yield path
        return
    for name, part in schema.get("properties", {}).items():
        yield from marks(part, f"{path}.{name}" if path else name)
    if isinstance(schema.get("items"), dict):
        yield from marks(schema["items"], f"{path}[]")


def _types(schema: Schema) -> set[str]:
    kinds = schema.get("type", ())
    return {kinds} if isinstance(kinds, str) else set(kinds)


def _listed(schema: Schema) -> bool:
    return _types(schema) - {"null"} == {"array"}


def _hashed(schema: Schema) -> Schema:
    """Return the schema of a field that is hashed; only where null was ruled out before, it still is."""
    kinds = _types(schema)
    null = ["null"] if not kinds or "null" in kinds else []
    left: Schema = {"type": ["string", *null]}
    if _listed(schema):
        left = {"type": ["array", *null], "items": {"type": ["string", "null"]}}
    if told := schema.get("description"):
        left["description"] = told
    return left
