"""Progress on a terminal."""

from __future__ import annotations

import typing as t

from rich.console import Console
from rich.live import Live
from rich.text import Text

from openplatform.clock import Clock
from openplatform.progress import Position, Rate


class TerminalProgress:
    """Two lines that are drawn anew, on standard error."""

    def __init__(self, clock: Clock, waited: t.Callable[[], float]) -> None:
        self._rate = Rate(clock, waited)
        self._live = Live(
            console=Console(stderr=True), refresh_per_second=4, transient=True,
            get_renderable=self._lines,
        )  # fmt: skip
        self._live.start()

    def at(self, position: Position) -> None:
        """A slice begins to be delivered."""
        self._rate.move(position)

    def records(self, count: int) -> None:
        """Records were written."""
        self._rate.add(count)

    def close(self) -> None:
        """The run is over."""
        self._live.stop()

    def _lines(self) -> Text:
        """Two lines that fit into 80 columns."""
        f = self._rate.fields()
        first = f"{f['stream']} of {f['account']}: {f['records']:,} records, {f['per_second']:,}/s"
        window = self._rate.position.window
        where = (
            f"{window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M}"
            if window
            else "full read"
        )
        second = [where, f"waited {f['waited_for_limits_seconds']} s for limits"]
        if "expected_end" in f:
            second.append(f"ends about {f['expected_end'][11:19]} UTC")
        return Text(f"{first}\n  {', '.join(second)}", overflow="ellipsis", no_wrap=True)
