"""Exceptions, one for each way to recover. Their text says what happened, where, and what to do next."""

from __future__ import annotations


class OpenPlatformError(Exception):
    """Base of every error that this library raises on purpose."""


class ConfigurationError(OpenPlatformError):
    """A setting, a credential or a stored state is wrong: a person must change it. Stops the run at once."""


class GrantError(OpenPlatformError):
    """An account's authorisation is dead: a person must renew it. Other accounts go on."""


class FatalError(OpenPlatformError):
    """The platform refuses this call and will refuse it again. The slice fails; others go on."""


class ThrottledError(OpenPlatformError):
    """The platform asks to slow down.

    Attributes:
        wait: Seconds the platform told us to wait, or None.
    """

    def __init__(self, message: str, *, wait: float | None = None) -> None:
        super().__init__(message)
        self.wait = wait


class QuotaExhaustedError(OpenPlatformError):
    """A daily quota is used up: nothing but tomorrow helps. Ends this account's work in this run.

    Attributes:
        of_app: The quota is the whole app's, so that no account can be read any more.
    """

    def __init__(self, message: str, *, of_app: bool = False) -> None:
        super().__init__(message)
        self.of_app = of_app


class CallsSpentError(QuotaExhaustedError):
    """The run has made as many calls as it may (`max_calls`). What is finished is in the state."""


class NotNowError(OpenPlatformError):
    """Nothing is wrong, but it is not the time (hours of the platform, a spent budget); a later run goes on."""


class AuthExpiredError(OpenPlatformError):
    """The access token is no longer accepted: refresh once and try once more."""


class TransientError(OpenPlatformError):
    """A passing fault (network, 5xx, cut body, busy server): try again."""


class UnreachableError(TransientError):
    """No connection can be made at all. After the retries it ends the run: no other call would do better."""


class SkipError(OpenPlatformError):
    """The thing asked for does not exist or is not ours to see: leave it out and go on."""


class ShrinkBatchError(FatalError):
    """The platform refuses so many values in one call: ask for fewer. Fatal for a single value."""


class ShrinkWindowError(OpenPlatformError):
    """The platform refuses a window of this length now: read it in smaller parts."""


class Interrupted(BaseException):
    """The process was asked to end (SIGTERM, SIGINT); what is finished is in the state."""


class RunFailedError(OpenPlatformError):
    """Some slices failed although the run went on to its end; raised once, after the last message."""
