"""The settings that all taps share, and how they are read."""

from __future__ import annotations

import difflib
import re
import typing as t
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from singer_sdk import typing as th

from openplatform import events, hotset, personal
from openplatform.accounts import Account
from openplatform.bookmarks import UTC, Bookmark
from openplatform.errors import ConfigurationError
from openplatform.failures import FailurePolicy

_DAYS_BACK = re.compile(r"-(\d{1,5})d")
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)?")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DEFAULT_SETTLE = timedelta(seconds=60)
_DURATION_TYPE = _NUMBER_TYPE = {"type": ["string", "number", "null"]}


def parse_duration(value: t.Any, *, setting: str) -> timedelta:
    """Read a duration: a number of seconds, or a number with ms, s, m, h, d or w.

    Raises:
        ConfigurationError: It is neither.
    """
    match = _DURATION.fullmatch(str(value).strip())
    if match is None:
        msg = f"Setting {setting}: {value!r} is no duration. Write seconds, or for instance 10m, 36h, 7d."
        raise ConfigurationError(msg)
    return timedelta(seconds=float(match[1]) * _UNITS[match[2] or "s"])


def _duration(name: str, description: str, default: str | None = None) -> th.Property[t.Any]:
    return th.Property(
        name,
        th.CustomType(_DURATION_TYPE),
        default=default,
        description=f"{description} Seconds, or text such as 10m, 36h, 7d.",
    )


def _number(name: str, description: str) -> th.Property[t.Any]:
    """Return a setting that is a number, or its text: Meltano cannot pass on numbers with a fraction."""
    return th.Property(name, th.CustomType(_NUMBER_TYPE), description=description)


def stream_settings() -> th.PropertiesList:
    """What can be set for a single stream, below the setting `streams`."""
    return th.PropertiesList(
        th.Property("start_date", th.StringType, description="Overrides start_date."),
        _duration("lookback", "Overrides lookback."),
        th.Property("window_records", th.IntegerType, description="Overrides window_records."),
        _duration("window", "Longest window; never longer than the platform's own maximum."),
        th.Property("confirm_absence", th.IntegerType, description="Overrides confirm_absence."),
        th.Property(
            "batch",
            th.IntegerType,
            description="Most ids asked for in one call, where the API takes several.",
        ),
        personal.stream_setting(),
    )


def common_settings(
    *platform: th.Property[t.Any],
    account: Iterable[th.Property[t.Any]] = (),
    zone: str,
    tries: int = 5,
    timeout: str = "60s",
) -> dict[str, t.Any]:
    """Return a tap's settings as JSON Schema.

    Args:
        platform: Settings of this platform alone (credentials first).
        account: Settings of one account beside `id`.
        zone: The platform's time zone, named in descriptions.
        tries: Tries of one call, where the platform advises a number.
        timeout: Longest wait for an answer, for platforms that are slow.
    """
    return th.PropertiesList(
        *platform,
        th.Property(
            "accounts",
            th.ArrayType(
                th.ObjectType(
                    th.Property("id", th.StringType, required=True, description="Account id."),
                    *account,
                )
            ),
            required=True,
            description="The authorised shops, companies or tenants; one run serves them all.",
        ),
        th.Property(
            "start_date",
            th.StringType,
            description=(
                "Where the first run of a stream begins: a date, any ISO time, a bookmark "
                "update_time@id, or days back, such as -30d. Without an offset it is UTC. Default: as "
                f"far back as the platform answers, else one year. (The platform's own zone is {zone}.)"
            ),
        ),
        th.Property(
            "end_date", th.StringType, description="Read nothing from this moment on. Default: now."
        ),
        _duration("settle", "Stay this far behind now, since platforms commit late.", "60s"),
        _duration("lookback", "Begin each run this far before the bookmark. Default: per stream."),
        th.Property(
            "window_records",
            th.IntegerType,
            description="Windows with more records than this are split. Default: 16 pages.",
        ),
        th.Property(
            "concurrency", th.IntegerType, default=4, description="Windows read at the same time."
        ),
        _number(
            "requests_per_second",
            "Calls a second that all accounts together may make; below the platform's own limits.",
        ),
        _number(
            "account_requests_per_second",
            "Calls a second of one account, where the platform publishes no limit.",
        ),
        _number(
            "budget_share",
            "Share of all limits that this run takes, above 0 and up to 1: for runs beside the live "
            "one, such as those of `syncops backfill`. Default: 1.",
        ),
        th.Property(
            "max_calls",
            th.IntegerType,
            description="Calls that one run may make in all; then it ends, and the next one goes on.",
        ),
        th.Property(
            "task",
            th.StringType,
            description=(
                "File with a task to do instead of a sync, as `syncops reconcile` writes it: count, "
                "read ids, or fetch single records. Such a run touches no bookmark."
            ),
        ),
        events.setting(),
        *hotset.settings(),
        th.Property(
            "base_url", th.StringType, description="Replaces scheme and host of all calls."
        ),
        _duration("timeout", "Longest wait for an answer.", timeout),
        _duration(
            "retry_wait", "Wait before the first retry; doubles. Default: the platform's advice."
        ),
        th.Property("retry_tries", th.IntegerType, default=tries, description="Tries of one call."),
        th.Property(
            "failure_attempts",
            th.IntegerType,
            default=3,
            description="A record that could not be fetched so often is parked.",
        ),
        _duration("failure_wait", "Wait before a failed record is tried again; doubles.", "10s"),
        th.Property(
            "include_raw",
            th.BooleanType,
            default=False,
            description="Add _raw, the record as the platform sent it.",
        ),
        *personal.settings(),
        th.Property(
            "scoped_activation",
            th.BooleanType,
            default=False,
            description="Send ACTIVATE_VERSION per account with a scope (target-warehouse understands it).",
        ),
        th.Property(
            "confirm_absence",
            th.IntegerType,
            description="Complete reads in a row that must miss a row before it counts as deleted.",
        ),
        th.Property(
            "accept_empty",
            th.BooleanType,
            default=False,
            description="Believe a full read that brings nothing although the last one brought rows.",
        ),
        th.Property(
            "token_store",
            th.StringType,
            description="Folder of the stored tokens. Default: .meltano/tokens of the project.",
        ),
        th.Property(
            "sync_runs",
            th.BooleanType,
            default=False,
            description="Write what each run did as the stream _sync_runs, a row per stream and account.",
        ),
        th.Property(
            "metrics_folder",
            th.StringType,
            description=(
                "Folder of runs.jsonl, which tells the same for alerts and reports. Default: "
                ".meltano/syncops of the project; outside of a project nothing is written."
            ),
        ),
        th.Property(
            "metrics_file",
            th.StringType,
            description="Prometheus textfile, brought up to date at the end of each run.",
        ),
        th.Property(
            "otlp_endpoint",
            th.StringType,
            description=(
                "OpenTelemetry collector that the run's metrics are sent to (OTLP over HTTP), such as "
                "http://localhost:4318. Needs openplatform[otlp] beside the tap."
            ),
        ),
        th.Property(
            "streams",
            th.ObjectType(additional_properties=th.ObjectType(*stream_settings())),
            default={},
            description="Overrides for single streams, by stream name.",
        ),
    ).to_dict()


def _names(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """The settings in force for one stream; None where the stream's own default holds."""

    start: Bookmark | None
    lookback: timedelta | None
    window: timedelta | None
    window_records: int | None
    confirm_absence: int | None
    batch: int | None = None


@dataclass(frozen=True)
class Settings:
    """A tap's settings, checked.

    Attributes:
        config: The settings as they were given.
        now: The time, from which `start_date` may count back.
    """

    config: Mapping[str, t.Any]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def check(self, streams: Iterable[str], now: datetime) -> None:
        """Fail early on what would otherwise fail late or, worse, be ignored.

        Raises:
            ConfigurationError: Names the setting and what to write instead.
        """
        known = list(streams)
        for name in self.config.get("streams") or {}:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"Did you mean {near[0]!r}?" if near else f"Known: {_names(known)}."
                msg = f"Setting streams: there is no stream {name!r}. {hint}"
                raise ConfigurationError(msg)
        if not self.accounts:
            msg = (
                "Setting accounts: it is empty. Name at least one account, such as [{'id': '...'}]."
            )
            raise ConfigurationError(msg)
        identifiers = [account.id for account in self.accounts]
        for identifier in identifiers:
            if not identifier or identifiers.count(identifier) > 1:
                msg = f"Setting accounts: the id {identifier!r} is empty or stands there twice."
                raise ConfigurationError(msg)
        concurrency = self.config.get("concurrency")
        if concurrency is not None and int(concurrency) < 1:
            msg = "Setting concurrency: it must be 1 or more."
            raise ConfigurationError(msg)
        _ = self.budget_share
        for name in ("requests_per_second", "account_requests_per_second"):
            self.number(name)
        for name in ("settle", "timeout", "retry_wait", "failure_wait"):
            self.duration(name, timedelta())
        self._check_dates(known, now)
        self.base_url("https://localhost")

    def _check_dates(self, streams: Iterable[str], now: datetime) -> None:
        for stream in streams:
            start = self.options(stream).start
            if start is not None and start.time > now:
                msg = (
                    f"Setting start_date: {start} (stream {stream!r}) lies in the future; now is "
                    f"{Bookmark(now)}. Choose the day from which data is wanted."
                )
                raise ConfigurationError(msg)
            if start is not None and self.end is not None and start.time >= self.end:
                msg = f"Setting end_date: {Bookmark(self.end)} is not after start_date {start}."
                raise ConfigurationError(msg)

    @property
    def budget_share(self) -> float:
        """The setting budget_share.

        Raises:
            ConfigurationError: It is no share.
        """
        share = self.number("budget_share")
        if share is not None and share > 1:
            msg = f"Setting budget_share: {share:g} is no share. Write a number such as 0.3."
            raise ConfigurationError(msg)
        return 1.0 if share is None else share

    @property
    def accounts(self) -> list[Account]:
        """The accounts in the order of the settings."""
        return [Account(str(entry["id"]), entry) for entry in self.config.get("accounts") or []]

    def base_url(self, default: str) -> str:
        """Return where calls go.

        Raises:
            ConfigurationError: The setting is no http(s) URL.
        """
        url = str(self.config.get("base_url") or default).rstrip("/")
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            msg = f"Setting base_url: {url!r} is no URL. Write it as http(s)://host[:port][/path]."
            raise ConfigurationError(msg)
        return url

    def number(self, name: str) -> float | None:
        """Return a setting that is a number above 0, or None.

        Raises:
            ConfigurationError: It is none.
        """
        value = self.config.get(name)
        if value is None or value == "":
            return None
        with suppress(ValueError):
            if (number := float(value)) > 0:
                return number
        msg = f"Setting {name}: {value!r} is no number above 0. Write for instance 0.5 or 20."
        raise ConfigurationError(msg)

    def duration(self, name: str, default: timedelta) -> timedelta:
        """Return a duration setting."""
        value = self.config.get(name)
        return default if value is None else parse_duration(value, setting=name)

    @property
    def settle(self) -> timedelta:
        """How far to stay behind now."""
        return self.duration("settle", _DEFAULT_SETTLE)

    @property
    def end(self) -> datetime | None:
        """The setting end_date."""
        value = self.config.get("end_date")
        return None if not value else Bookmark.parse(value, stream="(setting end_date)").time

    @property
    def failure_policy(self) -> FailurePolicy:
        """How failures owed are retried."""
        return FailurePolicy(
            attempts=int(self.config.get("failure_attempts") or 3),
            first_wait=self.duration("failure_wait", timedelta(seconds=10)),
        )

    def options(self, stream: str) -> StreamOptions:
        """Return the settings in force for a stream."""
        own = (self.config.get("streams") or {}).get(stream) or {}

        def pick(name: str) -> t.Any:
            return own.get(name) if own.get(name) is not None else self.config.get(name)

        def pick_duration(name: str, value: t.Any) -> timedelta | None:
            return None if value is None else parse_duration(value, setting=f"{name} of {stream}")

        start = pick("start_date")
        confirm = pick("confirm_absence")
        records = pick("window_records")
        return StreamOptions(
            start=self._start(stream, start) if start else None,
            lookback=pick_duration("lookback", pick("lookback")),
            window=pick_duration("window", own.get("window")),
            window_records=None if records is None else int(records),
            confirm_absence=None if confirm is None else int(confirm),
            batch=int(own["batch"]) if own.get("batch") else None,
        )

    def _start(self, stream: str, value: t.Any) -> Bookmark:
        if back := _DAYS_BACK.fullmatch(str(value).strip()):
            today = self.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
            return Bookmark(today - timedelta(days=int(back[1])))
        return Bookmark.parse(value, stream=f"{stream} (setting start_date)")

    def token_folder(self, environment: Mapping[str, str], tap: str) -> Path:
        """Return where tokens are kept: the setting, the Meltano project, or the user's state folder."""
        if folder := self.config.get("token_store"):
            return Path(folder).expanduser()
        if root := environment.get("MELTANO_PROJECT_ROOT"):
            return Path(root) / ".meltano" / "tokens" / tap
        state = environment.get("XDG_STATE_HOME") or "~/.local/state"
        return Path(state).expanduser() / "openplatform" / "tokens" / tap
