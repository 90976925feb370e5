"""The bootstrap's decisions; that it really installs is shown by test_readme, in a fresh clone."""

from __future__ import annotations

import subprocess
import sys

import bootstrap
import pytest
from project_files import copy_project


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine of our choice: which commands work there, and which ones were run."""

    class Machine:
        works: tuple[str, ...] = ()
        ran: tuple[list[str], ...] = ()

        def tries(self, command: list[str]) -> bool:
            words = " ".join(command)
            if "-m venv" in words and any(w in words for w in self.works):
                (tmp_path / ".venv").mkdir()
            return any(w in words for w in self.works)

        def runs(self, command: list[str]) -> None:
            self.ran = (*self.ran, command)

    here = Machine()
    (tmp_path / "pyproject.toml").write_text("[tool.uv]\n", encoding="utf-8")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(bootstrap, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / ".venv" / "stamp")
    monkeypatch.setattr(bootstrap, "_works", here.tries)
    monkeypatch.setattr(bootstrap, "_run", here.runs)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda _name: None)
    return here


VERSION_CHECK = "sys.version_info"


def test_a_complete_python_installs_uv_into_the_environment(machine, tmp_path):
    inside = str(tmp_path / ".venv" / "bin" / "python")
    machine.works = ("-m venv", VERSION_CHECK, f"{inside} -m pip --version")
    bootstrap.prepare()
    install, sync = machine.ran
    assert install[:3] == [inside, "-m", "pip"]
    assert sync[:4] == [inside, "-m", "uv", "sync"]


def test_without_ensurepip_the_systems_pip_fills_the_environment(machine, tmp_path):
    inside = str(tmp_path / ".venv" / "bin" / "python")
    machine.works = ("--without-pip", VERSION_CHECK, f"{sys.executable} -m pip --python {inside}")
    bootstrap.prepare()
    assert machine.ran[0][:5] == [sys.executable, "-m", "pip", "--python", inside]
    assert machine.ran[1][3] == "sync"


def test_without_any_pip_a_uv_on_the_path_serves(machine, monkeypatch):
    machine.works = ("--without-pip", VERSION_CHECK)
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: f"/some/bin/{name}")
    bootstrap.prepare()
    assert [command[:2] for command in machine.ran] == [["/some/bin/uv", "sync"]]


@pytest.mark.parametrize("works", [(), ("--without-pip", VERSION_CHECK)])
def test_a_python_that_can_nothing_is_told_what_to_install(machine, works):
    machine.works = works
    with pytest.raises(bootstrap.BootstrapError, match="apt-get install python3-venv"):
        bootstrap.prepare()
    assert not bootstrap.VENV.exists(), "the next try must begin afresh"


def test_a_broken_environment_is_named(machine):
    bootstrap.VENV.mkdir()
    with pytest.raises(bootstrap.BootstrapError, match="Delete this folder"):
        bootstrap.prepare()


def test_it_installs_once_and_again_after_a_change(machine):
    machine.works = ("-m venv", VERSION_CHECK, "-m uv --version")
    bootstrap.prepare()
    bootstrap.prepare()
    assert len(machine.ran) == 1
    (bootstrap.ROOT / "pyproject.toml").write_text("[tool.uv]\npackage = false\n")
    bootstrap.prepare()
    assert len(machine.ran) == 2


def test_an_old_python_is_refused(machine, monkeypatch):
    monkeypatch.setattr(bootstrap.sys, "version_info", (3, 9, 18))
    with pytest.raises(bootstrap.BootstrapError, match=r"3\.10 or newer is needed"):
        bootstrap.prepare()
    assert machine.ran == ()


def test_pips_mirror_is_uvs_mirror(monkeypatch):
    monkeypatch.delenv("UV_DEFAULT_INDEX", raising=False)
    monkeypatch.delenv("UV_INDEX_URL", raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "https://mirror.example/simple")
    assert bootstrap.environment()["UV_DEFAULT_INDEX"] == "https://mirror.example/simple"
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://other.example/simple")
    assert bootstrap.environment()["UV_DEFAULT_INDEX"] == "https://other.example/simple"


def test_a_failing_install_ends_with_a_message_and_no_traceback(tmp_path):
    root = copy_project(tmp_path / "broken")
    (root / "pyproject.toml").write_text("this is no TOML\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "tests"], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "this command failed" in done.stderr
    assert "Traceback" not in done.stderr
