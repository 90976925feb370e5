"""What is sent is what requests would send, and nothing that one answer left is sent with the next call."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests
from hypothesis import given, strategies as st
from openplatform.http import Request
from openplatform.redaction import Redactor
from openplatform.transport import Transport, new_session, prepare

TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=8)
SAFE = st.text("abcXYZ019-._~!$&'()*+,;=:@%/ 名?", max_size=12)


@given(
    server=st.sampled_from(
        ["https://open.example.cn", "http://127.0.0.1:8700/lab", "https://a:b%40@example.cn"]
    ),
    path=SAFE.map("/".__add__),
    query=st.dictionaries(TEXT, TEXT, max_size=3),
    body=st.none() | st.binary(max_size=8),
    method=st.sampled_from(["GET", "POST"]),
    headers=st.dictionaries(st.sampled_from(["X-Key", "Content-Type", "accept"]), st.just("a/b")),
)
def test_a_request_is_prepared_as_requests_does(*, server, path, query, body, method, headers):
    session = new_session(server)
    theirs = requests.Request(
        method, server + path, {**session.headers, **headers}, data=body, params=query
    ).prepare()
    ours = prepare(session, server, Request(method, path, query, body, headers))
    assert (ours.method, ours.url) == (theirs.method, theirs.url)
    assert (ours.body or None, ours.headers) == (theirs.body or None, theirs.headers)


class Handler(BaseHTTPRequestHandler):
    """Gives a cookie with each answer, and notes those that come back."""

    cookies: list[str | None] = []  # noqa: RUF012 - emptied by the test

    def do_GET(self) -> None:
        self.cookies.append(self.headers["Cookie"])
        self.send_response(200)
        self.send_header("Set-Cookie", "session=of-one-account")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def address():
    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_no_cookie_comes_back(address):
    Handler.cookies.clear()
    transport = Transport(verify=True, timeout=(5, 5), redact=Redactor(()))
    for _ in range(2):
        response, content = transport.send(address, Request("GET", "/"), "here")
        assert (response.status_code, content) == (200, b"{}")
    assert Handler.cookies == [None, None]
