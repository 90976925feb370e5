"""Details that are fetched by id."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from openplatform.accounts import Account
from openplatform.clock import SystemClock
from openplatform.details import DetailReader
from openplatform.metrics import Metrics
from openplatform.streams import Details
from openplatform.testing import HeldClock

NOW = datetime(2026, 11, 20, 8, tzinfo=timezone.utc)


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


@pytest.mark.parametrize("cache", [None, timedelta(minutes=1)])
def test_records_are_as_old_as_the_asking_for_them(cache):
    clock = HeldClock(NOW)
    stream = SimpleNamespace(
        name="skus", api="sku.list", records="list[]", params={},
        reads=Details(of="items", field="id", param="id", cache=cache),
        written=lambda _account, params: params,
    )  # fmt: skip

    def call(*_):
        clock.sleep(5)  # while we wait for the answer, the record may change
        return {"list": [{"sku": 1}]}

    asked = []

    def finished(_stream, _account, page, *_, **more):
        asked.append(more["asked"] - NOW)
        return page.records

    client = SimpleNamespace(call=call, connection=SimpleNamespace(metrics=Metrics()))
    reader = DetailReader(client, SimpleNamespace(finished=finished), clock=clock, concurrency=1)
    for _ in range(2):
        reader.fetch(stream, Account("a"), [("1", None)])
    assert asked == [timedelta(), timedelta() if cache else timedelta(seconds=5)]
