"""Asking for what a list has brought the ids of, when the list has been read: each once, in batches.

While the list is read nobody waits for these calls, whatever their limit. The ids stand in the state
from the page on that brought them until their batch has been written, so a run that is cut off
owes them to the next one.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterator

from openplatform.declarations import Details
from openplatform.fanout import Fanout
from openplatform.partitions import partition_of
from openplatform.plans import Group
from openplatform.progress import Position
from openplatform.slices import Slice, Wanted

if t.TYPE_CHECKING:
    from openplatform.sync import Run


class Collected:
    """The ids that one group of streams has collected.

    Args:
        run: The run.
        group: The group, whose list has been read.
    """

    def __init__(self, run: Run, group: Group) -> None:
        self._run = run
        self._streams = [s for s in group.details if t.cast("Details", s.reads).batch is not None]

    def fetch(self) -> None:
        """Read what is asked for by the ids; what could not be read is owed."""
        if not self._streams:
            return
        run = self._run
        run.write_state()
        fanout = Fanout(
            self._slices(),
            lambda part: run.reader.read(part, part.streams[0]),
            concurrency=run.tap.concurrency,
        )
        for event in fanout:
            part, error = event.slice, event.error
            (stream,) = part.streams
            run.progress.at(Position(stream.name, part.account.id))
            if event.page is not None:
                run.take(event.page, part.account)
                error = event.page.error
            elif error is not None:
                run.fail(part.streams, part.account, error)
            if error is not None:
                fanout.drop(lambda s, p=part: (s.streams, s.account) == (p.streams, p.account))  # type: ignore[misc]
            elif event.ended:
                partition = partition_of(run.state, stream.name, part.account.id)
                done = {one.id for one in part.owed}
                partition.collected = [one for one in partition.collected if one not in done]
                run.write_state(soon_again=True)

    def _slices(self) -> Iterator[Slice]:
        run = self._run
        for stream in self._streams:
            most = t.cast("Details", stream.reads).batch or 1
            size = min(most, run.settings.options(stream.name).batch or most)
            for account in run.settings.accounts:
                if (stream.name, account.id) in run.failed:
                    continue
                ids = partition_of(run.state, stream.name, account.id).collected
                for at in range(0, len(ids), size):
                    owed = tuple(Wanted(stream, one) for one in ids[at : at + size])
                    yield Slice(account, None, (stream,), owed=owed)
