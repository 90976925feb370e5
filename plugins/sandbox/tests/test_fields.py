"""Records made from the grammar of the fact sheets."""

from __future__ import annotations

from sandbox.fields import blank, filled, fresh

GRAMMAR = "id:int,names:str[],to{city:str},items[]{price:int,parts[]{ok:bool}}"


def test_a_blank_record_has_every_field_and_no_element():
    assert fresh(blank(GRAMMAR)) == {"id": 0, "names": [], "to": {"city": ""}, "items": []}


def test_a_filled_record_asks_for_every_value():
    assert filled(GRAMMAR, lambda name, kind: f"{name}:{kind}") == {
        "id": "id:int",
        "names": ["names:str"],
        "to": {"city": "city:str"},
        "items": [{"price": "price:int", "parts": [{"ok": "ok:bool"}]}],
    }
