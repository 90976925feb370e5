"""Details that are fetched by id."""

from __future__ import annotations

from types import SimpleNamespace

from openplatform.accounts import Account
from openplatform.clock import SystemClock
from openplatform.details import DetailReader
from openplatform.streams import Details


def fetch(records):
    stream = SimpleNamespace(
        name="skus",
        api="sku.list",
        records="data.list[]",
        params={},
        reads=Details(of="items", field="id", param="id"),
        written=lambda _account, params: params,
    )
    client = SimpleNamespace(call=lambda *_: {"data": {"list": records}})
    finisher = SimpleNamespace(finished=lambda _s, _a, page, *_, **__: page.records)
    reader = DetailReader(client, finisher, clock=SystemClock(), concurrency=1)
    return reader.fetch(stream, Account("a"), [("1", None)])


def test_an_answer_without_records_settles_what_was_owed():
    batch = fetch([])
    assert (list(batch.records), list(batch.failed), list(batch.gone)) == ([], [], ["1"])


def test_an_answer_with_records_is_not_gone():
    batch = fetch([{"sku": 1}])
    assert (list(batch.records), list(batch.gone)) == ([{"sku": 1}], [])
