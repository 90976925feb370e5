"""`syncops report` after a real run of Meltano."""

from __future__ import annotations

import json

from meltano_project import STATE_ID, truth


def test_a_run_is_in_the_report(synced, shop, tmp_path):
    output = tmp_path / "report.html"
    done = synced.command("syncops", "report", "--json", "--output", str(output))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    orders = {s["stream"]: s for s in told["streams"] if s["state_id"] == STATE_ID}["orders"]
    assert (orders["level"], orders["accounts"]) == ("ok", len(shop.accounts("youzan")))
    assert told["runs"] >= 1
    assert told["records"] >= len(truth(shop))
    assert told["success"] > 0.9
    # Other tests kill runs in this project, which the report rightly tells.
    assert {one["what"] for one in told["attention"]} <= {"unfinished_runs"}
    sources = {source["name"]: source for source in told["sources"]}
    assert sources["warehouse"]["problem"] is None
    text = output.read_text(encoding="utf-8")
    assert all(account in text for account in shop.accounts("youzan"))
