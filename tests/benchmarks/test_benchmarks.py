"""The benchmarks run, and compare like with like; how fast is for `python3 tests/benchmarks` to tell.

The peers are left out: their environments come from a registry.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from rich.console import Console

from benchmarks import page, plot
from benchmarks.content import Content, expected
from benchmarks.generate import PARTS, PROPERTIES, Orders, Version
from benchmarks.measure import Cost
from benchmarks.peers import PEERS, PINS, Known
from benchmarks.postgres import SETTINGS, Postgres
from benchmarks.report import Plan, measure, show
from benchmarks.results import Pairs, Result, renewed

OURS = {"T6", "T8", "T9", "T11", "T12", "P2", "P3", "P4", "P5"}


@pytest.fixture(scope="module")
def server():
    with Postgres() as server:
        yield server


def test_every_comparison_runs(tmp_path, server):
    results = list(measure(Plan(500, 1, frozenset(OURS)), tmp_path, server, print))
    assert {result.number for result in results} >= {*OURS, "T10"}
    assert [result.wrong for result in results] == [""] * len(results)
    assert all(result.figure for result in results)
    assert next(r for r in results if r.number == "T12").figure == 1


def test_an_unknown_comparison_is_refused(tmp_path, server):
    with pytest.raises(ValueError, match=r"no comparison is called T99; there are T1, T2"):
        list(measure(Plan(500, 1, frozenset({"T99"})), tmp_path, server, print))


def test_the_files_follow_from_the_seed():
    lines = {part: list(Orders(1000).lines(part)) for part in PARTS}
    assert lines == {part: list(Orders(1000).lines(part)) for part in PARTS}
    assert lines["base"] != list(Orders(1000, seed=1).lines("base"))


def test_the_lines_are_as_large_and_as_wide_as_told():
    lines = [line for line in Orders(2000).lines("base") if b'"RECORD"' in line]
    assert len(lines) == 2000
    assert 980 < sum(map(len, lines)) / len(lines) < 1025
    assert all(list(json.loads(line)["record"]) == list(PROPERTIES) for line in lines)
    assert len(PROPERTIES) == 25


def test_a_part_has_the_shares_that_it_should():
    orders = Orders(10_000)
    updates, messy = list(orders.versions("updates")), list(orders.versions("messy"))
    assert (len(updates), len(messy)) == (2000, 1000)
    assert len({version.order for version in updates}) == 2000
    assert 0.25 < sum(version.shift < 0 for version in updates) / 2000 < 0.35
    new = {version.order for version in messy if version.order >= 10_000}
    assert len(new) == 250
    assert sum(version.order in new for version in messy) == 500
    assert [version.order for version in messy] != sorted(version.order for version in messy)
    assert len(set(messy)) < len(messy)


def test_newest_wins_is_what_a_dictionary_of_all_lines_says():
    orders = Orders(700)
    table: dict[str, dict[str, object]] = {}
    for part in PARTS:
        for line in orders.lines(part):
            message = json.loads(line)
            if message["type"] == "RECORD":
                record = message["record"]
                known = table.get(record["id"])
                if known is None or moment(record) > moment(known):
                    table[record["id"]] = record
    newest = [json.loads(orders.record(version)) for version in orders.newest("messy")]
    assert {record["id"]: record for record in newest} == table


def moment(record):
    return page.datetime.fromisoformat(record["updated_at"])


def test_the_digest_tells_any_two_contents_apart():
    orders = Orders(60)
    contents = [expected(orders, part) for part in PARTS]
    assert len({content.digest for content in contents}) == 3
    assert contents[0] == expected(Orders(60), "base")
    assert isinstance(contents[0], Content)


def test_a_table_of_a_peer_is_judged():
    orders = Orders(1000)
    known = Known(orders)
    right = {version.order: version.revision for version in orders.newest("updates")}
    assert known.compared("updates", right) == "right"
    older = next(v for v in orders.versions("updates") if v.shift < 0)
    assert "1 rows not the newest" in known.compared("updates", {**right, older.order: 2})
    right.pop(older.order)
    assert "1 rows missing" in known.compared("updates", right)
    assert Version(1) == Version(1, 0, 0, 0)


def test_each_peer_has_exact_pins():
    for peer in PEERS:
        lines = (PINS / f"{peer.environment}.txt").read_text().splitlines()
        assert all("==" in line for line in lines if not line.startswith("#"))


def results():
    cost = Cost(wall=2.0, cpu=1.5, peak_mib=100.0, server_cpu=0.5)
    pairs = Pairs("a <peer> & more", cost, Cost(1.0, 0.4, 80.0), 5.0, (4.5, 5.5))
    return [
        Result("T1", "PostgreSQL: a | b", 5.0, 10, unit="x", pairs=pairs),
        Result("T6", "limit", 0.5, 0.45, pairs=pairs, detail="seen"),
        Result("T10", "peak", 90.0, 150, above=False, unit="MiB"),
        Result("T12", "content", 1.0, 1.0, wrong="one table differs"),
        Result("T12p", "PostgreSQL: what a peer leaves", None, None, detail="after base: right"),
        Result("T2", "a peer that is not there", None, 7, wrong="not run: no registry"),
    ]


def test_the_page_holds_every_figure_and_the_plot_every_bar(tmp_path):
    lines = [replace(result, origin="a machine") for result in results()[:-1]]
    last = replace(results()[-1], origin="another day")
    page.write(tmp_path, [*lines, last], records=1000, settings=SETTINGS)
    text = (tmp_path / "benchmarks.md").read_text()
    assert "| T1 | PostgreSQL: a \\| b | **5.0×** | ≥ 10.0× | NO |" in text
    assert "| T10 | peak | **90 MiB** | ≤ 150 MiB | yes |" in text
    assert "| T12 | content | **1.00** | ≥ 1.00 | NO |" in text
    assert "- T12: one table differs" in text
    assert "- a peer: after base: right" in text
    assert text.count("a <peer> & more") == 2
    assert "- T1, T6, T10, T12, T12p: a machine" in text
    assert "- T2: another day" in text
    assert not any(line != line.rstrip() for line in text.split("\n"))
    drawn = ET.parse(tmp_path / "benchmarks.svg").getroot()
    assert "a <peer> & more" in {node.text for node in drawn.iter() if node.tag.endswith("text")}


def test_lines_that_are_not_measured_again_stay(tmp_path):
    file = tmp_path / "benchmarks.json"
    assert renewed(file, results()) == results()
    again = [replace(results()[1], figure=0.7)]
    again += [replace(results()[4], detail=detail) for detail in ("one", "two")]
    whole = renewed(file, again)
    unchanged = [r for r in results() if r.number not in {"T6", "T12p"}]
    assert len(whole) == len(again) + len(unchanged)
    assert all(result in whole for result in (*again, *unchanged))
    assert renewed(file, []) == whole


def test_the_bars_are_records_per_second_of_client_and_server():
    (panel,) = plot.panels(results(), 1000)
    assert [(bar.label, bar.value, bar.kind) for bar in panel.bars] == [
        ("ours", 2500.0, "ours"),
        ("a <peer> & more", 500.0, "peer"),
        ("a <peer> & more", 500.0, "limit"),
    ]


def test_the_terminal_shows_what_is_wrong():
    console = Console(width=200, record=True)
    show(results(), Plan(1000, 1), console)
    text = console.export_text()
    assert "T12: one table differs" in text
    assert "T12p PostgreSQL: what a peer leaves: after base: right" in text
    assert "T2 a peer that is not there: not run: no registry" in text
    assert "meant for 100,000 records" in text
