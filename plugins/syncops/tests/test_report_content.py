"""What the page of a report holds: the right figures, both languages, and nothing that can do harm."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import string
from datetime import timedelta
from functools import cache
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings, strategies as st
from syncops.report import overview, plots, spans
from syncops.report.period import Buckets
from syncops.report.rows import newest
from syncops.report.words import WORDS

from .report_samples import (
    DAY,
    HERE,
    JOB,
    LOST,
    NOW,
    STATE_ID,
    facts,
    many,
    page,
    run_row,
    troubled,
)

HOSTILE = (
    """</script><script>hacked()</script><img src=x onerror=hacked()>"'`{{7*7}}{% x %}&amp;\u202e"""
)


class Page(HTMLParser):
    """The elements of a page; one that is closed wrongly is an error."""

    VOID = frozenset({"meta", "link", "input", "br"})

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.inside, self.tags, self.attributes, self.texts = [], [], [], {}
        self.feed(text)
        self.close()
        assert self.inside == []

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in self.VOID:
            self.inside.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.inside.pop() == tag

    def handle_data(self, data):
        if self.inside:
            self.texts.setdefault(self.inside[-1], []).append(data)

    @property
    def text(self):
        shown = (
            part
            for tag, parts in self.texts.items()
            if tag not in {"script", "style"}
            for part in parts
        )
        return "\n".join(shown)


@cache
def harmless():
    return Page(page(troubled()))


class TestHarmless:
    def test_hostile_names_stay_text(self):
        hostile = Page(page(troubled(HOSTILE)))
        assert hostile.tags == harmless().tags
        assert hostile.texts["script"] == harmless().texts["script"]
        assert [a[:2] for a in hostile.attributes] == [a[:2] for a in harmless().attributes]
        assert hostile.text.count(HOSTILE) > 30

    @settings(max_examples=60, deadline=None)
    @given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60))
    def test_any_name_is_shown_as_it_is(self, name):
        found = Page(page(troubled(name)))
        assert found.tags == harmless().tags
        assert name in found.text

    def test_nothing_comes_from_elsewhere(self):
        found = Page(page(many(3, 2)))
        assert not [
            name for _, name, _ in found.attributes if name.startswith("on") or name == "style"
        ]
        links = [v for _, name, v in found.attributes if name in {"href", "src", "action"}]
        assert all(link.startswith(("#", "data:image/svg+xml,")) for link in links)

    def test_the_policy_allows_our_own_script_and_style_only(self):
        found = Page(page(many(1, 1)))
        (policy,) = (v for _, _, v in found.attributes if v.startswith("default-src 'none'"))
        for tag in ("script", "style"):
            digest = hashlib.sha256("".join(found.texts[tag]).encode()).digest()
            assert f"{tag}-src 'sha256-{base64.b64encode(digest).decode()}'" in policy
            assert found.tags.count(tag) == 1


class TestSize:
    def test_sixty_streams_of_fifty_accounts(self):
        text = page(many(60, 50))
        assert len(text.encode()) < 2_000_000
        assert Page(text).tags.count("details") == 60
        assert Page(text).tags.count("tr") > 60 * 50

    def test_a_page_has_an_upper_bound(self):
        text = page(many(400, 150, hours=12))
        assert len(text.encode()) < 2_500_000
        assert "100 more streams are not shown" in text
        assert len(page(troubled("x" * 100_000)).encode()) < 400_000


class TestFigures:
    def test_all_that_is_wrong_is_told_first(self):
        found = troubled()
        streams = overview.streams(found, DAY)
        told = [
            (one.level, one.word, one.values.get("count"))
            for one in overview.advice(found, streams, DAY)
        ]
        assert told == [
            ("bad", "unreadable", 1),
            ("bad", "failed_runs", 1),
            ("bad", "alerts_firing", 1),
            ("bad", "parked_failures", 2),
            ("warn", "late_streams", 1),
            ("warn", "unfinished_runs", 1),
            ("warn", "success_low", None),
            ("warn", "differences_found", 3),
            ("warn", "quarantined", 4),
        ]
        assert "9 things need attention" in page(found)

    def test_a_healthy_project_is_in_order(self):
        found = many(3, 2)
        streams = overview.streams(found, DAY)
        assert {stream.level for stream in streams} == {"ok"}
        assert overview.advice(found, streams, DAY) == []
        text = Page(page(found)).text
        assert "Everything is in order" in text
        assert "一切正常" in text

    def test_sums_and_shares(self):
        period = many(2, 1, hours=10).period
        assert (period.runs, period.rows) == (10, 20)
        assert period.read == 10 * (100 + 107)
        assert period.success == pytest.approx(0.95)
        assert sum(period.throttled) == 20
        assert sum(period.waited) == pytest.approx(70)
        assert max(v for v in period.lag[JOB, "stream_01"] if v) == 369

    def test_nothing_yet(self):
        text = Page(page(facts())).text
        assert "Nothing has been synced yet" in text
        assert "尚未同步任何数据" in text

    def test_a_run_that_was_killed_and_one_that_runs(self):
        here = {"outcome": "started", "host": HERE}
        killed = run_row(NOW - timedelta(hours=2), **here, pid=LOST)
        running = run_row(NOW - timedelta(hours=1), **here, pid=os.getpid())
        found = facts(rows=[killed, running])
        found.period.unfinished[running.run_id].alive = True
        text = page(found)
        assert text.count("never ended</span>") == 1
        assert text.count(">running</span>") == 1
        assert "never ended: 1" in text

    def test_a_run_that_fetches_single_records_is_told_by_its_own_job(self):
        about = {"stream": "orders", "account": "1"}
        rows = [
            run_row(NOW - timedelta(hours=3), **about, lag_seconds=5.0),
            run_row(
                NOW - timedelta(hours=1), **about, job="tap-lab--events", kind="refetch",
                outcome="failed", error="no log",
            ),
        ]  # fmt: skip
        found = facts(rows=rows)
        assert not found.period.last[JOB, "orders", "1"].failed
        assert found.period.last["tap-lab--events", "orders", "1"].error == "no log"
        assert [one.word for one in overview.advice(found, [], DAY)] == ["failed_runs"]
        assert [v for v in found.period.lag[JOB, "orders"] if v] == [5.0]

    def test_a_job_that_failed_for_no_streams_fault_is_told_until_it_succeeds(self):
        about = {"stream": "orders", "account": "1"}
        rows = [
            run_row(NOW - timedelta(hours=2), **about),
            run_row(NOW - timedelta(hours=2), outcome="failed", error="no event log"),
        ]
        [told] = overview.advice(facts(rows=rows), [], DAY)
        assert (told.word, told.values["names"]) == ("failed_runs", JOB)
        rows.append(run_row(NOW - timedelta(hours=1)))
        assert overview.advice(facts(rows=rows), [], DAY) == []

    def test_only_a_sync_says_how_a_stream_is(self):
        about = {"stream": "orders", "account": "1", "lag_seconds": 5.0, "records": 3}
        rows = [
            run_row(NOW - timedelta(hours=3), **about),
            run_row(NOW - timedelta(hours=2), **about, kind="task", outcome="failed"),
            run_row(NOW - timedelta(hours=1), **{**about, "lag_seconds": 9e9}, outcome="helper"),
        ]
        period = facts(rows=rows).period
        assert not period.last[JOB, "orders", "1"].failed
        assert [v for v in period.lag[JOB, "orders"] if v] == [5.0]
        assert period.read == 9

    def test_the_last_comparison_of_a_stream_holds(self):
        lines = [
            {"stream": "orders", "account": "1", "missing": 3, "platform": 9, "warehouse": 6},
            {"stream": "orders", "account": "1", "missing": 3, "left": 1},
            {"stream": "items", "account": "1", "platform": 9, "warehouse": 4},
            {"stream": "shops", "account": "1", "missing": 2, "left": 0, "equal": True},
            {"stream": "users", "account": "1", "platform": 9, "warehouse": 8, "equal": True},
            {"stream": "odd", "platform": "many", "missing": True, "problems": ["no count"]},
        ]
        found = newest(lines)
        assert [(one.stream, one.records, one.told) for one in found] == [
            ("items", 5, True),
            ("orders", 1, True),
            ("odd", 0, True),
            ("shops", 0, True),
            ("users", 0, False),
        ]
        text = Page(page(facts(compared=found))).text
        assert "no count" in text
        assert "已修复" in text
        assert "users" not in text
        assert "agree in all 1 comparisons" in page(facts(compared=found[-1:]))

    def test_a_backfill_is_never_late(self):
        beside = [
            overview.Entry(f"{STATE_ID}:backfill-20260101000000", one.partition, running=False)
            for one in many(1, 1).entries
        ]
        shard = [
            overview.Entry(f"{STATE_ID}:shard-1", one.partition, False)
            for one in many(1, 1).entries
        ]
        found = overview.streams(facts(entries=[*beside, *shard]), timedelta(minutes=1))
        assert [(one.level, one.lag) for one in found] == [("warn", 300.0), ("ok", None)]

    def test_the_worst_account_and_stream_come_first(self):
        entries = [*many(2, 2).entries, *troubled("zzz").entries]
        streams = overview.streams(facts(entries=entries), timedelta(minutes=5, seconds=30))
        assert [(stream.name, stream.level) for stream in streams] == [
            ("zzz", "bad"),
            ("stream_01", "warn"),
            ("stream_00", "ok"),
        ]


class TestPieces:
    @given(st.timedeltas(min_value=timedelta(minutes=1), max_value=timedelta(days=4000)))
    def test_buckets_hold_their_period(self, length):
        buckets = Buckets.of(NOW - length, NOW)
        assert 2 <= buckets.count <= 60
        assert buckets.index(NOW - length) == 0 or length >= timedelta(days=364 * 59)
        assert buckets.index(NOW) is not None

    @given(st.floats(0, 1e9))
    def test_scales_hold_their_values(self, value):
        for scale in (plots.span_scale(value), plots.number_scale(value), plots.time_scale(value)):
            assert scale.ticks[-1] >= min(value, 3650 * 86400) * (1 - 1e-9)
            assert list(scale.ticks) == sorted(set(scale.ticks))
            assert len(scale.labels) == len(scale.ticks)
            assert 0 <= scale.y(value) <= plots.HEIGHT

    @given(st.lists(st.none() | st.floats(0, 1e7), min_size=2, max_size=60))
    def test_every_value_is_a_dot(self, values):
        series = [plots.Series("orders", values, "c0")]
        times = [""] * len(values)
        drawn = plots.line_plot(series, plots.span_scale(1e7), [], str, buckets=times)
        assert len(drawn.lines[0].dots) == sum(value is not None for value in values)
        assert len(re.findall("[ML]", drawn.lines[0].path)) == len(drawn.lines[0].dots)

    @given(st.lists(st.lists(st.floats(0, 1e6), min_size=5, max_size=5), min_size=1, max_size=4))
    def test_bars_stand_on_each_other(self, rows):
        series = [plots.Series(str(n), values, "c0") for n, values in enumerate(rows)]
        drawn = plots.bar_plot(series, [], buckets=[""] * 5)
        assert len(drawn.bars) == sum(value > 0 for values in rows for value in values)
        assert all(
            bar.y >= -0.11 and bar.y + bar.height <= plots.HEIGHT + 0.6 for bar in drawn.bars
        )

    @pytest.mark.parametrize(
        ("seconds", "english", "chinese"),
        [
            (0, "0 s", "0 秒"),
            (0.25, "250 ms", "250 毫秒"),
            (59.6, "1 min", "1 分"),
            (86400 * 3 + 3600 * 4 + 5, "3 d 4 h", "3 天 4 小时"),
            (86400 * 3 + 5, "3 d", "3 天"),
            (-90, "−1 min 30 s", "−1 分 30 秒"),
        ],
    )
    def test_spans(self, seconds, english, chinese):
        assert (
            spans.span(seconds)
            == f'<span lang="en">{english}</span><span lang="zh">{chinese}</span>'
        )

    @pytest.mark.parametrize(
        ("share", "shown"),
        [
            (1, "100 %"),
            (0.999999, "> 99.99 %"),
            (0.5, "50 %"),
            (0.000001, "< 0.01 %"),
            (0, "0 %"),
            (None, "–"),
        ],
    )
    def test_a_share_is_never_flattered(self, share, shown):
        assert spans.percent(share) == shown

    @pytest.mark.parametrize("key", WORDS)
    def test_a_text_names_the_same_in_both_languages(self, key):
        english, chinese = WORDS[key]
        names = [
            {name for _, name, _, _ in string.Formatter().parse(text)}
            for text in (english, chinese)
        ]
        assert names[0] - {None} == names[1] - {None}
        assert english
        assert chinese
