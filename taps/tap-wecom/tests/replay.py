"""A server that answers each API of the platform with its recorded sample, over real HTTP."""

from __future__ import annotations

import json
import threading
import typing as t
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from typing_extensions import Self, override

SAMPLES = Path(__file__).parent / "samples"
RECORDED = {
    "gettoken": "gettoken",
    "department/list": "departments",
    "department/simplelist": "department_ids",
    "user/list": "users",
    "user/simplelist": "users_simple",
    "user/list_id": "user_ids",
    "user/get": "user_get",
    "checkin/getcheckindata": "checkin_data",
    "checkin/getcheckin_daydata": "checkin_day_data",
    "oa/getapprovalinfo": "approval_info",
    "oa/getapprovaldetail": "approval_detail",
    "oa/journal/get_record_list": "journal_ids",
    "oa/journal/get_record_detail": "journal_detail",
    "externalcontact/get_follow_user_list": "follow_users",
    "externalcontact/list": "external_contact_ids",
    "externalcontact/batch/get_by_user": "external_contacts",
}
Answer = dict[str, t.Any]


class Asked(t.NamedTuple):
    """One request that arrived."""

    method: str
    api: str
    query: dict[str, str]
    body: bytes

    @property
    def params(self) -> Answer:
        return json.loads(self.body) if self.body else self.query


class Replay:
    """A context manager; `answers` replaces the samples of single APIs by functions."""

    def __init__(self, **answers: Callable[[Asked], Answer]) -> None:
        self.answers = {name.replace("__", "/"): answer for name, answer in answers.items()}
        self.asked: list[Asked] = []
        replay = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                replay._serve(self)

            do_POST = do_GET  # noqa: N815 - the name that the base class looks for

            @override
            def log_message(self, format: str, *args: t.Any) -> None:
                """Keep quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        url = urlsplit(handler.path)
        length = int(handler.headers.get("Content-Length") or 0)
        api = url.path.removeprefix("/cgi-bin/")
        asked = Asked(handler.command, api, dict(parse_qsl(url.query)), handler.rfile.read(length))
        self.asked.append(asked)
        if api in self.answers:
            body = json.dumps(self.answers[api](asked)).encode()
        else:
            body = (SAMPLES / f"{RECORDED[api]}.json").read_bytes()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def calls(self, api: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.api == api]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
