"""The side of the network: a bare ASGI application on uvicorn, made for many small requests."""

from __future__ import annotations

import asyncio
import logging
import socket
import typing as t

import uvicorn
from typing_extensions import override

from sandbox.admin import ADMIN_PREFIX, administer
from sandbox.http import Reply
from sandbox.lines import converse
from sandbox.world import World

_TICK_SECONDS = 0.02

Message = dict[str, t.Any]
Receive = t.Callable[[], t.Awaitable[Message]]
Send = t.Callable[[Message], t.Awaitable[None]]


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _send(send: Send, reply: Reply, *, cut: bool = False) -> None:
    headers = [
        (b"content-type", reply.content_type.encode()),
        (b"content-length", str(len(reply.body)).encode()),
        *((name.encode(), value.encode()) for name, value in reply.headers),
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    if cut:  # returning with more_body promised makes the server drop the connection
        half = reply.body[: len(reply.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
        return
    await send({"type": "http.response.body", "body": reply.body})


class Application:
    """The ASGI application of one world."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request, or hold one connection."""
        if scope["type"] == "websocket":
            await converse(self.world, scope, receive, send)
            return
        if scope["type"] != "http":
            return
        body = await _body(receive)
        method, path, query = scope["method"], scope["path"], scope["query_string"].decode()
        if path == "/" or path.startswith(ADMIN_PREFIX):
            await _send(send, administer(self.world, method, path, query, body))
            return
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        if self.world.latency_ms:
            await asyncio.sleep(self.world.latency_ms / 1000)
        answer = self.world.answer(method, path, query, headers, body)
        if answer.fault == "hang":
            await asyncio.sleep(self.world.plan.faults.hang_seconds)
        await _send(send, answer.reply, cut=answer.fault in {"hang", "cut"})


def listen(host: str, port: int) -> socket.socket:
    """Bind an address; port 0 takes any free one.

    Raises:
        OSError: The address is taken or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's delay off only on sockets whose protocol is named
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(512)
    except (OSError, OverflowError):
        listener.close()
        raise
    return listener


class Server(uvicorn.Server):
    """A uvicorn server for one world, quiet about what faults do on purpose."""

    def __init__(self, world: World) -> None:
        for name in ("uvicorn", "uvicorn.error", "uvicorn.asgi"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self.application = Application(world)
        config = uvicorn.Config(
            t.cast("t.Any", self.application),
            http="httptools",
            loop="asyncio",
            lifespan="off",
            ws="websockets-sansio",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=120,
            timeout_graceful_shutdown=1,
        )
        super().__init__(config)
        self._world = world

    @override
    async def main_loop(self) -> None:
        await self.on_tick(0)
        while not (self.should_exit or self._world.stopping):  # noqa: ASYNC110 - set by threads
            await asyncio.sleep(_TICK_SECONDS)

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close everything; with `force_exit` at once, since tests start and stop many servers."""
        if not self.force_exit:
            await super().shutdown(sockets)
            return
        for server in self.servers:
            server.close()
        for listener in sockets or []:
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        await asyncio.sleep(_TICK_SECONDS)
