"""Both READMEs: the same commands, every setting, and the commands work in a fresh clone."""

from __future__ import annotations

import functools
import json
import os
import re
import socket
import subprocess

import bootstrap
import definitions
import pytest
from project_files import ROOT, copy_project

READMES = ("README.md", "README.zh-CN.md")
BLOCK = re.compile(r"^```console run\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# The suite cannot run itself inside itself; collecting shows that the command finds everything.
STAND_INS = {"python3 tests": "python3 tests --collect-only --quiet"}
# From SDK: what all plugins on singer-sdk have.
SDK_SETTINGS = re.compile(r"^(stream_map|faker_config|flattening_|batch_|add_record_metadata)")


def commands(name: str) -> list[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    lines = [line for block in BLOCK.findall(text) for line in block.splitlines()]
    assert all(line.startswith("$ ") for line in lines)
    return [line[2:] for line in lines]


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_both_readmes_have_the_same_commands():
    english, chinese = (commands(name) for name in READMES)
    assert english == chinese
    assert {"python3 plugins/demo.py", "python3 tests"} <= set(english)


def test_both_readmes_have_the_same_sections_and_tables():
    shapes = [
        re.findall(r"^(#+ |\|---.*|```\w*)", text_of(name), flags=re.MULTILINE) for name in READMES
    ]
    assert shapes[0] == shapes[1]


@pytest.mark.parametrize("name", READMES)
def test_links_lead_somewhere(name):
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", text_of(name))
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


@functools.cache
def own_settings(plugin: str) -> set[str]:
    kind = definitions.read_tap if plugin.startswith("tap-") else definitions.read_target
    folder = next(ROOT.glob(f"ta*/{plugin}"))
    told = kind(folder).about["settings"]["properties"]
    return {name for name in told if not SDK_SETTINGS.match(name)}


@pytest.mark.parametrize("name", READMES)
def test_every_shared_setting_is_told(name):
    taps = [path.parent.name for path in ROOT.glob("taps/tap-*/pyproject.toml")]
    shared = set.intersection(*(own_settings(tap) for tap in taps))
    target = own_settings("target-warehouse") - {"load_method"}
    told = set(re.findall(r"`([a-z_]+)`", text_of(name)))
    assert "accounts" in shared
    assert shared | target <= told


def test_no_load_mode_is_missing():
    about = [str(bootstrap.BIN / "target-warehouse"), "--about", "--format=json"]
    told = json.loads(subprocess.run(about, capture_output=True, text=True, check=True).stdout)
    modes = told["settings"]["properties"]["load_mode"]["enum"]
    for name in READMES:
        section = re.findall(r"^\| `(\w+)` \| [^|]+ \|$", text_of(name), flags=re.MULTILINE)
        assert set(section) >= set(modes), name


@pytest.mark.timeout(900)
def test_the_commands_work_in_a_fresh_clone(tmp_path):
    project = copy_project(tmp_path / "clone")
    assert not (project / ".venv").exists()
    subprocess.run(["git", "init", "--quiet", "."], cwd=project, check=True)
    subprocess.run(["git", "add", "."], cwd=project, check=True)
    script = "set -eu\n" + "\n".join(
        f"echo {json.dumps('$ ' + command)}; {STAND_INS.get(command, command)}"
        for command in commands(READMES[0])
    )
    with socket.socket() as free, socket.socket() as another:
        free.bind(("127.0.0.1", 0))
        another.bind(("127.0.0.1", 0))
        port, gate = free.getsockname()[1], another.getsockname()[1]
    script = script.replace("127.0.0.1:8800", f"127.0.0.1:{gate}")
    hidden = {"VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "PYTHONPATH", "MELTANO_PROJECT_ROOT"}
    env = {name: value for name, value in os.environ.items() if name not in hidden}
    env |= {
        "PATH": os.pathsep.join(
            part for part in env["PATH"].split(os.pathsep) if part != str(bootstrap.BIN)
        ),
        "SANDBOX_PORT": str(port),
        "EVENTGATE_PORT": str(gate),
        "TAP_YOUZAN_BASE_URL": f"http://127.0.0.1:{port}/youzan",
    }
    try:
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=project, env=env, capture_output=True, text=True, check=False, timeout=840,
        )  # fmt: skip
    finally:
        stop = [str(bootstrap.BIN / "sandbox"), "stop", "--url", f"http://127.0.0.1:{port}"]
        subprocess.run(stop, capture_output=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
    assert "tests/test_readme.py" in done.stdout
    assert not (project / "output" / "demo.duckdb").exists(), "--forget deletes the data"
    dirty = subprocess.run(
        ["git", "status", "--porcelain"], cwd=project, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert [line for line in dirty if not line.startswith("A ")] == [], "a run changed the project"


def test_definitions_of_the_readmes_name_every_tap():
    taps = [path.parent.name for path in definitions.ROOT.glob("taps/tap-*/pyproject.toml")]
    for name in READMES:
        assert all(f"[{tap}](taps/{tap})" in text_of(name) for tap in taps), name
