"""The command line, as a person uses it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import pytest
from click.testing import CliRunner
from sandbox import SandboxSettings
from sandbox.cli import main
from sandbox.world import World


def run(*arguments: str):
    return CliRunner().invoke(main, list(arguments))


def test_a_whole_life_in_the_background(tmp_path):
    command = [sys.executable, "-m", "sandbox"]
    log = tmp_path / "log"
    serve = [*command, "serve", "--port", "0", "--orders", "20", "--background", "--log", str(log)]
    started = subprocess.run(serve, capture_output=True, text=True, timeout=60, check=True)
    url = started.stdout.split()[2].removesuffix("/_sandbox/,")
    try:
        assert run("wait", "--url", url).exit_code == 0
        changed = run("mutate", "--url", url, "youzan", "42583152", "orders", "--count", "3")
        assert changed.output == "update: 3 orders\n"
        shown = run("status", "--url", url)
        assert "youzan 42583152: orders 20" in shown.output
        state = json.loads(run("status", "--url", url, "--json").output)
        assert state["churn"]["made"] == {"orders.update": 3}
        wrong = run("mutate", "--url", url, "youzan", "1", "orders")
        assert wrong.exit_code == 1
        assert "youzan has no account 1" in wrong.output
        port = url.rpartition(":")[2]
        taken = run("serve", "--port", port)
        assert taken.exit_code == 1
        assert "Address already in use" in taken.output
    finally:
        assert run("stop", "--url", url).exit_code == 0
    assert "stop with Ctrl+C" in log.read_text()


def test_nothing_there_is_said_plainly():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        for command in (["status"], ["stop"], ["mutate", "lab", "lab1", "orders"]):
            answer = run(*command, "--url", url)
            assert answer.exit_code == 1
            assert "no sandbox answers" in answer.output
            assert "Traceback" not in answer.output
        assert run("wait", "--url", url, "--seconds", "0.1").exit_code == 1


@pytest.mark.parametrize("option", [("--orders", "0"), ("--faults", "2"), ("--port", "99999999")])
def test_wrong_numbers_are_refused(option):
    answer = run("serve", *option)
    assert answer.exit_code in {1, 2}
    assert isinstance(answer.exception, SystemExit)


def test_the_config_is_ready_to_use():
    settings = json.loads(run("config").output)
    assert list(settings) == list(World(SandboxSettings()).platforms)
    one = json.loads(run("config", "--platform", "youzan", "--url", "http://127.0.0.1:9000").output)
    assert one["base_url"] == "http://127.0.0.1:9000/youzan"
    assert one["accounts"] == [{"id": "42583152"}, {"id": "42583153"}]
    assert run("config", "--platform", "nothing").exit_code == 1
    assert "sandbox" in json.dumps(one)
