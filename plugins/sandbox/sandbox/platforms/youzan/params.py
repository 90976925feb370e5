"""Parameters of 有赞 calls, read as strictly as the gateway does."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

from typing_extensions import override

from sandbox.arguments import Arguments
from sandbox.dataset import Axis
from sandbox.http import Rejected

_BEIJING = timezone(timedelta(hours=8))
_TIME = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")


class Params(Arguments):
    """The body of one call, or the query string of a GET."""

    digits = True

    @override
    def refusal(self, name: str, wanted: str) -> Rejected:
        return Rejected(5001, "系统异常")

    @override
    def text(self, name: str, default: str | None = "") -> str:
        return super().text(name, default)

    def time(self, name: str) -> int:
        """Return a Beijing time as epoch milliseconds; a bare date is a server error there."""
        value = self.text(name)
        if not _TIME.fullmatch(value):
            raise Rejected(5001, "系统异常")
        try:
            parsed = datetime.strptime(value, "%Y-%m-%d %H:%M:%S").replace(tzinfo=_BEIJING)
        except ValueError:
            raise Rejected(5001, "系统异常") from None
        return int(parsed.timestamp()) * 1000

    def pair(self, *names: tuple[str, Axis]) -> tuple[Axis, int | None, int | None]:
        """Return the axis and ends of the first complete pair `start_x`/`end_x`.

        An incomplete pair is ignored, as the platform does: then everything matches.
        """
        for name, axis in names:
            if f"start_{name}" in self and f"end_{name}" in self:
                return axis, self.time(f"start_{name}"), self.time(f"end_{name}")
        return names[-1][1], None, None

    def page(
        self, pages: int, size: int, *, default: int, name: str = "page_no"
    ) -> tuple[int, int]:
        """Return page number and size of an order search."""
        page, rows = self.number(name, 1), self.number("page_size", default)
        if rows > size or rows < 1:
            raise Rejected(5000, f"每页最多显示{size}条数据")
        if not 1 <= page <= pages:
            raise Rejected(5000, f"页码超过最大限制{pages}")
        return page, rows
