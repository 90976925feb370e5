"""What identifies a person leaves the tap hashed, or not at all, wherever it writes."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging

import pytest
from jsonschema import Draft202012Validator
from openplatform import schemas
from openplatform.errors import ConfigurationError
from openplatform.personal import marked

from conformance.reading import Reading

# A few records of each stream; every tap pays for three runs.
FEW = {"size": 4, "accounts": 1, "history_days": 2, "refresh_grace": 300}
KEY = "the key of the trials, no one's own"
# Shorter texts stand within others by chance.
TELLING = 6


class People(Reading):
    """Runs with `personal_data`."""

    @pytest.fixture
    def few(self, trial_of):
        world = {**FEW, **self.facts.world}
        return self.prepared(trial_of(self.facts.tap, platform=self.facts.platform, **world))

    def test_no_one_is_named_when_people_are_hashed_or_dropped(self, few, caplog):
        caplog.set_level(logging.DEBUG)
        sources = {kind.name: source_of(kind) for kind in self.facts.kinds}
        named = [k.name for k in self.facts.kinds if any(map(_marks(k), k.key))]
        plain = few.run(*sources)
        people, others = set(), set(few.names)
        for name, source in sources.items():
            for record in self.rows(plain, name):
                _sort(record, source, people, others)

        def check(messages, change):
            for name, source in sources.items():
                expected = [change(name)(record, source) for record in self.rows(plain, name)]
                if name not in self.facts.apart:
                    assert _sorted(self.rows(messages, name)) == _sorted(expected), name
                validator = Draft202012Validator(messages.schema(name)["schema"])
                for record in messages.records(name):
                    validator.validate(record)
            written = json.dumps(messages.all, ensure_ascii=False) + caplog.text
            stray = [one for one in people if one in written]
            assert [one for one in stray if not any(one in other for other in others)] == []

        caplog.clear()
        hashed = few.run(*sources, personal_data="hash", personal_key=KEY)
        check(hashed, lambda _: _hashed)
        if named:
            with pytest.raises(
                ConfigurationError, match=f"the key of .*{named[0]}.* identifies a person"
            ):
                few.run(*named, personal_data="drop")
        caplog.clear()
        own = dict(few.config.get("streams", {}))
        own |= {name: {**own.get(name, {}), "personal_data": "hash"} for name in named}
        dropped = few.run(*sources, personal_data="drop", personal_key=KEY, streams=own)
        check(dropped, lambda name: _hashed if name in named else _without)

    def rows(self, messages, name):
        """Return the records of a stream without the library's fields, and those that expire."""
        ignored = self.facts.ignored.get(name, frozenset())
        return [
            {f: value for f, value in r.items() if not f.startswith("_") and f not in ignored}
            for r in messages.records(name)
        ]


def source_of(kind):
    """Return the content of a stream's schema file."""
    return kind.made_schema or schemas.load(kind.package, kind.shaped_as or kind.name)


def _marks(kind):
    return lambda name: marked(source_of(kind)["properties"].get(name, {}))


def _sorted(records):
    return sorted(records, key=lambda record: json.dumps(record, sort_keys=True))


def _hashed(value, schema):
    if value is None or value == "":
        return value
    if marked(schema) and not isinstance(value, list):
        kept = {"ensure_ascii": False, "sort_keys": True, "separators": (",", ":")}
        text = value if isinstance(value, str) else json.dumps(value, **kept)
        return hmac.new(KEY.encode(), text.encode(), hashlib.sha256).hexdigest()
    if isinstance(value, list):
        inner = {"x-personal": True} if marked(schema) else schema.get("items", {})
        return [_hashed(one, inner) for one in value]
    if isinstance(value, dict):
        parts = schema.get("properties", {})
        return {name: _hashed(one, parts.get(name, {})) for name, one in value.items()}
    return value


def _without(value, schema):
    if isinstance(value, list):
        return [_without(one, schema.get("items", {})) for one in value]
    if isinstance(value, dict):
        parts = {name: schema.get("properties", {}).get(name, {}) for name in value}
        return {n: _without(one, parts[n]) for n, one in value.items() if not marked(parts[n])}
    return value


def _sort(value, schema, people, others):
    """Put the texts of a record to those of people or to the others, by where they stand."""
    if isinstance(value, dict):
        parts = {} if marked(schema) else schema.get("properties", {})
        others.update(value)
        for name, one in value.items():
            part = {"x-personal": True} if marked(schema) else parts.get(name, {})
            _sort(one, part, people, others)
    elif isinstance(value, list):
        inner = {"x-personal": True} if marked(schema) else schema.get("items", {})
        for one in value:
            _sort(one, inner, people, others)
    elif len(text := str(value)) >= TELLING or not text.isascii():
        (people if marked(schema) else others).add(text)
