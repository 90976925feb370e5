"""Exports: a job that 七鱼 begins at night only, works on for minutes, and ends with an encrypted file.

Two streams are in one file, so a job serves both, one job at a time for a company. The key of a job under
way lies on disk: who is killed while it waits finds it there, and begins no second one.
"""

from __future__ import annotations

import logging
import re
import tempfile
import threading
import typing as t
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from http import HTTPStatus
from urllib.parse import urlsplit
from zipfile import BadZipFile, is_zipfile
from zoneinfo import ZoneInfo

import msgspec
import pyzipper  # type: ignore[import-untyped]
import requests
from openplatform.accounts import Account
from openplatform.errors import (
    ConfigurationError,
    FatalError,
    NotNowError,
    ThrottledError,
    TransientError,
)
from openplatform.paging import Ask, Page
from openplatform.transport import new_session

from tap_qiyu.jobs import JobFiles

if t.TYPE_CHECKING:
    from tap_qiyu.client import QiyuClient

BEGIN = "openapi/export/session"
CHECK = "openapi/export/session/check"
DOWNLOAD = "export/download"
_ZONE = ZoneInfo("Asia/Shanghai")
_HOURS = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
_PASSWORD_LENGTH = 12
_POLL_SECONDS, _POLL_MOST = 2.0, 10.0
_PATIENCE_SECONDS = 3600.0
_CHUNK = 1 << 20
_PAGE = 1000
_logger = logging.getLogger(__name__)
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


@dataclass(frozen=True, slots=True)
class Hours:
    """The part of China's day in which an export may begin.

    Attributes:
        start: Minute of the day that it begins with.
        end: Minute of the day that it ends before; a part may reach over midnight.
        text: How it was written.
    """

    start: int
    end: int
    text: str

    @classmethod
    def parse(cls, text: str) -> Hours:
        """Read `HH:MM-HH:MM`.

        Raises:
            ConfigurationError: It is none.
        """
        match = _HOURS.fullmatch(text.strip())
        parts = [int(part) for part in match.groups()] if match else []
        borders = [60 * hour + minute for hour, minute in zip(parts[::2], parts[1::2], strict=True)]
        if not borders or max(borders) > 24 * 60 or borders[0] == borders[1]:
            msg = f"Setting export_hours: {text!r} is no part of a day. Write for instance 02:00-06:00."
            raise ConfigurationError(msg)
        return cls(borders[0], borders[1], text)

    def hold(self, moment: datetime) -> bool:
        """Tell whether a moment lies within."""
        there = moment.astimezone(_ZONE)
        minute = 60 * there.hour + there.minute
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end


class Exports:
    """The exports of one tap's companies.

    Args:
        client: The platform.
        hours: When they may begin.
    """

    def __init__(self, client: QiyuClient, hours: Hours) -> None:
        self._client = client
        self._hours = hours
        self._files = JobFiles(client.config)
        self._keys: dict[tuple[str, str, str], str] = {}
        self._lock = threading.Lock()
        self._working: dict[str, threading.Lock] = {}

    def archive(self, account: Account, params: Mapping[str, t.Any]) -> Archive:
        """Return the file of a window: that of a job before, if there is one, else of a new job.

        Raises:
            NotNowError: A job would have to begin, and may not at this hour.
        """
        window = (str(account.settings["app_key"]), str(params["start"]), str(params["end"]))
        with self._lock:
            working = self._working.setdefault(account.id, threading.Lock())
        # How many jobs may run at once is not known.
        with working:
            file = self._again(account, window)
            if file is None:
                key = self._begin(account, params)
                self._keys[window] = key
                self._files.put(window, key, self._now())
                file = self._file(account, key)
            self._files.remove(window)
        password = str(account.settings["app_key"])[:_PASSWORD_LENGTH]
        return Archive(file, password, f"account {account.id}, export")

    def _again(self, account: Account, window: tuple[str, str, str]) -> t.IO[bytes] | None:
        """Return the file of a job that this run or a killed one has begun, as far as it goes."""
        key = self._keys.get(window) or self._files.get(window, self._now())
        if key is None:
            return None
        try:
            file = self._file(account, key)
        except FatalError:  # it is known no more, or its address has expired
            return None
        self._keys[window] = key
        return file

    def _now(self) -> datetime:
        return self._client.connection.clock.now()

    def _begin(self, account: Account, params: Mapping[str, t.Any]) -> str:
        now = self._now()
        if not self._hours.hold(now):
            msg = (
                f"exports begin between {self._hours.text} China time (export_hours), and now it is "
                f"{now.astimezone(_ZONE):%H:%M}; a run within these hours goes on from here"
            )
            raise NotNowError(msg)
        body = self._client.ask_for(account, BEGIN, params)
        return self._text(account, BEGIN, body)

    def _file(self, account: Account, key: str) -> t.IO[bytes]:
        """Wait until a job is done, and fetch what it made."""
        clock = self._client.connection.clock
        began, wait = clock.monotonic(), _POLL_SECONDS
        while True:
            body = self._client.ask_for(account, CHECK, {"key": key})
            if str(body.get("code")) == "200":
                break
            if clock.monotonic() - began > _PATIENCE_SECONDS:
                msg = (
                    f"account {account.id}, {CHECK}: a job that began more than an hour ago is not done; "
                    "the next run waits for it again"
                )
                raise TransientError(msg)
            clock.sleep(wait)
            wait = min(2 * wait, _POLL_MOST)
        address = self._text(account, CHECK, body)
        if urlsplit(address).scheme not in {"http", "https"}:
            msg = f"account {account.id}, {CHECK}: the answer names no address of a file: {address[:80]!r}"
            raise FatalError(msg)
        return t.cast(
            "t.IO[bytes]",
            self._client.ask(account, DOWNLOAD, lambda: self._download(account, address)),
        )

    def _text(self, account: Account, api: str, body: t.Any) -> str:
        text = body.get("message")
        if not isinstance(text, str) or not text:
            msg = f"account {account.id}, {api}: the answer names neither job nor file; it holds {list(body)}"
            raise FatalError(msg)
        return text

    def _download(self, account: Account, address: str) -> t.IO[bytes]:
        """Fetch a file; it stays encrypted on disk, and nobody else can see it there."""
        where = f"account {account.id}, {DOWNLOAD}"
        file = tempfile.TemporaryFile()  # noqa: SIM115 - who reads it closes it
        try:
            with new_session(address).get(
                address, stream=True, timeout=self._client.connection.timeout
            ) as response:
                for chunk in response.iter_content(_CHUNK):
                    file.write(chunk)
        except (requests.RequestException, OSError) as exc:
            file.close()
            # The address is as good as a password, and stands in the error's text.
            msg = f"{where}: {urlsplit(address).hostname} did not answer ({type(exc).__name__})"
            raise TransientError(msg) from None
        status = response.status_code
        if status == HTTPStatus.OK and is_zipfile(file):
            return file
        file.close()
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise ThrottledError(f"{where}: HTTP {status}")
        if HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise FatalError(
                f"{where}: HTTP {status}: the file is gone, or its address has expired"
            )
        raise TransientError(f"{where}: HTTP {status}: what came is no whole archive")


class Archive:
    """The encrypted file of one window.

    Args:
        file: Its content.
        password: The password.
        where: Account and what it is, for errors.
    """

    def __init__(self, file: t.IO[bytes], password: str, where: str) -> None:
        self._file = file
        self._password = password.encode()
        self._where = where

    def rows(self, name: str, key: str) -> Iterator[dict[str, t.Any]]:
        """Yield the objects in the lines of a file; its last line is no record, whatever it holds.

        Args:
            name: Name of the file.
            key: A field that every record has.

        Raises:
            FatalError: The archive cannot be opened, or is of another form.
            TransientError: It is damaged.
        """
        try:
            with self._file as file, pyzipper.AESZipFile(file) as archive:
                members = [m for m in archive.namelist() if m.rpartition("/")[2] == name]
                if not members and archive.namelist():
                    found = ", ".join(archive.namelist()[:5])
                    msg = f"{self._where}: the archive holds no {name}, but {found}"
                    raise FatalError(msg)
                archive.setpassword(self._password)
                for member in members:
                    with archive.open(member) as lines:
                        yield from self._objects(lines, name, key)
        except RuntimeError as exc:
            msg = f"{self._where}: the archive does not open with the beginning of app_key ({exc})"
            raise FatalError(msg) from exc
        except (BadZipFile, pyzipper.BadZipFile, zlib.error, EOFError) as exc:
            msg = f"{self._where}: the archive is damaged ({exc})"
            raise TransientError(msg) from exc

    def _objects(self, lines: t.Iterable[bytes], name: str, key: str) -> Iterator[dict[str, t.Any]]:
        odd, last = 0, b""
        for line in lines:
            if not line.strip():
                continue
            if last:
                row = _parsed(last)
                if row is not None:
                    yield row
                odd += row is None
            last = line
        row = _parsed(last)
        if row is not None and key in row:
            yield row
        if odd:
            _logger.warning("%s: %d lines of %s hold no record; left out", self._where, odd, name)


def _parsed(line: bytes) -> dict[str, t.Any] | None:
    try:
        row = _decode(line)
    except msgspec.DecodeError:
        return None
    return row if isinstance(row, dict) else None


@dataclass(frozen=True, slots=True)
class FileLines:
    """The lines of one file in an export's archive.

    Attributes:
        name: The file's name.
        key: A field that every record has.
    """

    name: str
    key: str

    @property
    def reach(self) -> int | None:
        """A file holds all there is."""
        return None

    def pages(self, ask: Ask, records: str, *, most: int | None) -> Iterator[Page]:
        """Yield the rows, so many at a time."""
        rows: list[dict[str, t.Any]] = []
        for row in ask({}).rows(self.name, self.key):
            rows.append(row)
            if len(rows) == _PAGE:
                yield Page(rows, {"lines": rows})
                rows = []
        yield Page(rows, {"lines": rows})
