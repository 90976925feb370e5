"""The base of all taps: puts the parts together and is their command line."""

from __future__ import annotations

import itertools
import os
import typing as t
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from types import FrameType
from zoneinfo import ZoneInfo

import click
from singer_sdk import Tap
from singer_sdk.helpers.capabilities import PluginCapabilities
from typing_extensions import override

from openplatform import personal
from openplatform.accounts import Account
from openplatform.clock import Clock, SystemClock
from openplatform.command import TapCommand, json_object
from openplatform.counts import Counter
from openplatform.declarations import Details, Incremental
from openplatform.details import DetailReader
from openplatform.errors import (
    ConfigurationError,
    Interrupted,
    NotNowError,
    OpenPlatformError,
    RunFailedError,
    SkipError,
    UnreachableError,
)
from openplatform.finishing import Finisher
from openplatform.http import Connection, PlatformClient, Retry
from openplatform.limits import Budget, Limit
from openplatform.lists import ListReader
from openplatform.mapping import LateMaps
from openplatform.metrics import Metrics
from openplatform.partitions import ACCOUNT
from openplatform.plans import Horizon, source_of
from openplatform.reading import SliceReader
from openplatform.recording import recorded
from openplatform.redaction import Redactor, secret_settings
from openplatform.settings import Settings
from openplatform.singles import SingleReader
from openplatform.streams import PlatformStream
from openplatform.sync import Run
from openplatform.taskruns import TaskRun
from openplatform.tasks import Task
from openplatform.tokens import FileTokenStore
from openplatform.writer import PageWriter


class PlatformTap(LateMaps):
    """Base of all taps. A subclass names its client and its streams.

    Attributes:
        client_class: The platform's client.
        stream_classes: The platform's streams.
        zone: The platform's time zone.
    """

    client_class: t.ClassVar[type[PlatformClient]]
    stream_classes: t.ClassVar[tuple[type[PlatformStream], ...]]
    zone: t.ClassVar[str] = "Asia/Shanghai"

    message_writer_class = PageWriter
    capabilities: t.ClassVar[list[t.Any]] = [
        c for c in Tap.capabilities if c is not PluginCapabilities.BATCH
    ]
    clock: Clock = SystemClock()
    _ending = False

    @classmethod
    def chosen(
        cls,
        config: Mapping[str, t.Any],  # noqa: ARG003 - for those who override it
    ) -> tuple[type[PlatformClient], tuple[type[PlatformStream], ...]]:
        """Return the client and the streams; override where settings choose or make them."""
        return cls.client_class, cls.stream_classes

    @cached_property
    def settings(self) -> Settings:
        """The settings, readable as what they mean."""
        return Settings(self.config, lambda: self.clock.now())  # noqa: PLW0108 - it may be set later

    @cached_property
    def metrics(self) -> Metrics:
        """The counters of this run."""
        return Metrics()

    @cached_property
    def horizon(self) -> Horizon:
        """The times between which this run reads."""
        return Horizon(self.settings, self.clock.now(), self.zone_info)

    @property
    def zone_info(self) -> ZoneInfo:
        """The platform's time zone."""
        return ZoneInfo(self.zone)

    @cached_property
    def limits(self) -> list[Limit]:
        """What this run keeps to: its share of what the platform allows, and of what the settings say."""
        own = self.settings.number("account_requests_per_second")
        limits = [
            replace(limit, calls=own * limit.seconds) if own and limit.assumed else limit
            for limit in self.chosen(self.config)[0].limits
        ]
        if rate := self.settings.number("requests_per_second"):
            limits.append(Limit(rate, 1.0, "app"))
        share = self.settings.budget_share
        return [replace(limit, calls=limit.calls * share) for limit in limits]

    @cached_property
    def client(self) -> PlatformClient:
        """The platform, ready to be called."""
        settings, kind = self.settings, self.chosen(self.config)[0]
        most = self.config.get("max_calls")
        first_wait = settings.duration("retry_wait", timedelta(seconds=kind.first_wait))
        connection = Connection(
            base_url=settings.base_url(kind.base_url),
            clock=self.clock,
            budget=Budget(
                self.limits,
                app=str(self.config.get("app_key") or ""),
                clock=self.clock,
                most=None if most is None else int(most),
            ),
            tokens=FileTokenStore(settings.token_folder(os.environ, self.name)),
            metrics=self.metrics,
            redact=Redactor(
                secret_settings(self.config, self.config_jsonschema),
                people=personal.restricted(self.config),
            ),
            retry=Retry(int(self.config.get("retry_tries") or 5), first_wait.total_seconds()),
            timeout=(
                10.0,
                settings.duration("timeout", timedelta(minutes=1)).total_seconds(),
            ),
        )
        return kind(self.config, connection)

    @property
    def concurrency(self) -> int:
        """Windows that are read at the same time."""
        return int(self.config.get("concurrency") or 4)

    @cached_property
    def finisher(self) -> Finisher:
        """Finishes the records."""
        return Finisher(
            zone=self.zone_info,
            clock=self.clock,
            metrics=self.metrics,
            settle=self.settings.settle,
            include_raw=bool(self.config.get("include_raw")),
        )

    @cached_property
    def lists(self) -> ListReader:
        """Reads the lists."""
        return ListReader(
            self.platform_streams,
            self.client,
            self.finisher,
            zone=self.zone_info,
            clock=self.clock,
            options={name: self.settings.options(name) for name in self.platform_streams},
            beginning=self.horizon.beginning,
        )

    @cached_property
    def details(self) -> DetailReader:
        """Fetches the details."""
        return DetailReader(
            self.client,
            self.finisher,
            clock=self.clock,
            concurrency=self.concurrency,
            batches={name: self.settings.options(name).batch for name in self.platform_streams},
        )

    @cached_property
    def singles(self) -> SingleReader:
        """Fetches single records of lists."""
        return SingleReader(self.client, self.finisher, clock=self.clock)

    @cached_property
    def counter(self) -> Counter:
        """Counts the lists."""
        return Counter(self.client, self.lists, zone=self.zone_info, clock=self.clock)

    @cached_property
    def reader(self) -> SliceReader:
        """Reads the slices."""
        version = int(self.horizon.now.timestamp() * 1000)
        return SliceReader(
            self.platform_streams,
            self.lists,
            self.details,
            self.singles,
            clock=self.clock,
            version=version,
        )

    @property
    def platform_streams(self) -> dict[str, PlatformStream]:
        """All streams by name, in the order in which the tap declares them."""
        streams = t.cast("dict[str, PlatformStream]", self.streams)
        names = map(_name, self.chosen(self.config)[1])
        return {name: streams[name] for name in names if name in streams}

    @property
    def selected_names(self) -> list[str]:
        """Names of the streams to read."""
        return [name for name, stream in self.streams.items() if stream.selected]

    @override
    def discover_streams(self) -> list[PlatformStream]:
        kinds = self.chosen(self.config)[1]
        by_name = {_name(kind): kind for kind in kinds}

        def incremental(kind: type[PlatformStream]) -> bool:
            source = by_name[kind.reads.of] if isinstance(kind.reads, Details) else kind
            return isinstance(source.reads, Incremental)

        return [kind(self, incremental=incremental(kind)) for kind in kinds]

    @classmethod
    @override
    def invoke(
        cls,
        *,
        state: t.IO[str] | None = None,
        catalog: t.IO[str] | None = None,
        **options: t.Any,
    ) -> None:
        """Run from the command line.

        Raises:
            ConfigurationError: A file holds no JSON object.
        """
        again = "restore an earlier one (syncops bookmarks undo, or meltano state set)"
        super().invoke(
            state=json_object(state, "state", again),
            catalog=json_object(catalog, "catalog", "write it anew with --discover"),
            **options,
        )

    @override
    def load_state(self, state: dict[str, t.Any]) -> None:
        try:
            super().load_state(state)
        except (AttributeError, TypeError, ValueError) as exc:
            msg = (
                f"The state is damaged ({exc}). Expected {{'bookmarks': {{STREAM: ...}}}}; restore an "
                "earlier one (syncops bookmarks undo, or meltano state set)."
            )
            raise ConfigurationError(msg) from exc

    @override  # type: ignore[misc] # final for the SDK's own loop, which this replaces
    def sync_all(self) -> None:
        """Read all selected streams with our own loop: windows in parallel, state in order."""
        with recorded(self):
            if path := self.config.get("task"):
                TaskRun(self, Task.read(Path(path))).run()
            else:
                Run(self).run()

    @override  # type: ignore[misc] # final for the SDK's own loop, which this replaces
    def run_connection_test(self) -> bool:
        """Read one record of every selected stream of every account; writes no state.

        Raises:
            RunFailedError: Names what could not be read, and why.
        """
        failed = []
        for name in self.selected_names:
            stream = self.platform_streams[name]
            stream._write_schema_message()  # noqa: SLF001 - the SDK's own way out
            for account in self.settings.accounts:
                try:
                    for record in itertools.islice(
                        self.read_serially(stream, {ACCOUNT: account.id}), 1
                    ):
                        stream._write_record_message(record)  # noqa: SLF001
                    self.logger.info("%s, account %s: can be read", name, account.id)
                except (ConfigurationError, UnreachableError):
                    raise
                except NotNowError as exc:
                    self.logger.info("%s, account %s: %s", name, account.id, exc)
                except OpenPlatformError as exc:
                    failed.append(f"{name}, account {account.id}: {exc}")
        if failed:
            raise RunFailedError("; ".join(failed))
        return True

    def read_serially(
        self, stream: PlatformStream, context: Mapping[str, t.Any] | None
    ) -> Iterator[dict[str, t.Any]]:
        """Yield the records of one stream and account without touching any state."""
        wanted = None if context is None else context.get(ACCOUNT)
        self.settings.check(self.platform_streams, self.clock.now())
        personal.check([stream], raw=bool(self.config.get("include_raw")))
        for account in self.settings.accounts:
            if wanted is None or account.id == wanted:
                for record in self._records(stream, account):
                    yield from stream.leaving([record])

    def _records(self, stream: PlatformStream, account: Account) -> Iterable[dict[str, t.Any]]:
        source = source_of(stream, self.platform_streams)
        ids: dict[str, None] = {}
        for records in self.lists.whole_list(source, account):
            if stream is source:
                yield from records
                continue
            reads = t.cast("Details", stream.reads)
            if reads.batch is not None:
                ids.update(dict.fromkeys(reads.collected(records)))
                continue
            for parent in records:
                bookmark = parent.get("_bookmark")
                with suppress(SkipError):  # there is nothing to tell of this one
                    yield from self.details.detail(
                        stream, account, str(parent[reads.field]), bookmark
                    )
        if ids:
            yield from self.details.fetch(stream, account, [(one, None) for one in ids]).records

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """End after the line that is being written; the state tells what is finished."""
        if self._ending:
            return
        self._ending = True
        writer = t.cast("PageWriter", self.message_writer)
        if writer.writing:
            writer.interrupted = True
            return
        raise Interrupted

    @classmethod
    @override
    def get_singer_command(cls) -> click.Command:
        command = super().get_singer_command()
        return TapCommand(
            name=command.name,
            callback=command.callback,
            context_settings=command.context_settings,
            params=command.params,
            logger=cls.logger,
        )


def _name(kind: type[PlatformStream]) -> str:
    return kind.name  # type: ignore[misc] # the SDK declares it for instances; ours are classes
