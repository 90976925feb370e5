"""The generated definitions are what the plugins say about themselves."""

from __future__ import annotations

import importlib.metadata
import json
import subprocess
import sys
from importlib.metadata import EntryPoint

import bootstrap
import definitions
import pytest
from definitions import Plugin, Stream

TAP = Plugin(
    name="tap-example",
    folder="taps/tap-example",
    about={
        "description": "例 Example",
        "capabilities": ["state", "catalog", "discover"],
        "settings": {"properties": {"app_key": {"type": ["string", "null"]}}},
    },
    streams=(
        Stream("orders", incremental=True),
        Stream("shops", incremental=False),
        Stream("points_changes", incremental=True, default=False),
    ),
)


def test_generated_files_are_fresh():
    """Otherwise run `python3 plugins/definitions.py`; `--check` writes nothing, and fails."""
    script = definitions.ROOT / "plugins" / "definitions.py"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_a_tap_tells_its_streams_and_its_settings():
    tap = definitions.read_tap(definitions.ROOT / "taps" / "tap-youzan")
    assert {stream.name for stream in tap.streams if stream.incremental} >= {"orders", "refunds"}
    assert "app_secret" in tap.about["settings"]["properties"]
    assert all(stream.confirmed for stream in tap.streams)


def test_what_the_platforms_own_documents_do_not_tell_is_marked():
    tap = definitions.read_tap(definitions.ROOT / "taps" / "tap-kuaishou-locallife")
    told = {stream.name for stream in tap.streams if stream.confirmed}
    assert told == {"orders", "order_details"}
    table = definitions.platforms([tap], chinese=False)
    assert "`orders` |" in table
    assert "`items`°" in table


def test_what_is_stale_is_written_unless_it_is_only_checked(tmp_path, monkeypatch, capsys):
    stale, fresh = tmp_path / "stale.yml", tmp_path / "fresh.yml"
    fresh.write_text("same", encoding="utf-8")
    monkeypatch.setattr(definitions.bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(definitions, "generated", lambda only: {stale: "new", fresh: "same"})
    for words, code, told in ((["--check"], 1, "stale"), ([], 0, "written")):
        monkeypatch.setattr(sys, "argv", ["definitions.py", *words])
        assert definitions.main() == code
        assert capsys.readouterr().out == f"{told}: stale.yml\n"
        assert stale.exists() == (not words)


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": ["string", "null"]}, {"kind": "string"}),
        ({"type": "integer", "default": 4}, {"kind": "integer", "value": 4}),
        ({"type": ["number"]}, {"kind": "decimal"}),
        ({"type": "boolean", "default": False}, {"kind": "boolean", "value": False}),
        ({"type": "string", "secret": True}, {"kind": "string", "sensitive": True}),
        ({"anyOf": [{"type": "string"}, {"type": ["array", "null"]}]}, {"kind": "array"}),
        ({"type": ["string", "number"], "default": "60s"}, {"kind": "string", "value": "60s"}),
        ({"type": "string", "title": "T", "description": "a\n  b"},
         {"kind": "string", "label": "T", "description": "a b"}),
        ({"type": "string", "enum": ["a", None]}, {"kind": "string", "description": "One of: a."}),
    ],
)  # fmt: skip
def test_a_setting_follows_its_schema(schema, expected):
    assert definitions.setting("x", schema) == {"name": "x", **expected}


def test_a_tap_gets_its_hourly_and_its_nightly_part():
    whole, hourly, full, *_ = definitions.extractors([TAP])["plugins"]["extractors"]
    assert whole["pip_url"] == "-e ./taps/tap-example"
    assert hourly["name"] == "tap-example--hourly"
    assert hourly["inherit_from"] == full["inherit_from"] == "tap-example"
    assert hourly["select"] == ["orders.*"]
    assert full["select"] == ["shops.*"]


def test_a_tap_gets_its_parts_that_ask_for_single_records():
    *_, events, hot = definitions.extractors([TAP])["plugins"]["extractors"]
    assert (events["name"], hot["name"]) == ("tap-example--events", "tap-example--hot")
    assert events["config"]["events"]["only"] is True
    assert hot["config"]["hot_set_file"].endswith("/output/hot/example.json")
    made = definitions.jobs([TAP])
    tasks = {job["name"]: job["tasks"] for job in made["jobs"]}
    assert tasks["example-events"] == ["tap-example--events target-postgres"]
    assert tasks["example-hot"] == ["tap-example--hot target-postgres"]
    assert {"example-events", "example-hot"} <= {s["job"] for s in made["schedules"]}


def test_a_tap_that_is_not_installed_beside_eventgate_stops_it_all(tmp_path, monkeypatch):
    """Its settings would be lost from the definition without a word."""
    monkeypatch.setattr(definitions.bootstrap, "ROOT", tmp_path)
    folders = [tmp_path / "taps" / name for name in ("tap-first", "tap-second-shop", "tap-silent")]
    for folder in folders:
        (folder / "tap_x").mkdir(parents=True)
    for folder in folders[:2]:
        (folder / "tap_x" / "push.py").touch()
    about = {"description": "", "settings": {"properties": {"first_token": {"type": "string"}}}}
    with pytest.raises(definitions.PluginError, match="settings of tap-second-shop: not installed"):
        definitions.eventgate(folders, about)
    about["settings"]["properties"]["second_shop_token"] = {"type": "string"}
    (gate,) = definitions.eventgate(folders, about)["plugins"]["utilities"]
    assert gate["pip_url"].endswith("-e ./taps/tap-first -e ./taps/tap-second-shop")


def test_a_stream_that_the_tap_leaves_out_is_not_selected():
    assert definitions.extractors([TAP])["plugins"]["extractors"][0]["select"] == [
        "*.*", "!points_changes.*",
    ]  # fmt: skip


def test_a_tap_without_bookmarks_has_no_hourly_job():
    tap = Plugin(TAP.name, TAP.folder, TAP.about, TAP.streams[1:2])
    made = definitions.jobs([tap])
    for name in (job["name"] for job in made["jobs"]):
        assert not name.endswith("-hourly")
    assert "example-full-nightly" in {schedule["job"] for schedule in made["schedules"]}


def test_the_demo_reads_the_sandbox_with_its_credentials():
    credentials = {"example": {"app_key": "k"}, "lab": {"key": "no tap reads the lab"}}
    demo = definitions.environments([TAP], credentials)["environments"][0]
    (extractor,) = demo["config"]["plugins"]["extractors"]
    assert (demo["name"], extractor["name"]) == ("demo", "tap-example")
    assert extractor["config"]["app_key"] == "k"


def test_each_loader_shows_the_settings_of_its_engine():
    names = ["url", "path", "host", "password", "schema"]
    target = Plugin(
        name="target-warehouse",
        folder="targets/target-warehouse",
        about={
            "description": "Warehouse",
            "capabilities": [],
            "settings": {"properties": {name: {"type": "string"} for name in names}},
        },
    )
    duckdb, postgres = definitions.loaders(target)["plugins"]["loaders"]
    assert [s["name"] for s in duckdb["settings"]] == ["url", "path", "schema"]
    assert [s["name"] for s in postgres["settings"]] == ["url", "host", "password", "schema"]
    assert duckdb["executable"] == postgres["executable"] == "target-warehouse"
    assert "inherit_from" not in postgres
    assert duckdb["settings"][-1]["value"] == "$MELTANO_EXTRACT__LOAD_SCHEMA"


def test_the_table_tells_streams_in_both_languages():
    english = definitions.platforms([TAP], chinese=False).splitlines()
    chinese = definitions.platforms([TAP], chinese=True).splitlines()
    assert english[2:] == chinese[2:]
    assert (
        english[2]
        == "| 例 Example | [tap-example](taps/tap-example) | `orders` `points_changes` | `shops` |"
    )


def test_a_text_without_markers_is_refused():
    with pytest.raises(definitions.PluginError, match="markers"):
        definitions.between("no markers", "platforms", "table")


def test_content_goes_between_the_markers_and_nowhere_else():
    begin, end = definitions.BEGIN.format(name="x"), definitions.END.format(name="x")
    once = definitions.between(f"above\n{begin}\nold\n{end}\nbelow\n", "x", "new")
    assert once == f"above\n{begin}\nnew\n{end}\nbelow\n"
    assert definitions.between(once, "x", "new") == once


def test_one_tap_alone_changes_nothing_of_the_others():
    other = Plugin("tap-another", "taps/tap-another", TAP.about, TAP.streams)
    newer = Plugin(TAP.name, TAP.folder, TAP.about, TAP.streams[:1])
    credentials = {"example": {"app_key": "k"}, "another": {"app_key": "l"}}
    everything = [
        (made(taps), made([newer]), made([other, newer]))
        for taps in [[other, TAP]]
        for made in (
            definitions.extractors,
            definitions.jobs,
            lambda some: definitions.environments(some, credentials),
        )
    ]
    mine = definitions.belongs(newer)
    for old, new, wanted in everything:
        assert definitions.together(old, new, mine) == definitions.together(None, wanted, mine)
    old, new, wanted = (
        definitions.platforms(taps, chinese=False)
        for taps in ([other, TAP], [newer], [other, newer])
    )
    assert definitions.rows_together(old, new) == wanted


def test_a_tap_that_is_not_there_is_named():
    with pytest.raises(definitions.PluginError, match="taps/tap-nowhere"):
        definitions.generated("tap-nowhere")


def test_a_plugin_that_cannot_answer_is_named(tmp_path, monkeypatch):
    broken = tmp_path / "target-broken"
    broken.write_text("#!/bin/sh\necho 'no such engine' >&2; exit 3\n", encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setattr(bootstrap, "BIN", tmp_path)
    targets = definitions.ROOT / "targets"
    with pytest.raises(definitions.PluginError, match=r"target-broken --about .*failed:\nno such"):
        definitions.read_target(targets / "target-broken")


def test_a_tap_that_cannot_answer_is_named(monkeypatch):
    folder = definitions.ROOT / "taps" / "tap-broken"
    with pytest.raises(definitions.PluginError, match="tap-broken --discover: "):
        definitions.read_tap(folder)
    script = EntryPoint("tap-broken", "json:no_such_function", "console_scripts")
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda **_: [script])
    with pytest.raises(definitions.PluginError, match=r"tap-broken --discover: .*no_such_function"):
        definitions.read_tap(folder)


def test_meltano_reads_the_definitions():
    done = subprocess.run(
        [str(bootstrap.BIN / "meltano"), "schedule", "list", "--format=json"],
        cwd=definitions.ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    schedules = {entry["name"] for entry in json.loads(done.stdout)["schedules"]["job"]}
    assert {"youzan-hourly", "youzan-full-nightly", "youzan-resync-7d"} <= schedules
