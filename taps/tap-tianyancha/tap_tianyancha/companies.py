"""Which companies to read: those of the settings, and those of a file."""

from __future__ import annotations

import csv
import typing as t
from collections.abc import Mapping
from pathlib import Path

from openplatform.errors import ConfigurationError
from openplatform.hotset import read_file

_FORM = (
    "Write one company a line; or a CSV file whose first column names them; or JSON as `syncops hotset "
    "--stream companies` writes it."
)


def with_companies(config: Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the settings with the companies of each account, from wherever they are named.

    Raises:
        ConfigurationError: The file cannot be read, or holds no list.
    """
    path = config.get("companies_file")
    from_file = _read(Path(path)) if path else {}
    accounts = []
    for account in config.get("accounts") or []:
        own = account.get("companies") or config.get("companies") or []
        listed = [*own, *from_file.get("", []), *from_file.get(str(account.get("id")), [])]
        names = dict.fromkeys(str(name).strip() for name in listed)
        accounts.append({**account, "companies": [name for name in names if name]})
    return {**config, "accounts": accounts}


def _read(path: Path) -> dict[str, list[str]]:
    """Return the companies of a file by account; under the empty name those of every account."""
    if path.suffix == ".json":
        content = read_file(path)
        found = content.get("companies") if isinstance(content, dict) else content
        by_account: dict[str, t.Any] = found if isinstance(found, dict) else {"": found}
        if not all(isinstance(names, list) for names in by_account.values()):
            raise ConfigurationError(f"Setting companies_file: {path} holds no list. {_FORM}")
        return {name: list(map(str, names)) for name, names in by_account.items()}
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as exc:
        msg = f"Setting companies_file: {path} cannot be read ({exc}). {_FORM}"
        raise ConfigurationError(msg) from exc
    if path.suffix == ".csv":
        rows = list(csv.reader(text.splitlines()))
        return {"": [row[0] for row in rows[1:] if row]}
    return {"": [line for line in text.splitlines() if not line.startswith("#")]}
