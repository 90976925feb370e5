"""Every tap of the workspace declares its platform's facts, and is tried like all others."""

from __future__ import annotations

import pytest
from project_files import ROOT

TAPS = sorted(path for path in (ROOT / "taps").glob("tap-*") if (path / "pyproject.toml").is_file())


def test_there_are_taps():
    assert TAPS


@pytest.mark.parametrize("folder", TAPS, ids=lambda path: path.name)
def test_a_tap_is_tried_like_all_others(folder):
    """What that means stands in `tests/conformance`."""
    text = (folder / "tests" / "test_conformance.py").read_text(encoding="utf-8")
    assert "(Conformance):" in text
    assert "TestSdk = sdk_suite(" in text


@pytest.mark.parametrize("folder", TAPS, ids=lambda path: path.name)
def test_a_tap_has_its_simulator(folder):
    slug = folder.name.removeprefix("tap-").replace("-", "_")
    assert (ROOT / "plugins/sandbox/sandbox/platforms" / slug / "__init__.py").is_file()
