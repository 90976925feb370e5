"""One call's path, against a real server on loopback that answers what the test wrote down."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from openplatform.accounts import Account
from openplatform.errors import (
    FatalError,
    GrantError,
    QuotaExhaustedError,
    ShrinkWindowError,
    SkipError,
    ThrottledError,
    TransientError,
    UnreachableError,
)
from openplatform.http import Connection, PlatformClient, Request, Retry, expect
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Budget, Limit
from openplatform.metrics import Metrics
from openplatform.redaction import Redactor
from openplatform.testing import HeldClock
from openplatform.tokens import FileTokenStore, Token

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=timezone.utc)
ACCOUNT = Account("42")
OK = b'{"code": 0, "n": 12.30}'


@dataclass
class Script:
    """What the server answers, call by call; the last answer repeats.

    Attributes:
        answers: Status, body, headers.
        seen: Path and token of each request.
    """

    answers: list[tuple[int, bytes, dict[str, str]]] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)


def code(number: int, message: str = "no") -> tuple[int, bytes, dict[str, str]]:
    return 200, json.dumps({"code": number, "msg": message}).encode(), {}


class Client(PlatformClient):
    """A platform with codes in its body and one kind of token."""

    base_url = "http://127.0.0.1"
    limits = ()
    errors = ErrorTable(
        (
            Rule(Outcome.THROTTLED, {"1"}, wait=7.0),
            Rule(Outcome.TRANSIENT, {"2"}),
            Rule(Outcome.AUTH_EXPIRED, {"3"}),
            Rule(Outcome.FATAL, {"4"}, advice="do this"),
            Rule(Outcome.SKIP, {"5"}),
            Rule(Outcome.SHRINK_WINDOW, {"6"}),
            Rule(Outcome.QUOTA_EXHAUSTED, {"7"}),
            Rule(Outcome.GRANT_DEAD, {"8"}, advice="authorise"),
            Rule(Outcome.THROTTLED, message="<b>banned</b>", wait=300.0),
            Rule(Outcome.FATAL, code=r"55\d+", advice="a family"),
        )
    )
    wait_headers = ("Retry-After", "x-reset")
    given = 0

    def build(self, account, api, params, token, now):
        return Request("GET", f"/{api}", {"token": token, **params})

    def failure(self, status, body):
        number = body.get("code") if isinstance(body, dict) else None
        return Failure(status, str(number), body.get("msg", "")) if number else None

    def fetch_token(self, account, kind, previous):
        self.given += 1
        return Token(f"token-number-{self.given}", self.connection.clock.now() + timedelta(hours=2))


@pytest.fixture
def script():
    return Script()


@pytest.fixture
def server(script):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            place = min(len(script.seen), len(script.answers) - 1)
            script.seen.append(self.path)
            status, body, headers = script.answers[place]
            self.send_response(status)
            headers = {"Content-Length": str(len(body)), **headers}
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
            if int(headers["Content-Length"]) != len(body):
                self.close_connection = True

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join(10)
    server.server_close()


@pytest.fixture
def clock():
    return HeldClock(NOW)


@pytest.fixture
def client(server, clock, tmp_path):
    return make(server, clock, tmp_path)


def make(url, clock, folder, limits=(), kind=Client):
    return kind(
        {},
        Connection(
            base_url=url,
            clock=clock,
            budget=Budget(limits, app="app", clock=clock),
            tokens=FileTokenStore(folder),
            metrics=Metrics(),
            redact=Redactor(["a-very-secret-word"]),
            retry=Retry(tries=4, first_wait=1.0),
            timeout=(5.0, 5.0),
        ),
    )


def outcomes(client):
    return dict(client.connection.metrics.calls())


def test_numbers_in_an_answer_stay_exact(client, script):
    script.answers = [(200, OK, {})]
    assert client.call(ACCOUNT, "list", {"page": "1"}) == {"code": 0, "n": Decimal("12.30")}
    assert script.seen == ["/list?token=token-number-1&page=1"]
    assert outcomes(client) == {"ok": 1}


@pytest.mark.parametrize(
    ("number", "error", "told"),
    [
        (4, FatalError, "account 42, list: HTTP 200 code 4: no — do this"),
        (5, SkipError, "code 5"),
        (6, ShrinkWindowError, "code 6"),
        (7, QuotaExhaustedError, "code 7"),
        (8, GrantError, "authorise"),
        (551, FatalError, "a family"),
        (1551, FatalError, "not in the tap's error table"),
        (99, FatalError, "not in the tap's error table"),
    ],
)
def test_what_waiting_cannot_help_is_raised_at_once(client, script, number, error, told):
    script.answers = [code(number)]
    with pytest.raises(error) as caught:
        client.call(ACCOUNT, "list", {})
    assert told in str(caught.value)
    assert len(script.seen) == 1


PASSING = {
    "code": code(2),
    "500": (500, b"oops", {}),
    "502 with HTML": (502, b"<html>", {}),
    "200 with HTML": (200, b"<html>Bad Gateway</html>", {}),
    "empty": (200, b"", {}),
    "cut": (200, OK[:10], {"Content-Length": str(len(OK))}),
    "half JSON": (200, OK[:10], {}),
    "408": (408, b"", {}),
}


@pytest.mark.parametrize("kind", PASSING)
def test_a_passing_fault_is_tried_again(client, script, clock, kind):
    script.answers = [PASSING[kind], PASSING[kind], (200, OK, {})]
    assert client.call(ACCOUNT, "list", {})["code"] == 0
    assert len(script.seen) == 3
    assert outcomes(client) == {"transient": 2, "ok": 1}
    assert 1.5 <= clock.monotonic() <= 3.0, "1 s and 2 s, each with some chance in it"


@pytest.mark.parametrize("kind", PASSING)
def test_patience_ends(client, script, kind):
    script.answers = [PASSING[kind]]
    with pytest.raises(TransientError, match="gave up after 4 tries; the next run goes on"):
        client.call(ACCOUNT, "list", {})
    assert len(script.seen) == 4


@pytest.mark.parametrize(
    ("answer", "waited"),
    [
        ((429, b"slow down", {"Retry-After": "11"}), 11.0),
        ((429, b"slow down", {}), 1.0),
        ((429, b"slow down", {"X-Reset": "52"}), 52.0),
        ((200, code(1)[1], {"X-Reset": "52"}), 52.0),
        ((429, b"slow down", {"Retry-After": "Fri, 20 Nov 2026 08:00:09 GMT"}), 1.0),
        (code(1), 7.0),
        ((200, code(1)[1], {"Retry-After": "3"}), 3.0),
        ((200, b"<html>" + b" " * 300 + b"<b>banned</b>", {}), 300.0),
        ((403, b"<html>" + b" " * 300 + b"<b>banned</b>", {}), 300.0),
    ],
)
def test_a_throttled_call_waits_as_told(client, script, clock, answer, waited):
    script.answers = [answer, (200, OK, {})]
    client.call(ACCOUNT, "list", {})
    assert clock.monotonic() == pytest.approx(waited)
    assert outcomes(client) == {"throttled": 1, "ok": 1}


def test_a_throttled_call_rests_its_bucket(server, clock, tmp_path, script):
    client = make(server, clock, tmp_path, [Limit(50, 1.0, "account")])
    script.answers = [(429, b"", {"Retry-After": "5"}), (200, OK, {})]
    client.call(ACCOUNT, "list", {})
    assert clock.monotonic() == pytest.approx(5.0)
    assert client.connection.budget.waited == pytest.approx(5.0)


class Dated(Client):
    """A platform whose signature covers the time."""

    def build(self, account, api, params, token, now):
        return Request("GET", f"/{now:%H:%M:%S}")


def test_a_call_that_waited_is_signed_when_it_leaves(server, clock, tmp_path, script):
    client = make(server, clock, tmp_path, [Limit(1, 60.0, "account")], Dated)
    script.answers = [(429, b"", {"Retry-After": "600"}), (200, OK, {})]
    client.call(ACCOUNT, "list", {})
    client.call(ACCOUNT, "list", {})
    waits = clock.monotonic()
    assert waits >= 660
    assert script.seen[:2] == ["/08:00:00", "/08:10:00"]
    assert script.seen[2] == f"/{NOW + timedelta(seconds=waits):%H:%M:%S}"


def test_throttling_without_end_is_given_up(client, script):
    script.answers = [code(1)]
    with pytest.raises(ThrottledError, match="4 tries"):
        client.call(ACCOUNT, "list", {})


def test_a_refused_token_is_renewed_once(client, script):
    script.answers = [code(3), (200, OK, {})]
    client.call(ACCOUNT, "list", {})
    assert script.seen == ["/list?token=token-number-1", "/list?token=token-number-2"]


def test_tokens_refused_without_end_kill_the_grant(client, script):
    script.answers = [code(3)]
    with pytest.raises(GrantError, match="authorise this account anew"):
        client.call(ACCOUNT, "list", {})
    assert 2 <= len(script.seen) <= 5
    assert len(set(script.seen)) == len(script.seen), "no token was offered twice"


def test_an_exhausted_quota_is_not_asked_again(client, script):
    script.answers = [code(7, "10,000 a day"), (200, OK, {})]
    for _ in range(2):
        with pytest.raises(QuotaExhaustedError, match="10,000 a day"):
            client.call(ACCOUNT, "list", {})
    assert len(script.seen) == 1
    client.call(ACCOUNT, "other", {})
    client.call(Account("43"), "list", {})


@pytest.mark.parametrize("cut", [185, 190, 195, 199])
def test_a_secret_on_the_edge_of_what_is_shown_is_masked(client, script, cut):
    body = b"x" * cut + b"a-very-secret-word" + b"y" * 50
    script.answers = [(403, body, {})]
    with pytest.raises(FatalError) as caught:
        client.call(ACCOUNT, "list", {})
    assert "a-v" not in str(caught.value)


def test_redirects_are_not_followed(client, script):
    script.answers = [(302, b"", {"Location": "http://127.0.0.1:9/"})]
    with pytest.raises(FatalError, match="302"):
        client.call(ACCOUNT, "list", {})


def test_an_address_that_nobody_serves_is_named(clock, tmp_path):
    client = make("http://127.0.0.1:9", clock, tmp_path)
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:9.*base_url"):
        client.call(ACCOUNT, "list", {})


def test_an_answer_that_lacks_what_it_must_hold_is_told():
    assert expect({"a": {"b": 0}}, "a", "b", where="x") == 0
    with pytest.raises(FatalError, match=r"x: the answer lacks a\.c"):
        expect({"a": {"b": 0}}, "a", "c", where="x")


def test_what_no_http_answers_is_called_like_all_else(client, clock):
    """Such as a table of the platform that is read from its database."""
    answers = [TransientError("the server has gone away"), {"rows": [1]}]

    def answer():
        one = answers.pop(0)
        if isinstance(one, Exception):
            raise one
        return one

    assert client.ask(ACCOUNT, "table", answer) == {"rows": [1]}
    assert outcomes(client) == {"transient": 1, "ok": 1}
    assert clock.monotonic() > 0, "a retry rests first"


@pytest.mark.parametrize("replaced", [False, True])
def test_another_host_of_the_platform_is_called_unless_base_url_is_set(
    server, script, clock, tmp_path, replaced
):
    own = "http://127.0.0.1:9"
    script.answers = [(200, OK, {})]
    client = make(server if replaced else own, clock, tmp_path)
    client.base_url = own
    host = own if replaced else server
    body = client.send(ACCOUNT, "token", Request("GET", "/token", host=host))
    assert body["n"] == Decimal("12.30")
    assert script.seen == ["/token"]
