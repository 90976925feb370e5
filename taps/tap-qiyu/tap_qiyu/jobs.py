"""The keys of jobs under way, kept where the tap keeps its tokens."""

from __future__ import annotations

import hashlib
import os
import tempfile
import typing as t
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
from openplatform.errors import ConfigurationError
from openplatform.settings import Settings

_TAP = "tap-qiyu"
_OLD = timedelta(hours=12)

Window = tuple[str, str, str]
"""App key, begin and end of what is exported."""


class _Job(msgspec.Struct, frozen=True):
    key: str
    began: datetime


class JobFiles:
    """One small file a job.

    Args:
        config: The tap's settings.
    """

    def __init__(self, config: Mapping[str, t.Any]) -> None:
        self._folder = Settings(config).token_folder(os.environ, _TAP) / "exports"

    def get(self, window: Window, now: datetime) -> str | None:
        """Return the key of a job that was begun and not fetched, unless it is too old to live."""
        try:
            job = msgspec.json.decode(self._path(window).read_bytes(), type=_Job)
        except (OSError, msgspec.MsgspecError):
            return None
        return job.key if timedelta() <= now - job.began < _OLD else None

    def put(self, window: Window, key: str, now: datetime) -> None:
        """Keep a key durably.

        Raises:
            ConfigurationError: The folder cannot be written.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(dir=self._folder)
            with os.fdopen(handle, "wb") as file:
                file.write(msgspec.json.encode(_Job(key, now)))
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path(window))
        except OSError as exc:
            msg = (
                f"The folder {self._folder} cannot be used ({exc}). Point the setting token_store to a "
                "folder that this user may write."
            )
            raise ConfigurationError(msg) from exc

    def remove(self, window: Window) -> None:
        """Forget a job whose file is here."""
        self._path(window).unlink(missing_ok=True)

    def _path(self, window: Window) -> Path:
        name = hashlib.sha256("|".join(window).encode()).hexdigest()[:32]
        return self._folder / f"{name}.json"
