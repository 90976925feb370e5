"""The command line: settings from file and environment, and what each command says and returns."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from click.testing import CliRunner
from eventgate.cli import main
from eventgate.config import read_config
from eventgate.log import open_log
from openplatform.errors import ConfigurationError

from .conftest import new

SHOP = {"app_key": "client", "app_secret": "a-very-secret-word"}
COMMANDS = ("serve", "wait", "events", "prune", "check", "load")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch):
    for name in ("CONFIG", "DATABASE", "TOKEN", "PORT"):
        monkeypatch.delenv(f"EVENTGATE_{name}", raising=False)


@pytest.fixture
def settings(tmp_path):
    """Writes a settings file and returns its path."""

    def write(content):
        file = tmp_path / "eventgate.yml"
        file.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
        return str(file)

    return write


def run(*arguments):
    return CliRunner().invoke(main, arguments)


def refusal(*arguments):
    """What a command says when it fails in an expected way."""
    result = run(*arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert SHOP["app_secret"] not in result.output
    return result.stderr


def test_every_command_explains_itself_with_an_example():
    assert run("--help").exit_code == 0
    for command in COMMANDS:
        text = run(command, "--help").output
        assert len(text.splitlines()) > 5
        assert f"eventgate {command}" in text or f"eventgate.yml {command}" in text
    assert run("nonsense").exit_code == 2
    assert run("events", "--limit", "1001").exit_code == 2


def test_check_tells_what_the_consoles_need(settings, tmp_path):
    file = settings(
        {
            "database": str(tmp_path / "e.db"),
            "token": "t",
            "platforms": {
                "youzan": SHOP,
                "wecom/hr": {"corp_id": "ww1", "token": "x", "aes_key": "A" * 43},
            },
        }
    )
    result = run("--config", file, "check", "--url", "https://push.example.com/")
    assert result.exit_code == 0, result.output
    assert "https://push.example.com/push/youzan" in result.output
    assert "https://push.example.com/push/wecom/hr" in result.output
    assert "EncodingAESKey" in result.output
    assert SHOP["app_secret"] not in result.output
    told = json.loads(run("--config", file, "check", "--json").output)
    assert [gate["name"] for gate in told["gates"]] == ["youzan", "wecom/hr"]
    assert told["problems"] == []


def test_check_finds_what_is_missing(tmp_path):
    result = run("--database", str(tmp_path / "e.db"), "check", "--json")
    assert result.exit_code == 1
    first, second = json.loads(result.output)["problems"]
    assert "no platform is configured" in first
    assert "no token is set" in second
    nowhere = run("--database", "postgresql://u:hidden@127.0.0.1:1/x", "check")
    assert nowhere.exit_code == 1
    assert "cannot be used" in nowhere.output
    assert "hidden" not in nowhere.output


def test_the_environment_wins_over_the_file(settings):
    file = settings({"database": "from-file.db", "platforms": {"youzan": SHOP}})
    environment = {
        "EVENTGATE_DATABASE": "from-environment.db",
        "EVENTGATE_YOUZAN_APP_KEY": "other",
        "EVENTGATE_KUAISHOU_SHOP_APP_KEY": "ks",
        "EVENTGATE_KUAISHOU_SHOP_MESSAGE_KEY": "MDEyMzQ1Njc4OWFiY2RlZg==",
    }
    config = read_config(Path(file), environment)
    assert config.database == "from-environment.db"
    assert config.gates["youzan"].values == {**SHOP, "app_key": "other"}
    assert set(config.gates) == {"youzan", "kuaishou_shop"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("platforms: [", "cannot be read"),
        ("[1]", "it holds database, token, platforms, and nothing else"),
        ({"databse": "x"}, "unknown: databse"),
        ({"platforms": ["youzan"]}, "must be a mapping"),
        ({"platforms": {"youzan": "secret"}}, "Setting platforms, youzan: it must be a mapping"),
        ({"platforms": {"youzn": SHOP}}, "no installed tap understands messages of 'youzn'"),
        ({"platforms": {"youzan/a b": SHOP}}, "write 'youzan/a b' as platform/name"),
        ({"platforms": {"youzan": {"app_key": "x"}}}, "youzan: The setting app_secret is missing"),
        ({"platforms": {"youzan": {**SHOP, "x": "y"}}}, "youzan: Unknown setting 'x'"),
        ({"platforms": {"wecom": {"corp_id": "c", "token": "t", "aes_key": "k"}}}, "aes_key is no"),
    ],
)
def test_wrong_settings_are_told_in_one_line(settings, content, reason):
    assert reason in refusal("--config", settings(content), "check")


def test_a_settings_file_that_is_not_there(tmp_path):
    assert "cannot be read" in refusal("--config", str(tmp_path / "none.yml"), "check")
    with pytest.raises(ConfigurationError):
        read_config(tmp_path, {})


def test_serve_refuses_what_would_be_open_or_useless(settings, tmp_path):
    database = str(tmp_path / "e.db")
    file = settings({"database": database, "platforms": {"youzan": SHOP}})
    assert "no platform is configured" in refusal("--database", database, "serve")
    assert "set a token" in refusal("--config", file, "serve", "--host", "0.0.0.0")
    (tmp_path / "no.db").write_text("no database " * 200)
    broken = refusal("--config", file, "--database", str(tmp_path / "no.db"), "serve")
    assert "file is not a database" in broken
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert "Choose another --port" in refusal("--config", file, "serve", "--port", port)


def test_wait_gives_up_in_time():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    assert "no gate answered" in refusal("wait", "--port", port, "--seconds", "0.1")


def test_wait_and_ctrl_c(settings, tmp_path, make_gate):
    gate = make_gate({"database": str(tmp_path / "e.db"), "platforms": {"youzan": SHOP}})
    assert run("wait", "--port", str(gate.port)).exit_code == 0
    assert gate.greeting.startswith(f"eventgate on http://127.0.0.1:{gate.port}: youzan")


@pytest.fixture
def filled(database):
    log = open_log(database)
    old = datetime.now(timezone.utc) - timedelta(days=40)
    log.append([new("E1", received=old, body="{'é'}".encode()), new("E2", "wecom", received=old)])
    log.append([new("E3", received=datetime.now(timezone.utc))])
    log.close()
    return database


def test_events_shows_the_log(filled):
    text = run("--database", filled, "events").output
    assert [line.split()[-1] for line in text.splitlines()[:3]] == ["E1", "E2", "E3"]
    assert "trade_TradePaid" in text
    one = json.loads(run("--database", filled, "events", "--limit", "1", "--json", "--body").output)
    assert (one["version"], one["more"]) == (1, True)
    assert one["events"][0]["body"] == "{'é'}"
    assert "{'é'}" in run("--database", filled, "events", "--body").output
    rest = json.loads(run("--database", filled, "events", "--after", "1", "--json").output)
    assert [event["id"] for event in rest["events"]] == ["E2", "E3"]
    staff = json.loads(run("--database", filled, "events", "--platform", "wecom", "--json").output)
    assert [event["id"] for event in staff["events"]] == ["E2"]
    assert "beyond the end" in refusal("--database", filled, "events", "--after", "99")


@pytest.mark.parametrize("command", [["events"], ["prune", "--keep-days", "1"]])
def test_what_only_looks_makes_no_log(command, tmp_path):
    path = tmp_path / "none.db"
    assert "there is no event log" in refusal("--database", str(path), *command)
    assert not path.exists()


def test_prune_waits_for_readers_until_told_to_forget_one(filled):
    log = open_log(filled)
    log.after(0, reader="hourly")
    log.close()
    told = json.loads(run("--database", filled, "prune", "--keep-days", "30", "--json").output)
    assert (told["deleted"], told["left"]) == (0, 3)
    assert [(one["reader"], one["version"]) for one in told["readers"]] == [("hourly", 0)]
    text = run("--database", filled, "prune", "--keep-days", "30").output
    assert "reader hourly (all platforms) is done up to 0" in text
    assert "known: hourly" in refusal(
        "--database", filled, "prune", "--keep-days", "30", "--forget", "x"
    )
    text = run("--database", filled, "prune", "--keep-days", "30", "--forget", "hourly").output
    assert text == "deleted 2 events, 1 stay\n"
    assert run("--database", filled, "prune").exit_code == 2


def test_a_small_load_trial_with_a_kill_loses_nothing(tmp_path):
    """How fast it is, is for the machine at rest; that nothing is lost must hold on every machine."""
    command = [
        sys.executable,
        "-m",
        "eventgate",
        "load",
        "--seconds",
        "3",
        "--rate",
        "300",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    told = json.loads(done.stdout)
    assert (told["sent"], told["acknowledged"], told["lost"]) == (900, 900, 0)
    assert told["repeated"] > 0
    assert told["down"] > 0
    assert done.returncode == (0 if told["good"] else 1)


def test_the_load_trial_would_notice_a_loss(tmp_path, monkeypatch):
    from eventgate import load

    trial = load.Trial(load.Plan(1, 1, 1, False, "", ("youzan",)), tmp_path / "e.yml", 1)
    from sandbox import SandboxSettings
    from sandbox.world import World

    trial._world = World(SandboxSettings(accounts=1, size=10))
    trial.config.write_text(json.dumps({"platforms": trial._world.gates()}))
    messages = [trial._message(number, 0.0) for number in range(3)]
    database = str(tmp_path / "e.db")
    gates = read_config(trial.config, {}).gates
    log = open_log(database)
    log.append([one for message in messages[:2] for one in load._events(gates, message)])
    log.close()
    trial.kept = messages
    assert trial._lost(database) == 1
