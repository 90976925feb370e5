"""What identifies a person leaves hashed, or not at all; everything else as it is."""

from __future__ import annotations

import copy
import hashlib
import hmac
import typing as t

import pytest
from hypothesis import given, strategies as st
from jsonschema import Draft202012Validator
from openplatform.errors import ConfigurationError
from openplatform.personal import DROP, HASH, KEEP, Policy, Shield, check, marks, restricted
from openplatform.redaction import Redactor
from openplatform.schemas import published

KEY = "a key of the tests, no one's own"
TEXT: dict[str, t.Any] = {"type": ["string", "null"]}
PERSONAL = {**TEXT, "x-personal": True}
SCHEMA: dict[str, t.Any] = {
    "type": "object",
    "properties": {
        "id": {"type": ["string"], "x-personal": True},
        "day": TEXT,
        "age": {"type": ["integer", "null"], "x-personal": True, "description": "In years"},
        "phones": {"type": ["array", "null"], "items": TEXT, "x-personal": True},
        "mails": {"type": ["array", "null"], "items": PERSONAL},
        "form": {"type": ["object", "null"], "x-personal": True},
        "any": {"x-personal": True},
        "open": {},
        "buyer": {
            "type": ["object", "null"],
            "properties": {"name": PERSONAL, "level": {"type": ["integer", "null"]}},
        },
        "lines": {
            "type": ["array", "null"],
            "items": {
                "type": ["object", "null"],
                "properties": {
                    "title": TEXT,
                    "to": {"type": ["object", "null"], "properties": {"tel": PERSONAL}},
                },
            },
        },
        "grid": {
            "type": ["array", "null"],
            "items": {
                "type": ["array", "null"],
                "items": {"type": ["object", "null"], "properties": {"who": PERSONAL}},
            },
        },
    },
}
ALL = {"id", "age", "phones", "mails", "form", "any", "buyer.name", "lines[].to.tel", "grid[][].who"}  # fmt: skip
WORDS = st.sampled_from(["", "Li Lei", "13800000001", "x"])


def maybe(some: st.SearchStrategy[t.Any]) -> st.SearchStrategy[t.Any]:
    return st.none() | some


def objects(**fields: st.SearchStrategy[t.Any]) -> st.SearchStrategy[t.Any]:
    return st.fixed_dictionaries({}, optional={name: maybe(part) for name, part in fields.items()})


ANY = st.integers() | WORDS | st.lists(WORDS) | st.dictionaries(WORDS, WORDS)
RECORDS = st.lists(
    st.fixed_dictionaries(
        {"id": WORDS},
        optional={
            "day": maybe(WORDS),
            "age": maybe(st.integers()),
            "phones": maybe(st.lists(maybe(WORDS))),
            "mails": maybe(st.lists(maybe(WORDS))),
            "form": maybe(st.dictionaries(WORDS, ANY)),
            "any": maybe(ANY),
            "open": maybe(ANY),
            "buyer": maybe(objects(name=WORDS, level=st.integers())),
            "lines": maybe(st.lists(maybe(objects(title=WORDS, to=objects(tel=WORDS))))),
            "grid": maybe(st.lists(maybe(st.lists(maybe(objects(who=WORDS)))))),
        },
    ),
    max_size=4,
)


def shield(mode: str, schema: dict[str, t.Any] = SCHEMA, key: str = KEY) -> Shield:
    return Shield(Policy.read({"personal_data": mode, "personal_key": key}, "s"), schema)


def hashed(text: str) -> str:
    return text and hmac.new(KEY.encode(), text.encode(), hashlib.sha256).hexdigest()


def at(value: t.Any, path: str) -> list[t.Any]:
    """Return what stands at a path, nulls and missing parts left out."""
    found = [value]
    for name in path.split("."):
        plain, *lists = name.split("[")
        found = [one[plain] for one in found if one.get(plain) is not None]
        for _ in lists:
            found = [item for one in found for item in one if item is not None]
    return found


def test_all_marks_are_found():
    assert set(marks(SCHEMA)) == ALL


@given(RECORDS)
def test_a_hash_stands_where_a_person_stood(records):
    before = copy.deepcopy(records)
    left = shield(HASH).records(records)
    assert records == before, "details are asked for by the true ids"
    for path in ("id", "buyer.name", "lines[].to.tel", "grid[][].who", "phones[]", "mails[]"):
        for old, new in zip(records, left, strict=True):
            assert at(new, path) == [hashed(text) for text in at(old, path)]
    for old, new in zip(records, left, strict=True):
        assert [str(old.get("age"))] == ["None"] or new["age"] == hashed(str(old["age"]))
        for path in ("day", "open", "buyer.level", "lines[].title"):
            assert at(new, path) == at(old, path)
        for path in ("form", "any"):
            assert all(one == "" or len(one) == 64 for one in at(new, path))
        assert new.keys() == old.keys()


@given(RECORDS)
def test_nothing_stands_where_a_person_stood(records):
    for old, new in zip(records, shield(DROP).records(records), strict=True):
        for path in ALL:
            assert at(new, path) == []
        for path in ("day", "open", "buyer.level", "lines[].title"):
            assert at(new, path) == at(old, path)


@pytest.mark.parametrize("mode", [KEEP, HASH, DROP])
@given(records=RECORDS)
def test_what_leaves_fits_the_schema_that_is_announced(mode, records):
    one = shield(mode)
    schema = published(one.schema(SCHEMA))
    validator = Draft202012Validator(schema)
    for record in one.records(records):
        validator.validate(record)
    assert bool(set(marks(one.schema(SCHEMA)))) == (mode == KEEP)
    gone = SCHEMA["properties"].keys() - schema["properties"].keys()
    assert gone == ({"id", "age", "phones", "mails", "form", "any"} if mode == DROP else set())


def test_a_hashed_field_is_text_that_may_be_null():
    schema = shield(HASH).schema(SCHEMA)["properties"]
    assert schema["age"] == {"type": ["string", "null"], "description": "In years"}
    assert schema["id"] == {"type": ["string"]}
    assert schema["any"] == TEXT
    assert schema["phones"] == {"type": ["array", "null"], "items": TEXT}
    assert schema["buyer"]["properties"]["name"] == TEXT


def test_numbers_and_texts_of_one_id_have_one_hash_and_objects_have_no_order():
    schema = {"properties": {"a": {"x-personal": True}}}
    one = shield(HASH, schema)
    pairs = [(7, "7"), ({"x": 1, "y": "z"}, {"y": "z", "x": 1}), (True, "true")]
    for pair in pairs:
        first, second = one.records([{"a": value} for value in pair])
        assert first == second
    assert one.records([{"a": 7}]) != shield(HASH, schema, KEY + "!").records([{"a": 7}])


def test_one_item_without_a_list_around_it_becomes_a_list():
    schema = {"properties": {"a": {"type": ["array", "null"], "x-personal": True}}}
    assert shield(HASH, schema).records([{"a": "x"}]) == [{"a": [hashed("x")]}]


def test_records_stay_the_same_objects_without_marks_or_settings():
    records = [{"day": "1"}]
    for one in (shield(HASH, {"properties": {"day": TEXT}}), shield(KEEP)):
        assert one.idle
        assert one.records(records)[0] is records[0]


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"personal_data": "hide"}, r"'hide' is unknown. Write keep, hash, drop"),
        ({"personal_data": "hash"}, r"personal_key: .* needs a key of 16 characters"),
        ({"personal_data": "hash", "personal_key": "short"}, "token_hex"),
        ({"streams": {"s": {"personal_data": "hash"}}}, "personal_key"),
    ],
)
def test_settings_that_make_no_sense_are_refused(config, told):
    with pytest.raises(ConfigurationError, match=told):
        Policy.read(config, "s")


def test_a_stream_may_have_a_policy_of_its_own():
    config = {"personal_data": "drop", "streams": {"s": {"personal_data": "keep"}}}
    assert Policy.read(config, "s").mode == KEEP
    assert Policy.read(config, "other").mode == DROP
    assert Policy.read({}, "s").mode == KEEP
    assert restricted(config)
    assert restricted({"streams": {"a": None, "s": {"personal_data": "hash"}}})
    assert not restricted({"personal_data": "keep", "streams": {"s": {}}})


class Some:
    """A stream."""

    def __init__(self, mode: str, name: str = "s", key: tuple[str, ...] = ("id",)) -> None:
        self.name, self.key, self.shield = name, key, shield(mode)


def test_a_personal_key_is_not_dropped_and_raw_records_do_not_bypass_the_hash():
    streams = [Some(DROP, "a"), Some(DROP, "b", ("day",)), Some(DROP, "c"), Some(HASH, "d")]
    told = (
        r"the key of a, c .*: streams: \{a: \{personal_data: hash\}, c: \{personal_data: hash\}\}\."
    )
    with pytest.raises(ConfigurationError, match=told):
        check(streams, raw=False)
    with pytest.raises(ConfigurationError, match=r"include_raw: _raw would bring .* of s"):
        check([Some(KEEP, "k"), Some(HASH)], raw=True)
    check([Some(HASH), Some(KEEP), Some(DROP, key=("day",))], raw=False)
    check([Some(KEEP)], raw=True)


def test_texts_for_the_log_name_no_one():
    redact = Redactor(["the-secret"], people=True)
    with redact.hiding({"userid": "lei", "list": ["li.si", 123456], "size": 100, "on": True}):
        told = redact("lei, leila and li.si: 123456 is 100, true; the-secret")
    assert told == "***, leila and ***: *** is 100, true; ***"
    assert redact("lei") == "lei"
    assert redact("call 13812345678, a.b@c.com or 11010519491231002X") == "call ***, *** or ***"
    assert redact("GET http://x/get?userid=lei&a=1 failed") == "GET http://x/get?*** failed"
    assert "Li" not in redact.excerpt('{"name": "Li')
    plain = Redactor()
    with plain.hiding({"userid": "lei"}):
        assert plain("lei 13812345678") == "lei 13812345678"
    assert plain.excerpt("text") == "text"
