"""What is odd about 快手开放平台, and what a careless reading would break."""

from __future__ import annotations

import pytest
from openplatform.errors import TransientError
from openplatform.testing import shape_answer
from tap_kuaishou_open.streams import OldestRow

from .conftest import GRACE

DAY = 86_400
LIST = "openapi/photo/list"


def test_the_oldest_row_of_a_page_leads_to_the_next(users):
    messages = users.run("videos")
    assert users.wrong(messages, "videos") == []
    for account in users.names:
        calls = [call.params for call in users.calls(LIST, account)]
        times = {r["photo_id"]: r["create_time"] for r in messages.records("videos", account)}
        cursors = [call.get("cursor") for call in calls]
        assert cursors[0] is None
        assert len(set(cursors)) == len(cursors) == 90 // 20 + 2
        at = [times[cursor] for cursor in cursors[1:]]
        assert at == sorted(at, reverse=True)


@pytest.mark.parametrize("size", [7, 200])
def test_the_size_of_a_page_is_a_setting(users, size):
    messages = users.run("videos", video_page_size=size)
    assert users.wrong(messages, "videos") == []
    assert {call.params["count"] for call in users.calls(LIST)} == {str(size)}


def test_a_list_that_leads_in_a_circle_is_left():
    page = {"video_list": [{"photo_id": "7", "create_time": 1}]}
    pages = OldestRow("cursor", "count", 1, "photo_id", "create_time").pages(
        lambda _: page, "video_list[]", most=None
    )
    with pytest.raises(TransientError, match="leads back to 7"):
        list(pages)


@pytest.mark.parametrize(
    "body",
    [
        {"result": 1, "public_count": 3, "all_count": 3},
        {"result": 1, "publicCount": 3, "allCount": 3},
    ],
)
def test_counts_have_one_spelling(tap, body):
    answer = {**body, "open_id": "f18d7c0example"}
    shaped = shape_answer(tap, "video_counts", answer, account="f18d7c0example")
    (counts,) = shaped.records
    assert shaped.unknown == []
    assert (counts["publicCount"], counts["allCount"]) == (3, 3)


# -- tokens ---------------------------------------------------------------------------------------


def test_a_refresh_token_rotates_and_the_new_one_is_kept(users):
    for number in (2, 3):
        users.run("users")
        assert {token["refresh"] for token in users.stored()} == {
            f"sandbox-refresh-{name}-{number}" for name in users.names
        }
        users.clock.sleep(3 * DAY)


def test_a_lost_store_within_the_grace_is_survived_and_after_it_told(users, caplog):
    users.run("users")
    users.forget_tokens()
    assert users.run("users").records("users")
    users.forget_tokens()
    users.clock.sleep(GRACE + 1)
    users.run("users", fails=True)
    assert "let the user authorise the app again" in caplog.text


def test_a_code_is_exchanged_once_and_tells_whose_it_is(users, caplog):
    first, second = users.names
    accounts = [{"id": first, "code": f"sandbox-code-{first}"}]
    users.run("users", accounts=accounts)
    users.clock.sleep(3 * DAY)
    assert users.run("users", accounts=accounts).records("users")
    users.forget_tokens()
    users.run("users", accounts=[{"id": first, "code": f"sandbox-code-{second}"}], fails=True)
    assert f"belongs to {second}" in caplog.text


def test_an_account_without_any_grant_says_what_is_missing(users, caplog):
    users.run("users", accounts=[{"id": users.names[0]}], fails=True)
    assert "neither refresh_token nor code" in caplog.text
