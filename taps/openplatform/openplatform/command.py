"""The command line of all taps: how it starts, and what a person reads when it fails."""

from __future__ import annotations

import gc
import io
import json
import os
import signal
import sys
import typing as t

from singer_sdk.plugin_base import SingerCommand
from typing_extensions import override

from openplatform.errors import ConfigurationError, Interrupted, OpenPlatformError

_GARBAGE = 100_000
"""How many new objects it takes until the collector looks for cycles among them."""


class TapCommand(SingerCommand):
    """The command line: what we raise on purpose becomes one line, not a traceback."""

    @override
    def main(self, *args: t.Any, **kwargs: t.Any) -> t.Any:
        # Records come and go by the page and hold no cycles: looking for some is wasted time. What is
        # loaded now stays, and need not be looked through at the end either.
        gc.set_threshold(_GARBAGE)
        gc.freeze()
        try:
            return super().main(*args, **kwargs)
        except OpenPlatformError as exc:
            self.logger.error("%s", exc)  # noqa: TRY400 - the text says it all
        except Interrupted:
            # Nothing is left to be done in order: who asks once more ends us as we stand.
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            self.logger.warning("Interrupted; the next run goes on from the last state")
            sys.exit(143)
        except FileNotFoundError as exc:
            self.logger.error("%s Check the path given to --config, --state or --catalog.", exc)  # noqa: TRY400
        except ValueError as exc:
            if type(exc).__name__ != "JSONDecodeError":  # the SDK reads with several libraries
                raise
            self.logger.error("The file given to --config is not JSON (%s). Correct it.", exc)  # noqa: TRY400
        except BrokenPipeError:
            sys.stderr.write("The target stopped reading; its own message says why.\n")
            # Python flushes standard output at exit, which would fail once more.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def json_object(file: t.IO[str] | None, option: str, advice: str) -> t.IO[str] | None:
    """Return what an option's file holds, to be read again, or None where there is none.

    Args:
        file: The file.
        option: The option, told in errors.
        advice: What to do about a file that is damaged.

    Raises:
        ConfigurationError: It holds no JSON object.
    """
    if file is None:
        return None
    text = file.read()
    try:
        content = json.loads(text)
    except json.JSONDecodeError as exc:
        msg = f"The file given to --{option} ({file.name}) is not JSON ({exc}); {advice}."
        raise ConfigurationError(msg) from exc
    if not isinstance(content, dict):
        msg = f"The file given to --{option} ({file.name}) holds no JSON object; {advice}."
        raise ConfigurationError(msg)
    return io.StringIO(text)
