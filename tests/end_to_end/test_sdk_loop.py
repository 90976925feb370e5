"""Our loop and the SDK's own bring the same records; maps, flattening and deselection work in ours."""

from __future__ import annotations

import pytest
from openplatform.writer import PageWriter
from singer_sdk import Tap

from end_to_end import harness, lab


@pytest.fixture
def shop(world):
    clock = harness.SharedTime()
    sandbox = world(
        seed=2,
        accounts=2,
        size=30,
        history_days=2,
        history_end=harness.NOW,
        limits=False,
        clock=harness.SandboxTime(clock),
    )
    config = {**sandbox.config("lab"), "start_date": "2026-11-15", "window_records": 11}
    return config, clock


def without_reading_time(messages):
    """Return the records of all streams, sorted, without what tells when they were read."""
    rows = [
        (m["stream"], sorted((k, str(v)) for k, v in m["record"].items() if k != "_read_at"))
        for m in messages
        if m["type"] == "RECORD"
    ]
    return sorted(rows)


@pytest.mark.parametrize("style", ["pages", "has_next", "cursor", "offset"])
def test_both_loops_bring_the_same_records(shop, style, capfdbinary):
    config, clock = shop
    kind = lab.tap_class(style, 5)
    ours = harness.run(kind, config, clock=clock)
    writer = harness.Collector()
    tap = kind(config=config, message_writer=writer)
    assert isinstance(writer, PageWriter)
    tap.clock = harness.TapTime(clock)
    Tap.sync_all(tap)
    theirs = writer.messages()
    assert len(without_reading_time(theirs)) == 2 * (30 + 30 + 6)
    assert without_reading_time(ours.messages) == without_reading_time(theirs)
    for stream in ("orders", "order_details", "items"):
        (schema,) = {
            str(m["schema"]) for m in theirs if (m["type"], m.get("stream")) == ("SCHEMA", stream)
        }
        assert schema == str(ours.of("SCHEMA", stream)[0]["schema"])


def test_a_dry_run_without_a_limit_is_whole(shop):
    config, clock = shop
    writer = harness.Collector()
    tap = lab.tap_class("pages", 5)(config=config, message_writer=writer)
    tap.clock = harness.TapTime(clock)
    assert tap.run_sync_dry_run(dry_run_record_limit=None)
    ours = harness.run(lab.tap_class("pages", 5), config, clock=clock)
    assert without_reading_time(writer.messages()) == without_reading_time(ours.messages)


def test_stream_maps_work(shop):
    config, clock = shop
    maps = {
        "orders": {
            "__alias__": "lab_orders",
            "__filter__": "version == 1 and quantity > 2",
            "fee_text": "'fee ' + payment",
            "buyer_name": None,
        },
        "items": None,
    }
    plain = harness.run(lab.tap_class("pages", 5), config, clock=clock)
    mapped = harness.run(lab.tap_class("pages", 5), {**config, "stream_maps": maps}, clock=clock)
    assert mapped.failed is None
    want = {row["id"]: row for row in plain.records("orders") if row["quantity"] > 2}
    have = {row["id"]: row for row in mapped.records("lab_orders")}
    assert have.keys() == want.keys()
    assert 0 < len(have) < 60
    for key, row in have.items():
        assert row["fee_text"] == f"fee {want[key]['payment']}"
        assert "buyer_name" not in row
    assert not mapped.records("orders")
    assert not mapped.records("items")
    assert mapped.state["bookmarks"]["orders"] == plain.state["bookmarks"]["orders"]


def test_flattening_works(shop):
    config, clock = shop
    flat = {**config, "flattening_enabled": True, "flattening_max_depth": 2}
    outcome = harness.run(lab.tap_class("pages", 5), flat, streams=("orders",), clock=clock)
    (schema, *_) = outcome.of("SCHEMA", "orders")
    assert "address__city" in schema["schema"]["properties"]
    rows = outcome.records("orders")
    assert len(rows) == 60
    for row in rows:
        assert row["address__city"]
        assert "address" not in row


def test_a_deselected_field_is_left_out(shop):
    config, clock = shop
    kind = lab.tap_class("pages", 5)
    catalog = kind(config=config).catalog_dict
    for entry in catalog["streams"]:
        for place in entry["metadata"]:
            if place["breadcrumb"] == ["properties", "buyer_name"]:
                place["metadata"]["selected"] = False
            if place["breadcrumb"] == ["properties", "address", "properties", "street"]:
                place["metadata"]["selected"] = False
            if place["breadcrumb"] == [] and entry["tap_stream_id"] == "items":
                place["metadata"]["selected"] = False
    writer = harness.Collector()
    tap = kind(config=config, catalog=catalog, message_writer=writer)
    tap.clock = harness.TapTime(clock)
    tap.sync_all()
    rows = [m["record"] for m in writer.messages() if m["type"] == "RECORD"]
    assert len(rows) == 120
    for row in rows:
        assert "buyer_name" not in row
        assert "street" not in row["address"]
        assert row["address"]["city"]
    schemas = [m["schema"]["properties"] for m in writer.messages() if m["type"] == "SCHEMA"]
    assert schemas
    assert not [s for s in schemas if "buyer_name" in s]
