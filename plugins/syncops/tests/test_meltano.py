"""syncops as Meltano starts it, and against a sync that really runs."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from threading import Thread

import meltano_project
import pytest

BIN = Path(sys.executable).parent
STATE_ID = "demo:tap-slow-to-target-echo"

PLUGINS = f"""
plugins:
  extractors:
  - name: tap-slow
    namespace: tap_slow
    executable: ./tap-slow
    capabilities: [state]
    settings: [{{name: gate}}]
  loaders:
  - name: target-echo
    namespace: target_echo
    executable: ./target-echo
    settings: [{{name: unused}}]
  utilities:
  - name: syncops
    namespace: syncops
    executable: {BIN / "syncops"}
    commands:
      bookmarks: bookmarks show
"""

# Writes one STATE, then waits until somebody opens the other end of the pipe.
TAP = f"""#!{sys.executable}
import json, sys
partition = {{"context": {{"_account": "7"}}, "replication_key": "_bookmark",
             "replication_key_value": "2026-11-10T08:00:00.000Z@"}}
state = {{"bookmarks": {{"orders": {{"partitions": [partition]}}}}}}
print(json.dumps({{"type": "STATE", "value": state}}), flush=True)
config = json.load(open(sys.argv[sys.argv.index("--config") + 1]))
open(config["gate"]).close()
"""

TARGET = f"""#!{sys.executable}
import json, sys
for line in sys.stdin:
    print(json.dumps(json.loads(line)["value"]), flush=True)
"""


@pytest.fixture
def project(project):
    file = project.root / "meltano.yml"
    file.write_text(file.read_text() + PLUGINS)
    for name, text in (("tap-slow", TAP), ("target-echo", TARGET)):
        (project.root / name).write_text(text)
        (project.root / name).chmod(0o755)
    return project


@pytest.fixture
def meltano(project):
    def run(*arguments):
        return meltano_project.meltano().run(
            ["meltano", *arguments], folder=project.root, environment=os.environ, seconds=120
        )

    return run


def bookmark(project):
    payload = project.get(STATE_ID)
    (partition,) = payload["singer_state"]["bookmarks"]["orders"]["partitions"]
    return partition["replication_key_value"]


def seed(project):
    partition = {
        "context": {"_account": "7"},
        "replication_key": "_bookmark",
        "replication_key_value": "2026-11-10T08:00:00.000Z@",
    }
    state = {"singer_state": {"bookmarks": {"orders": {"partitions": [partition]}}}}
    project.set(STATE_ID, state)


def test_through_meltano_invoke(project, meltano):
    seed(project)
    shown = meltano("--environment=demo", "invoke", "syncops", "bookmarks", "show", "--json")
    assert shown.returncode == 0, shown.stderr
    answer = json.loads(shown.stdout)
    assert answer["environment"] == "demo"
    assert answer["states"][0]["partitions"][0]["position"] == "2026-11-10T08:00:00.000Z@"

    rewound = meltano(
        "invoke", "syncops", "bookmarks", "rewind", "--state-id", STATE_ID, "--to", "-999d", "--yes"
    )
    assert rewound.returncode == 0, rewound.stderr
    assert bookmark(project) < "2026"
    table = meltano("invoke", "syncops:bookmarks")
    assert bookmark(project) in table.stdout
    wrong = meltano("invoke", "syncops", "bookmarks", "rewind", "--state-id", STATE_ID, "--to", "x")
    assert wrong.returncode == 2
    assert meltano("invoke", "syncops", "bookmarks", "undo", "--yes").returncode == 0

    told = meltano("state", "get", STATE_ID)
    assert "2026-11-10T08:00:00.000Z@" in told.stdout
    listed = meltano("state", "list")
    assert listed.stdout.split() == [STATE_ID]


def test_a_sync_that_really_runs_is_respected(project):
    gate = project.root / "gate"
    os.mkfifo(gate)
    environment = {**os.environ, "TAP_SLOW_GATE": str(gate)}
    run = subprocess.Popen(
        [BIN / "meltano", "--environment=demo", "run", "tap-slow", "target-echo"],
        cwd=project.root,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    rewind = ("rewind", "--state-id", STATE_ID, "--to", "2026-11-01", "--yes")
    try:
        seen = []
        # Meltano says so in its log once the STATE is stored; the tap then waits at the gate.
        for line in run.stderr:
            seen.append(line)
            if "Incremental state has been updated" in line:
                break
        assert run.poll() is None, "".join(seen)
        refused = project.bookmarks(*rewind)
        assert refused.exit_code == 1, refused.output
        assert "is running since" in refused.stderr
        assert bookmark(project) == "2026-11-10T08:00:00.000Z@"
        assert project.shown()[0]["running_since"] is not None
    finally:
        # Opening the pipe waits until the tap has opened its end; then the tap goes on.
        Thread(target=lambda: os.close(os.open(gate, os.O_WRONLY)), daemon=True).start()
        try:
            _, rest = run.communicate(timeout=60)
        finally:
            run.kill()
    assert run.returncode == 0, rest
    assert project.bookmarks(*rewind).exit_code == 0
    assert bookmark(project) == "2026-11-01T00:00:00.000Z@"


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1)])
def test_asks_on_a_terminal(project, answer, code):
    seed(project)
    ours, theirs = pty.openpty()
    try:
        os.write(ours, f"{answer}\n".encode())
        result = subprocess.run(
            [BIN / "syncops", "bookmarks", "rewind", "--state-id", STATE_ID, "--to", "2026-11-01"],
            cwd=project.root,
            stdin=theirs,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert f"Change {STATE_ID}?" in result.stdout
    assert result.returncode == code
    assert (bookmark(project) == "2026-11-01T00:00:00.000Z@") is (code == 0)


def test_the_projects_link_to_meltano_is_left_alone(project):
    """Meltano links `.meltano/run/bin` to the program that opened the project first."""
    seed(project)
    assert project.bookmarks("show").exit_code == 0
    assert not (project.root / ".meltano" / "run" / "bin").exists()
