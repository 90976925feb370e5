"""The command that runs all tests: how it starts pytest, and how files are spread over processes."""

from __future__ import annotations

import runpy
import subprocess
import sys

import pytest
from project_files import ROOT

options = runpy.run_path(str(ROOT / "tests" / "__main__.py"))["options"]


@pytest.mark.parametrize(
    ("words", "processors", "told"),
    [
        ([], 4, ["--numprocesses=4", "--dist=loadfile", "--no-loadscope-reorder"]),
        ([], 1, []),
        ([], None, []),
        (["taps/tap-youzan"], 4, ["taps/tap-youzan"]),
        (["-k", "orders"], 4, ["-k", "orders"]),
    ],
)
def test_only_the_whole_run_uses_several_processes(words, processors, told):
    assert options(words, processors) == told


def test_files_stay_together_and_so_do_those_that_share_a_project(tmp_path):
    """A small project with our conftest.py shows which process runs what."""
    (tmp_path / "conftest.py").write_text((ROOT / "conftest.py").read_text())
    (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = {ROOT / 'tests'}\n")
    body = (
        "import os, pytest\n"
        "@pytest.mark.parametrize('n', range(4))\n"
        "def test(n): print(end='')\n"
        "def teardown_module():\n"
        f"    with open({str(tmp_path / 'log')!r}, 'a') as log:\n"
        "        log.write(os.environ['PYTEST_XDIST_WORKER'] + ' ' + __file__ + chr(10))\n"
    )
    for name in (
        "taps/test_a.py",
        "tests/meltano/test_b.py",
        "tests/meltano/test_c.py",
        "tests/test_d.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(body)
    told = [*options([], 2), "--import-mode=importlib", "-p", "no:cacheprovider", "--quiet"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *told],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    ran = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
    assert len(ran) == 4, "a module was torn down in one process only"
    workers = {file.rpartition("/")[2]: worker for worker, file in ran}
    assert workers["test_b.py"] == workers["test_c.py"]
    assert len(set(workers.values())) == 2
