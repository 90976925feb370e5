"""The Singer target: settings, input, signals, and the end of a run."""

from __future__ import annotations

import contextlib
import gc
import signal
import sys
import typing as t
from collections import Counter

import click
import msgspec
from singer_sdk import Target
from singer_sdk.helpers.capabilities import PluginCapabilities, TargetCapabilities
from singer_sdk.singerlib.encoding.base import GenericSingerReader
from typing_extensions import override

from target_warehouse import dialects, messages
from target_warehouse.errors import WarehouseError
from target_warehouse.kept import EVERY_OPEN, Replayed, Selection
from target_warehouse.loader import Loader
from target_warehouse.settings import CONFIG_SCHEMA, Settings

if t.TYPE_CHECKING:
    from types import FrameType

    from singer_sdk.plugin_base import _ConfigInput

    from target_warehouse.dialects.base import Dialect


_GARBAGE = 200_000
"""How many new objects it takes until the collector looks for cycles among them."""


class LineReader(GenericSingerReader[bytes]):
    """Reads lines as bytes and hands them to the loader undecoded."""

    session: t.Callable[[], t.ContextManager[Loader]]

    @property
    @override
    def default_input(self) -> t.IO[bytes]:
        return sys.stdin.buffer

    @override
    def deserialize_json(self, line: bytes) -> dict[str, t.Any]:
        return t.cast("dict[str, t.Any]", msgspec.json.decode(line))

    @override
    def process_lines(self, file_input: t.IO[t.Any] | None, callbacks: t.Any) -> t.Counter[str]:
        source = file_input or self.default_input
        with self.session() as loader:
            for block in messages.read_blocks(
                source, on_idle=loader.on_idle, idle_seconds=loader.idle_seconds
            ):
                loader.take(block)
            return Counter(loader.counts)


class TargetWarehouse(Target):
    """Singer target for DuckDB and PostgreSQL."""

    name = "target-warehouse"
    config_jsonschema = CONFIG_SCHEMA
    message_reader_class = LineReader
    capabilities: t.ClassVar = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.ACTIVATE_VERSION,
        PluginCapabilities.BATCH,
        PluginCapabilities.STRUCTURED_LOGGING,
        TargetCapabilities.TARGET_SCHEMA,
        TargetCapabilities.VALIDATE_RECORDS,
    ]

    def __init__(self, **arguments: t.Any) -> None:
        super().__init__(**arguments, setup_mapper=False)
        self._settings = Settings.read(self.config)
        self._dialect: Dialect | None = None
        self._loader: Loader | None = None
        t.cast("LineReader", self.message_reader).session = self.session

    @property
    def secrets(self) -> tuple[str, ...]:
        """Texts that no message may show."""
        return self._settings.connection.secrets

    @contextlib.contextmanager
    def session(self) -> t.Iterator[Loader]:
        """Give the loader, opening the database at the first use and closing it after an error.

        Raises:
            DatabaseError: For the engine's own errors, told as what, where and what next.
        """
        try:
            if self._loader is None:
                self._dialect = dialects.connect(self._settings.connection)
                self._loader = Loader(self._settings, self._dialect, _print_state)
            yield self._loader
        except BaseException as error:
            told = self._dialect.explain(error) if self._dialect is not None else None
            self.close()
            if told is not None:
                raise told from error
            raise

    @override
    def process_endofpipe(self) -> None:
        with self.session() as loader:
            loader.finish()
        self.close()

    def replay_quarantine(self, wanted: Selection = EVERY_OPEN) -> list[Replayed]:
        """Load the records of the quarantine that are good by now.

        Returns:
            What was done, for each stream.
        """
        with self.session() as loader:
            outcomes = loader.replay(wanted)
        self.close()
        for outcome in outcomes:
            self.logger.info("%s", outcome)
        loaded, left = (sum(getattr(o, name) for o in outcomes) for name in ("loaded", "stays"))
        self.logger.info("Quarantine: %d records loaded, %d stay", loaded, left)
        return outcomes

    def close(self) -> None:
        """Close the database. What was not committed is not kept."""
        dialect, self._dialect, self._loader = self._dialect, None, None
        if dialect is not None:
            with contextlib.suppress(Exception):
                dialect.close()

    @classmethod
    @override
    def append_builtin_config(cls, config_jsonschema: dict[str, t.Any]) -> None:
        """Add nothing: the SDK's settings for targets are about what it does and we do ourselves."""

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Stop at once. The transaction at hand is rolled back, and its STATE was not given out."""
        raise StoppedError(signal.Signals(signum).name, 128 + signum)

    @classmethod
    @override
    def get_singer_command(cls) -> click.Command:
        command = super().get_singer_command()
        command.params.append(
            click.Option(
                ["--replay-quarantine"],
                is_flag=True,
                help="Read nothing; try the records in the quarantine again and load the good ones.",
            )
        )
        return command

    @classmethod
    @override
    def cb_config(
        cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]
    ) -> _ConfigInput:
        try:
            return super().cb_config(ctx, param, value)
        except (OSError, ValueError) as error:
            raise click.BadParameter(f"the configuration cannot be read: {error}") from error

    @classmethod
    @override
    def invoke(  # type: ignore[override]
        cls,
        *,
        about: bool = False,
        about_format: str | None = None,
        config: _ConfigInput | None = None,
        file_input: t.IO[str] | None = None,
        replay_quarantine: bool = False,
    ) -> None:
        if about:
            cls.print_about(about_format)
            return
        # Rows come and go by the ten thousand and hold no cycles: looking for some is wasted time.
        gc.set_threshold(_GARBAGE)
        target: TargetWarehouse | None = None
        try:
            target = cls(
                config=config.config if config else {},
                parse_env_config=bool(config and config.parse_env),
            )
            if replay_quarantine:
                target.replay_quarantine()
            else:
                target.listen(file_input)
        except StoppedError as stopped:
            cls.logger.warning(
                "Stopped by %s. What was committed stays; the next run resumes from the last STATE.",
                stopped.signal,
            )
            sys.exit(stopped.code)
        except BrokenPipeError:
            cls.logger.error("Nobody reads STATE any more (the output is closed); stopped.")  # noqa: TRY400
            sys.exit(1)
        except WarehouseError as error:
            text = str(error)
            for secret in target.secrets if target is not None else ():
                text = text.replace(secret, "***")
            cls.logger.error("%s", text)  # noqa: TRY400
            cls.logger.debug("Where it happened:", exc_info=error)
            sys.exit(1)


class StoppedError(BaseException):
    """A signal asked this process to end."""

    def __init__(self, name: str, code: int) -> None:
        super().__init__(name)
        self.signal = name
        self.code = code


def _print_state(value: str) -> None:
    sys.stdout.write(value + "\n")
    sys.stdout.flush()
