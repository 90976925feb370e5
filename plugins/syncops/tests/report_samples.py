"""Facts for pages: how much there is of them, and what is wrong, is up to the test."""

from __future__ import annotations

import socket
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import msgspec
from openplatform.runs import RunRow
from syncops.alerts.memory import Alert
from syncops.bookmarks.partitions import read_partitions
from syncops.quarantine.tables import Listed
from syncops.report.overview import Entry, Facts, Source
from syncops.report.page import render
from syncops.report.period import gather
from syncops.report.rows import newest
from target_warehouse.kept import Group, State

NOW = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
DAY = timedelta(days=1)
WEEK = 7 * DAY
JOB = "tap-youzan--hourly"
STATE_ID = f"prod:{JOB}-to-target-postgres"
HERE = socket.gethostname()
LOST = 999_999_999  # the id of a process that is not there


def text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def run_row(at: datetime, **more) -> RunRow:
    """One row of runs.jsonl that ended then."""
    if more.get("outcome") != "started":
        more.setdefault("ended_at", text(at))
        more.setdefault("outcome", "ok")
    row = {
        "run_id": text(at),
        "tap": "tap-youzan",
        "platform": "youzan",
        "job": JOB,
        "environment": "prod",
        "started_at": text(at - timedelta(minutes=3)),
        "recorded_at": text(at),
        **more,
    }
    return msgspec.convert(row, RunRow)


def partition(account: str, at: datetime, **more) -> dict:
    return {
        "context": {"_account": account},
        "replication_key": "_bookmark",
        "replication_key_value": f"{text(at)}@E1",
        "last_run": text(NOW),
        **more,
    }


def entries(bookmarks: dict) -> list[Entry]:
    payload = {"singer_state": {"bookmarks": bookmarks}}
    found = read_partitions(payload, where="the sample")
    return [Entry(STATE_ID, one, running=False) for one in found]


def facts(bookmarks=None, rows=(), **more) -> Facts:
    given = {
        "project": "shop-warehouse",
        "environment": "prod",
        "now": NOW,
        "entries": entries(bookmarks or {}),
        "period": gather([rows], NOW - WEEK, NOW),
        "compared": None,
        "quarantine": None,
        "alerts": None,
        "sources": [Source("state", "systemdb", 0)],
    }
    return Facts(**{**given, **more})


def many(streams: int, accounts: int, hours: int = 48) -> Facts:
    """A healthy project of this size, with an hourly run."""
    names = [f"stream_{n:02d}" for n in range(streams)]
    ids = [str(42583152 + n) for n in range(accounts)]
    bookmarks = {
        name: {"partitions": [partition(a, NOW - timedelta(minutes=5 + n)) for a in ids]}
        for n, name in enumerate(names)
    }
    rows = [
        run_row(
            NOW - timedelta(hours=hour),
            stream=name,
            account=ids[0],
            records=100 + 7 * n,
            calls={"ok": 19, "throttled": 1},
            calls_total=20,
            success_rate=0.95,
            waited_seconds=3.5,
            latency_p50_ms=90.0,
            latency_p95_ms=240.0,
            lag_seconds=300.0 + 60 * n + hour,
        )
        for hour in reversed(range(hours))
        for n, name in enumerate(names)
    ]
    return facts(bookmarks, rows)


def troubled(word: str = "orders") -> Facts:
    """A project in which everything is wrong at once; what others name is called by a word."""
    failure = {"key": word, "stream": word, "attempts": 3, "parked": True, "reason": word}
    late = partition(word, NOW - 3 * DAY, failures=[failure, {**failure, "parked": False}])
    unreadable = {**late, "context": {"_account": f"{word}2"}, "replication_key_value": word}
    call = {"calls": {"ok": 1, "throttled": 2}, "calls_total": 4, "success_rate": 0.25}
    about = {"stream": word, "account": word}
    times = {"from": text(NOW - DAY), "to": text(NOW), "checked_at": text(NOW)}
    group = Group(word, word, State.OPEN, 4, 9, NOW - DAY, NOW, None, "3f2a9c1d")
    return facts(
        {word: {"partitions": [late, unreadable]}},
        [
            run_row(NOW - DAY, job=word, outcome="started", run_id="killed", pid=LOST, host=HERE),
            run_row(NOW, **about, **call, outcome="failed", error=word, lag_seconds=3 * 86400.0),
            run_row(NOW, **about, **call, job=word, outcome="failed", error=word, kind=word),
        ],
        project=word,
        environment=word,
        compared=newest([{**about, **times, "platform": 9, "warehouse": 6, "missing": 3}]),
        quarantine=[Listed(word, group)],
        alerts=[Alert(**about, rule=word, about=(word,), since=word, message=word)],
        sources=[Source("state", word, None, word), Source("runs", word, 3)],
    )


def page(found: Facts, language: str = "en") -> str:
    zone = ZoneInfo("Asia/Shanghai")
    return render(found, language=language, zone=zone, late=DAY, since=NOW - WEEK)
