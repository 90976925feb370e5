"""The command `eventgate`."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import typing as t
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from functools import wraps
from pathlib import Path

import click
from openplatform.bookmarks import format_time
from openplatform.errors import ConfigurationError

from eventgate.config import Config, described_settings, read_config, ways
from eventgate.log import MOST_ROWS, LogError, open_log
from eventgate.sockets import is_loopback, listen

DEFAULT_PORT: t.Final = 8800
_SWITCH_SECONDS = 0.0005

P = t.ParamSpec("P")

json_option = click.option("--json", "as_json", is_flag=True, help="For programs.")
port_option = click.option(
    "--port",
    default=DEFAULT_PORT,
    show_default=True,
    envvar="EVENTGATE_PORT",
    help="Port; 0 takes a free one.",
)


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the settings come from."""

    file: Path | None
    database: str | None

    def read(self) -> Config:
        """Read the settings now."""
        config = read_config(self.file, os.environ)
        return replace(config, database=self.database) if self.database else config


def plain_errors(command: Callable[P, None]) -> Callable[P, None]:
    """Tell expected failures in one line, without a traceback."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (ConfigurationError, LogError) as error:
            raise click.ClickException(str(error)) from None

    return wrapped


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    "file",
    envvar="EVENTGATE_CONFIG",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Settings file (YAML). Also EVENTGATE_CONFIG.",
)
@click.option(
    "--database",
    help="Where the events are kept: a file, or postgresql://... Also EVENTGATE_DATABASE.",
)
@click.version_option(package_name="eventgate")
@click.pass_context
def main(context: click.Context, file: Path | None, database: str | None) -> None:
    """Take the platforms' push messages, keep them durably, and offer them in order.

    \b
    A settings file:
        database: events.db            # or postgresql://user:password@host/database
        token: ...                     # what readers of /events must send
        platforms:
          youzan: {app_key: ..., app_secret: ...}
          wecom/hr: {corp_id: ..., token: ..., aes_key: ...}

    Every setting can be an environment variable too, such as EVENTGATE_YOUZAN_APP_SECRET.

    \b
    Exit codes: 0 done, 1 failed or found something wrong, 2 wrong usage.
    """  # noqa: D301 - click reads the backspace
    context.obj = Sources(file, database)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@port_option
@click.option(
    "--keep-days",
    type=click.FloatRange(min=0, min_open=True),
    help="Prune older events once an hour, as `eventgate prune` does. Default: prune nothing.",
)
@click.pass_obj
@plain_errors
def serve(sources: Sources, host: str, port: int, keep_days: float | None) -> None:
    """Serve until interrupted: /push/PLATFORM takes messages, /events gives them.

    \b
    For instance:
        eventgate --config eventgate.yml serve --port 8800 --keep-days 30
    """  # noqa: D301
    import uvicorn

    from eventgate.service import Service

    config = sources.read()
    if not config.gates:
        msg = "no platform is configured; `eventgate --help` shows a settings file"
        raise click.ClickException(msg)
    if not config.token and not is_loopback(host):
        msg = f"set a token (EVENTGATE_TOKEN) before listening on {host}: /events would be open to all"
        raise click.ClickException(msg)
    with closing(open_log(config.database)) as log:
        log.check()
    listener = listen(host, port)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    keep = None if keep_days is None else timedelta(days=keep_days)
    url = f"http://{host}:{listener.getsockname()[1]}"
    click.echo(f"eventgate on {url}: {', '.join(config.gates)} (stop with Ctrl+C)", err=True)
    # The thread that commits and the one that answers hand over to each other all the time.
    sys.setswitchinterval(_SWITCH_SECONDS)
    server = uvicorn.Server(
        uvicorn.Config(
            Service(config, keep=keep),
            http="httptools",
            proxy_headers=False,
            ws="none",
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=5,
        )
    )
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


@main.command()
@port_option
@click.option("--seconds", default=20.0, show_default=True, help="Give up after these.")
def wait(port: int, seconds: float) -> None:
    """Wait until a gate on this machine answers.

    \b
    For instance, in a script:
        eventgate serve & eventgate wait
    """  # noqa: D301
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + seconds
    while True:
        try:
            opener.open(f"http://127.0.0.1:{port}/health", timeout=5).close()
        except (OSError, urllib.error.URLError):
            if time.monotonic() > deadline:
                msg = f"no gate answered on port {port} within {seconds:g} s"
                raise click.ClickException(msg) from None
            time.sleep(0.05)
        else:
            return


@main.command()
@click.option("--after", "version", default=0, show_default=True, help="What follows this version.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, MOST_ROWS))
@click.option("--platform", default="", help="Only this platform's.")
@click.option("--body", is_flag=True, help="With each event its message in the clear.")
@json_option
@click.pass_obj
@plain_errors
def events(
    sources: Sources, version: int, limit: int, platform: str, *, body: bool, as_json: bool
) -> None:
    """Show events of the log, oldest first.

    \b
    For instance:
        eventgate events --platform youzan --after 120 --limit 5
    """  # noqa: D301
    from eventgate.service import as_dict

    with closing(open_log(sources.read().database, present=True)) as log:
        page = log.after(version, limit, platform)
        rows = [as_dict(event) for event in page.events]
        if body:
            for row in rows:
                row["body"] = (log.body(row["version"]) or b"").decode("utf-8", "replace")
    if as_json:
        click.echo(json.dumps({"events": rows, "version": page.version, "more": page.more}))
        return
    for row in rows:
        entity = f"{row['stream'] or '-'} {row['id']}"
        click.echo(
            f"{row['version']:>8}  {row['at']}  {row['platform']} {row['account']}  {row['kind']}  {entity}"
        )
        if body:
            click.echo(f"          {row['body']}")
    click.echo(f"up to version {page.version}{'; there is more' if page.more else ''}")


@main.command()
@click.option(
    "--keep-days",
    required=True,
    type=click.FloatRange(min=0),
    help="Events that came within so many days stay.",
)
@click.option("--forget", metavar="READER", help="No longer wait for this reader, which is gone.")
@json_option
@click.pass_obj
@plain_errors
def prune(sources: Sources, keep_days: float, forget: str | None, *, as_json: bool) -> None:
    """Delete old events that every reader has done.

    A reader is known by the name that it asks with (/events?reader=NAME); what one of them has not
    done yet stays, however old it is.

    \b
    For instance:
        eventgate prune --keep-days 30
    """  # noqa: D301
    with closing(open_log(sources.read().database, present=True)) as log:
        if forget and not log.forget(forget):
            known = ", ".join(sorted({one.name for one in log.readers()})) or "none"
            msg = f"no reader is called {forget}; known: {known}"
            raise click.ClickException(msg)
        deleted = log.prune(timedelta(days=keep_days), datetime.now(timezone.utc))
        left, readers = log.count(), log.readers()
    if as_json:
        told = [
            {
                "reader": one.name,
                "platform": one.platform,
                "version": one.version,
                "seen_at": format_time(one.seen_at),
            }
            for one in readers
        ]
        click.echo(json.dumps({"deleted": deleted, "left": left, "readers": told}))
        return
    click.echo(f"deleted {deleted} events, {left} stay")
    for one in readers:
        scope = one.platform or "all platforms"
        click.echo(
            f"  reader {one.name} ({scope}) is done up to {one.version}, {format_time(one.seen_at)}"
        )


@main.command()
@click.option(
    "--url",
    default=f"http://127.0.0.1:{DEFAULT_PORT}",
    show_default=True,
    help="How the platforms reach this gate, such as https://push.example.com",
)
@json_option
@click.pass_obj
@plain_errors
def check(sources: Sources, url: str, *, as_json: bool) -> None:
    """Check the settings, and tell what each platform's console must be given.

    \b
    For instance:
        eventgate --config eventgate.yml check --url https://push.example.com
    """  # noqa: D301
    config = sources.read()
    gates = [
        {"name": name, **way}
        for name, gate in config.gates.items()
        for way in ways(name, gate, url)
    ]
    problems = []
    if not gates:
        problems.append("no platform is configured; `eventgate --help` shows a settings file")
    log = open_log(config.database)
    try:
        log.check()
    except LogError as error:
        problems.append(str(error))
    finally:
        log.close()
    if not config.token:
        problems.append(
            "no token is set (EVENTGATE_TOKEN): /events is open to who reaches the port"
        )
    if as_json:
        click.echo(json.dumps({"gates": gates, "log": log.place, "problems": problems}))
    else:
        for gate in gates:
            click.echo(f"{gate['name']}\n  {gate['url']}\n  {gate['console']}")
        click.echo(f"events are kept in {log.place}")
        for problem in problems:
            click.echo(f"problem: {problem}")
    sys.exit(1 if problems else 0)


@main.command()
@click.option("--seconds", default=60.0, show_default=True, help="Length of the trial.")
@click.option("--rate", default=1200.0, show_default=True, help="Messages a second.")
@click.option("--lines", default=64, show_default=True, help="Connections.")
@click.option("--kill/--no-kill", default=True, show_default=True, help="SIGKILL in the middle.")
@click.option(
    "--platform",
    "platforms",
    multiple=True,
    default=("youzan", "kuaishou_shop", "wecom"),
    show_default=True,
    help="Who sends; several take turns.",
)
@json_option
@click.pass_obj
@plain_errors
def load(
    sources: Sources,
    seconds: float,
    rate: float,
    lines: int,
    platforms: tuple[str, ...],
    *,
    kill: bool,
    as_json: bool,
) -> None:
    """Try how much a gate takes on this machine, and that a SIGKILL loses nothing of it.

    Starts a gate of its own, on a file that vanishes afterwards unless --database is given, and sends
    it the messages of the sandbox. Exit code 1 below 1,000 events a second, with a p99 of 50 ms or
    more, or when one acknowledged event is missing.

    \b
    For instance:
        eventgate load --seconds 60 --rate 1200
    """  # noqa: D301
    from eventgate.load import Plan, run_trial

    free = listen("127.0.0.1", 0)
    port = free.getsockname()[1]
    free.close()
    plan = Plan(seconds, rate, lines, kill, sources.database or "", platforms)
    try:
        outcome = run_trial(plan, port)
    except ModuleNotFoundError as error:
        msg = f"the messages come from the sandbox, which is not installed ({error.name})"
        raise click.ClickException(msg) from None
    click.echo(json.dumps(outcome.as_dict()) if as_json else outcome.as_text())
    sys.exit(0 if outcome.good else 1)


@main.command(hidden=True)
def about() -> None:
    """Print the settings as JSON Schema, for plugins/definitions.py."""
    told = {
        "description": "Intake of the platforms' push messages",
        "settings": {"properties": described_settings(DEFAULT_PORT)},
    }
    click.echo(json.dumps(told, ensure_ascii=False))
