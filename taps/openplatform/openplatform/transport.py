"""Sending one request: sessions, addresses, and what it means when no answer comes."""

from __future__ import annotations

import os
import threading
import typing as t
from functools import lru_cache
from urllib.parse import urlencode

import requests
import urllib3

from openplatform.errors import TransientError, UnreachableError
from openplatform.redaction import Redactor

if t.TYPE_CHECKING:
    from openplatform.http import Request

_SHOWN = 200
_CHUNK = 1 << 20


class Transport:
    """Sends requests, each thread over sessions of its own, one per server.

    Args:
        verify: Whether a server must show a certificate that is good.
        timeout: Seconds to wait for a connection, and for each piece of an answer.
        redact: Keeps secrets out of errors.
    """

    def __init__(self, *, verify: bool, timeout: tuple[float, float], redact: Redactor) -> None:
        self._verify = verify
        self._timeout = timeout
        self._redact = redact
        self._local = threading.local()

    def send(self, server: str, request: Request, where: str) -> tuple[requests.Response, bytes]:
        """Send a request; return the answer and its whole content.

        Args:
            server: Scheme and host.
            request: The request.
            where: Told in errors: whose call it is.

        Raises:
            UnreachableError: There was no connection.
            TransientError: It broke, or the answer took too long.
        """
        session = self._session(server)
        prepared = prepare(session, server, request)
        try:
            # Not by the session's own `send`: it keeps cookies, and those of one account are none of
            # another's business. Nor are redirects followed: they would take credentials elsewhere.
            response = session.get_adapter(server).send(
                prepared,
                stream=True,
                timeout=self._timeout,
                verify=t.cast("bool | str", session.verify),
                proxies=session.proxies,
            )
            return response, b"".join(response.iter_content(_CHUNK))
        except requests.RequestException as exc:
            if _unreachable(exc):
                msg = (
                    f"{server} cannot be reached ({type(exc).__name__}). Check base_url, the "
                    "network, and the proxy settings"
                )
                raise UnreachableError(msg) from None
            reason = self._redact(str(_reason(exc) or exc))[:_SHOWN]
            msg = f"{where}: {server} did not answer: {reason}"
            raise TransientError(msg) from None

    def _session(self, server: str) -> requests.Session:
        sessions: dict[str, requests.Session] = self._local.__dict__
        if server not in sessions:
            sessions[server] = new_session(server, verify=self._verify)
        return sessions[server]


def new_session(url: str, *, verify: bool = True) -> requests.Session:
    """Return a session for one server.

    What the environment says of proxies and certificates is looked up once, not per call; credentials
    of a .netrc are never sent along.
    """
    session = requests.Session()
    session.trust_env = False
    session.proxies = requests.utils.get_environ_proxies(url)
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    session.verify = verify and (bundle or True)
    return session


def prepare(session: requests.Session, server: str, request: Request) -> requests.PreparedRequest:
    """Return a request as requests would prepare it, without what a call of a platform never needs.

    Args:
        session: Gives the headers that all requests have.
        server: Scheme and host.
        request: The request.
    """
    prepared = requests.PreparedRequest()
    prepared.method = request.method
    address = _address(server + request.path)
    if request.query:
        address += ("&" if "?" in address else "?") + urlencode(request.query)
    prepared.url = address
    prepared.prepare_headers({**session.headers, **request.headers})
    prepared.body = request.body or None
    prepared.prepare_content_length(prepared.body)
    if "@" in server:
        prepared.prepare_auth(None)
    return prepared


@lru_cache(maxsize=256)
def _address(url: str) -> str:
    """Return a URL in the form in which it is sent."""
    prepared = requests.PreparedRequest()
    prepared.prepare_url(url, None)
    return str(prepared.url)


def _unreachable(exc: requests.RequestException) -> bool:
    """Tell whether there was no connection at all (refused, no such host), not just a broken one."""
    return isinstance(exc, requests.ConnectTimeout) or isinstance(
        _reason(exc), urllib3.exceptions.NewConnectionError
    )


def _reason(exc: requests.RequestException) -> Exception | None:
    """Return what lies beneath an error, which names the whole address before it comes to that."""
    found: Exception | None = getattr(exc.args[0] if exc.args else None, "reason", None)
    return found
