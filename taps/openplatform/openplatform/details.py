"""Fetching records one by one, by the ids that a list brought or that are owed."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from types import MappingProxyType

from openplatform.accounts import Account
from openplatform.bookmarks import Bookmark
from openplatform.cache import Cache
from openplatform.clock import Clock
from openplatform.declarations import Details
from openplatform.errors import FatalError, OpenPlatformError, SkipError, TransientError
from openplatform.finishing import Finisher
from openplatform.http import PlatformClient
from openplatform.metrics import asking
from openplatform.paging import Page
from openplatform.paths import records_at
from openplatform.records import Record
from openplatform.singles import in_batches
from openplatform.slices import Batch
from openplatform.streams import PlatformStream


class DetailReader:
    """Fetches details, several at a time.

    Args:
        client: The platform.
        finisher: Finishes the records.
        clock: The time.
        concurrency: Details fetched at the same time.
        batches: Most ids in one call, by stream, where that is less than the platform takes.
    """

    def __init__(
        self,
        client: PlatformClient,
        finisher: Finisher,
        *,
        clock: Clock,
        concurrency: int,
        batches: Mapping[str, int | None] = MappingProxyType({}),
    ) -> None:
        self._client = client
        self._finisher = finisher
        self._clock = clock
        self._batches = batches
        self._cache: Cache[tuple[datetime, t.Any]] = Cache(clock)
        self._pool = ThreadPoolExecutor(concurrency, "details-worker") if concurrency > 1 else None

    def of_parents(
        self, stream: PlatformStream, account: Account, parents: Sequence[Record]
    ) -> Batch:
        """Fetch the details of the records of a list's page, or collect the ids to fetch later."""
        reads = t.cast("Details", stream.reads)
        if reads.batch is not None:
            return Batch(stream, (), collected=reads.collected(parents))
        wanted: dict[str, str | None] = {}
        for parent in parents:
            if (value := parent.get(reads.field)) is not None:
                wanted[str(value)] = parent.get("_bookmark")
        return self.fetch(stream, account, list(wanted.items()))

    def fetch(
        self, stream: PlatformStream, account: Account, wanted: list[tuple[str, str | None]]
    ) -> Batch:
        """Fetch some ids, each with the bookmark of the list's record; what fails stands in the batch."""
        reads = t.cast("Details", stream.reads)
        if reads.batch is not None:
            size = min(reads.batch, self._batches.get(stream.name) or reads.batch)
            ids = [identifier for identifier, _ in wanted]
            return in_batches(stream, ids, size, lambda some: self._several(stream, account, some))

        def one(item: tuple[str, str | None]) -> list[Record] | OpenPlatformError:
            try:
                return self.detail(stream, account, *item)
            except OpenPlatformError as exc:
                return exc

        pool = self._pool
        results = pool.map(one, wanted) if pool else map(one, wanted)
        records: list[Record] = []
        failed: list[tuple[str, str | None, str]] = []
        gone: list[str] = []
        for (identifier, bookmark), result in zip(wanted, results, strict=True):
            if isinstance(result, list) and result:
                records.extend(result)
            elif isinstance(result, (list, SkipError)):
                gone.append(identifier)
            elif isinstance(result, (FatalError, TransientError)):
                failed.append((identifier, bookmark, str(result)))
            else:
                return Batch(stream, records, failed=failed, gone=gone, error=result)
        return Batch(stream, records, failed=failed, gone=gone)

    def _several(
        self, stream: PlatformStream, account: Account, ids: Sequence[str]
    ) -> list[Record]:
        reads = t.cast("Details", stream.reads)
        params = stream.written(account, {**stream.params, reads.param: list(ids)})
        asked = self._clock.now()
        with asking(stream.name):
            body = self._client.call(account, stream.api, params)
        page = Page(records_at(body, stream.records), body)
        return self._finisher.finished(stream, account, page, None, {}, asked=asked)

    def detail(
        self, stream: PlatformStream, account: Account, identifier: str, bookmark: str | None
    ) -> list[Record]:
        """Fetch the record (or records) of one id."""
        reads = t.cast("Details", stream.reads)
        params = stream.written(account, {**stream.params, reads.param: identifier})

        called = False

        def call() -> tuple[datetime, t.Any]:
            nonlocal called
            called = True
            asked = self._clock.now()
            with asking(stream.name):
                return asked, self._client.call(account, stream.api, params)

        if reads.cache is None:
            asked, body = call()
        else:
            key = (account.id, stream.api, identifier)
            asked, body = self._cache.get(key, call, ttl=reads.cache.total_seconds())
            metrics = self._client.connection.metrics
            metrics.looked_up(stream.name, account.id, hit=not called)
        page = Page(records_at(body, stream.records), body)
        carried = {reads.carry: identifier} if reads.carry else {}
        fallback = Bookmark.parse(bookmark).time if bookmark else None
        return self._finisher.finished(
            stream,
            account,
            page,
            None,
            carried,
            asked=asked,
            fallback=fallback,
            shared=reads.cache is not None,
        )
