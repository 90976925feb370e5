"""What is forked behaves as if it had been started."""

from __future__ import annotations

import os
import signal
import subprocess

import pytest
from forking import Forker

PROGRAM = """
import atexit, os, sys, time

def main():
    what = sys.argv[1]
    atexit.register(print, "at exit")
    print(sys.argv[0], os.getcwd(), os.environ.get("WORD"), sys.stdin.read(), flush=True)
    if what == "exit":
        sys.exit(int(sys.argv[2]))
    if what == "words":
        sys.exit("a reason")
    if what == "fail":
        raise ValueError("broken")
    if what == "sleep":
        print("asleep", file=sys.stderr, flush=True)
        time.sleep(60)
"""


@pytest.fixture(scope="module")
def forker(tmp_path_factory):
    folder = tmp_path_factory.mktemp("program")
    (folder / "program_to_fork.py").write_text(PROGRAM, encoding="utf-8")
    forker = Forker("program_to_fork:main", {**os.environ, "PYTHONPATH": str(folder)})
    yield forker
    forker.close()


@pytest.fixture
def run(forker, tmp_path):
    def run(*words, seconds=30.0):
        return forker.run(
            ["program", *words], folder=tmp_path, environment={"WORD": "own"}, seconds=seconds
        )

    return run


def test_it_has_its_own_folder_environment_and_streams(run, tmp_path):
    done = run("exit", "0")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"program {tmp_path} own \nat exit\n"


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["exit", "3"], 3, ""),
        (["words"], 1, "a reason\n"),
        (["fail"], 1, "ValueError: broken"),
        (["end"], 0, ""),
    ],
)
def test_it_ends_as_any_program_does(run, words, code, told):
    done = run(*words)
    assert done.returncode == code
    assert told in done.stderr


def test_it_can_be_killed_with_its_group(forker, tmp_path):
    reading, writing = os.pipe()
    program = forker.start(
        ["program", "sleep"],
        folder=tmp_path,
        environment={},
        stdout=writing,
        stderr=writing,
        new_session=True,
    )
    os.close(writing)
    with os.fdopen(reading) as said:
        assert said.readline().startswith("program")
        assert program.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            program.wait(0.05)
        assert os.getpgid(program.pid) == program.pid
        os.killpg(program.pid, signal.SIGKILL)
        assert program.wait(10) == program.poll() == -signal.SIGKILL


def test_what_takes_too_long_is_killed(run):
    with pytest.raises(subprocess.TimeoutExpired):
        run("sleep", seconds=0.3)
