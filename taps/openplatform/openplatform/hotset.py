"""The hot set: important ids, asked for again on a schedule of their own."""

from __future__ import annotations

import json
import typing as t
from collections.abc import Iterable, Mapping
from pathlib import Path

from singer_sdk import typing as th

from openplatform.errors import ConfigurationError

Ids = dict[str, list[str]]
"""Ids by account; under the empty name those that every account is asked for."""

_FORM = 'Write {"items": ["12", "13"]}, or by account {"items": {"42583152": ["12"]}}.'


def settings() -> tuple[th.Property[t.Any], th.Property[t.Any]]:
    """Return the settings `hot_set` and `hot_set_file`."""
    return (
        th.Property(
            "hot_set",
            th.ObjectType(additional_properties=True),
            description=(
                "Ask for these records alone, by id, and move no bookmark: an object of stream names "
                "with a list of ids each, or with an object of accounts and their ids."
            ),
        ),
        th.Property(
            "hot_set_file",
            th.StringType,
            description="JSON file with the same content as hot_set, such as `syncops hotset` writes.",
        ),
    )


def read(config: Mapping[str, t.Any], streams: Iterable[str]) -> dict[str, Ids] | None:
    """Return the ids by stream; None where no hot set is configured.

    Args:
        config: The tap's settings.
        streams: Names of all streams whose records can be asked for by id.

    Raises:
        ConfigurationError: It cannot be read, or names what cannot be asked for.
    """
    given, path = config.get("hot_set"), config.get("hot_set_file")
    if not given and not path:
        return None
    known = set(streams)
    found: dict[str, Ids] = {}
    from_file = read_file(Path(path)) if path else {}
    for where, content in (("hot_set", given or {}), (f"hot_set_file ({path})", from_file)):
        if not isinstance(content, Mapping):
            raise ConfigurationError(f"Setting {where}: it is no object. {_FORM}")
        for stream, ids in content.items():
            if stream not in known:
                msg = (
                    f"Setting {where}: records of {stream!r} cannot be asked for by id. "
                    f"Those of these streams can: {', '.join(sorted(known))}."
                )
                raise ConfigurationError(msg)
            for account, some in _by_account(where, stream, ids).items():
                found.setdefault(stream, {}).setdefault(account, []).extend(some)
    return {
        stream: {account: list(dict.fromkeys(some)) for account, some in ids.items()}
        for stream, ids in found.items()
    }


def read_file(path: Path) -> t.Any:
    """Return what a hot set's file holds.

    Raises:
        ConfigurationError: It cannot be read.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        msg = f"Setting hot_set_file: {path} cannot be read ({exc}). `syncops hotset --help` writes it."
        raise ConfigurationError(msg) from exc


def _by_account(where: str, stream: str, ids: t.Any) -> Ids:
    by_account = ids if isinstance(ids, Mapping) else {"": ids}
    plain = (str, int)
    for some in by_account.values():
        if not isinstance(some, list) or not all(
            isinstance(one, plain) and not isinstance(one, bool) for one in some
        ):
            raise ConfigurationError(f"Setting {where}: {stream} holds no list of ids. {_FORM}")
    return {str(account): [str(one) for one in some] for account, some in by_account.items()}
