"""How 天眼查 is called: GET with the bare token in a header; each answer is paid for, and kept.

Source: doc pages of open.tianyancha.com as others have copied them, the list of interfaces in the PyPI
package `tianyancha`, and public clients. The error codes stand alike in two independent copies.
"""

from __future__ import annotations

import logging
import os
import threading
import typing as t
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

import msgspec
from openplatform.accounts import Account
from openplatform.errors import NotNowError, OpenPlatformError, TransientError
from openplatform.http import Body, Connection, PlatformClient, Request
from openplatform.judging import ErrorTable, Failure, Outcome, Rule
from openplatform.limits import Limit
from openplatform.settings import Settings, parse_duration
from openplatform.streams import PlatformStream
from typing_extensions import override

from tap_tianyancha.answers import Answers
from tap_tianyancha.interfaces import DETAILS, STREAMS

_TAP = "tap-tianyancha"
_FINE = frozenset({"0", "300000"})
_NOTHING = "300000"
_PAGE = "pageNum"
_decode = msgspec.json.Decoder(float_hook=Decimal).decode
_logger = logging.getLogger(__name__)

_RENEW = "renew the account at open.tianyancha.com, and check its token"
ERRORS = ErrorTable(
    (
        Rule(Outcome.TRANSIENT, {"300001", "300012"}),
        Rule(Outcome.GRANT_DEAD, {"300002", "300003"}, advice=_RENEW),
        Rule(Outcome.THROTTLED, {"300004"}),
        Rule(
            Outcome.FATAL,
            {"300005"},
            advice="buy this interface at open.tianyancha.com, or do not select its stream",
        ),
        # Every further call would fail as well.
        Rule(Outcome.GRANT_DEAD, {"300006"}, advice="the balance is used up: recharge the account"),
        Rule(Outcome.FATAL, {"300007"}, advice="buy more calls of this interface"),
        Rule(Outcome.FATAL, {"300008", "300010"}),
        Rule(Outcome.GRANT_DEAD, {"300009"}, advice="check the account's token"),
        Rule(Outcome.GRANT_DEAD, {"300011"}, advice="add this machine's address to the allow-list"),
    )
)


class Purse:
    """The calls that one run may still pay for.

    Args:
        calls: How many.
    """

    def __init__(self, calls: int) -> None:
        self.calls = calls
        self._left = calls
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take one call, if there is one left."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def put_back(self) -> None:
        """Give back a call that was refused, and so not charged."""
        with self._lock:
            self._left += 1


class TianyanchaClient(PlatformClient):
    """天眼查开放平台 (open.tianyancha.com)."""

    base_url = "https://open.api.tianyancha.com"
    errors = ERRORS
    # No rate is published.
    limits = (Limit(5, 1.0, "account", assumed=True),)

    @override
    def __init__(self, config: Mapping[str, t.Any], connection: Connection) -> None:
        super().__init__(config, connection)
        folder = Settings(config).token_folder(os.environ, _TAP) / "answers"
        self._answers = Answers(folder, connection.base_url)
        paid = config.get("paid_calls")
        self._purse = Purse(500 if paid is None else int(paid))
        self._all: dict[tuple[str, str], list[Mapping[str, t.Any]]] = {}

    @override
    def token_kind(self, api: str) -> str | None:
        return None

    @override
    def build(
        self, account: Account, api: str, params: Mapping[str, t.Any], token: str, now: datetime
    ) -> Request:
        query = {name: str(value) for name, value in params.items()}
        return Request(
            "GET", f"/{api}", query, headers={"Authorization": account.settings["token"]}
        )

    @override
    def failure(self, status: int, body: Body) -> Failure | None:
        if not isinstance(body, dict):
            return Failure(status, "", f"the answer is no object: {str(body)[:80]}")
        code = str(body.get("error_code", ""))
        if code in _FINE or (not code and body.get("result") is not None):
            return None
        return Failure(status, code, str(body.get("reason") or "no reason is given"))

    @override
    def call(self, account: Account, api: str, params: Mapping[str, t.Any]) -> Body:
        """Answer from what has been paid for while that is fresh, else pay.

        Raises:
            NotNowError: The calls that this run may pay for are spent.
        """
        stream = STREAMS[api]
        metrics = self.connection.metrics
        if (known := self._fresh(api, params)) is not None:
            metrics.looked_up(stream, account.id, hit=True)
        else:
            with self._answers.alone(api, params):
                # Somebody else may have paid for it meanwhile.
                known = self._fresh(api, params)
                metrics.looked_up(stream, account.id, hit=known is not None)
                if known is None:
                    known = super().call(account, api, params)
                    self._answers.put(api, params, known, self.connection.clock.now())
        if api in DETAILS.values() and str(known.get("error_code")) == _NOTHING:
            _logger.warning(
                "account %s: 天眼查 knows no company %r; correct its name, number or id",
                account.id, params.get("keyword"),
            )  # fmt: skip
        return known

    @override
    def _exchange(self, account: Account, api: str, request: Callable[[], Request]) -> Body:
        """Send once; what is refused is not charged, and what got lost on its way may have been."""
        if not self._purse.take():
            msg = f"the {self._purse.calls} calls that this run may pay for (paid_calls) are spent"
            known = self._all.get((account.id, api), [])
            if left := sum(self._fresh(api, params) is None for params in known):
                msg += f"; {left} of {len(known)} in {STREAMS[api]} are left"
            raise NotNowError(
                f"{msg}; the next run goes on with what was never read, then the oldest"
            )
        try:
            return super()._exchange(account, api, request)
        except TransientError:
            raise
        except OpenPlatformError:
            self._purse.put_back()
            raise

    def in_order(
        self, account: Account, api: str, calls: list[Mapping[str, t.Any]]
    ) -> list[Mapping[str, t.Any]]:
        """Return calls in the order to make them: never made, then those answered longest ago."""
        self._all[account.id, api] = calls
        return sorted(calls, key=lambda params: self._answers.answered(api, params))

    def _fresh(self, api: str, params: Mapping[str, t.Any]) -> Body | None:
        """Return the answer that is kept, if it is not too old; a page not older than the first one."""
        kept = self._answers.get(api, params)
        if kept is None or self.connection.clock.now() - kept.answered >= self._life(api):
            return None
        if params.get(_PAGE, 1) != 1:
            first = self._answers.answered(api, {**params, _PAGE: 1})
            if kept.answered < first:
                return None
        return _decode(kept.body)

    def _life(self, api: str) -> timedelta:
        own = (self.config.get("cache_ttls") or {}).get(STREAMS[api])
        value = own if own is not None else self.config.get("cache_ttl")
        return parse_duration("30d" if value is None else value, setting="cache_ttl")


class TianyanchaStream(PlatformStream):
    """A stream of 天眼查."""

    package = "tap_tianyancha"
    confirmed = False
