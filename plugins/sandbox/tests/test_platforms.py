"""What every simulated platform must be, whatever it simulates."""

from __future__ import annotations

import pkgutil

import pytest
import sandbox.platforms
from sandbox import SandboxSettings
from sandbox.world import World

SLUGS = sorted(module.name for module in pkgutil.iter_modules(sandbox.platforms.__path__))


def test_no_platform_is_made_before_it_is_asked_for():
    world = World(SandboxSettings())
    assert list(world.platforms) == SLUGS
    world.platform("lab")
    assert {slug for slug, made in world.platforms._made.items() if made} == {"lab"}


@pytest.mark.parametrize("slug", SLUGS)
def test_a_folder_holds_the_platform_of_its_name(slug):
    platform = World(SandboxSettings(size=20, accounts=2)).platform(slug)
    assert platform.slug == slug
    assert len(set(platform.accounts)) == 2
    settings = platform.demo("http://127.0.0.1:1/x")
    assert settings["base_url"] == "http://127.0.0.1:1/x"
    assert [account["id"] for account in settings["accounts"]] == platform.accounts
    for stream in platform.streams():
        rows = list(platform.truth(platform.accounts[0], stream))
        assert len({row.key for row in rows}) == len(rows), stream
