"""The plain load that begins without the SDK, and the SDK's command: both must do the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import jsonschema
import pytest
from hypothesis import example, given, strategies as st
from target_warehouse.config_schema import CONFIG_SCHEMA, surely_fits

from .singer import incremental, order, state

AT = "2026-11-20T08:00:00Z"
MESSAGES = [incremental(), order("1", "a", AT), order("2", "b", AT), state({"seen": 2})]
MAIN = "import sys; from target_warehouse.command import main; main()"
LISTED = (
    "import atexit, sys; atexit.register(lambda: print('singer_sdk' in sys.modules, file=sys.stderr));"
    "from target_warehouse.command import main; main()"
)


def _load(code, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        input="".join(json.dumps(message) + "\n" for message in MESSAGES),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONWARNINGS": "ignore", **environment},
    )


def _told(stderr):
    """What was logged for people, without the times."""
    return {line.split("|", 1)[1] for line in stderr.splitlines() if "Stream orders" in line}


def test_a_plain_load_does_not_need_the_sdk(make_warehouse):
    warehouse = make_warehouse("duckdb")
    process = _load(LISTED, "--config", str(warehouse.configure()))
    assert process.returncode == 0, process.stderr
    assert process.stderr.splitlines()[-1] == "False"
    assert warehouse.count("SELECT count(*) FROM orders") == 2


@pytest.mark.parametrize("way", ["log config", "environment", "equals sign"])
def test_other_ways_go_through_the_sdk_and_do_the_same(make_warehouse, tmp_path, way):
    plain = _load(MAIN, "--config", str(make_warehouse("duckdb").configure()))
    warehouse = make_warehouse("duckdb")
    arguments, environment = [f"--config={warehouse.configure()}"], {}
    if way == "log config":
        log_config = tmp_path / "log.json"
        log_config.write_text('{"version": 1, "disable_existing_loggers": false}')
        environment = {"SINGER_SDK_LOG_CONFIG": str(log_config)}
        arguments = ["--config", str(warehouse.configure())]
    if way == "environment":
        arguments = ["--config", "ENV"]
        environment = {"TARGET_WAREHOUSE_PATH": warehouse.config["path"]}
    process = _load(LISTED, *arguments, **environment)
    assert process.returncode == 0, process.stderr
    assert process.stderr.splitlines()[-1] == "True"
    assert process.stdout == plain.stdout
    assert _told(process.stderr) == _told(plain.stderr)
    assert warehouse.count("SELECT count(*) FROM orders") == 2


def test_later_configuration_files_win(make_warehouse, tmp_path):
    warehouse = make_warehouse("duckdb")
    first = warehouse.configure(path=str(tmp_path / "wrong.duckdb"))
    process = _load(LISTED, "--config", str(first), "--config", str(warehouse.configure()))
    assert process.stderr.splitlines()[-1] == "False"
    assert warehouse.count("SELECT count(*) FROM orders") == 2
    assert not (tmp_path / "wrong.duckdb").exists()


def test_the_level_of_the_log(make_warehouse):
    config = str(make_warehouse("duckdb").configure())
    assert _told(_load(MAIN, "--config", config, TARGET_WAREHOUSE_LOGLEVEL="info").stderr)
    assert not _told(_load(MAIN, "--config", config, LOGLEVEL="error").stderr)


_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 3),
    st.sampled_from([0.0, 0.5, 1.0, 2.5, "0.5", "1", "2", "x", "", "upsert", "freeze", "disable"]),
)
_STREAM = CONFIG_SCHEMA["properties"]["streams"]["additionalProperties"]["properties"]
_STREAMS = st.dictionaries(
    st.sampled_from(["a", "b*"]),
    st.dictionaries(st.sampled_from([*_STREAM, "unknown"]), _VALUES, max_size=2) | _VALUES,
    max_size=2,
)
_CONFIGS = st.dictionaries(
    st.sampled_from([*CONFIG_SCHEMA["properties"], "unknown"]), _VALUES | _STREAMS, max_size=4
)


@given(_CONFIGS)
@example({"max_delete_share": "2"})
@example({"max_batch_age_seconds": 0})
@example({"streams": {"a": {"unknown": 1}}})
def test_what_surely_fits_is_valid(config):
    if surely_fits(config, CONFIG_SCHEMA):
        jsonschema.validate(config, CONFIG_SCHEMA)


@given(st.data())
def test_ordinary_settings_surely_fit(data):
    valid = {"path": "x", "load_mode": "history", "max_delete_share": 0.9, "batch_rows": 5}
    valid |= {"force_delete": False, "reconnect_seconds": "2.5", "port": 5432, "schema": None}
    valid |= {"streams": {"a": {"load_mode": "append", "snapshot_keep": 3}}}
    names = data.draw(st.sets(st.sampled_from(sorted(valid))))
    assert surely_fits({name: valid[name] for name in names}, CONFIG_SCHEMA)
