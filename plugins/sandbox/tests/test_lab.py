"""The invented platform: five paging styles over one truth."""

from __future__ import annotations

import typing as t

import pytest
import requests
from sandbox import ManualClock, Sandbox, SandboxSettings

NOW = 1_795_254_000


class Lab:
    """A client of one account."""

    def __init__(self, box: Sandbox, account: str = "lab1") -> None:
        self.box, self.base = box, box.base_url("lab")
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.headers["X-Lab-Key"] = f"sandbox-lab-key-{account}"

    def get(self, path: str, **params: t.Any) -> dict[str, t.Any]:
        return self.session.get(f"{self.base}/{path}", params=params).json()


@pytest.fixture(scope="module")
def box():
    chosen = SandboxSettings(size=730, clock=ManualClock(NOW), max_pages=20)
    with Sandbox(chosen) as running:
        yield running


@pytest.fixture
def lab(box):
    return Lab(box)


def by_pages(lab: Lab, **more: t.Any) -> list[t.Any]:
    rows, page = [], 1
    while len(rows) < (answer := lab.get("orders/pages", page=page, **more))["total"]:
        rows += answer["rows"]
        page += 1
    return rows


def by_has_next(lab: Lab, **more: t.Any) -> list[t.Any]:
    rows, page, more_to_come = [], 0, True
    while more_to_come:
        page += 1
        answer = lab.get("orders/has_next", page=page, **more)
        rows += answer["rows"]
        more_to_come = answer["has_next"]
    return rows


def by_cursor(lab: Lab, **more: t.Any) -> list[t.Any]:
    rows, cursor = [], ""
    while cursor is not None:
        answer = lab.get("orders/cursor", cursor=cursor, **more)
        rows += answer["rows"]
        cursor = answer["cursor"]
    return rows


def by_offset(lab: Lab, **more: t.Any) -> list[t.Any]:
    rows: list[t.Any] = []
    while page := lab.get("orders/offset", offset=len(rows), **more)["rows"]:
        rows += page
    return rows


@pytest.mark.parametrize("style", [by_pages, by_has_next, by_cursor, by_offset])
def test_each_style_brings_the_truth_in_order(box, lab, style):
    truth = [row.record for row in box.truth("lab", "lab1", "orders")]
    assert style(lab) == truth
    start, end = truth[100]["updated_ms"], truth[600]["updated_ms"]
    assert style(lab, start=start, end=end) == truth[100:600]  # half-open
    assert lab.get("orders/count", start=start, end=end)["total"] == 500


def test_descending_created_and_post(box, lab):
    truth = [row.record for row in box.truth("lab", "lab1", "orders")]
    assert lab.get("orders/pages", order="desc", size=3)["rows"] == truth[:-4:-1]
    body = {"by": "created", "size": 5, "page": 1}
    answer = lab.session.post(f"{lab.base}/orders/pages", json=body).json()
    assert [row["created_ms"] for row in answer["rows"]] == sorted(r["created_ms"] for r in truth)[
        :5
    ]


def test_one_row_and_a_missing_one(box, lab):
    row = next(box.truth("lab", "lab1", "orders"))
    assert lab.get(f"orders/{row.key}") == {"ok": True, "row": row.record}
    assert lab.get("orders/123") == {"ok": False, "code": 1004, "message": "no orders 123"}
    assert 20 <= len(row.record) <= 30


@pytest.mark.parametrize(
    ("path", "params", "code"),
    [
        ("orders/pages", {"page": 21}, 1005),
        ("orders/offset", {"offset": 2000, "limit": 100}, 1005),
        ("orders/pages", {"page": "x"}, 1003),
        ("orders/pages", {"size": 1001}, 1003),
        ("orders/cursor", {"cursor": "x"}, 1003),
        ("nothing/at/all", {}, 1006),
    ],
)
def test_refusals(lab, path, params, code):
    assert lab.get(path, **params)["code"] == code


def test_keys_name_the_account(box):
    first, second = Lab(box), Lab(box, "lab2")
    assert first.get("orders/pages", size=1)["rows"] != second.get("orders/pages", size=1)["rows"]
    assert Lab(box, "lab9").get("orders/pages")["code"] == 1001


def test_items_have_no_filter_and_newest_changes_come_first(box, lab):
    page = lab.get("items/pages", start=NOW * 2000, size=50)
    assert page["total"] == 146
    changed = box.mutate("lab", "lab1", "items", count=1)
    box.advance(1)
    changed = box.mutate("lab", "lab1", "items", count=1)
    assert lab.get("items/pages", size=1)["rows"][0]["id"] == changed[0]


def test_limits_refuse_in_the_body():
    with Sandbox(SandboxSettings(size=10, limit_numbers={"lab.calls": 2})) as box:
        codes = [Lab(box).get("orders/count").get("code") for _ in range(3)]
        assert codes == [None, None, 1002]
        box.set_limits(active=False)
        assert Lab(box).get("orders/count")["ok"] is True
