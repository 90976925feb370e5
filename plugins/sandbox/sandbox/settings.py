"""What a sandbox can be told."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field
from datetime import datetime

from sandbox.clock import Clock


@dataclass(frozen=True, slots=True)
class Faults:
    """How often the sandbox misbehaves: shares of the requests, from 0 to 1.

    Attributes:
        throttle: Refusal by rate in the platform's own envelope.
        too_many: HTTP 429 with `Retry-After`.
        server_error: HTTP 500.
        hang: No answer for `hang_seconds`, then a closed connection.
        cut: A body that ends in the middle.
        html: HTTP 200 with an error page in HTML instead of JSON.
        expire: All access tokens of the platform die before the call is judged; at most on every
            20th request, since clients give up when a fresh token is refused at once.
        empty: A list comes back empty although rows exist. No client can notice this one; it is
            for tests of second looks only.
        hang_seconds: How long a hanging call hangs.
        retry_after: The value of `Retry-After`, in seconds.
        streak: At most this many faults in a row on one and the same call, so that patient clients
            always win.
    """

    throttle: float = 0.0
    too_many: float = 0.0
    server_error: float = 0.0
    hang: float = 0.0
    cut: float = 0.0
    html: float = 0.0
    expire: float = 0.0
    empty: float = 0.0
    hang_seconds: float = 1.0
    retry_after: float = 0.2
    streak: int = 2


FAULT_KINDS: t.Final = (
    "throttle",
    "too_many",
    "server_error",
    "hang",
    "cut",
    "html",
    "expire",
    "empty",
)


@dataclass(frozen=True, slots=True)
class SandboxSettings:
    """Everything that shapes a sandbox; two sandboxes with equal settings hold equal data.

    Attributes:
        seed: Chooses the data, the churn and the faults.
        accounts: Number of shops, companies or tenants per platform.
        size: Orders per account; the other entities are a fixed share of it.
        history_days: How far back the data reaches before `history_end`.
        history_end: The last moment of the generated history; churn adds later rows. Default: the
            beginning of the present day in Beijing, so that restarts on one day agree.
        same_second: This many rows of each entity share one second.
        event_density: How much denser one hour (a sales event) is than the rest.
        churn: Changes per 100 requests, made in the data that the request read.
        late_commit: Share of the changes that become visible only some seconds after their time.
        late_seconds: The greatest such delay, in seconds.
        deletions: Share of the changes that delete, where the platform's rows can vanish.
        faults: Rates of misbehaviour.
        latency_ms: Added to every answer.
        limits: Whether the platforms' rate limits hold.
        limit_numbers: Replaces single limits by name, such as `{"lab.orders": 50}` (see README).
        max_pages: Page cap of the lab platform.
        refresh_grace: Seconds for which a used refresh token still answers.
        log_size: Requests kept in the log.
        clock: The present; the machine's clock when absent.
    """

    seed: int = 1
    accounts: int = 2
    size: int = 1000
    history_days: float = 30.0
    history_end: datetime | None = None
    same_second: int = 0
    event_density: float = 100.0
    churn: float = 0.0
    late_commit: float = 0.1
    late_seconds: float = 30.0
    deletions: float = 0.1
    faults: Faults = field(default_factory=Faults)
    latency_ms: float = 0.0
    limits: bool = True
    limit_numbers: t.Mapping[str, float] = field(default_factory=dict)
    max_pages: int = 100
    refresh_grace: float = 0.0
    log_size: int = 100_000
    clock: Clock | None = None
