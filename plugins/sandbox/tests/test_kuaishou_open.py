"""快手开放平台: tokens, cursors and refusals, over HTTP."""

from __future__ import annotations

import pytest
import requests
from sandbox import ManualClock, Sandbox, SandboxSettings
from sandbox.platforms.kuaishou_open import APP_ID, APP_SECRET

NOW = 1_795_254_000
USER = "f18d7c0000000001"


class User:
    """A client of one user."""

    def __init__(self, box):
        self.base = box.base_url("kuaishou_open")
        self.token = self.grant(refresh_token=f"sandbox-refresh-{USER}-1")["access_token"]

    def grant(self, **fields):
        query = {"app_id": APP_ID, "app_secret": APP_SECRET, "grant_type": "refresh_token"}
        url = f"{self.base}/oauth2/refresh_token"
        return requests.get(url, params={**query, **fields}, timeout=5).json()

    def call(self, api, **fields):
        query = {"app_id": APP_ID, "access_token": self.token, **fields}
        return requests.get(f"{self.base}/openapi/{api}", params=query, timeout=5).json()


@pytest.fixture
def box():
    with Sandbox(SandboxSettings(size=30, limits=False, clock=ManualClock(NOW))) as running:
        yield running


@pytest.fixture
def user(box):
    return User(box)


def test_a_page_ends_where_the_next_begins_and_says_nothing_of_it(user):
    first = user.call("photo/list")
    assert first.keys() == {"result", "video_list"}
    times = [video["create_time"] for video in first["video_list"]]
    assert len(times) == 20
    assert times == sorted(times, reverse=True)
    rest = user.call("photo/list", cursor=first["video_list"][-1]["photo_id"])["video_list"]
    assert len(rest) == 10
    assert user.call("photo/list", cursor=rest[-1]["photo_id"])["video_list"] == []
    assert user.call("photo/list", count=201)["result"] == 100400


def test_one_video_and_the_counts(user):
    video = user.call("photo/list")["video_list"][0]
    assert user.call("photo/info", photo_id=video["photo_id"])["video_info"] == video
    assert user.call("photo/info", photo_id="7")["result"] == 120001
    assert user.call("photo/count")["all_count"] == 30
    assert "open_id" not in user.call("user_info")["user_info"]


def test_tokens_end_and_rotate(user, box):
    assert user.grant(refresh_token=f"sandbox-refresh-{USER}-1")["result"] == 100200102
    assert user.grant(refresh_token=f"sandbox-refresh-{USER}-2")["result"] == 1
    assert user.grant(app_secret="x")["result"] == 100200101
    box.advance(3 * 86_400)
    assert user.call("user_info")["result"] == 100200108
    user.token = "nobody's"
    assert user.call("user_info")["result"] == 100200102
