"""The program `target-warehouse`.

A plain load (`--config FILE`, the form in which taps are piped into targets) begins at once. For all
else, from `--about` to a mistake in the settings and the log format that Meltano asks for, there is
the SDK's command, which takes most of a second to load.
"""

from __future__ import annotations

import logging
import os
import sys
import typing as t
from pathlib import Path

import msgspec

from target_warehouse.config_schema import CONFIG_SCHEMA, surely_fits
from target_warehouse.run import load


def main() -> t.NoReturn:
    """Run the program."""
    config = None if "SINGER_SDK_LOG_CONFIG" in os.environ else _plain_load(sys.argv[1:])
    if config is None:
        from target_warehouse.target import TargetWarehouse

        TargetWarehouse.cli()
    _log_as_the_sdk()
    sys.exit(load(t.cast("dict[str, t.Any]", config)))


def _plain_load(words: t.Sequence[str]) -> dict[str, t.Any] | None:
    """Return the settings that a command line of configuration files gives; None for any other."""
    config: dict[str, t.Any] = {}
    if not words or len(words) % 2 or set(words[::2]) != {"--config"}:
        return None
    for name in words[1::2]:
        try:
            config |= msgspec.json.decode(Path(name).read_bytes(), type=dict[str, t.Any])
        except (OSError, ValueError):
            return None
    return config if surely_fits(config, CONFIG_SCHEMA) else None


def _log_as_the_sdk() -> None:
    logging.basicConfig(
        level=(
            os.environ.get("TARGET_WAREHOUSE_LOGLEVEL") or os.environ.get("LOGLEVEL") or "INFO"
        ).upper(),
        format="{asctime:23s} | {levelname:8s} | {name:30s} | {message}",
        style="{",
    )
    logging.captureWarnings(capture=True)
