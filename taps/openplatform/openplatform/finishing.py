"""From an answer's raw records to finished ones: shaped, keyed, dated."""

from __future__ import annotations

import logging
import typing as t
from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo

from openplatform.accounts import Account
from openplatform.clock import Clock
from openplatform.freshness import Reading
from openplatform.metrics import Metrics
from openplatform.pages import PageShaper
from openplatform.paging import Page
from openplatform.records import Record, Shaper
from openplatform.streams import RAW, PlatformStream
from openplatform.windows import Window


class Finisher:
    """Finishes the records of all streams, and counts what does not fit.

    Args:
        zone: The platform's time zone.
        clock: The time.
        metrics: Where counts go.
        settle: From this age on a record's update time is final.
        include_raw: Add `_raw`.
    """

    def __init__(
        self,
        *,
        zone: tzinfo,
        clock: Clock,
        metrics: Metrics,
        settle: timedelta,
        include_raw: bool,
    ) -> None:
        self._zone = zone
        self._clock = clock
        self._metrics = metrics
        self._settle = settle
        self._include_raw = include_raw
        self._logger = logging.getLogger(__name__)
        self._shapers: dict[tuple[str, str, bool], PageShaper] = {}

    def finished(
        self,
        stream: PlatformStream,
        account: Account,
        page: Page,
        window: Window | None,
        carried: Mapping[str, t.Any],
        *,
        asked: datetime | None = None,
        fallback: datetime | None = None,
        shared: bool = False,
        known_only: bool = False,
    ) -> list[Record]:
        """Return a page's records as the schema says, with the library's own fields.

        Args:
            stream: Their stream.
            account: Their account.
            page: Raw records; they may be changed in place.
            window: The window that they were asked for with.
            carried: Fields to add, from the parameters they were asked for with.
            asked: When the platform was asked for them; None for just now.
            fallback: Time of the bookmark where a record tells none.
            shared: The raw records belong to a cache as well, and are left as they are.
            known_only: They come from an API that tells more than the stream has fields for; what the
                schema does not know is no news then.
        """
        flat = stream.flattened(page.records)
        if carried:
            flat = [{**raw, **carried} for raw in flat]
        shaper = self._shaper(stream, account, known_only=known_only)
        shaped = shaper.shape(flat, keep=shared or self._include_raw)
        reading = Reading(asked or self._clock.now(), self._settle)
        fallback = fallback or (window.start if window else None)
        if self._include_raw:
            for raw, record in zip(page.records, shaped, strict=True):
                record[RAW] = raw if isinstance(raw, dict) else {"value": raw}
        records = self._keyed(stream, account, shaped)
        stream.finish(records, account=account, fallback=fallback, reading=reading)
        return records

    def _keyed(
        self, stream: PlatformStream, account: Account, records: list[Record]
    ) -> list[Record]:
        """Leave out, and tell, the records that came without their key."""
        if not any(None in [record.get(name) for record in records] for name in stream.key):
            return records
        keyed = []
        for record in records:
            if None in map(record.get, stream.key):
                self._keyless(stream, account, record)
            else:
                keyed.append(record)
        return keyed

    def _keyless(self, stream: PlatformStream, account: Account, record: Record) -> None:
        missing = ", ".join(name for name in stream.key if record.get(name) is None)
        self._metrics.streams[stream.name, account.id].keyless += 1
        self._logger.warning(
            "%s, account %s: a record came without its key (%s missing) and was left out; "
            "it holds the fields %s",
            stream.name, account.id, missing, ", ".join(sorted(record)[:20]),
        )  # fmt: skip

    def _shaper(self, stream: PlatformStream, account: Account, *, known_only: bool) -> PageShaper:
        key = (stream.name, account.id, known_only)
        shaper = self._shapers.get(key)
        if shaper is None:
            counts = self._metrics.streams[stream.name, account.id]
            one_by_one = Shaper(
                stream.source_schema,
                zone=self._zone,
                nulls=stream.nulls,
                on_unknown=lambda path: (
                    None if known_only else counts.unknown_fields.update((path,))
                ),
                on_misfit=lambda path: counts.misfits.update((path,)),
            )
            shaper = PageShaper(stream.source_schema, one_by_one)
            self._shapers[key] = shaper
        return shaper
