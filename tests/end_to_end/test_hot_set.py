"""A hot set: the records that are asked for on a schedule of their own."""

from __future__ import annotations

import pytest
from openplatform.errors import ConfigurationError

from end_to_end.eventshop import Shop


class TestHotSet:
    def test_only_these_ids_are_asked_for_and_no_bookmark_moves(self, world, log, tmp_path):
        shop = Shop(world, log)
        shop.run()
        bookmark = shop.partition("orders")["replication_key_value"]
        orders, items = shop.orders(), sorted(key for _, key in shop.truth("items"))
        shop.sandbox.mutate("lab", shop.account, "orders", keys=orders[:2])
        shop.sandbox.mutate("lab", shop.account, "items", keys=items[:1])
        shop.tell(orders[5])
        version = shop.version
        file = tmp_path / "hot.json"
        file.write_text(f'{{"orders": {{"{shop.account}": ["{orders[1]}"]}}}}', encoding="utf-8")
        hot = {"orders": [orders[0]], "order_details": orders[:2], "items": items[:1]}
        outcome = shop.run(hot_set=hot, hot_set_file=str(file))
        assert {r["id"] for r in outcome.records("orders")} == set(orders[:2])
        assert not shop.count("orders/pages")
        assert not outcome.of("ACTIVATE_VERSION")
        assert shop.partition("orders")["replication_key_value"] == bookmark
        assert shop.version == version
        assert not shop.differences()

    def test_what_is_seen_now_came_after_any_full_read_that_has_begun(self, world, log):
        shop = Shop(world, log)
        key = min(key for _, key in shop.truth("items"))
        begun = shop.clock.seconds() * 1000
        outcome = shop.run(hot_set={"items": [key]}, streams=("items",))
        assert [m["version"] > begun for m in outcome.of("RECORD")] == [True]

    def test_an_id_that_is_gone_is_no_failure(self, world, log):
        shop = Shop(world, log)
        outcome = shop.run(hot_set={"orders": ["6999999999999999999"]})
        assert outcome.failed is None
        assert not shop.state["bookmarks"].get("orders", {}).get("partitions")

    @pytest.mark.parametrize(
        ("config", "said"),
        [
            ({"hot_set": {"order": ["1"]}}, "'order' cannot be asked for by id"),
            ({"hot_set": {"orders": "1"}}, "no list of ids"),
            ({"hot_set": {"orders": [True]}}, "no list of ids"),
            ({"hot_set_file": "nowhere.json"}, "nowhere.json cannot be read"),
        ],
    )
    def test_what_makes_no_sense_is_told(self, world, log, config, said):
        shop = Shop(world, log)
        with pytest.raises(ConfigurationError, match=said):
            shop.run(**config)
