"""Platform against warehouse, with differences that are known: over HTTP, on both engines."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from click import UsageError
from openplatform.bookmarks import format_time
from sandbox.settings import SandboxSettings
from sandbox.testing import Sandbox
from syncops.backfill.estimate import estimate
from syncops.errors import SyncopsError
from syncops.reconcile.compared import Wish
from syncops.reconcile.flow import Reconciler
from syncops.reconcile.plans import Plan
from syncops.reconcile.show import details, result_line
from tap_youzan.tap import TapYouzan

from .reconcile_cases import Loaded, pipeline_of

UTC = timezone.utc
NOW = datetime.now(UTC).replace(microsecond=0)
START, END = format_time(NOW - timedelta(days=13)), format_time(NOW - timedelta(hours=1))
ACCOUNT = "42583152"
SCHEMA = "tap_youzan"
STREAMS = ("orders", "order_details", "items")


@pytest.fixture(scope="module")
def shop():
    settings = SandboxSettings(
        accounts=1,
        size=150,
        limits=False,
        same_second=4,
        history_days=12,
        history_end=NOW - timedelta(hours=2),
    )
    with Sandbox(settings) as sandbox:
        yield sandbox


class Case:
    """A warehouse that was filled from the shop, and what a test does to it."""

    def __init__(self, shop, pipeline, execute):
        self.shop, self.pipeline, self.execute = shop, pipeline, execute
        self.streams = []

    def resume(self, path):
        """Mend what a stored plan names."""
        plan = Plan.read(path, self.pipeline, NOW)
        reconciler = Reconciler(self.pipeline, Wish({}, "day", "", False, 100), lambda _: None)
        results = reconciler.resume(plan)
        reconciler.repair(results)
        return results

    def reconcile(self, *streams, repair=False, max_calls=5000, **wish):
        wishes = {(stream, ACCOUNT): (START, END) for stream in streams}
        given = {"bucket": "day", "field": "", "deep": False, **wish}
        reconciler = Reconciler(
            self.pipeline, Wish(wishes, max_calls=max_calls, **given), lambda _: None
        )
        self.shop.clear_requests()
        results = reconciler.compare()
        if repair:
            reconciler.repair(results)
        assert len(self.shop.requests("youzan")) == reconciler.calls
        self.streams = reconciler.streams
        return results

    def found(self, *streams, **more):
        """Return (stream, kind, id) of all differences."""
        return {
            (one.stream, d.kind, d.id)
            for one in self.reconcile(*streams, **more)
            for d in one.differences
        }

    def truth(self, entity="orders"):
        rows = self.shop.truth("youzan", ACCOUNT, entity)
        return {r.key: r.update_time and format_time(r.update_time) for r in rows}

    def held(self, table="orders", alive=""):
        sql = f"SELECT _bookmark FROM {SCHEMA}.{table} {alive}"
        return {mark[25:]: mark[:24] for (mark,) in self.execute(sql)}

    def day(self, text):
        moment = datetime.fromisoformat(text.replace("Z", "+00:00")) + timedelta(hours=8)
        return moment.date()

    def damage(self, table="orders"):
        """Lose two rows, make one stale, add one; return what that makes."""
        ids = sorted(self.truth())
        lost, stale, extra = ids[10:12], ids[120], "E20991231000000000000001"
        self.execute(f"DELETE FROM {SCHEMA}.{table} WHERE tid IN ('{lost[0]}', '{lost[1]}')")
        # Days on which nothing else happens: differences of one day could cancel out.
        taken = {self.day(self.truth()[one]) for one in (*lost, stale)}
        days = (NOW - timedelta(days=back) for back in range(2, 12))
        free = [format_time(at) for at in days if self.day(format_time(at)) not in taken]
        old, time = free[-1], free[0]
        self.execute(
            f"UPDATE {SCHEMA}.{table} SET _bookmark = '{old}@{stale}', "
            f"_version = '{old[:-1]}000Z@t{stale}' WHERE tid = '{stale}'"
        )
        columns = "_account, tid, _bookmark"
        self.execute(
            f"INSERT INTO {SCHEMA}.{table} ({columns}) VALUES ('{ACCOUNT}', '{extra}', '{time}@{extra}')"
        )
        return {
            *((table, "missing", one) for one in lost),
            (table, "stale", stale),
            (table, "surplus", extra),
        }


@pytest.fixture(params=["duckdb", "postgres"])
def engine(request):
    return request.param


@pytest.fixture
def mode():
    return "upsert"


@pytest.fixture
def case(engine, mode, shop, tmp_path, request):
    loaded = Loaded(
        engine, tmp_path, lambda: request.getfixturevalue("postgres_server"), load_mode=mode
    )
    config = {**shop.config("youzan"), "start_date": START}
    pipeline = pipeline_of(TapYouzan, STREAMS, config, loaded, tmp_path)
    assert pipeline.run("", {})
    return Case(shop, pipeline, loaded.execute)


def test_exactly_the_differences_are_found_and_repaired(case):
    live = case.held()
    assert live == case.truth()
    assert case.found("orders", "order_details", "items") == set()
    wanted = case.damage() | case.damage("order_details")
    results = case.reconcile("orders", "order_details", "items")
    assert {(r.stream, d.kind, d.id) for r in results for d in r.differences} == wanted
    assert [r.fine for r in results] == [False, False, True]
    plan = Plan.of(case.pipeline, results, case.streams, NOW, bucket="day", field="")

    # The plan is done later; what the live sync has brought meanwhile is left as it is.
    back = next(identifier for table, kind, identifier in wanted if kind == "missing")
    case.execute(
        f"INSERT INTO {SCHEMA}.orders (_account, tid, _bookmark) "
        f"VALUES ('{ACCOUNT}', '{back}', '{live[back]}@{back}')"
    )
    repaired = case.resume(plan.keep(case.pipeline.folder))
    assert [one.fetched for one in repaired] == [2, 3]
    # Not soft_delete: what is too much here is listed, and stays.
    assert [[d.kind for d in one.left] for one in repaired] == [["surplus"], ["surplus"]]
    extra = next(identifier for _, kind, identifier in wanted if kind == "surplus")
    for table in ("orders", "order_details"):
        left = case.held(table)
        assert left.pop(extra)
        assert left == live
    lines = [result_line(case.pipeline, one, NOW, bucket="day", calls=1) for one in repaired]
    assert (lines[0]["missing"], lines[0]["stale"], lines[0]["surplus"]) == (1, 1, 1)
    assert (lines[0]["left"], lines[0]["repaired"]) == (1, False)
    assert any("stay" in text for text in details(repaired[0]))


@pytest.mark.parametrize("engine", ["duckdb"])
def test_a_plan_serves_its_own_pipeline_for_a_day(case, tmp_path):
    plan = Plan.of(case.pipeline, [], [], NOW, bucket="day", field="")
    path = plan.keep(tmp_path / "plans")
    assert Plan.read(path, case.pipeline, NOW + timedelta(hours=23)) == plan
    with pytest.raises(SyncopsError, match=r"too much may have happened.*Compare again"):
        Plan.read(path, case.pipeline, NOW + timedelta(hours=25))
    with pytest.raises(UsageError, match=r"made for tap-youzan and target .*, not for tap-lab"):
        Plan.read(path, replace(case.pipeline, tap="tap-lab"), NOW)
    path.write_text('{"parts": []}')
    with pytest.raises(SyncopsError, match="holds no plan"):
        Plan.read(path, case.pipeline, NOW)


@pytest.mark.parametrize("engine", ["duckdb"])
@pytest.mark.parametrize("mode", ["snapshot", "overwrite"])
def test_tables_of_full_reads_are_compared_but_mended_by_the_next_one(case):
    assert case.found("items", "orders", deep=True) == set()
    lost, order = sorted(case.truth("items"))[2], sorted(case.truth())[7]
    case.execute(f"DELETE FROM {SCHEMA}.items WHERE item_id = '{lost}'")
    case.execute(f"DELETE FROM {SCHEMA}.orders WHERE tid = '{order}'")
    items, orders = case.reconcile("items", "orders", repair=True)
    assert [(d.kind, d.id) for d in items.differences] == [("missing", lost)]
    assert (items.fetched, items.fine) == (0, False)
    assert "only the next full read" in items.problems[0]
    assert orders.fine, "what comes in parts is merged there as well"
    assert case.pipeline.run("", {})
    assert case.found("items", "orders", deep=True) == set()


@pytest.mark.parametrize("mode", ["soft_delete"])
def test_surplus_is_marked_where_rows_are_marked(case):
    wanted = case.damage()
    (one,) = case.reconcile("orders", repair=True)
    assert {(one.stream, d.kind, d.id) for d in one.differences} == wanted
    assert (one.fetched, one.marked, one.left, one.fine) == (3, 1, [], True)
    assert case.held(alive="WHERE _deleted_at IS NULL") == case.truth()
    assert len(case.held()) == len(case.truth()) + 1
    assert case.found("orders") == set()


@pytest.mark.parametrize("mode", ["append", "history"])
def test_only_the_newest_version_of_a_row_counts(case):
    if mode_of(case) == "append":
        old = format_time(NOW - timedelta(days=10))
        case.execute(
            f"INSERT INTO {SCHEMA}.orders (_account, tid, _bookmark) "
            f"SELECT _account, tid, '{old}@' || tid FROM {SCHEMA}.orders"
        )
    assert case.found("orders", deep=True) == set()
    lost = sorted(case.truth())[7]
    case.execute(f"DELETE FROM {SCHEMA}.orders WHERE tid = '{lost}'")
    (one,) = case.reconcile("orders", repair=True)
    assert [(d.kind, d.id) for d in one.differences] == [("missing", lost)]
    assert one.fine


def mode_of(case):
    return case.pipeline.stream("orders").load_mode


@pytest.mark.parametrize("engine", ["duckdb"])
def test_whole_lists_are_compared_too(case):
    ids = sorted(case.truth("items"))
    case.execute(f"DELETE FROM {SCHEMA}.items WHERE item_id = '{ids[0]}'")
    case.execute(
        f"INSERT INTO {SCHEMA}.items (_account, item_id) VALUES ('{ACCOUNT}', '999999'), "
        f"('{ACCOUNT}', '999998')"
    )
    (one,) = case.reconcile("items", repair=True)
    assert sorted((d.kind, d.id) for d in one.differences) == [
        ("missing", ids[0]), ("surplus", "999998"), ("surplus", "999999"),
    ]  # fmt: skip
    assert (one.fetched, len(one.left)) == (1, 2)
    assert case.execute(f"SELECT count(*) FROM {SCHEMA}.items WHERE item_id = '{ids[0]}'") == [(1,)]


@pytest.mark.parametrize("engine", ["duckdb"])
def test_equal_counts_hide_nothing_from_a_deep_comparison(case):
    case.execute(f"UPDATE {SCHEMA}.orders SET tid = tid || '9', _bookmark = _bookmark || '9' "
                 f"WHERE tid = '{sorted(case.truth())[3]}'")  # fmt: skip
    assert case.found("orders") == set()
    lost = sorted(case.truth())[3]
    assert case.found("orders", deep=True) == {
        ("orders", "missing", lost), ("orders", "surplus", f"{lost}9"),
    }  # fmt: skip


@pytest.mark.parametrize("engine", ["duckdb"])
def test_a_business_field_shows_what_equal_days_hide(case):
    path = "json_extract_string(order_info, '$.status')"
    (state,) = case.execute(f"SELECT {path} FROM {SCHEMA}.orders GROUP BY 1 LIMIT 1")[0]
    other = next(
        s for (s,) in case.execute(f"SELECT DISTINCT {path} FROM {SCHEMA}.orders") if s != state
    )
    (one,) = case.reconcile("orders", field="status")
    assert one.fine
    assert {bucket.value for bucket in one.buckets} >= {state, other}
    case.execute(
        f"UPDATE {SCHEMA}.orders SET order_info = '{{\"status\": \"{other}\"}}' WHERE {path} = '{state}'"
    )
    (one,) = case.reconcile("orders", field="status")
    assert {bucket.value for bucket in one.differing} == {state, other}


@pytest.mark.parametrize("engine", ["duckdb"])
def test_what_moved_on_meanwhile_is_no_difference(case):
    """An order that changes after the live sync has left its day, and is the next run's business."""
    keys = sorted(case.truth())[40:43]
    moved = case.shop.mutate("youzan", ACCOUNT, "orders", "update", keys=keys)
    results = case.reconcile("orders", repair=True)
    assert results[0].differing, "the counts of its day differ now"
    assert results[0].differences == []
    assert results[0].fine
    assert any("second look" in text for text in details(results[0]))
    assert len(moved) == 3
    # Read by the live sync, they are where they belong.
    assert case.pipeline.run("", {})
    assert case.held() == case.truth()


@pytest.mark.parametrize("engine", ["duckdb"])
@pytest.mark.parametrize("most", [1, 20, 40])
def test_calls_are_bounded(case, most):
    case.damage()
    results = case.reconcile("orders", "order_details", max_calls=most, repair=most > 20)
    assert len(case.shop.requests("youzan")) <= most
    assert not any(one.fine for one in results[1:])
    assert any("max_calls" in problem for one in results for problem in one.problems)


@pytest.mark.parametrize("engine", ["duckdb"])
def test_counts_land_as_a_stream_for_plain_sql(case):
    case.damage()
    case.reconcile("orders")
    found = case.execute(f"""
        SELECT c.bucket_start, c.count - count(o.tid) FROM {SCHEMA}._counts AS c
        LEFT JOIN {SCHEMA}.orders AS o ON o._account = c.account
            AND CAST(left(o._bookmark, 24) AS TIMESTAMPTZ) >= c.bucket_start
            AND CAST(left(o._bookmark, 24) AS TIMESTAMPTZ) < c.bucket_end
        WHERE c.stream = 'orders' AND c.platform = 'youzan' AND c.field = ''
        GROUP BY c.bucket_start, c.bucket_end, c.count HAVING c.count <> count(o.tid)""")
    assert sum(abs(difference) for _, difference in found) == 5
    before = case.execute(f"SELECT count(*) FROM {SCHEMA}._counts")
    case.reconcile("orders")
    assert case.execute(f"SELECT count(*) FROM {SCHEMA}._counts") == before, (
        "counted again, not twice"
    )


@pytest.mark.parametrize("engine", ["duckdb"])
def test_a_backfill_is_estimated(case):
    number = len(case.truth())
    case.shop.clear_requests()
    now = datetime.now(UTC) + timedelta(seconds=5)
    told = estimate(case.pipeline, ["orders", "order_details"], now - timedelta(days=40), now, 0.5)
    assert len(case.shop.requests("youzan")) == told.spent <= 4
    assert told.records == {"orders": number, "order_details": number}
    assert told.calls == {"orders": -(-number // 100), "order_details": number}
    assert told.seconds == pytest.approx(sum(told.calls.values()) / 10_000 / 0.5)
