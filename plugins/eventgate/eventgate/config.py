"""What eventgate is told: a YAML file, and environment variables that win over it."""

from __future__ import annotations

import typing as t
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from openplatform.errors import ConfigurationError
from openplatform.listening import Listening
from openplatform.push import Push, PushSetting, load, pushes

PREFIX: t.Final = "EVENTGATE_"
DEFAULT_DATABASE: t.Final = "eventgate.db"
_KNOWN = ("database", "token", "platforms")


@dataclass(frozen=True, slots=True)
class Config:
    """The settings in force.

    Attributes:
        database: A file (SQLite), or `postgresql://...`.
        token: What readers must send as bearer token; empty when none is asked for.
        gates: The push messages that are understood, by the name in their address: a platform's
            slug, or slug/name where a platform has several apps.
    """

    database: str
    token: str
    gates: Mapping[str, Push]


def read_config(file: Path | None, environment: Mapping[str, str]) -> Config:
    """Read the settings.

    Raises:
        ConfigurationError: Names the setting and what to do.
    """
    content = _read_file(file) if file else {}
    database = environment.get(f"{PREFIX}DATABASE") or content.get("database") or DEFAULT_DATABASE
    token = environment.get(f"{PREFIX}TOKEN") or content.get("token") or ""
    values = _values(content.get("platforms"), environment)
    return Config(
        str(database), str(token), {name: _gate(name, own) for name, own in values.items()}
    )


def _read_file(file: Path) -> dict[str, t.Any]:
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        msg = f"The settings file {file} cannot be read: {' '.join(str(error).split())}"
        raise ConfigurationError(msg) from None
    if content is None:
        return {}
    if not isinstance(content, dict) or (unknown := sorted({*map(str, content)} - {*_KNOWN})):
        named = f" unknown: {', '.join(unknown)};" if isinstance(content, dict) else ""
        msg = f"The settings file {file}:{named} it holds {', '.join(_KNOWN)}, and nothing else."
        raise ConfigurationError(msg)
    return content


def _values(platforms: t.Any, environment: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return the settings of each gate."""
    if platforms is not None and not isinstance(platforms, dict):
        msg = "Setting platforms: it must be a mapping, such as {youzan: {app_key: ...}}."
        raise ConfigurationError(msg)
    values: dict[str, dict[str, str]] = {}
    for name, own in (platforms or {}).items():
        if not isinstance(own, dict):
            msg = f"Setting platforms, {name}: it must be a mapping of settings."
            raise ConfigurationError(msg)
        values[str(name)] = {
            str(key): str(value) for key, value in own.items() if value is not None
        }
    for slug, setting in platform_settings():
        given = environment.get(f"{PREFIX}{slug}_{setting.name}".upper())
        if given:
            values.setdefault(slug, {})[setting.name] = given
    return values


def _gate(name: str, values: Mapping[str, str]) -> Push:
    slug, slash, app = name.partition("/")
    found = pushes()
    if slug not in found:
        known = ", ".join(found) or "none: install a tap beside eventgate"
        msg = (
            f"Setting platforms: no installed tap understands messages of {slug!r}. Known: {known}."
        )
        raise ConfigurationError(msg)
    if slash and not app.replace("-", "").replace("_", "").isalnum():
        msg = f"Setting platforms: write {name!r} as platform/name, with letters, digits, - and _."
        raise ConfigurationError(msg)
    try:
        return load(found[slug])(values)
    except ConfigurationError as error:
        msg = f"Setting platforms, {name}: {error}"
        raise ConfigurationError(msg) from None


def ways(name: str, gate: Push, url: str) -> list[dict[str, str]]:
    """Return by which ways a gate's messages come: an address here, a connection from here.

    Args:
        name: The gate's name.
        gate: What its settings make of it.
        url: How the platforms reach this gate.
    """
    found = []
    if isinstance(gate, Listening) and gate.listens:
        text = "a connection that eventgate opens"
        found.append({"url": text, "console": gate.connection_console})
    if gate.takes_requests:
        found.append({"url": f"{url.rstrip('/')}/push/{name}", "console": gate.console})
    return found


def platform_settings() -> list[tuple[str, PushSetting]]:
    """Return the settings of every platform that an installed tap understands, with its slug."""
    return [(slug, one) for slug, point in pushes().items() for one in load(point).settings]


def described_settings(port: int) -> dict[str, t.Any]:
    """Return all settings as the properties of a JSON Schema, for the definition in Meltano.

    Args:
        port: The default port of `serve`.
    """
    properties: dict[str, t.Any] = {
        "database": {
            "type": "string",
            "default": "$MELTANO_PROJECT_ROOT/.meltano/eventgate.db",
            "description": "Where the events are kept: a file, or postgresql://user:password@host/database.",
        },
        "token": {
            "type": "string",
            "secret": True,
            "description": "What readers of /events must send as bearer token.",
        },
        "config": {
            "type": "string",
            "description": "Settings file, for several apps of one platform.",
        },
        "port": {"type": "integer", "default": port, "description": "Port of `serve`."},
    }
    for slug, one in platform_settings():
        described = {"type": "string", "description": one.description}
        properties[f"{slug}_{one.name}"] = described | ({"secret": True} if one.secret else {})
    return properties
