"""Keeping secrets out of every text that leaves the process: by the key's name and by the value.

Where personal data must not leave either, so must not what a call asks for (ids of people), the
queries of addresses, and whatever looks like a telephone, an identity card or a mail address.
"""

from __future__ import annotations

import re
import threading
import typing as t
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

MASK = "***"
_SHORTEST_SECRET = 6
_SECRET_PAIR = re.compile(
    r"""(?ix)
    ( ["']? [\w-]* (?: secret | token | passw(?:or)?d | sign(?:ature)? | app_?key | client_id )
      [\w-]* ["']? \s* (?: = | : ) \s* ["']? )
    ( [^"'&,\s}\]]+ )
    """
)
_OF_PEOPLE = re.compile(
    r"""(?x)
    (?<= \? ) [\w.%-]+ = [^\s'")>]*                             # the query of an address
    | (?<! \d ) (?: 1\d{10} | \d{17}[\dXx] ) (?! \d )           # telephone, identity card
    | [\w.+-]+ @ [\w-]+ \. [\w.-]+
    """
)
_LONGEST_NUMBER_SHOWN = 4


class Redactor:
    """Replaces known secret values, and whatever stands behind a secret's name, with `***`.

    Args:
        secrets: The values.
        people: Whether texts must not name people.
    """

    def __init__(self, secrets: Iterable[str] = (), *, people: bool = False) -> None:
        self._lock = threading.Lock()
        self._people = people
        self._asked = threading.local()
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
        text = _SECRET_PAIR.sub(rf"\g<1>{MASK}", text)
        if not self._people:
            return text
        for value in getattr(self._asked, "values", ()):
            text = re.sub(rf"(?<!\w){re.escape(value)}(?!\w)", MASK, text)
        return _OF_PEOPLE.sub(MASK, text)

    def excerpt(self, text: str) -> str:
        """Return what may be shown of an answer that could not be understood, redacted already."""
        return (
            "(not shown, since personal_data keeps people out of the log)" if self._people else text
        )

    @contextmanager
    def hiding(self, params: Mapping[str, t.Any]) -> Iterator[None]:
        """Keep what this thread asks for out of the texts of the body of the `with`."""
        if not self._people:
            yield
            return
        self._asked.values = sorted(set(_words(params)), key=len, reverse=True)
        try:
            yield
        finally:
            self._asked.values = ()


def _words(value: t.Any) -> Iterator[str]:
    """Yield the texts and long numbers of parameters."""
    if isinstance(value, Mapping):
        value = value.values()
    elif not isinstance(value, (list, tuple)):
        text = "" if value is None or isinstance(value, bool) else str(value)
        if text and not (text.isdigit() and len(text) <= _LONGEST_NUMBER_SHOWN):
            yield text
        return
    for one in value:
        yield from _words(one)


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
