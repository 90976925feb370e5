"""Fetching records of lists by their ids: what events name, what is owed, and the hot set."""

from __future__ import annotations

import typing as t
from collections import deque
from collections.abc import Callable, Sequence

from openplatform.accounts import Account
from openplatform.clock import Clock
from openplatform.declarations import ById, FullTable, Incremental
from openplatform.errors import FatalError, OpenPlatformError, SkipError, TransientError
from openplatform.finishing import Finisher
from openplatform.http import PlatformClient
from openplatform.metrics import asking
from openplatform.paging import Page, TooManyRecords
from openplatform.paths import records_at
from openplatform.records import Record
from openplatform.slices import Batch
from openplatform.streams import PlatformStream


class SingleReader:
    """Fetches single records of lists that declare `by_id`.

    Args:
        client: The platform.
        finisher: Finishes the records.
        clock: The time.
    """

    def __init__(self, client: PlatformClient, finisher: Finisher, *, clock: Clock) -> None:
        self._client = client
        self._finisher = finisher
        self._clock = clock

    def fetch(self, stream: PlatformStream, account: Account, ids: Sequence[str]) -> Batch:
        """Fetch some records; what fails, and what does not exist, stands in the batch."""
        size = t.cast("ById", stream.by_id).batch or 1
        return in_batches(stream, ids, size, lambda some: self._call(stream, account, some))

    def _call(self, stream: PlatformStream, account: Account, ids: Sequence[str]) -> list[Record]:
        by_id = t.cast("ById", stream.by_id)
        asked = self._clock.now()
        value: t.Any = list(ids) if by_id.batch else ids[0]
        carried = {}
        if by_id.carry:
            written = stream.written(account, {by_id.param: value})
            carried = {name: written[name] for name in by_id.carry}
        if by_id.api is not None:
            params = stream.written(account, {by_id.param: value})
            with asking(stream.name):
                body = self._client.call(account, by_id.api, params)
            pages = [Page(records_at(body, by_id.records), body)]
        else:
            pages = self._listed(stream, account, {**stream.params, by_id.param: value}, len(ids))
        return [
            record
            for page in pages
            for record in self._finisher.finished(
                stream, account, page, None, carried, asked=asked, known_only=by_id.api is not None
            )
        ]

    def _listed(
        self, stream: PlatformStream, account: Account, params: dict[str, t.Any], most: int
    ) -> list[Page]:
        """Ask the list itself, filtered by ids."""
        reads = t.cast("Incremental | FullTable", stream.reads)

        def ask(paging: t.Mapping[str, t.Any]) -> t.Any:
            written = stream.written(account, {**params, **paging})
            with asking(stream.name):
                return self._client.call(account, stream.api, written)

        try:
            return list(reads.paging.pages(ask, stream.records, most=most))
        except TooManyRecords as signal:
            msg = (
                f"stream {stream.name}, account {account.id}: asked for {most} records by id, the "
                f"platform answers with {signal.total}: it does not filter by "
                f"{t.cast('ById', stream.by_id).param} any more"
            )
            raise FatalError(msg) from signal


def in_batches(
    stream: PlatformStream,
    ids: Sequence[str],
    size: int,
    call: Callable[[Sequence[str]], list[Record]],
) -> Batch:
    """Fetch records, several in a call; a batch that is refused is halved.

    Args:
        stream: Their stream.
        ids: Their ids.
        size: Ids per call.
        call: Fetches the records of some ids.
    """
    ahead = deque(ids[at : at + size] for at in range(0, len(ids), size))
    records: list[Record] = []
    known: list[str] = []
    gone: list[str] = []
    failed: list[tuple[str, str | None, str]] = []
    while ahead:
        some = ahead.popleft()
        try:
            found = call(some)
        except (SkipError, FatalError) as exc:
            if len(some) > 1:  # one of them may be to blame
                middle = len(some) // 2
                ahead.extendleft((some[middle:], some[:middle]))
            elif isinstance(exc, SkipError):
                gone += some
            else:
                failed.append((some[0], None, str(exc)))
            continue
        except TransientError as exc:
            failed += [(identifier, None, str(exc)) for identifier in some]
            continue
        except OpenPlatformError as exc:
            return Batch(stream, records, ids=known, failed=failed, gone=gone, error=exc)
        records += found
        # One that was asked for alone may be told in another spelling: some ids ignore case.
        came = set(some) if found and len(some) == 1 else set(map(stream.identifier, found))
        known += [identifier for identifier in some if identifier in came]
        gone += [identifier for identifier in some if identifier not in came]
    return Batch(stream, records, ids=known, failed=failed, gone=gone)
