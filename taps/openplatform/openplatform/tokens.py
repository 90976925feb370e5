"""Access tokens: kept on disk between runs, refreshed ahead of expiry by one refresher at a time.

With grants that rotate, the platform voids the old refresh token when it hands out a new one. The
new one is therefore on disk before the access token that came with it is used for the first time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import threading
import typing as t
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout

from openplatform.bookmarks import format_time
from openplatform.clock import Clock
from openplatform.errors import ConfigurationError, OpenPlatformError

_REFRESH_AHEAD = timedelta(minutes=5)
_LOCK_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Token:
    """What one authorisation gave.

    Attributes:
        access: The access token.
        expires: When it ends (UTC); None when it does not.
        refresh: The refresh token that belongs to it; empty when there is none.
        refresh_expires: When a person must authorise again (UTC), if known.
        obtained: When the platform gave it (UTC).
        origin: Digest of the configured credential that this chain of tokens began with. When
            the operator configures another one, the chain is abandoned.
    """

    access: str
    expires: datetime | None = None
    refresh: str = ""
    refresh_expires: datetime | None = None
    obtained: datetime | None = None
    origin: str = ""

    def fresh_at(self, moment: datetime) -> bool:
        """Tell whether the token still lives a while after a moment (minutes, or a tenth of its life)."""
        if self.expires is None:
            return True
        life = self.expires - self.obtained if self.obtained else _REFRESH_AHEAD * 10
        return self.expires - min(_REFRESH_AHEAD, life / 10) > moment


class TokenStore(t.Protocol):
    """Where tokens survive the process."""

    def load(self, key: str) -> Token | None:
        """Return the stored token of a key, or None."""

    def save(self, key: str, token: Token) -> None:
        """Store durably: after this returns, a crash does not lose the token."""

    def lock(self, key: str) -> contextlib.AbstractContextManager[None]:
        """Hold off every other process and thread that would refresh this key."""


class FileTokenStore:
    """Tokens in one JSON file per key: mode 0600, replaced atomically, locked between processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, key: str) -> Token | None:
        """Return the stored token of a key, or None when there is none."""
        path = self._path(key)
        try:
            stored = json.loads(path.read_text(encoding="utf-8"))
            times = {
                name: datetime.fromisoformat(stored[name].replace("Z", "+00:00"))
                for name in ("expires", "refresh_expires", "obtained")
                if stored.get(name)
            }
            return Token(**{**stored, **times})
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, AttributeError) as exc:
            msg = (
                f"The token file {path} is damaged ({exc}). Delete it; if the platform rotates refresh "
                "tokens, authorise the account again and put the new refresh token into the settings."
            )
            raise ConfigurationError(msg) from exc
        except OSError as exc:
            raise self._unusable(exc) from exc

    def save(self, key: str, token: Token) -> None:
        """Store durably: written, synced to disk, then put in place of the old file."""
        content = {
            name: format_time(value) if isinstance(value, datetime) else value
            for name, value in asdict(token).items()
        }
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, temporary = tempfile.mkstemp(dir=self._folder, prefix=".token-")
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(content, file)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(self._path(key))
        except OSError as exc:
            raise self._unusable(exc) from exc

    @contextlib.contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Hold off every other process and thread that would refresh this key."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with FileLock(f"{self._path(key)}.lock", timeout=_LOCK_SECONDS, thread_local=False):
                yield
        except Timeout as exc:
            msg = (
                f"Another process has held {self._path(key)}.lock for {_LOCK_SECONDS} s. "
                "It asks the platform for this account's token; let it end first."
            )
            raise ConfigurationError(msg) from exc
        except OSError as exc:
            raise self._unusable(exc) from exc

    def _path(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"

    def _unusable(self, exc: OSError) -> ConfigurationError:
        return ConfigurationError(
            f"The token store {self._folder} cannot be used ({exc}). "
            "Point the setting token_store to a folder that this user may write."
        )


class TokenKeeper:
    """Hands out the access token of one authorisation, refreshing it when needed.

    Args:
        key: Names the authorisation in the store (tap, app, account, kind).
        seed: The configured credential; its digest marks the chain of tokens.
        fetch: Asks the platform: called with the previous token of the chain (or None).
        store: Where tokens survive.
        clock: The time.
        on_token: Told of every token, so that its values can be kept out of logs.
    """

    def __init__(
        self,
        key: str,
        seed: str,
        fetch: Callable[[Token | None], Token],
        *,
        store: TokenStore,
        clock: Clock,
        on_token: Callable[[Token], None],
    ) -> None:
        self._key = key
        self._origin = hashlib.sha256(seed.encode()).hexdigest()[:16]
        self._fetch = fetch
        self._store = store
        self._clock = clock
        self._on_token = on_token
        self._token: Token | None = None
        self._turn = threading.Lock()
        self._failed: OpenPlatformError | None = None
        self._tries = 0

    def access(self, *, refused: str = "") -> str:
        """Return a usable access token.

        Args:
            refused: An access token that the platform has just refused: never returned again.

        Raises:
            GrantError: The authorisation is dead.
            ConfigurationError: The store cannot be used.
        """
        tries, token = self._tries, self._token
        if token is None or not self._usable(token, refused):
            token = self._refreshed(refused, tries)
        return token.access

    def _refreshed(self, refused: str, tries: int) -> Token:
        """Refresh, one thread after the other; what fails for one fails for all that waited for it."""
        with self._turn:
            if self._tries != tries and self._failed is not None:
                raise self._failed
            try:
                token = self._stored_or_new(refused)
            except OpenPlatformError as exc:
                self._failed = exc
                raise
            else:
                self._failed = None
            finally:
                self._tries += 1
            self._on_token(token)
            self._token = token
        return token

    def _stored_or_new(self, refused: str) -> Token:
        with self._store.lock(self._key):
            # Another thread or process may have refreshed while we waited for the lock.
            token = self._store.load(self._key)
            if token is not None and token.origin != self._origin:
                token = None
            if token is None or not self._usable(token, refused):
                obtained = self._clock.now()
                token = replace(self._fetch(token), obtained=obtained, origin=self._origin)
                self._store.save(self._key, token)
        return token

    def _usable(self, token: Token, refused: str) -> bool:
        return token.access != refused and token.fresh_at(self._clock.now())
