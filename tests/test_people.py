"""Fields whose names sound of people are marked in every tap, or say why they mean no one."""

from __future__ import annotations

import json
import re

import pytest
from generated_parts import BEGIN
from openplatform.personal import MARK, marked
from people import NAME
from project_files import ROOT

FILES = sorted(ROOT.glob("taps/tap-*/tap_*/schemas/*.json"))
WHY_NOT = "x-not-personal"
# The last part of a path, in snake case.
ANYWHERE = re.compile(
    r"""(?x)
    mobile | phone | (^|_)tel(_|$) | telephone | e_?mail | nick | avatar | portrait | birth | passport
    | address | receiver | recipient | consignee | contact | id_?card | id_?number | card_?no
    | real_?name | user_?name | login_?id | open_?u?_?id$ | union_?id$ | wechat | weixin | wang_?wang
    | gender | (^|_)sex$ | alipay_?(id|no|account)? $
    """
)
AT_THE_END = re.compile(
    r"""(?x)
    (^|_)(user|staff|employee|member|buyer|customer|operator|op|creator|modifier|author|talent|anchor
          |sender|salesman|owner|applicant|applyer|approver|leader|manager|submitter|person|taker)s?
    (_?(id|ids|name|no))? $
    """
)
# Words of people; in these streams even `name` is one of theirs.
OF_PEOPLE = re.compile(r"user|staff|employee|customer|member|salesm|roster|artisan|sub_account")
NO_NAMES = {"date-time", "date", "singer.decimal"}
# No finer than a town, and the ids of addresses.
AREA = re.compile(r"(country|state|province|city|district|town|zip)(_?id)?$|address_?id\d*$")


def snake(name: str) -> str:
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def sounds_of_people(name: str, stream: str, schema: dict, *, nested: bool = False) -> bool:
    kinds = {schema.get("type")} if isinstance(schema.get("type"), str) else set(schema["type"])
    if "properties" in schema or "properties" in schema.get("items", {}):
        return False  # what it holds is looked at by itself
    if schema.get("format") in NO_NAMES or kinds <= {"boolean", "null"}:
        return False
    name = snake(name)
    if AREA.search(name):
        return False
    if kinds <= {"integer", "number", "null"}:
        return bool(re.search(r"(id|phone|mobile)$", name) and AT_THE_END.search(name))
    if name in {"name", "id"} and OF_PEOPLE.search(stream) and not nested:
        return True
    return bool(ANYWHERE.search(name) or AT_THE_END.search(name))


def unsaid(schema: dict, stream: str, path: str = "") -> list[str]:
    """The paths that sound of people and say nothing about it."""
    found = []
    for name, part in schema.get("properties", {}).items():
        below = f"{path}.{name}" if path else name
        if marked(part) or WHY_NOT in part:
            continue
        if "type" in part and sounds_of_people(name, stream, part, nested=bool(path)):
            found.append(below)
        found += unsaid(part, stream, below)
    if isinstance(schema.get("items"), dict):
        found += unsaid(schema["items"], stream, f"{path}[]")
    return found


def said(schema: dict) -> list[tuple[bool, object]]:
    """What the parts of a schema say: whether they are personal, and why not."""
    parts = [*schema.get("properties", {}).values(), schema.get("items", {})]
    own = [(MARK in schema, schema[WHY_NOT])] if WHY_NOT in schema else []
    return own + [one for part in parts if part for one in said(part)]


@pytest.mark.parametrize("tap", sorted({file.parts[-4] for file in FILES}))
def test_what_sounds_of_people_is_marked_or_says_why_not(tap):
    files = {f.stem: json.loads(f.read_text(encoding="utf-8")) for f in FILES if tap in f.parts}
    found = {stream: paths for stream, schema in files.items() if (paths := unsaid(schema, stream))}
    assert found == {}, "mark them with x-personal, or say why not with x-not-personal"


def test_a_reason_is_a_sentence_and_no_second_mark():
    for file in FILES:
        for personal, reason in said(json.loads(file.read_text(encoding="utf-8"))):
            assert not personal, file
            assert isinstance(reason, str), file
            assert len(reason.split()) > 1, file


@pytest.mark.parametrize(
    ("name", "stream", "kind"),
    [("receiverMobile", "orders", "string"), ("buyer_nick", "orders", "string"),
     ("openId", "users", "string"), ("name", "staffs", "string"), ("operator", "logs", "string"),
     ("userIds", "teams", "array"), ("buyer_id", "orders", "integer"), ("email", "shops", "string"),
     ("id_card_no", "orders", "string"), ("deliveryAddress", "orders", "string")],
)  # fmt: skip
def test_names_that_sound_of_people(name, stream, kind):
    assert sounds_of_people(name, stream, {"type": [kind, "null"]})


@pytest.mark.parametrize(
    ("name", "stream", "part"),
    [("name", "items", {"type": "string"}), ("is_member", "orders", {"type": ["boolean", "null"]}),
     ("buyer_time", "orders", {"type": "string", "format": "date-time"}),
     ("new_user", "reports", {"type": ["integer"]}), ("title", "users", {"type": "string"})],
)  # fmt: skip
def test_names_that_do_not(name, stream, part):
    assert not sounds_of_people(name, stream, part)


@pytest.mark.parametrize("tap", sorted({file.parts[-4] for file in FILES}))
def test_the_readme_of_a_tap_lists_them(tap):
    text = (ROOT / "taps" / tap / "README.md").read_text(encoding="utf-8")
    assert BEGIN.format(name=NAME) in text, "its list is written by plugins/definitions.py"
