"""Judging an answer: an ordered table of conditions, each mapped to one way to recover."""

from __future__ import annotations

import enum
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from openplatform import errors


class Outcome(enum.Enum):
    """What a failed call asks of us."""

    THROTTLED = "throttled"
    QUOTA_EXHAUSTED = "quota_exhausted"
    AUTH_EXPIRED = "auth_expired"
    TRANSIENT = "transient"
    FATAL = "fatal"
    SKIP = "skip"
    SHRINK_WINDOW = "shrink_window"
    SHRINK_BATCH = "shrink_batch"
    GRANT_DEAD = "grant_dead"


_EXCEPTIONS: dict[Outcome, type[errors.OpenPlatformError]] = {
    Outcome.THROTTLED: errors.ThrottledError,
    Outcome.QUOTA_EXHAUSTED: errors.QuotaExhaustedError,
    Outcome.AUTH_EXPIRED: errors.AuthExpiredError,
    Outcome.TRANSIENT: errors.TransientError,
    Outcome.FATAL: errors.FatalError,
    Outcome.SKIP: errors.SkipError,
    Outcome.SHRINK_WINDOW: errors.ShrinkWindowError,
    Outcome.SHRINK_BATCH: errors.ShrinkBatchError,
    Outcome.GRANT_DEAD: errors.GrantError,
}


@dataclass(frozen=True, slots=True)
class Failure:
    """What a platform said when it did not answer with data.

    Attributes:
        status: HTTP status.
        code: The platform's own code as text; empty when it gave none.
        message: The platform's own words.
        wait: Seconds the answer (header or body) tells us to wait, or None.
    """

    status: int
    code: str = ""
    message: str = ""
    wait: float | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of a platform's error table; all given conditions must hold.

    Attributes:
        outcome: The way to recover.
        codes: The platform's codes, as text.
        code: Regular expression that the whole code must match, for codes that come in families.
        message: Regular expression searched in the message.
        statuses: HTTP statuses.
        advice: What an operator does next; joined to the error's text.
        wait: Seconds to rest when the answer itself names none.
        of_app: A quota that is used up is the whole app's, not that of one API of an account.
    """

    outcome: Outcome
    codes: Collection[str] | None = None
    message: str | None = None
    statuses: Collection[int] | None = None
    advice: str = ""
    wait: float | None = None
    code: str | None = None
    of_app: bool = False

    def matches(self, failure: Failure) -> bool:
        """Tell whether this row speaks of the failure."""
        return (
            (self.codes is None or failure.code in self.codes)
            and (self.code is None or re.fullmatch(self.code, failure.code) is not None)
            and (self.statuses is None or failure.status in self.statuses)
            and (self.message is None or re.search(self.message, failure.message) is not None)
        )


_HTTP_RULES = (
    Rule(Outcome.THROTTLED, statuses=(HTTPStatus.TOO_MANY_REQUESTS,)),
    Rule(Outcome.TRANSIENT, statuses=range(500, 600)),
    Rule(Outcome.TRANSIENT, statuses=(HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY)),
)
_UNKNOWN = Rule(
    Outcome.FATAL,
    advice="This code is not in the tap's error table; look it up in the platform's documentation.",
)


@dataclass(frozen=True)
class ErrorTable:
    """A platform's error table; the first row that matches decides, unknown failures are fatal."""

    rules: Sequence[Rule]

    def find(self, failure: Failure) -> Rule:
        """Return the row that speaks of a failure."""
        for rule in (*self.rules, *_HTTP_RULES):
            if rule.matches(failure):
                return rule
        return _UNKNOWN

    def knows(self, failure: Failure) -> bool:
        """Tell whether a row speaks of a failure."""
        return self.find(failure) is not _UNKNOWN

    def error(self, failure: Failure, *, where: str) -> errors.OpenPlatformError:
        """Return the exception to raise for a failure.

        Args:
            failure: What the platform said.
            where: Account and API, for the message.
        """
        rule = self.find(failure)
        code = f" code {failure.code}" if failure.code else ""
        text = f"{where}: HTTP {failure.status}{code}: {failure.message[:200] or 'no message'}"
        if rule.advice:
            text += f" — {rule.advice}"
        if rule.outcome is Outcome.THROTTLED:
            wait = failure.wait if failure.wait is not None else rule.wait
            return errors.ThrottledError(text, wait=wait)
        if rule.outcome is Outcome.QUOTA_EXHAUSTED:
            return errors.QuotaExhaustedError(text, of_app=rule.of_app)
        return _EXCEPTIONS[rule.outcome](text)


def outcome_of(error: BaseException) -> str:
    """Return the outcome's name for an exception, for counting."""
    for kind in type(error).__mro__:
        for outcome, exception in _EXCEPTIONS.items():
            if exception is kind:
                return outcome.value
    return "transient"
