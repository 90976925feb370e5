"""Pages that are paid for: no further one than needed is asked for, and none twice."""

from __future__ import annotations

import logging
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass

from openplatform.errors import FatalError
from openplatform.paging import Ask, Page
from openplatform.paths import records_at, value_at
from openplatform.undescribed import digest_of

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PaidPages:
    """Pages counted from 1, of which the first tells how many rows there are.

    They are read first to last, and what the platform counts is not insisted on: a second look would be
    paid for as well.

    Attributes:
        limit: Rows a page.
        counted: Path of the number of rows.
    """

    limit: int = 20
    counted: str = "result.total"

    @property
    def reach(self) -> int | None:
        """How deep the platform's paging reaches is not known."""
        return None

    @property
    def first(self) -> dict[str, t.Any]:
        """The parameters of the first page."""
        return {"pageNum": 1, "pageSize": self.limit}

    def pages(self, ask: Ask, records: str, *, most: int | None) -> Iterator[Page]:
        """Yield the pages until the last one that is counted, or a short one.

        Raises:
            FatalError: The platform does not turn its pages.
        """
        number, read, before = 1, 0, ""
        while True:
            body = ask({**self.first, "pageNum": number})
            rows = records_at(body, records)
            shown = digest_of(rows)
            if rows and shown == before:
                msg = "two pages in a row hold the same rows; leave out the stream, before more is paid for"
                raise FatalError(msg)
            read, before, full = read + len(rows), shown, len(rows) >= self.limit
            counted = value_at(body, self.counted)
            yield Page(rows, body)
            enough = isinstance(counted, int) and number * self.limit >= counted
            if not full or enough:
                break
            number += 1
        if isinstance(counted, int) and counted > read:
            _logger.warning("天眼查 counts %d rows, but only %d came", counted, read)
