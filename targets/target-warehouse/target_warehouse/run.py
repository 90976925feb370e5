"""One run: the loader on its database, signals, and an end that tells how it went.

Nothing here needs the SDK.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import signal
import sys
import typing as t

from target_warehouse import dialects, messages, metrics
from target_warehouse.errors import QuarantineError, WarehouseError
from target_warehouse.kept import EVERY_OPEN, Replayed, Selection
from target_warehouse.loader import Loader
from target_warehouse.settings import Settings

if t.TYPE_CHECKING:
    from types import FrameType

    from target_warehouse.dialects.base import Dialect

NAME = "target-warehouse"
log = logging.getLogger(NAME)

_GARBAGE = 200_000
"""How many new objects it takes until the collector looks for cycles among them."""


class Run:
    """Reads messages into the database that the settings name.

    Raises:
        SettingsError: When they name none.
    """

    def __init__(self, config: t.Mapping[str, t.Any]) -> None:
        self._settings = Settings.read(config)
        self._dialect: Dialect | None = None
        self._loader: Loader | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that no message may show."""
        return self._settings.connection.secrets

    @contextlib.contextmanager
    def _session(self) -> t.Iterator[Loader]:
        """Give the loader, opening the database at the first use and closing it after an error.

        Raises:
            DatabaseError: For the engine's own errors, told as what, where and what next.
        """
        try:
            if self._loader is None:
                connection = self._settings.connection
                self._dialect = dialects.connect(connection)
                log.info("Loading into %s", connection.path or connection.shown)
                self._loader = Loader(self._settings, self._dialect, _print_state)
            yield self._loader
        except BaseException as error:
            if isinstance(error, QuarantineError) and self._loader is not None:
                self._measure(self._loader)
            told = self._dialect.explain(error) if self._dialect is not None else None
            self.close()
            if told is not None:
                raise told from error
            raise

    def read(self, source: t.IO[bytes]) -> t.Counter[str]:
        """Take all lines of a source; return how many messages there were of each type."""
        with self._session() as loader:
            for block in messages.read_blocks(
                source, on_idle=loader.on_idle, idle_seconds=loader.idle_seconds
            ):
                loader.take(block)
            return loader.counts.copy()

    def _measure(self, loader: Loader) -> None:
        """Tell monitoring of the bad records."""
        metrics.log_lines(loader.quarantine.counts)
        if path := self._settings.metrics_file:
            quarantine = loader.quarantine
            metrics.write_file(path, quarantine.counts, quarantine.standing())

    def finish(self) -> None:
        """Commit the rest at the end of the input, and close."""
        with self._session() as loader:
            loader.finish()
            self._measure(loader)
        self.close()

    def replay_quarantine(self, wanted: Selection = EVERY_OPEN) -> list[Replayed]:
        """Load the records of the quarantine that are good by now, and close.

        Returns:
            What was done, for each stream.
        """
        with self._session() as loader:
            outcomes = loader.replay(wanted)
            self._measure(loader)
        self.close()
        for outcome in outcomes:
            log.info("%s", outcome)
        loaded, left = (sum(getattr(o, name) for o in outcomes) for name in ("loaded", "stays"))
        log.info("Quarantine: %d records loaded, %d stay", loaded, left)
        return outcomes

    def close(self) -> None:
        """Close the database. What was not committed is not kept."""
        dialect, self._dialect, self._loader = self._dialect, None, None
        if dialect is not None:
            with contextlib.suppress(Exception):
                dialect.close()


class StoppedError(BaseException):
    """A signal asked this process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.signal = signal.Signals(number).name
        self.code = 128 + number


def stop(number: int, frame: FrameType | None) -> t.NoReturn:
    """Stop at once. The transaction at hand is rolled back, and its STATE was not given out."""
    del frame
    raise StoppedError(number)


def load(
    config: t.Mapping[str, t.Any],
    source: t.IO[bytes] | None = None,
    *,
    replay_quarantine: bool = False,
) -> int:
    """Load a source, or what is good by now in the quarantine.

    Args:
        config: Settings that fit their schema.
        source: Singer messages; default standard input.
        replay_quarantine: To read nothing, and try the records in the quarantine again.

    Returns:
        The exit code; what went wrong is logged.
    """
    # Rows come and go by the ten thousand and hold no cycles: looking for some is wasted time.
    gc.set_threshold(_GARBAGE)
    this: Run | None = None
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        this = Run(config)
        if replay_quarantine:
            this.replay_quarantine()
        else:
            counts = this.read(source or sys.stdin.buffer)
            this.finish()
            told = ", ".join(f"{number} {kind}" for kind, number in counts.items())
            log.info("The input has ended. Messages: %s", told or "none")
    except StoppedError as stopped:
        log.warning(
            "Stopped by %s. What was committed stays; the next run resumes from the last STATE.",
            stopped.signal,
        )
        return stopped.code
    except BrokenPipeError:
        log.error("Nobody reads STATE any more (the output is closed); stopped.")  # noqa: TRY400
        return 1
    except WarehouseError as error:
        text = str(error)
        for secret in this.secrets if this is not None else ():
            text = text.replace(secret, "***")
        log.error("%s", text)  # noqa: TRY400
        log.debug("Where it happened:", exc_info=error)
        return 1
    return 0


def _print_state(value: str) -> None:
    sys.stdout.write(value + "\n")
    sys.stdout.flush()
