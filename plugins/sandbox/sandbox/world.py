"""One sandbox's state: settings, clock, platforms, and the path of every request through them."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
import typing as t
from collections.abc import Iterator
from urllib.parse import parse_qsl

from sandbox.churn import ChangeKind, Churn
from sandbox.clock import BEIJING_SECONDS, SystemClock
from sandbox.faults import FaultPlan
from sandbox.http import Call, Reply, json_reply
from sandbox.limits import Limits
from sandbox.lines import Lines
from sandbox.log import Logged, RequestLog, redact
from sandbox.platform import Platform, Platforms, TruthRow
from sandbox.pushes import Pushes, Subscription
from sandbox.settings import SandboxSettings

_LOGGER = logging.getLogger("sandbox")
_DAY_SECONDS = 86_400


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """A reply together with what the server has to do to it: nothing, `hang` or `cut`."""

    reply: Reply
    fault: str = ""


class World:
    """Everything that one sandbox knows; all of it is guarded by `lock`."""

    def __init__(self, settings: SandboxSettings) -> None:
        self.settings = settings
        self.clock = settings.clock or SystemClock()
        self.lock = threading.RLock()
        self.history_end_ms = self._history_end()
        self.churn = Churn(settings)
        self.plan = FaultPlan(settings.faults, settings.seed)
        self.limits = Limits(active=settings.limits, numbers=settings.limit_numbers)
        self.log = RequestLog(settings.log_size)
        self.latency_ms = settings.latency_ms
        self.started = self.clock.now()
        self.requests = 0
        self.stopping = False
        self.pushes = Pushes(settings.seed, self.clock.now)
        self.lines = Lines(self.clock.now)
        self.platforms = Platforms(self)

    def _history_end(self) -> int:
        if self.settings.history_end is not None:
            return int(self.settings.history_end.timestamp() * 1000)
        beijing = self.clock.now() + BEIJING_SECONDS
        return int(beijing // _DAY_SECONDS * _DAY_SECONDS - BEIJING_SECONDS) * 1000

    def platform(self, slug: str) -> Platform:
        """Return a platform.

        Raises:
            KeyError: There is no such platform.
        """
        if slug not in self.platforms:
            msg = f"no platform {slug}; there are {', '.join(self.platforms)}"
            raise KeyError(msg)
        return self.platforms[slug]

    def answer(
        self, method: str, path: str, query: str, headers: dict[str, str], body: bytes
    ) -> Answer:
        """Take one request through faults, limits, platform and churn."""
        with self.lock:
            begin = time.monotonic()
            slug, _, rest = path.lstrip("/").partition("/")
            platform = self.platforms.get(slug)
            if platform is None:
                known = ", ".join(f"/{name}" for name in self.platforms)
                return Answer(
                    json_reply({"error": f"no platform at {path}", "known": known}, status=404)
                )
            self.requests += 1
            call = Call(
                method=method,
                path="/" + rest,
                query=dict(parse_qsl(query, keep_blank_values=True)),
                headers=headers,
                body=body,
                number=self.requests,
                now=self.clock.now(),
                base_url=f"http://{headers.get('host', '127.0.0.1')}",
                api=rest,
            )
            answer = self._judge(platform, call)
            self._remember(platform, call, answer, begin)
            if call.touched is not None:
                self.churn.step(call.touched, call.now_ms)
            return answer

    def _judge(self, platform: Platform, call: Call) -> Answer:
        fault = self.plan.decide(call.number, platform.slug, platform.identity(call))
        faults = self.plan.faults
        if fault == "throttle":
            refusal = platform.throttled(call)
            if refusal is not None:
                return Answer(dataclasses.replace(refusal, outcome="fault:throttle"), fault)
        elif fault == "too_many":
            wait = (("Retry-After", f"{faults.retry_after:g}"),)
            return Answer(
                Reply(b"Too Many Requests", 429, "fault:too_many", "text/plain", wait), fault
            )
        elif fault == "server_error":
            page = b'{"error":"Internal Server Error","status":500}'
            return Answer(Reply(page, 500, "fault:server_error"), fault)
        elif fault == "html":
            page = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"
            return Answer(Reply(page, 200, "fault:html", "text/html"), fault)
        elif fault == "hang" or (fault == "cut" and platform.grants(call)):
            # a lost answer to a rotation would cost the client its grant: do nothing instead
            return Answer(Reply(b'{"access_token":""}', outcome=f"fault:{fault}"), fault)
        elif fault == "expire":
            platform.expire_tokens(call.now)
        call.blank = fault == "empty"
        try:
            reply = platform.handle(call)
        except Exception as error:  # say what is wrong with us, in place of a silent 500
            _LOGGER.exception("the sandbox failed on %s %s", call.method, call.path)
            content = {"error": f"the sandbox itself failed: {error!r}"}
            reply = json_reply(content, status=500, outcome="broken")
        if fault in {"cut", "empty"} and reply.outcome == "ok":
            reply = dataclasses.replace(reply, outcome=f"fault:{fault}")
        return Answer(reply, fault)

    def _remember(self, platform: Platform, call: Call, answer: Answer, begin: float) -> None:
        self.log.add(
            Logged(
                number=call.number,
                time=call.now,
                monotonic=begin,
                platform=platform.slug,
                account=call.account,
                api=call.api,
                params=redact(call.params),
                outcome=answer.reply.outcome,
                ms=round((time.monotonic() - begin) * 1000, 3),
            )
        )

    def mutate(
        self,
        platform: str,
        account: str,
        entity: str,
        kind: ChangeKind,
        *,
        count: int = 1,
        keys: t.Sequence[str] = (),
    ) -> list[str]:
        """Change rows at once and return their keys.

        Raises:
            KeyError: There is no such platform, account, entity or key.
        """
        with self.lock:
            data = self.platform(platform).dataset(account, entity)
            now = int(self.clock.now() * 1000)
            if not keys:
                made = (self.churn.change(data, now, kind) for _ in range(count))
                return [key for key in made if key is not None]
            for key in keys:
                row = data.find(key)
                if row is None:
                    msg = f"{entity} of {account} has no living row {key}"
                    raise KeyError(msg)
                if kind == "delete":
                    data.delete(row.serial)
                else:
                    data.update(row.serial, now)
            return list(keys)

    def subscribe(self, platform: str, wanted: Subscription) -> list[str]:
        """Push a platform's messages to an address from now on; return the accounts.

        Raises:
            KeyError: There is no such platform.
            ValueError: It pushes nothing, or the address does not pass its check.
        """
        found = self.platform(platform)
        if found.announcer is None:
            msg = f"{platform} pushes no messages"
            raise ValueError(msg)
        self.pushes.subscribe(platform, found.announcer, found.accounts, wanted)
        return list(found.accounts)

    def gates(self) -> dict[str, dict[str, str]]:
        """Return the settings of those who receive the platforms' messages, by address."""
        found: dict[str, dict[str, str]] = {}
        for platform in self.platforms.values():
            if platform.announcer is not None:
                found |= platform.announcer.gates(platform.accounts)
        return found

    def listeners(self, url: str) -> dict[str, dict[str, str]]:
        """Return the settings of those who open connections to the platforms, by name.

        Args:
            url: Address of this sandbox.
        """
        found: dict[str, dict[str, str]] = {}
        for slug, platform in self.platforms.items():
            if platform.operator is not None:
                found |= platform.operator.gates(platform, f"{url}/{slug}")
        return found

    def truth(self, platform: str, account: str, entity: str) -> Iterator[TruthRow]:
        """Return what a perfect copy of a stream would hold at this instant."""
        with self.lock:
            return iter(list(self.platform(platform).truth(account, entity)))

    def status(self) -> dict[str, t.Any]:
        """Return a summary for people and programs."""
        with self.lock:
            return {
                "now": self.clock.now(),
                "started": self.started,
                "seed": self.settings.seed,
                "requests": self.requests,
                "churn": {"rate": self.churn.rate, "made": dict(self.churn.made)},
                "faults": {**dataclasses.asdict(self.plan.faults), "made": dict(self.plan.made)},
                "limits": self.limits.active,
                "pushes": self.pushes.status(),
                "lines": self.lines.status(),
                "latency_ms": self.latency_ms,
                "platforms": [self._platform_status(p) for p in self.platforms.values()],
                "counts": [
                    dict(
                        zip(
                            ("platform", "account", "api", "outcome", "count"),
                            (*key, n),
                            strict=True,
                        )
                    )
                    for key, n in self.log.counts.most_common()
                ],
            }

    def _platform_status(self, platform: Platform) -> dict[str, t.Any]:
        return {
            "slug": platform.slug,
            "title": platform.title,
            "accounts": platform.accounts,
            "streams": platform.streams(),
            "rows": {
                account: {
                    kind.name: len(platform.dataset(account, kind.name))
                    for kind in platform.entities
                }
                for account in platform.accounts
            },
        }
