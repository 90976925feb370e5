"""Answers whose form nobody has described."""

from __future__ import annotations

from decimal import Decimal

import pytest
from openplatform.errors import FatalError
from openplatform.undescribed import digest_of, kept_whole, rows_within


@pytest.mark.parametrize(
    ("payload", "wanted"),
    [
        ({"rows": [1], "total": 7}, [1]),
        ({"item_list": [1], "tags": []}, [1]),
        ({}, []),
        ([1], [1]),
        (None, []),
        ("text", []),
    ],
)
def test_the_rows_are_the_payload_the_named_or_the_only_list(payload, wanted):
    assert rows_within(payload, "item_list") == wanted


def test_of_several_lists_none_is_taken_for_no_rows():
    with pytest.raises(FatalError, match=r"several lists \(a, b\)"):
        rows_within({"a": [1], "b": []}, "item_list")


def test_a_row_is_known_by_what_it_holds():
    assert kept_whole({"a": 1, "b": 2}) == {**kept_whole({"b": 2, "a": 1})}
    assert digest_of({"a": 1}) != digest_of({"a": 2})
    assert digest_of({"a": Decimal("1.50")}) == digest_of({"a": Decimal("1.50")})
