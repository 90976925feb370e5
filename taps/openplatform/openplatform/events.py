"""The event log of `eventgate`, read over HTTP, and its events grouped by the entity that they name.

An event only says that something happened to an entity. What it holds now is asked of the platform,
once, however many events name it.
"""

from __future__ import annotations

import time
import typing as t
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
import requests
from singer_sdk import typing as th

from openplatform.errors import ConfigurationError, FatalError, TransientError
from openplatform.transport import new_session

STREAM: t.Final = "_events"
"""Where the position in the log stands among the bookmarks of a state."""

_LIMIT = 1000
_TRIES = 3
_TIMEOUT = (5.0, 30.0)
_SHOWN = 200
_MOST = 5000
_WAIT = timedelta(seconds=30)


class OtherLogError(FatalError):
    """The log is not the one that was read before: our position means nothing in it."""


def setting() -> th.Property[t.Any]:
    """Return the setting `events`."""
    return th.Property(
        "events",
        th.ObjectType(
            th.Property(
                "url", th.StringType, required=True, description="Where eventgate answers."
            ),
            th.Property("token", th.StringType, secret=True, description="The token of eventgate."),
            th.Property(
                "reader",
                th.StringType,
                description="Name under which the log knows this pipeline. Default: the extractor's.",
            ),
            th.Property(
                "most",
                th.IntegerType,
                description="Records of one account that one run asks for; the rest waits.",
            ),
            th.Property(
                "wait",
                th.CustomType({"type": ["string", "number", "null"]}),
                description="Ask no sooner than this after an event came. Default: 30s.",
            ),
            th.Property(
                "only",
                th.BooleanType,
                description="Read nothing but what events name and what is owed.",
            ),
        ),
        description=(
            "Ask again for what push messages name: an object with `url` (of eventgate), and if wanted "
            "`token`, `reader`, `most`, `wait` and `only`."
        ),
    )


@dataclass(frozen=True, slots=True)
class EventSettings:
    """The setting `events`, checked.

    Attributes:
        url: Where the log is read.
        token: Bearer token; empty for none.
        reader: Name of the pipeline.
        most: Most entities of one account to ask for in one run.
        wait: Events younger than this stay for the next run: platforms commit late.
        only: Whether the run reads nothing else.
    """

    url: str
    token: str
    reader: str
    most: int
    wait: timedelta
    only: bool

    @classmethod
    def read(
        cls, given: t.Any, *, reader: str, duration: Callable[..., timedelta]
    ) -> EventSettings | None:
        """Read the setting; None where it is not set.

        Args:
            given: Its value.
            reader: Name of the pipeline where none is set.
            duration: Reads a duration.

        Raises:
            ConfigurationError: It makes no sense.
        """
        if not given:
            return None
        url = str(given.get("url") or "") if isinstance(given, Mapping) else ""
        if not url.startswith(("http://", "https://")):
            msg = f"Setting events: url is {url!r}. Write where eventgate answers, as http(s)://host:port."
            raise ConfigurationError(msg)
        most = given.get("most")
        if most is not None and int(most) < 1:
            msg = "Setting events: most must be 1 or more."
            raise ConfigurationError(msg)
        wait = given.get("wait")
        return cls(
            url=url.rstrip("/"),
            token=str(given.get("token") or ""),
            reader=str(given.get("reader") or reader),
            most=_MOST if most is None else int(most),
            wait=_WAIT if wait is None else duration(wait, setting="events.wait"),
            only=bool(given.get("only")),
        )


class LoggedEvent(msgspec.Struct, frozen=True):
    """One event of the log; what it means stands at `openplatform.push.PushEvent`."""

    version: int
    account: str
    stream: str
    id: str
    kind: str
    received_at: datetime


class LogPage(msgspec.Struct, frozen=True):
    """What follows a version; `version` is what to ask with next."""

    events: tuple[LoggedEvent, ...]
    version: int
    more: bool


class EventLog:
    """Reads the log of one platform.

    Args:
        settings: Where it is.
        platform: The platform's slug.
        sleep: Waits some seconds.
    """

    def __init__(
        self, settings: EventSettings, platform: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._settings = settings
        self._platform = platform
        self._sleep = sleep

    def after(self, version: int, *, done: bool = False) -> LogPage:
        """Return the events that follow a version.

        Args:
            version: What the last page said.
            done: All up to it is done for good, and need not be kept for us.

        Raises:
            OtherLogError: The log ends before this version.
            FatalError: It cannot be read.
        """
        query = {"platform": self._platform, "version": str(version), "limit": str(_LIMIT)}
        if done:
            query["reader"] = self._settings.reader
        for attempt in range(1, _TRIES + 1):
            try:
                return self._ask(query, version)
            except TransientError as exc:
                if attempt == _TRIES:
                    raise FatalError(str(exc)) from exc
                self._sleep(2.0**attempt)
        raise AssertionError

    def _ask(self, query: Mapping[str, str], version: int) -> LogPage:
        url = f"{self._settings.url}/events"
        token = self._settings.token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            with new_session(url) as session:
                answer = session.get(
                    url, params=query, headers=headers, timeout=_TIMEOUT, allow_redirects=False
                )
        except requests.RequestException as exc:
            msg = f"The event log {url} cannot be reached ({type(exc).__name__}). Does eventgate run there?"
            raise TransientError(msg) from exc
        told = f"HTTP {answer.status_code}: {answer.text[:_SHOWN]}"
        if answer.status_code in {401, 403}:
            msg = f"The event log {url} refuses us ({told}). Set events.token to eventgate's token."
            raise FatalError(msg)
        if answer.status_code == 409:
            msg = f"The event log {url} is another one than before ({told})."
            raise OtherLogError(msg)
        if answer.status_code != 200:
            msg = f"The event log {url} does not answer ({told})."
            raise TransientError(msg)
        try:
            page = msgspec.json.decode(answer.content, type=LogPage)
        except msgspec.MsgspecError as exc:
            msg = (
                f"{url} answers with something else than events ({exc}). Is events.url eventgate's?"
            )
            raise FatalError(msg) from exc
        if page.version < version or (page.more and page.version == version):
            msg = f"The event log {url} goes back from {version} to {page.version}."
            raise OtherLogError(msg)
        return page


@dataclass(slots=True)
class Entity:
    """What several events name.

    Attributes:
        account: Its account.
        stream: The list stream of its family.
        id: Its id.
        first: Version of the first event.
        kinds: Kinds of its events; they come in no order.
    """

    account: str
    stream: str
    id: str
    first: int
    kinds: set[str]


@dataclass
class Gathered:
    """What the log told.

    Attributes:
        entities: By account, in the order of their first events.
        versions: By account: all its events up to it have been looked at.
        events: How many events were looked at.
        left: Events that are nothing to ask for, by reason.
    """

    entities: dict[str, list[Entity]]
    versions: dict[str, int] = field(default_factory=dict)
    events: int = 0
    left: Counter[str] = field(default_factory=Counter)


def gather(
    log: EventLog,
    starts: Mapping[str, int],
    *,
    passed: frozenset[str],
    family: Callable[[LoggedEvent], str | None],
    most: int,
    before: datetime,
) -> Gathered:
    """Read the log from where the least advanced account stands, and group what it tells.

    An account that has its fill does not keep the others from theirs: it may be one that cannot be
    read for days.

    Args:
        log: The log.
        starts: By account: the version up to which its events are done.
        passed: Accounts whose events so far are nothing to us: they will be read as a whole now.
        family: Tells the list stream of an event's entity; None where it is nothing to ask for.
        most: Most entities of an account.
        before: Events that came later stay for the next run.
    """
    found: dict[tuple[str, str, str], Entity] = {}
    closed: dict[str, int] = {}
    result = Gathered({account: [] for account in starts})
    end = min(starts.values())
    for event, end_of_page in _events(log, end):
        if event is None:
            end = end_of_page
            continue
        if event.received_at > before or closed.keys() == starts.keys():
            break
        end = event.version
        if event.version <= starts.get(event.account, 0) or event.account in closed:
            continue
        result.events += 1
        name = family(event)
        if event.account not in starts:
            result.left["of accounts that are not configured"] += 1
        elif name is None and event.account not in passed:
            result.left[f"{event.stream or 'no stream'} ({event.kind})"] += 1
        elif name is not None and event.account not in passed:
            key = (event.account, name, event.id)
            mine = result.entities[event.account]
            if (known := found.get(key)) is not None:
                known.kinds.add(event.kind)
            elif len(mine) >= most:
                closed[event.account] = event.version - 1
            else:
                found[key] = Entity(event.account, name, event.id, event.version, {event.kind})
                mine.append(found[key])
    result.versions = {a: max(start, closed.get(a, end)) for a, start in starts.items()}
    return result


def _events(log: EventLog, version: int) -> Iterator[tuple[LoggedEvent | None, int]]:
    """Yield the events of the log, and at the end of each page None and the page's version."""
    page = log.after(version, done=True)
    while True:
        yield from ((event, 0) for event in page.events)
        yield None, page.version
        if not page.more:
            return
        page = log.after(page.version)
