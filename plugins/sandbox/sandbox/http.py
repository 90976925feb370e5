"""Requests and answers as the platforms see them, free of any server."""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

import orjson

if t.TYPE_CHECKING:
    from sandbox.dataset import Dataset

JSON_TYPE: t.Final = "application/json;charset=UTF-8"


@dataclass(slots=True)
class Call:
    """One request to a platform; the platform fills in what it learns about it.

    Attributes:
        method: The HTTP method.
        path: The path below the platform's slug, with its leading slash.
        query: Query parameters; of repeated ones the last.
        headers: Headers, names in lower case.
        body: The raw body.
        number: The request's number since the start.
        now: The sandbox's present in epoch seconds.
        base_url: Scheme, host and port as the client wrote them.
        api: Name of the method for the log.
        account: The account that the call is for.
        params: Business parameters for the log.
        blank: Whether lists must come back empty (a fault).
        touched: The data set that was read, which churn may change afterwards.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    number: int
    now: float
    base_url: str = ""
    api: str = ""
    account: str = ""
    params: dict[str, t.Any] = field(default_factory=dict)
    blank: bool = False
    touched: Dataset | None = None

    @property
    def now_ms(self) -> int:
        """The present in epoch milliseconds."""
        return int(self.now * 1000)

    def astray(self, moment: float) -> float:
        """Return by how many seconds a client's clock is wrong; a process of its own has the machine's."""
        return min(abs(moment - now) for now in (self.now, time.time()))

    @property
    def content_type(self) -> str:
        """The body's media type without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def form(self) -> dict[str, str]:
        """Return the body as form fields."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def json(self) -> t.Any:
        """Return the body as JSON.

        Raises:
            ValueError: The body is not JSON.
        """
        return orjson.loads(self.body)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    Attributes:
        body: The whole body.
        status: HTTP status.
        outcome: For the log: `ok`, `throttled`, `auth`, `rejected` or `fault:<kind>`.
        content_type: The media type.
        headers: Further headers.
    """

    body: bytes
    status: int = 200
    outcome: str = "ok"
    content_type: str = JSON_TYPE
    headers: tuple[tuple[str, str], ...] = ()


def json_reply(content: t.Any, *, status: int = 200, outcome: str = "ok") -> Reply:
    """Return an answer with JSON content."""
    return Reply(orjson.dumps(content), status=status, outcome=outcome)


class Rejected(Exception):  # noqa: N818 - a refusal by the platform, not an error of ours
    """A platform refuses a call with its own code; `outcome` is for the log."""

    def __init__(
        self, code: int | str, message: str, outcome: str = "rejected", **extra: t.Any
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.outcome = outcome
        self.extra = extra
