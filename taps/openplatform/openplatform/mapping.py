"""Stream maps, each made when its stream first needs it.

The SDK makes those of all streams whenever a tap is made, and copies each schema several times for
it: for wide platforms the better part of starting up, and for nothing where a tap only tells what it is.
"""

from __future__ import annotations

from collections.abc import Callable

from singer_sdk import Tap
from singer_sdk.mapper import PluginMapper, StreamMap
from singer_sdk.singerlib import Catalog
from typing_extensions import override


class _Maps(dict[str, list[StreamMap]]):
    """The maps by stream; those that are missing are made."""

    def __init__(self, make: Callable[[str], None]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, name: str) -> list[StreamMap]:
        self._make(name)
        return super().setdefault(name, [])


class LateMaps(Tap):
    """A tap that puts its stream maps off, unless settings ask for any: those are checked at once."""

    @override
    def setup_mapper(self) -> None:
        if any(self.config.get(name) for name in ("stream_maps", "flattening_enabled")):
            super().setup_mapper()
            return
        mapper = PluginMapper(plugin_config=dict(self.config), logger=self.logger)

        def make(name: str) -> None:
            mapper.register_raw_streams_from_catalog(Catalog([(name, self.catalog[name])]))

        mapper.stream_maps = _Maps(make)
        self.mapper = mapper
