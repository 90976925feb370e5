"""The HTTP side: `/push/<platform>` takes messages, `/events` gives events, `/health` tells how it is.

Messages that come over connections take the same way into the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging
import typing as t
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qsl

from openplatform.bookmarks import format_time
from openplatform.listening import Listening
from openplatform.push import PushRefusedError, PushRequest
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from eventgate.config import Config
from eventgate.listening import Listener
from eventgate.log import MOST_ROWS, Event, LogError, NewEvent, OtherLogError, open_log
from eventgate.metrics import exposition
from eventgate.writer import Writer

_LOGGER = logging.getLogger("eventgate")
_PUSH = "/push/"
_LARGEST_BODY = 1024 * 1024
# The most impatient platform waits 3 s; an error in time is repeated, silence counts as failure.
_STORE_SECONDS = 2.5
_TIDY_SECONDS = 1.0
_PRUNE_SECONDS = 3600.0
_AGAIN = "stored nothing, send it again"


class Service:
    """One gate, as an ASGI application: its settings, its writer, its addresses.

    Args:
        config: The settings.
        keep: Prune events older than this, once an hour; None prunes nothing.
    """

    def __init__(self, config: Config, *, keep: timedelta | None = None) -> None:
        self._config = config
        self._keep = keep
        self._reading = open_log(config.database)
        self._refused = 0
        self._writer: Writer | None = None
        self._listeners = [
            Listener(name, gate, self._stored, self._refuse)
            for name, gate in config.gates.items()
            if isinstance(gate, Listening) and gate.listens
        ]
        self._starlette = Starlette(
            routes=[
                Route("/events", self._events, methods=["GET"]),
                Route("/health", self._health, methods=["GET"]),
                Route("/metrics", self._metrics, methods=["GET"]),
            ],
            lifespan=self._life,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request. Messages go straight to their gate: they are the many."""
        if scope["type"] == "http" and scope["path"].startswith(_PUSH):
            answer = await self._push(Request(scope, receive))
            await answer(scope, receive, send)
        else:
            await self._starlette(scope, receive, send)

    @contextlib.asynccontextmanager
    async def _life(self, _application: Starlette) -> AsyncIterator[None]:
        log = open_log(self._config.database)
        with contextlib.suppress(LogError):  # the connection is made before the first message comes
            await run_in_threadpool(log.check)
        self._writer = Writer(log)
        listening = [asyncio.create_task(one.run()) for one in self._listeners]
        upkeep = [asyncio.create_task(self._tidy())]
        if self._keep is not None:
            upkeep.append(asyncio.create_task(self._prune(self._keep)))
        try:
            yield
        finally:
            for task in (*listening, *upkeep):
                task.cancel()
            await asyncio.gather(*listening, *upkeep, return_exceptions=True)
            await run_in_threadpool(self._writer.close)
            self._reading.close()

    # -- taking messages -------------------------------------------------------------------------

    async def _push(self, request: Request) -> Response:
        name = request.scope["path"].removeprefix(_PUSH).strip("/")
        gate = self._config.gates.get(name)
        if gate is None:
            return _problem(404, "no such address; `eventgate check` tells the right ones")
        body = await _read(request)
        if body is None:
            return _problem(413, f"a message has at most {_LARGEST_BODY} bytes")
        received = datetime.now(timezone.utc)
        asked = PushRequest(
            method=request.method,
            query=dict(
                parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
            ),
            headers={
                name.decode("latin-1"): value.decode("latin-1")
                for name, value in request.scope["headers"]
            },
            body=body,
            received_at=received,
        )
        try:
            answer = gate.answer(asked)
        except PushRefusedError as refusal:
            self._refuse()
            _LOGGER.warning("refused a message to /push/%s: %s", name, refusal)
            return _problem(refusal.status, str(refusal))
        slug = name.partition("/")[0]
        events = [NewEvent(slug, event, answer.body, received) for event in answer.events]
        if events and not await self._stored(events):
            return _problem(503, _AGAIN)
        return Response(answer.reply, media_type=answer.content_type)

    def _refuse(self) -> None:
        self._refused += 1

    async def _stored(self, events: Sequence[NewEvent]) -> bool:
        """Store durably; only then may the platform hear its success word."""
        writer = t.cast("Writer", self._writer)
        try:
            future = writer.store(events)
            # Cheaper than wait_for, and this is done for every message.
            timer = asyncio.get_running_loop().call_later(_STORE_SECONDS, future.cancel)
            try:
                await future
            finally:
                timer.cancel()
        except LogError:
            return False
        except asyncio.CancelledError:
            if future.cancelled():
                return False
            raise
        return True

    # -- giving events ---------------------------------------------------------------------------

    async def _events(self, request: Request) -> Response:
        if not self._may_read(request):
            return _problem(401, "send the token: Authorization: Bearer ...")
        query = request.query_params
        try:
            version, limit = int(query.get("version", 0)), int(query.get("limit", MOST_ROWS))
        except ValueError:
            return _problem(400, "version and limit are numbers")
        platform, reader = query.get("platform", ""), query.get("reader", "")
        try:
            page = await run_in_threadpool(
                self._reading.after, version, limit, platform, reader=reader
            )
        except OtherLogError as error:
            return _problem(409, str(error))
        except LogError as error:
            _LOGGER.error("events cannot be read: %s", error)  # noqa: TRY400 - no traceback
            return _problem(503, "the log cannot be read now")
        content = {
            "events": [as_dict(event) for event in page.events],
            "version": page.version,
            "more": page.more,
        }
        return JSONResponse(content)

    def _may_read(self, request: Request) -> bool:
        if not self._config.token:
            return True
        given = request.headers.get("authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {self._config.token}".encode())

    def _counts(self) -> dict[str, int]:
        writer = t.cast("Writer", self._writer)
        return {
            "stored": writer.stored,
            "repeated": writer.repeated,
            "refused": self._refused,
            "waiting": writer.waiting,
        }

    async def _health(self, _request: Request) -> Response:
        content: dict[str, t.Any] = {"ok": True, **self._counts()}
        if self._listeners:
            content["connections"] = {one.name: asdict(one.tally) for one in self._listeners}
        try:
            await run_in_threadpool(self._reading.check)
        except LogError:
            return JSONResponse({**content, "ok": False}, status_code=503)
        return JSONResponse(content)

    async def _metrics(self, _request: Request) -> Response:
        tallies = {one.name: one.tally for one in self._listeners}
        text = exposition(self._counts(), tallies)
        return Response(text, media_type="text/plain; version=0.0.4")

    # -- upkeep ----------------------------------------------------------------------------------

    async def _tidy(self) -> None:
        log = open_log(self._config.database)
        try:
            while True:
                await asyncio.sleep(_TIDY_SECONDS)
                with contextlib.suppress(LogError):  # the writer tells what is wrong
                    await run_in_threadpool(log.tidy)
        finally:
            log.close()

    async def _prune(self, keep: timedelta) -> None:
        log = open_log(self._config.database)
        try:
            while True:
                try:
                    count = await run_in_threadpool(log.prune, keep, datetime.now(timezone.utc))
                    _LOGGER.info("pruned %s events", count)
                except LogError as error:
                    _LOGGER.warning("nothing pruned: %s", error)
                await asyncio.sleep(_PRUNE_SECONDS)
        finally:
            log.close()


async def _read(request: Request) -> bytes | None:
    """Return the body; None when it is larger than any message."""
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > _LARGEST_BODY:
                return None
            parts.append(part)
    except ClientDisconnect:
        return b""
    return b"".join(parts)


def as_dict(event: Event) -> dict[str, t.Any]:
    """Return an event as the interface shows it."""
    return {
        "version": event.version,
        "platform": event.platform,
        "account": event.account,
        "stream": event.stream,
        "id": event.id,
        "kind": event.kind,
        "at": format_time(event.at),
        "received_at": format_time(event.received_at),
    }


def _problem(status: int, reason: str) -> Response:
    """Refuse, in words that no platform can take for its success word."""
    return JSONResponse({"error": reason}, status_code=status)
