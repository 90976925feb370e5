"""A sandbox inside a test: started in a thread, steered by methods, asked for the truth."""

from __future__ import annotations

import threading
import time
import types
import typing as t
from collections.abc import Iterator

from typing_extensions import Self

from sandbox.churn import ChangeKind
from sandbox.log import Logged
from sandbox.platform import TruthRow
from sandbox.pushes import Subscription
from sandbox.server import Server, listen
from sandbox.settings import SandboxSettings
from sandbox.world import World

_START_SECONDS = 10.0


class Sandbox:
    """A running sandbox; a context manager.

    Example:
        with Sandbox(SandboxSettings(size=500, churn=50)) as sandbox:
            tap_settings = sandbox.config("youzan")
            ...
            rows = list(sandbox.truth("youzan", sandbox.accounts("youzan")[0], "orders"))
    """

    def __init__(
        self, settings: SandboxSettings | None = None, *, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.world = World(settings or SandboxSettings())
        self._host, self._port = host, port
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    # -- life ------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Start serving in a thread.

        Raises:
            OSError: The address is taken.
            RuntimeError: The server did not come up in time.
        """
        listener = listen(self._host, self._port)
        self._port = listener.getsockname()[1]
        self._server = Server(self.world)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                msg = f"the sandbox did not start on {self.url}"
                raise RuntimeError(msg)
            time.sleep(0.005)
        return self

    def stop(self) -> None:
        """Stop serving; safe to call twice."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = self._server.force_exit = True
            self._thread.join(_START_SECONDS)
            self._server = self._thread = None
        self.world.pushes.close()

    def refill(self, settings: SandboxSettings) -> None:
        """Replace all that the sandbox holds, while it goes on serving at the same address."""
        self.world.pushes.close()
        self.world = World(settings)
        if self._server is not None:
            self._server.application.world = self.world

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: types.TracebackType | None,
    ) -> None:
        self.stop()

    # -- addresses and credentials ---------------------------------------------------------------

    @property
    def url(self) -> str:
        """Address of the sandbox without a final slash."""
        return f"http://{self._host}:{self._port}"

    def base_url(self, platform: str) -> str:
        """Return the value for a tap's `base_url`."""
        return f"{self.url}/{self.world.platform(platform).slug}"

    def accounts(self, platform: str) -> list[str]:
        """Return the platform's accounts."""
        return list(self.world.platform(platform).accounts)

    def config(self, platform: str) -> dict[str, t.Any]:
        """Return settings with which a tap can read the platform at once."""
        return self.world.platform(platform).demo(self.base_url(platform))

    # -- truth -----------------------------------------------------------------------------------

    def truth(self, platform: str, account: str, entity: str) -> Iterator[TruthRow]:
        """Return what a perfect copy of a stream would hold at this instant."""
        return self.world.truth(platform, account, entity)

    def deleted_keys(self, platform: str, account: str, entity: str) -> list[str]:
        """Return the keys of the rows that vanished."""
        with self.world.lock:
            return self.world.platform(platform).deleted_keys(account, entity)

    # -- control ---------------------------------------------------------------------------------

    def set_churn(self, rate: float, **more: float) -> None:
        """Change the churn: changes per 100 requests; also `late_commit`, `deletions`, ..."""
        with self.world.lock:
            self.world.churn.set({"rate": rate, **more})

    def set_faults(self, **rates: float) -> None:
        """Change single fault rates, such as `throttle=0.1`."""
        with self.world.lock:
            self.world.plan.set(rates)

    def set_limits(self, *, active: bool = True, **numbers: float) -> None:
        """Switch the rate limits on or off, or replace single numbers."""
        with self.world.lock:
            self.world.limits.active = active
            self.world.limits.numbers.update(numbers)

    def mutate(
        self,
        platform: str,
        account: str,
        entity: str,
        kind: ChangeKind = "update",
        *,
        count: int = 1,
        keys: t.Sequence[str] = (),
    ) -> list[str]:
        """Update, insert or delete rows now; return their keys."""
        return self.world.mutate(platform, account, entity, kind, count=count, keys=keys)

    def expire_tokens(self, platform: str, account: str | None = None) -> int:
        """Let access tokens run out now; return how many."""
        with self.world.lock:
            return self.world.platform(platform).expire_tokens(self.world.clock.now(), account)

    def advance(self, seconds: float) -> None:
        """Move the sandbox's clock forward."""
        self.world.clock.advance(seconds)

    # -- push messages ---------------------------------------------------------------------------

    def push(self, platform: str, url: str, **more: float) -> None:
        """Push a platform's messages to `url`/<gate> from now on; also `repeat`, `lose`, `hurry`.

        Raises:
            ValueError: The address does not pass the platform's check.
        """
        with self.world.lock:
            self.world.subscribe(platform, Subscription(url, **more))

    def pushed(self, seconds: float = 10.0) -> dict[str, t.Any]:
        """Wait until no message is under way, and return what became of them.

        Raises:
            TimeoutError: Some are still under way.
        """
        if not self.world.pushes.settle(seconds):
            msg = f"messages are still under way: {self.world.pushes.status()}"
            raise TimeoutError(msg)
        return self.world.pushes.status()

    def listeners(self, platform: str) -> dict[str, dict[str, str]]:
        """Return the settings with which eventgate opens connections to a platform, by name."""
        found = self.world.listeners(self.url)
        return {name: own for name, own in found.items() if name.partition("/")[0] == platform}

    def connected(self, platform: str, count: int = 1, seconds: float = 10.0) -> None:
        """Wait until so many connections to a platform are open and ready.

        Raises:
            TimeoutError: That did not come about.
        """
        self.world.lines.until(lambda told: told["connections"].get(platform) == count, seconds)

    def acknowledged(self, seconds: float = 10.0) -> dict[str, t.Any]:
        """Wait until every message over a connection is acknowledged; return what became of them.

        Raises:
            TimeoutError: Some are not.
        """
        return self.world.lines.until(lambda told: told["waiting"] == 0, seconds)

    def hang_up(self, platform: str, *, polite: bool = False) -> int:
        """End the connections to a platform, or ask for their end; return how many they were."""
        return self.world.lines.hang_up(platform, polite=polite)

    # -- what was asked --------------------------------------------------------------------------

    def requests(
        self, platform: str | None = None, *, api: str | None = None, account: str | None = None
    ) -> list[Logged]:
        """Return the logged requests, oldest first."""
        with self.world.lock:
            return [
                entry
                for entry in self.world.log.entries
                if platform in {None, entry.platform}
                and api in {None, entry.api}
                and account in {None, entry.account}
            ]

    def counts(self) -> dict[tuple[str, str, str, str], int]:
        """Return the number of requests by (platform, account, api, outcome)."""
        with self.world.lock:
            return dict(self.world.log.counts)

    def clear_requests(self) -> None:
        """Forget the requests so far."""
        with self.world.lock:
            self.world.log.clear()
