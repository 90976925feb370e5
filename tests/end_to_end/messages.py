"""From a simulator's frame to the record: what an event names is what the tap asks by."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Mapping
from datetime import timedelta

from sandbox.lines import Guest, Parcel
from sandbox.pushes import Change

from end_to_end.eventlog import serving

if t.TYPE_CHECKING:
    from conformance.trial import Trial
    from openplatform.listening import Dialogue


def check_named(
    shops: Trial,
    open_line: Callable[[Mapping[str, t.Any]], Dialogue],
    streams: Mapping[str, tuple[str, str]],
    *,
    beside: tuple[str, ...] = (),
) -> None:
    """Check that a run fetches what a change's message names, and nothing else.

    Args:
        shops: The platform's shops, and runs of its tap.
        open_line: Makes our end of a connection from the settings of the gate.
        streams: What changes, by its name in the simulator: the stream to fetch it by, and the field
            that holds the id.
        beside: Further streams that are selected.
    """
    platform, account, now = shops.box.world.platform(shops.slug), shops.names[0], shops.clock.now()
    line = open_line(platform.operator.gates(platform, "")[shops.slug])
    named: dict[str, str] = {}
    with serving() as log:
        for number, entity in enumerate(streams):
            data = platform.dataset(account, entity)
            change = Change(data, next(iter(data.rows())), "update", number, now.timestamp())
            parcel = Parcel(number, account, platform.operator.message(change))
            (frame,) = platform.operator.frames(Guest("", {account}), parcel, now.timestamp())
            (event,) = line.hear(frame, now).events
            log.add(event.account, event.stream, event.id, event.kind, at=now - timedelta(hours=1))
            named[entity] = event.id.rpartition("/")[2]
        selected = [*(stream for stream, _ in streams.values()), *beside]
        messages = shops.run(*selected, events={"url": log.url, "only": True})
    for entity, (stream, field) in streams.items():
        assert {record[field] for record in messages.records(stream)} == {named[entity]}, stream
