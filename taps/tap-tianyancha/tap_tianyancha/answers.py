"""What has been paid for: answers kept on disk, so that no run pays for one of them again.

An answer is on disk before anybody sees it. It is asked for by one at a time, over threads and
processes, so two runs do not pay for the same.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sqlite3
import threading
import typing as t
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from filelock import FileLock
from openplatform.bookmarks import EPOCH
from openplatform.errors import ConfigurationError

_FILE = "answers.sqlite"
_LOCKS = 64
_WAIT_SECONDS = 60.0
_FORGOTTEN_AFTER = timedelta(days=800)
_encode = msgspec.json.Encoder(decimal_format="number").encode
_key = msgspec.json.Encoder(order="sorted").encode
_TABLE = "create table if not exists answers (key text primary key, answered integer, body blob)"
_PUT = "insert or replace into answers (key, answered, body) values (?, ?, ?)"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that was paid for.

    Attributes:
        answered: When it came, UTC.
        body: Its JSON.
    """

    answered: datetime
    body: bytes


class Answers:
    """The answers of one platform.

    Args:
        folder: Where they lie; made when the first one is kept.
        server: Scheme and host that they come from.
    """

    def __init__(self, folder: Path, server: str) -> None:
        self._folder = folder
        self._server = server
        self._lock = threading.Lock()

    def get(self, api: str, params: Mapping[str, t.Any]) -> Answer | None:
        """Return what is kept of a call."""
        with self._working() as base:
            row = base.execute(
                "select answered, body from answers where key = ?", (self._name(api, params),)
            ).fetchone()
        return None if row is None else Answer(_moment(row[0]), zlib.decompress(row[1]))

    def answered(self, api: str, params: Mapping[str, t.Any]) -> datetime:
        """Return when a call was answered; the epoch for one that never was."""
        with self._working() as base:
            row = base.execute(
                "select answered from answers where key = ?", (self._name(api, params),)
            ).fetchone()
        return EPOCH if row is None else _moment(row[0])

    def put(self, api: str, params: Mapping[str, t.Any], body: t.Any, now: datetime) -> None:
        """Keep an answer durably, in place of an older one."""
        packed = zlib.compress(_encode(body))
        moment = (now - EPOCH) // timedelta(milliseconds=1)
        forgotten = (now - _FORGOTTEN_AFTER - EPOCH) // timedelta(milliseconds=1)
        with self._working() as base, base:
            base.execute(_PUT, (self._name(api, params), moment, packed))
            base.execute("delete from answers where answered < ?", (forgotten,))

    @contextlib.contextmanager
    def alone(self, api: str, params: Mapping[str, t.Any]) -> Iterator[None]:
        """Hold off everyone else who would pay for this call."""
        number = int(self._name(api, params)[:8], 16) % _LOCKS
        try:
            self._made()
            lock = FileLock(str(self._folder / f"paying-{number:02d}.lock"), thread_local=False)
            lock.acquire()
        except OSError as exc:
            raise self._unusable(exc) from exc
        try:
            yield
        finally:
            lock.release()

    def _name(self, api: str, params: Mapping[str, t.Any]) -> str:
        return hashlib.sha256(_key([self._server, api, params])).hexdigest()

    @contextlib.contextmanager
    def _working(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                with contextlib.closing(self._open()) as base:
                    yield base
            except (sqlite3.Error, OSError, zlib.error) as exc:
                raise self._unusable(exc) from exc

    def _open(self) -> sqlite3.Connection:
        path = self._folder / _FILE
        if not path.exists():
            self._made()
            # Nobody else reads what was paid for, and what it tells of people.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        base = sqlite3.connect(path, timeout=_WAIT_SECONDS)
        base.execute("pragma synchronous = full")
        base.execute(_TABLE)
        return base

    def _made(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def _unusable(self, exc: Exception) -> ConfigurationError:
        return ConfigurationError(
            f"The answers in {self._folder / _FILE} cannot be used ({exc}). Point the setting token_store "
            "to a folder that this user may write; if the file is damaged, restore it, or delete it and "
            "pay for its answers anew."
        )


def _moment(milliseconds: int) -> datetime:
    return EPOCH + timedelta(milliseconds=milliseconds)
