"""Telling versions apart that a platform gives one update time.

Platforms mostly tell whole seconds. A record that is read soon after its update may change once more
within that second, and of two versions with one bookmark the warehouse keeps the first. So what was
read before it settled gets a place in the second before its update time: behind the versions of all
earlier seconds, before the settled one that a later window brings, and the nearer to it the later it
was read.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from openplatform.bookmarks import format_time

_SECOND = timedelta(seconds=1)
_WHOLE_SECOND = ".000Z"
_STEPS = 999


class Reading:
    """When some records were read.

    Args:
        asked: When the platform was asked for them; what changed later may be missing.
        settle: From this age on an update time is final. At least a second counts.

    Attributes:
        at: The moment, as RFC 3339 text in UTC with milliseconds.
        settled: Update times up to this one, in the same form, are final.
    """

    def __init__(self, asked: datetime, settle: timedelta) -> None:
        self._asked = asked
        self._settle = max(settle, _SECOND)
        self.settled = format_time(asked - self._settle)
        self.at = format_time(asked)

    def place(self, updated: str) -> str:
        """Return the time for the bookmark of a record.

        Args:
            updated: Its update time, in the same form as `at`.

        Returns:
            The update time, or a moment in the second before where it is whole and not final yet.
        """
        # Text compares as the times do, and most records have long settled.
        if updated <= self.settled or not updated.endswith(_WHOLE_SECOND):
            return updated
        moment = datetime.fromisoformat(updated.replace("Z", "+00:00"))
        # Clocks differ: to us the update may lie ahead.
        left = min(self._settle - (self._asked - moment), 2 * self._settle)
        early = max(1, math.ceil(_STEPS * (left / (2 * self._settle))))
        return format_time(moment - timedelta(milliseconds=early))
