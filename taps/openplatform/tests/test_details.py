"""Details that are fetched by id."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

from openplatform.accounts import Account
from openplatform.clock import SystemClock
from openplatform.details import DetailReader
from openplatform.metrics import Metrics
from openplatform.streams import Details


def fetch(records, *, cache=None, shared=None):
    stream = SimpleNamespace(
        name="skus",
        api="sku.list",
        records="data.list[]",
        params={},
        reads=Details(of="items", field="id", param="id", cache=cache),
        written=lambda _account, params: params,
    )
    client = SimpleNamespace(
        call=lambda *_: {"data": {"list": records}}, connection=SimpleNamespace(metrics=Metrics())
    )
    told = [] if shared is None else shared

    def finished(_stream, _account, page, *_, shared, **__):
        told.append(shared)
        return page.records

    finisher = SimpleNamespace(finished=finished)
    reader = DetailReader(client, finisher, clock=SystemClock(), concurrency=1)
    return reader.fetch(stream, Account("a"), [("1", None)])


def test_an_answer_without_records_settles_what_was_owed():
    batch = fetch([])
    assert (list(batch.records), list(batch.failed), list(batch.gone)) == ([], [], ["1"])


def test_an_answer_with_records_is_not_gone():
    batch = fetch([{"sku": 1}])
    assert (list(batch.records), list(batch.gone)) == ([{"sku": 1}], [])


def test_the_answer_in_the_cache_is_not_shaped_in_place():
    for cache, expected in ((None, [False]), (timedelta(minutes=1), [True])):
        shared = []
        fetch([{"sku": 1}], cache=cache, shared=shared)
        assert shared == expected
