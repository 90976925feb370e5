"""A log that speaks the contract of `GET /events`, for trials of its reader; nothing is durable here."""

from __future__ import annotations

import json
import threading
import typing as t
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from openplatform.bookmarks import format_time

from end_to_end.harness import NOW


@dataclass
class Log:
    """Events in memory, served over HTTP.

    Attributes:
        url: Where.
        events: What it holds.
        asked: The queries that came, oldest first.
        token: The bearer token it wants; empty for none.
        end: The version that the log ends with.
    """

    url: str = ""
    events: list[dict[str, t.Any]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    token: str = ""
    end: int = 0
    page: int = 1000

    def add(
        self, account: str, stream: str, key: str, kind: str = "changed", *, at: datetime = NOW
    ) -> int:
        """Append an event; return its version."""
        self.end += 3  # versions only increase; nothing says that they are dense
        event = {"version": self.end, "platform": "lab", "account": account, "stream": stream}
        event |= {"id": key, "kind": kind, "at": format_time(at), "received_at": format_time(at)}
        self.events.append(event)
        return self.end

    def answer(self, query: dict[str, str], token: str) -> tuple[int, dict[str, t.Any]]:
        """Answer as eventgate does."""
        self.asked.append(query)
        if self.token and token != f"Bearer {self.token}":
            return 401, {"error": "send the token"}
        version = int(query["version"])
        if version > self.end:
            return 409, {"error": "the log ends before this version"}
        found = [e for e in self.events if e["version"] > version]
        some = found[: min(self.page, int(query["limit"]))]
        more = len(found) > len(some)
        return 200, {
            "events": some,
            "version": some[-1]["version"] if more else self.end,
            "more": more,
        }


@contextmanager
def serving(**settings: t.Any) -> t.Iterator[Log]:
    """Serve a log on a free port of the loopback."""
    log = Log(**settings)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            query = {k: v[0] for k, v in parse_qs(urlsplit(self.path).query).items()}
            status, content = log.answer(query, self.headers.get("Authorization", ""))
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: t.Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    log.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield log
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
