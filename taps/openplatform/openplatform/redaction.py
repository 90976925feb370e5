"""Keeping secrets out of every text that leaves the process: by the key's name and by the value."""

from __future__ import annotations

import re
import threading
import typing as t
from collections.abc import Iterable, Iterator, Mapping

MASK = "***"
_SHORTEST_SECRET = 6
_SECRET_PAIR = re.compile(
    r"""(?ix)
    ( ["']? [\w-]* (?: secret | token | passw(?:or)?d | sign(?:ature)? | app_?key | client_id )
      [\w-]* ["']? \s* (?: = | : ) \s* ["']? )
    ( [^"'&,\s}\]]+ )
    """
)


class Redactor:
    """Replaces known secret values, and whatever stands behind a secret's name, with `***`."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._secrets: set[str] = set()
        self.learn(*secrets)

    def learn(self, *secrets: str | None) -> None:
        """Remember values (tokens fetched in the run, for instance) that must never be shown."""
        with self._lock:
            self._secrets.update(s for s in secrets if s and len(s) >= _SHORTEST_SECRET)

    def __call__(self, text: str) -> str:
        """Return the text without its secrets."""
        with self._lock:
            secrets = sorted(self._secrets, key=len, reverse=True)
        for secret in secrets:
            text = text.replace(secret, MASK)
        return _SECRET_PAIR.sub(rf"\g<1>{MASK}", text)


def secret_settings(config: Mapping[str, t.Any], schema: Mapping[str, t.Any]) -> Iterator[str]:
    """Yield the values of all settings that the schema marks as secret, at any depth."""
    for name, part in schema.get("properties", {}).items():
        value = config.get(name)
        if value is None:
            continue
        if part.get("secret"):
            yield from map(str, value.values() if isinstance(value, Mapping) else [value])
        if isinstance(value, Mapping):
            yield from secret_settings(value, part)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, Mapping):
                    yield from secret_settings(item, part.get("items", {}))
