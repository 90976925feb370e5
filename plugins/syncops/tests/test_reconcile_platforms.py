"""The other platforms against both engines: what is lost, stale or too much, in streams of every kind."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from openplatform.bookmarks import format_time
from sandbox.settings import SandboxSettings
from sandbox.testing import Sandbox
from syncops.reconcile.compared import Wish
from syncops.reconcile.flow import Reconciler
from tap_kuaishou_shop.tap import TapKuaishouShop
from tap_wecom.tap import TapWeCom

from .reconcile_cases import Loaded, pipeline_of

NOW = datetime.now(timezone.utc).replace(microsecond=0)
# Days begin in Beijing, and so do the windows of what is told by days.
START = f"{NOW - timedelta(days=13):%Y-%m-%d}T16:00:00.000Z"
END = format_time(NOW - timedelta(minutes=90))
OLD = format_time(NOW - timedelta(days=11))
PLATFORMS = {"kuaishou_shop": TapKuaishouShop, "wecom": TapWeCom}
# Of each stream an id that no record has (the first of its key's fields); none where the platform
# takes such an id for a wrong parameter, so that nothing can be said of a row that only we have.
STREAMS = {
    "kuaishou_shop": {
        "orders": "9999999999999",
        "refunds": "9999999999999",
        "refund_details": "9999999999999",
        "comments": "9999999999999",
        "settled_bills": "9999999999999",
        "items": "9999999999999",
    },
    "wecom": {
        "approvals": None,
        "checkin_data": "Staff99999",
        "checkin_day_data": "Staff99999",
        "journals": None,
        "users": "Staff99999",
    },
}


@pytest.fixture
def shops():
    settings = SandboxSettings(
        accounts=1, size=40, limits=False, history_days=9, history_end=NOW - timedelta(hours=2)
    )
    with Sandbox(settings) as sandbox:
        yield sandbox


class Table:
    """One stream's table; a row is known by the id that ends its bookmark, or by its key."""

    def __init__(self, loaded, pipeline, stream):
        self._execute, self.name = loaded.execute, f"{pipeline.schema}.{stream.name}"
        self.incremental, self.key, self.moves = stream.incremental, stream.key, stream.updated
        self._id = "substr(_bookmark, 26)" if stream.incremental else f'"{stream.key[0]}"'

    def alive(self):
        mark = "_bookmark" if self.incremental else "''"
        sql = f"SELECT {self._id}, {mark} FROM {self.name} WHERE _deleted_at IS NULL"
        return dict(self._execute(sql))

    def damage(self, invented):
        """Lose two rows, make one stale where that can be told, add one; return what that makes."""
        lost_first, stale, copied, *_, lost_last = sorted(self.alive())
        self._execute(
            f"DELETE FROM {self.name} WHERE {self._id} IN ('{lost_first}', '{lost_last}')"
        )
        made = {("missing", lost_first), ("missing", lost_last)}
        if self.moves:
            self._execute(
                f"UPDATE {self.name} SET _bookmark = '{OLD}@{stale}', _version = '2000' "
                f"WHERE {self._id} = '{stale}'"
            )
            made.add(("stale", stale))
        if invented is None:
            return made
        columns = ", ".join(f'"{name}"' for name in self.key)
        (row,) = self._execute(
            f"SELECT _account, {columns} FROM {self.name} WHERE {self._id} = '{copied}'"
        )
        values = [str(row[0]), invented, *map(str, row[2:])]
        surplus = invented
        if self.incremental:
            surplus = "|".join([invented, *copied.split("|")[1:]])
            columns += ", _bookmark"
            values.append(f"{self.alive()[copied][:24]}@{surplus}")
        texts = ", ".join(f"'{value}'" for value in values)
        self._execute(f"INSERT INTO {self.name} (_account, {columns}) VALUES ({texts})")
        return made | {("surplus", surplus)}


@pytest.mark.parametrize(
    ("platform", "engine"),
    [("kuaishou_shop", "postgres"), ("wecom", "duckdb"), ("wecom", "postgres")],
)
def test_streams_of_every_kind_are_compared_and_mended(platform, engine, shops, tmp_path, request):
    loaded = Loaded(
        engine,
        tmp_path,
        lambda: request.getfixturevalue("postgres_server"),
        load_mode="soft_delete",
    )
    kind, streams = PLATFORMS[platform], STREAMS[platform]
    config = {**shops.config(platform), "start_date": START, "scoped_activation": True}
    pipeline = pipeline_of(kind, tuple(streams), config, loaded, tmp_path)
    assert pipeline.run("", {})
    found = kind(config=pipeline.config).platform_streams
    tables = {name: Table(loaded, pipeline, found[name]) for name in streams}
    whole = {name: table.alive() for name, table in tables.items()}
    wanted = {name: table.damage(streams[name]) for name, table in tables.items()}

    (account,) = pipeline.accounts
    wish = Wish({(name, account): (START, END) for name in streams}, "day", "", True, 2000)
    shops.clear_requests()
    reconciler = Reconciler(pipeline, wish, lambda _: None)
    results = reconciler.compare()
    told = {one.stream: {(d.kind, d.id) for d in one.differences} for one in results}
    assert told == wanted
    assert [one.problems for one in results] == [[]] * len(streams)

    reconciler.repair(results)
    assert {name: table.alive() for name, table in tables.items()} == whole
    assert {one.stream: (one.marked, one.left, one.fine) for one in results} == {
        name: (0 if invented is None else 1, [], True) for name, invented in streams.items()
    }
    assert len(shops.requests(platform)) == reconciler.calls
    assert all(one.fine for one in Reconciler(pipeline, wish, lambda _: None).compare())
