"""Details that are fetched by id."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from openplatform.accounts import Account
from openplatform.clock import SystemClock
from openplatform.declarations import Details
from openplatform.details import DetailReader
from openplatform.errors import FatalError
from openplatform.metrics import Metrics
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


# -- in batches ------------------------------------------------------------------------------------

UNITS = Details(of="people", field="job.unit", further=("job.company",), param="ids", batch=4)


def test_the_ids_of_several_fields_are_collected_once_each():
    people = [{"job": {"unit": "7", "company": "1"}}, {"job": {"unit": "8", "company": 1}}, {}]
    assert UNITS.collected(people) == ["7", "1", "8"]


def in_batches(ids, *, refused=frozenset(), unknown=frozenset(), batches=None):
    """Fetch units by id; return the calls and the batch."""
    calls = []

    def call(_account, _api, params):
        calls.append(params["ids"])
        if refused & set(params["ids"]):
            raise FatalError("one of them is none of ours")
        return {"list": [{"id": one} for one in params["ids"] if one not in unknown]}

    stream = SimpleNamespace(
        name="units", api="units", records="list[]", params={}, reads=UNITS,
        written=lambda _account, params: params, identifier=lambda record: record["id"],
    )  # fmt: skip
    client = SimpleNamespace(call=call, connection=SimpleNamespace(metrics=Metrics()))
    finisher = SimpleNamespace(finished=lambda _stream, _account, page, *_, **__: page.records)
    reader = DetailReader(
        client, finisher, clock=SystemClock(), concurrency=1, batches=batches or {}
    )
    return calls, reader.fetch(stream, Account("a"), [(one, None) for one in ids])


def test_what_many_share_is_asked_for_in_batches():
    calls, batch = in_batches(list("abcdefghi"))
    assert list(map(len, calls)) == [4, 4, 1]
    assert [record["id"] for record in batch.records] == list("abcdefghi")
    assert list(map(len, in_batches(list("abcdefghi"), batches={"units": 2})[0])) == [2] * 4 + [1]


def test_one_that_is_refused_does_not_take_its_batch_along():
    calls, batch = in_batches(list("abcd"), refused={"c"}, unknown={"a"})
    assert len(calls) == 5
    assert [record["id"] for record in batch.records] == ["b", "d"]
    assert (list(batch.gone), [key for key, *_ in batch.failed]) == (["a"], ["c"])
