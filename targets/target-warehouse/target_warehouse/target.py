"""The SDK's face of the target: what it can do, its settings from any source, its command."""

from __future__ import annotations

import contextlib
import functools
import sys
import typing as t
from collections import Counter

import click
import msgspec
from singer_sdk import Target
from singer_sdk.exceptions import (
    ConfigurationError,
    MissingKeyPropertiesError,
    RecordsWithoutSchemaException,
)
from singer_sdk.helpers.capabilities import PluginCapabilities, TargetCapabilities
from singer_sdk.singerlib.encoding.base import GenericSingerReader
from typing_extensions import override

from target_warehouse.config_schema import CONFIG_SCHEMA
from target_warehouse.errors import MissingKeyError, SchemaMissingError, SettingsError
from target_warehouse.run import NAME, Run, load, stop

if t.TYPE_CHECKING:
    from types import FrameType

    from singer_sdk.plugin_base import _ConfigInput


class _SettingsError(SettingsError, ConfigurationError):
    """The same to those who know the SDK."""


class _SchemaMissingError(SchemaMissingError, RecordsWithoutSchemaException):
    """The same to those who know the SDK."""


class _MissingKeyError(MissingKeyError, MissingKeyPropertiesError):
    """The same to those who know the SDK."""


_KNOWN_TO_THE_SDK = {
    SettingsError: _SettingsError,
    SchemaMissingError: _SchemaMissingError,
    MissingKeyError: _MissingKeyError,
}


@contextlib.contextmanager
def _told_to_the_sdk() -> t.Iterator[None]:
    try:
        yield
    except tuple(_KNOWN_TO_THE_SDK) as error:
        raise _KNOWN_TO_THE_SDK[type(error)](*error.args) from error


class LineReader(GenericSingerReader[bytes]):
    """Hands the input to the run, undecoded."""

    session: t.Callable[[], Run]

    @property
    @override
    def default_input(self) -> t.IO[bytes]:
        return sys.stdin.buffer

    @override
    def deserialize_json(self, line: bytes) -> dict[str, t.Any]:
        return t.cast("dict[str, t.Any]", msgspec.json.decode(line))

    @override
    def process_lines(self, file_input: t.IO[t.Any] | None, callbacks: t.Any) -> t.Counter[str]:
        with _told_to_the_sdk():
            return Counter(self.session().read(file_input or self.default_input))


class TargetWarehouse(Target):
    """Singer target for DuckDB and PostgreSQL."""

    name = NAME
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
        t.cast("LineReader", self.message_reader).session = lambda: self.session

    @functools.cached_property
    def session(self) -> Run:
        """The run on these settings."""
        return Run(self.config)

    @override
    def process_endofpipe(self) -> None:
        with _told_to_the_sdk():
            self.session.finish()

    @classmethod
    @override
    def append_builtin_config(cls, config_jsonschema: dict[str, t.Any]) -> None:
        """Add nothing: the SDK's settings for targets are about what it does and we do ourselves."""

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        stop(signum, frame)

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
        file_input: t.IO[bytes] | None = None,
        replay_quarantine: bool = False,
    ) -> None:
        if about:
            cls.print_about(about_format)
            return
        checked = cls(
            config=config.config if config else {},
            parse_env_config=bool(config and config.parse_env),
        )
        sys.exit(load(checked.config, file_input, replay_quarantine=replay_quarantine))
