"""What monitoring hears of bad records."""

from __future__ import annotations

import json
import re
import stat

from .singer import record, schema, state

INTEGER = {"type": ["integer", "null"]}
TEXT = {"type": ["string", "null"]}


def values(path) -> dict[str, float]:
    """Return the samples of a Prometheus textfile, but the time."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    found = {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}
    assert found.pop("target_warehouse_last_load_timestamp_seconds") > 0
    return found


def metric_lines(log: str) -> list[dict[str, object]]:
    return [json.loads(text) for text in re.findall(r"METRIC: (\{.*\})", log)]


def in_run(account: str, stream: str = "t") -> str:
    return f'target_warehouse_quarantined_records{{stream="{stream}",account="{account}"}}'


def standing(stream: str = "t") -> str:
    return f'target_warehouse_quarantine_open{{stream="{stream}"}}'


def test_bad_records_are_told_by_stream_and_account(warehouse, tmp_path):
    path = tmp_path / "folder" / "warehouse.prom"
    process = warehouse.run(
        messages=[
            schema("t", value=INTEGER),
            record("t", "1", value="x"),
            record("t", "2", value="y"),
            record("t", "3", account='b"', value="z"),
            record("t", "4", value=4),
            state("end"),
        ],
        metrics_file=str(path),
    )
    assert process.returncode == 0, process.stderr
    assert values(path) == {in_run("a"): 2, in_run(r"b\""): 1, standing(): 3}
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert metric_lines(process.stderr) == [
        {
            "type": "counter",
            "metric": "quarantined_records",
            "value": number,
            "tags": {"stream": "t", "account": account},
        }
        for account, number in (("a", 2), ('b"', 1))
    ]


def test_a_run_over_its_threshold_tells_them_as_well(warehouse, tmp_path):
    path = tmp_path / "warehouse.prom"
    process = warehouse.run(
        messages=[schema("t", value=INTEGER), record("t", "1", value="x")],
        metrics_file=str(path),
        quarantine_threshold=0,
    )
    assert process.returncode == 1
    assert values(path) == {in_run("a"): 1, standing(): 1}


def test_a_replay_brings_the_file_up_to_date(warehouse, tmp_path):
    path = tmp_path / "warehouse.prom"
    warehouse.load(schema("t", value=INTEGER), record("t", "1", value="x"))
    warehouse.load(schema("t", value=TEXT), metrics_file=str(path))
    assert values(path) == {standing(): 1}
    process = warehouse.run("--replay-quarantine", metrics_file=str(path))
    assert process.returncode == 0, process.stderr
    assert values(path) == {}


def test_a_file_that_cannot_be_written_costs_no_record(warehouse, tmp_path):
    (tmp_path / "file").write_text("")
    process = warehouse.run(
        messages=[schema("t", value=INTEGER), record("t", "1", value=1)],
        metrics_file=str(tmp_path / "file" / "warehouse.prom"),
    )
    assert process.returncode == 0
    assert "metrics_file" in process.stderr
    assert warehouse.count("SELECT count(*) FROM t") == 1
