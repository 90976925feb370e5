"""Which plots the page has, and what each of them draws."""

from __future__ import annotations

import typing as t
from collections import Counter
from datetime import timedelta, tzinfo

from syncops.report import overview, plots
from syncops.report.period import Pair, Period
from syncops.report.plots import Plot, Series
from syncops.report.spans import cut, number, percent, word
from syncops.times import format_span

NAMES: t.Final = ("lag", "records", "calls", "success", "waits", "latency")
_COLOURED = 5  # streams of a plot; the others are grey
_MOST_GREY = 100
_LONGEST = 60  # characters of a name, which each dot repeats


class Drawing:
    """The plots of one period; a stream has the same colour in all of them.

    Args:
        period: What to draw.
        zone: The zone of the times below the plots.
    """

    def __init__(self, period: Period, zone: tzinfo) -> None:
        self._period = period
        self._buckets = period.buckets.labels(zone)
        self._times = period.buckets.ticks(zone)
        self._worst, self._later = overview.worst_lags(period, _COLOURED)
        self._largest, self._smaller = overview.largest(period.records, _COLOURED)
        pairs = dict.fromkeys(pair for pair, _ in [*self._worst, *self._largest])
        self._colours = {pair: f"c{n}" for n, pair in enumerate(pairs)}
        self._jobs = Counter(stream for _, stream in period.records)

    def draw(self) -> dict[str, Plot | None]:
        """Return the plots by name; None where there is nothing to draw."""
        drawn = (
            self._lag(),
            self._records(),
            self._calls(),
            self._success(),
            self._waits(),
            self._latency(),
        )
        return dict(zip(NAMES, drawn, strict=True))

    def trends(self) -> dict[Pair, str]:
        """Return the paths of the small lines by job and stream; all have the same scale."""
        lags = self._period.lag
        most = max((v for one in lags.values() for v in one if v is not None), default=0)
        return {pair: plots.spark(one, most) for pair, one in lags.items()}

    def _series(self, pair: Pair, values: plots.Values) -> Series:
        """Return a stream's series; its name says the job as well where two jobs have it."""
        job, stream = pair
        name = stream if self._jobs[stream] == 1 else f"{stream} ({job})"
        return Series(cut(name, _LONGEST), values, self._colours[pair])

    def _lines(
        self, series: t.Sequence[Series], scale: plots.Scale, tip: t.Callable[[float], str]
    ) -> Plot:
        return plots.line_plot(series, scale, self._times, tip, buckets=self._buckets)

    def _bars(
        self, series: t.Sequence[Series], tip: t.Callable[[float], str], **more: t.Any
    ) -> Plot:
        return plots.bar_plot(series, self._times, buckets=self._buckets, tip=tip, **more)

    def _lag(self) -> Plot | None:
        series = [Series(word("others"), v, "c-other") for v in self._later[:_MOST_GREY]]
        series += [self._series(*one) for one in reversed(self._worst)]
        most = max((v for one in series for v in one.values if v is not None), default=None)
        return None if most is None else self._lines(series, plots.span_scale(most), _tip)

    def _records(self) -> Plot | None:
        series = [self._series(*one) for one in self._largest]
        if self._smaller:
            series.append(Series(word("others"), self._smaller, "c-other"))
        return self._bars(series, number) if series else None

    def _calls(self) -> Plot | None:
        period = self._period
        if not any(period.calls):
            return None
        parts = zip(period.calls, period.answered, period.throttled, strict=True)
        failed = [max(round(calls - good - refused, 3), 0) for calls, good, refused in parts]
        series = [
            Series(word("outcome_ok"), period.answered, "c-good"),
            Series(word("outcome_throttled"), period.throttled, "c-warn"),
            Series(word("outcome_other"), failed, "c-bad"),
        ]
        return self._bars(series, number)

    def _success(self) -> Plot | None:
        pairs = zip(self._period.answered, self._period.calls, strict=True)
        shares = [answered / calls if calls else None for answered, calls in pairs]
        least = min((share for share in shares if share is not None), default=None)
        if least is None:
            return None
        series = [Series(word("success"), shares, "c-good")]
        return self._lines(series, plots.share_scale(least), percent)

    def _waits(self) -> Plot | None:
        if not self._period.rows:
            return None
        series = [Series(word("seconds_waited"), self._period.waited, "c-warn")]
        return self._bars(series, _tip, scale=plots.time_scale)

    def _latency(self) -> Plot | None:
        found = self._period.latency
        half = [one.half / one.calls if one.calls else None for one in found]
        most = [one.most if one.calls else None for one in found]
        largest = max((value for value in most if value is not None), default=None)
        if largest is None:
            return None
        series = [Series(word("most"), most, "c1"), Series(word("half"), half, "c0")]
        return self._lines(series, plots.time_scale(largest), _tip)


def _tip(seconds: float) -> str:
    if 0 < seconds < 10:
        return f"{seconds:.3g} s"
    return format_span(timedelta(seconds=seconds))
