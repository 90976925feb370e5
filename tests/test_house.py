"""The house rules that a machine can check."""

from __future__ import annotations

import importlib.metadata
import re

import bootstrap
import pytest
from packaging.requirements import Requirement
from project_files import ROOT, project_files

if bootstrap.sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# Written in pieces, so that this file does not break the rule that it checks.
FORBIDDEN = {
    "a package registry's host": [
        r"pythonhosted\." + "org",
        r"https?://[a-z0-9.-]*" + r"pypi[a-z0-9.-]*/",
        r"registry\." + r"npmjs",
        r"deb\." + r"debian\.org",
    ],
    "a path of one machine": [
        r"/" + r"work/(main|shared|steering|\.)",
        r"/" + r"opt/(wheels|pypi)",
        r"/" + r"root/",
        r"/" + r"home/[a-z]+/",
        r"/" + r"Users/[A-Za-z]+/",
    ],
    "a tool of one workplace": [r"farm-" + r"(bench|studio)", r"/" + r"farm/"],
}
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
LEFT_OUT = re.compile(r"importor" + r"skip|pytest\.(?:mark\.)?(?:skip|xfail)|\bskip" + r"if\b")
# Data that someone else wrote, kept as it was recorded.
RECORDED = re.compile(r"/tests/samples/|/tests/data/(duckdb|meltanolabs|pipelinewise)/|^LICENSE$")


def texts() -> list[tuple[str, str]]:
    found = []
    for file in project_files():
        try:
            found.append((file.as_posix(), (ROOT / file).read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


def lines_with(pattern: re.Pattern[str], files: list[tuple[str, str]]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:120]}"
        for name, text in files
        for number, line in enumerate(text.split("\n"), start=1)
        if pattern.search(line)
    ]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_committed_file_names(what):
    pattern = re.compile("|".join(FORBIDDEN[what]))
    assert lines_with(pattern, texts()) == []


def test_the_patterns_find_what_they_look_for():
    samples = {
        "a package registry's host": "see https://pypi" + ".org/simple/",
        "a path of one machine": "cd /" + "work/main",
        "a tool of one workplace": "farm-" + "bench",
    }
    for what, sample in samples.items():
        assert re.search("|".join(FORBIDDEN[what]), sample), what


def test_no_lock_file_is_committed():
    assert [f for f in project_files() if f.name in {"uv.lock", "poetry.lock"}] == []


def test_nothing_is_left_open_in_the_code():
    assert lines_with(UNFINISHED, [(n, s) for n, s in texts() if n.endswith(".py")]) == []


def test_no_test_leaves_itself_out():
    tests = [(name, text) for name, text in texts() if "tests/" in name and name.endswith(".py")]
    assert len(tests) > 100
    assert not lines_with(LEFT_OUT, tests)


def test_text_files_are_tidy():
    untidy = []
    for name, text in texts():
        if RECORDED.search(name) or not text:
            continue
        if "\r" in text:
            untidy.append(f"{name}: carriage returns")
        if not text.endswith("\n") or text.endswith("\n\n"):
            untidy.append(f"{name}: must end with one newline")
        if any(line != line.rstrip() for line in text.split("\n")):
            untidy.append(f"{name}: blanks at the end of a line")
    assert untidy == []


@pytest.mark.parametrize(
    "member",
    sorted(p.parent for p in ROOT.glob("*/*/pyproject.toml")),
    ids=lambda path: path.name,
)
def test_every_package_is_made_alike(member):
    project = tomllib.loads((member / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    package = member / member.name.replace("-", "_")
    assert project["name"] == member.name
    assert project["requires-python"] == ">=3.10"
    assert project["license"] == "Apache-2.0"
    assert (member / "README.md").is_file()
    assert (package / "py.typed").is_file()
    assert any((member / "tests").glob("test_*.py"))


def pins() -> dict[str, set[str]]:
    """The versions that pyproject.toml allows on this Python and this system."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["uv"]
    allowed: dict[str, set[str]] = {}
    for text in settings["constraint-dependencies"]:
        pin = Requirement(text)
        assert re.fullmatch(r"==[\w.!+]+", str(pin.specifier)), f"{text} is no exact pin"
        assert pin.url is None
        if pin.marker is None or pin.marker.evaluate():
            allowed.setdefault(normal(pin.name), set()).add(str(pin.specifier).removeprefix("=="))
    return allowed


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_installed_package_has_its_pinned_version():
    own = {member.parent.name for member in ROOT.glob("*/*/pyproject.toml")}
    # What the venv module itself puts into a new environment, at the interpreter's version.
    own |= {"setuptools", "wheel"}
    wanted = pins()
    wrong = {
        f"{normal(found.name)}=={found.version}"
        for found in importlib.metadata.distributions()
        if normal(found.name) not in own and wanted.get(normal(found.name)) != {found.version}
    }
    assert wrong == set(), "run `python3 plugins/pins.py`"


def test_backoff_comes_from_one_distribution_only():
    names = {normal(found.name) for found in importlib.metadata.distributions()}
    assert "python-backoff" in names
    assert "backoff" not in names
