"""The one path of every call: budget, token, build, sign, send, judge, then retry or unwrap."""

from __future__ import annotations

import abc
import logging
import threading
import typing as t
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from http import HTTPStatus

import backoff
import msgspec
import requests

from openplatform.accounts import Account
from openplatform.bookmarks import format_time
from openplatform.clock import Clock
from openplatform.errors import (
    AuthExpiredError,
    FatalError,
    GrantError,
    OpenPlatformError,
    QuotaExhaustedError,
    SkipError,
    ThrottledError,
    TransientError,
)
from openplatform.judging import ErrorTable, Failure, outcome_of
from openplatform.limits import Budget, Limit
from openplatform.metrics import Metrics
from openplatform.redaction import Redactor
from openplatform.tokens import Token, TokenKeeper, TokenStore
from openplatform.transport import Transport

Body = t.Any
_SHOWN = 200
_REDACTED = 10_000
# Under concurrency another call may void a token between its refresh and its use.
_REFRESHES = 3
_GRANT_ENDS_SOON = timedelta(days=14)
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, ready to send.

    Attributes:
        method: HTTP verb.
        path: Path below the base URL, beginning with a slash.
        query: Query parameters, not yet URL-encoded.
        body: The exact bytes of the body, or None.
        headers: Extra headers.
        host: Scheme and host, where that is not the client's own; the setting `base_url` replaces
            this one as well.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    host: str = ""


@dataclass(frozen=True, slots=True)
class Retry:
    """How long we insist: waits double from `first_wait` seconds, up to `tries` and `deadline` seconds."""

    tries: int = 5
    first_wait: float = 1.0
    deadline: float = 900.0


@dataclass(frozen=True, slots=True)
class Connection:
    """What a client needs from the run: the seams to time, counting, limits and storage."""

    base_url: str
    clock: Clock
    budget: Budget
    tokens: TokenStore
    metrics: Metrics
    redact: Redactor
    retry: Retry = Retry()
    timeout: tuple[float, float] = (10.0, 60.0)


class PlatformClient(abc.ABC):
    """One platform's way of being called. Subclasses declare facts and three small functions.

    Attributes:
        base_url: Scheme and host of the platform; the setting `base_url` replaces it.
        errors: The platform's error table.
        limits: What the platform allows.
        first_wait: Seconds before the first retry; each further wait doubles.
        wait_headers: Headers that tell how many seconds to wait; the first one that an answer has.
        refusal_is_of_api: A fresh token that is refused says that this API is not granted, rather than
            that the account's authorisation is dead.
        accepted: HTTP statuses of answers with data.
    """

    base_url: t.ClassVar[str]
    errors: t.ClassVar[ErrorTable]
    limits: t.ClassVar[Sequence[Limit]] = ()
    first_wait: t.ClassVar[float] = 1.0
    wait_headers: t.ClassVar[Sequence[str]] = ("Retry-After",)
    refusal_is_of_api: t.ClassVar[bool] = False
    accepted: t.ClassVar[frozenset[int]] = frozenset({HTTPStatus.OK})

    def __init__(self, config: Mapping[str, t.Any], connection: Connection) -> None:
        self.config = config
        self.connection = connection
        self._transport = Transport(
            verify=config.get("verify_ssl") is not False,  # a setting of few taps
            timeout=connection.timeout,
            redact=connection.redact,
        )
        self._lock = threading.Lock()
        self._keepers: dict[tuple[str, str], TokenKeeper] = {}
        self._logger = logging.getLogger(__name__)
        # At DEBUG it writes whole URLs, with the tokens and secrets that some platforms put there.
        logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

    @abc.abstractmethod
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        """Return the signed request of one API call."""

    @abc.abstractmethod
    def failure(self, status: int, body: Body) -> Failure | None:
        """Return what the platform complains about, or None when the answer holds data."""

    def fetch_token(self, account: Account, kind: str, previous: Token | None) -> Token:
        """Ask the platform for a token, by `send`; only for platforms that have tokens."""
        msg = f"{type(self).__name__} declares no tokens but was asked for one"
        raise TypeError(msg)

    def token_kind(self, api: str) -> str | None:
        """Return which of the account's tokens an API takes; None for key-only platforms.

        The empty text names the main one: without it, nothing of the account can be read.
        """
        return ""

    def token_seed(self, account: Account, kind: str) -> str:
        """Return the configured credential that the chain of tokens begins with."""
        settings = account.settings
        return str(settings.get("refresh_token") or settings.get("code") or account.id)

    def call(self, account: Account, api: str, params: Mapping[str, t.Any]) -> Body:
        """Call an API and return the decoded answer.

        Raises:
            OpenPlatformError: One of its subclasses, after retries and a token refresh where these
                could help.
        """
        with self.connection.redact.hiding(params):
            return self._call(account, api, params)

    def _call(self, account: Account, api: str, params: Mapping[str, t.Any]) -> Body:
        kind = self.token_kind(api)

        def attempt(token: str) -> Body:
            def signed() -> Request:
                return self.build(account, api, params, token, self.connection.clock.now())

            return self._exchange(account, api, signed)

        if kind is None:
            return self._insist(account, api, lambda: attempt(""))
        keeper = self._keeper(account, kind)
        token = self._access(keeper, kind)
        for _ in range(_REFRESHES):
            try:
                return self._insist(account, api, lambda: attempt(token))  # noqa: B023
            except AuthExpiredError:
                token = self._access(keeper, kind, refused=token)
        try:
            return self._insist(account, api, lambda: attempt(token))
        except AuthExpiredError as exc:
            advice = "allow" if self.refusal_is_of_api else "authorise"
            whom = f"the app to call {api}" if self.refusal_is_of_api else "this account anew"
            msg = f"{exc} — refused again after {_REFRESHES} refreshes; {advice} {whom}"
            raise (FatalError if self.refusal_is_of_api else _dead(kind))(msg) from exc

    def _access(self, keeper: TokenKeeper, kind: str, *, refused: str = "") -> str:
        """Return a token; what the platform refuses here, it refuses to all that need the token."""
        try:
            return keeper.access(refused=refused)
        except (FatalError, AuthExpiredError, SkipError) as exc:
            whose = f"{kind} " if kind else ""
            msg = f"{exc} — no {whose}token, so nothing that needs it can be read; check its credentials"
            raise _dead(kind)(msg) from exc

    def send(self, account: Account, api: str, request: Request) -> Body:
        """Send a request that needs no token (the token calls themselves) and return its answer."""
        return self._insist(account, api, lambda: self._exchange(account, api, lambda: request))

    def _keeper(self, account: Account, kind: str) -> TokenKeeper:
        with self._lock:
            if (account.id, kind) not in self._keepers:
                self._keepers[account.id, kind] = TokenKeeper(
                    f"{self.connection.base_url}|{self.app_key}|{account.id}|{kind}",
                    self.token_seed(account, kind),
                    lambda previous: self.fetch_token(account, kind, previous),
                    store=self.connection.tokens,
                    clock=self.connection.clock,
                    on_token=lambda token: self._learn(account, token),
                )
            return self._keepers[account.id, kind]

    def _learn(self, account: Account, token: Token) -> None:
        """Keep a token out of every text, and warn while its grant can still be renewed."""
        self.connection.redact.learn(token.access, token.refresh)
        ends = token.refresh_expires
        if ends is not None:
            self.connection.metrics.granted(account.id, ends)
        if ends is not None and ends - self.connection.clock.now() < _GRANT_ENDS_SOON:
            self._logger.warning(
                "account %s: its authorisation ends at %s; let the merchant authorise the app again "
                "before then and configure the new grant",
                account.id, format_time(ends),
            )  # fmt: skip

    @property
    def app_key(self) -> str:
        """The registered application's public key; empty on platforms without one."""
        return str(self.config.get("app_key") or "")

    def _insist(self, account: Account, api: str, attempt: t.Callable[[], Body]) -> Body:
        """Repeat an attempt while waiting can help."""
        clock, retry = self.connection.clock, self.connection.retry
        started = clock.monotonic()
        waits = backoff.expo(base=2, factor=retry.first_wait)
        next(waits)
        tries = 0
        while True:
            tries += 1
            try:
                return attempt()
            except (ThrottledError, TransientError) as exc:
                out_of_time = clock.monotonic() - started >= retry.deadline
                if tries >= retry.tries or out_of_time:
                    msg = f"{exc} — gave up after {tries} tries; the next run goes on from here"
                    raise type(exc)(msg) from exc
                wait = next(waits)
                self._logger.info("%s — try %d of %d follows", exc, tries + 1, retry.tries)
                rested = clock.monotonic()
                if isinstance(exc, ThrottledError):
                    wait = exc.wait if exc.wait is not None else wait
                    self.connection.budget.slow_down(account.id, api, wait)
                else:
                    clock.sleep(backoff.full_jitter(wait / 2) + wait / 2)
                self.connection.metrics.retried(account.id, api, clock.monotonic() - rested)
            except QuotaExhaustedError as exc:
                self.connection.budget.exhaust(account.id, api, str(exc), of_app=exc.of_app)
                raise

    def ask(self, account: Account, api: str, answer: t.Callable[[], Body]) -> Body:
        """Have an API answered by other means than HTTP, such as a database, like any other call.

        Args:
            account: The account.
            api: Name of what is asked, for limits, metrics and errors.
            answer: Gives the answer; raises the errors of `openplatform.errors`.
        """
        return self._insist(account, api, lambda: self._counted(account, api, answer))

    def _exchange(self, account: Account, api: str, request: t.Callable[[], Request]) -> Body:
        """Send once and judge the answer; the request is signed when it may leave, not before."""
        where = f"account {account.id}, {api}"
        return self._counted(
            account, api, lambda: self._judge(*self._transmit(request(), where), where)
        )

    def _counted(self, account: Account, api: str, answer: t.Callable[[], Body]) -> Body:
        """Have one call answered, within the budget."""
        connection = self.connection
        with connection.budget.call(account.id, api) as waited:
            started = connection.clock.monotonic()
            outcome = "ok"
            try:
                return answer()
            except OpenPlatformError as exc:
                outcome = outcome_of(exc)
                raise
            finally:
                seconds = connection.clock.monotonic() - started
                connection.metrics.called(account.id, api, outcome, seconds, waited=waited)

    def _transmit(self, request: Request, where: str) -> tuple[requests.Response, bytes]:
        """Send the request; return the answer and its whole content."""
        server = self.connection.base_url
        if request.host and server == self.base_url:
            server = request.host
        return self._transport.send(server, request, where)

    def _judge(self, response: requests.Response, content: bytes, where: str) -> Body:
        status = response.status_code
        try:
            body = _decode(content)
        except msgspec.DecodeError:
            body = None
        if body is not None and (failure := self.failure(status, body)) is not None:
            told = failure.wait if failure.wait is not None else _told(response, self.wait_headers)
            failure = Failure(status, failure.code, self.connection.redact(failure.message), told)
            raise self.errors.error(failure, where=where)
        if body is not None and status in self.accepted:
            return body
        # Redacted before it is cut: half a secret is not recognised any more.
        text = self.connection.redact(_beginning(response, content))
        failure = Failure(status, "", text, _told(response, self.wait_headers))
        if status == HTTPStatus.OK and not self.errors.knows(failure):
            shown = self.connection.redact.excerpt(text)[:_SHOWN]
            raise TransientError(f"{where}: the answer is not JSON: {shown!r}")
        raise self.errors.error(failure, where=where)


def _dead(kind: str) -> type[OpenPlatformError]:
    """Return the error of a dead authorisation: the main one takes the whole account along."""
    return FatalError if kind else GrantError


def _beginning(response: requests.Response, content: bytes) -> str:
    try:
        return content[:_REDACTED].decode(response.encoding or "utf-8", "replace")
    except LookupError:  # the platform names an encoding that does not exist
        return content[:_REDACTED].decode("utf-8", "replace")


def _told(response: requests.Response, headers: Sequence[str]) -> float | None:
    """Return how many seconds the headers tell to wait."""
    values = (response.headers.get(name, "") for name in headers)
    return next((float(v) for v in values if v.isascii() and v.isdigit()), None)


def expect(body: Body, *path: str, where: str) -> t.Any:
    """Return a value that an answer must hold.

    Raises:
        FatalError: It does not, so the platform has changed its answer's form.
    """
    for name in path:
        if not isinstance(body, dict) or name not in body:
            msg = f"{where}: the answer lacks {'.'.join(path)}; the platform's format has changed"
            raise FatalError(msg)
        body = body[name]
    return body
