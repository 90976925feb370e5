"""The command `sandbox`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import typing as t
import urllib.error
import urllib.request
from datetime import datetime
from pathlib import Path

import click

from sandbox.server import Server, listen
from sandbox.settings import Faults, SandboxSettings
from sandbox.world import World

DEFAULT_PORT: t.Final = 8700
DEFAULT_URL: t.Final = f"http://127.0.0.1:{os.environ.get('SANDBOX_PORT', DEFAULT_PORT)}"
DEFAULT_GATE: t.Final = f"http://127.0.0.1:{os.environ.get('EVENTGATE_PORT', '8800')}/push"
_START_SECONDS = 20.0

url_option = click.option(
    "--url", default=DEFAULT_URL, show_default=True, help="Address of the running sandbox."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sandbox")
def main() -> None:
    """Simulate the open platforms over HTTP, with data that changes while it is read."""


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=DEFAULT_PORT, show_default=True, help="Port; 0 takes a free one.")
@click.option("--seed", default=1, show_default=True, help="Chooses data, churn and faults.")
@click.option("--orders", default=1000, show_default=True, help="Orders per account.")
@click.option("--accounts", default=2, show_default=True, help="Accounts per platform.")
@click.option("--history-days", default=30.0, show_default=True, help="Reach of the history.")
@click.option(
    "--history-end",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]),
    help="Last moment of the history, as 2026-11-20T00:00:00+0800. Default: midnight in Beijing.",
)
@click.option("--same-second", default=0, show_default=True, help="Rows that share one second.")
@click.option("--churn", default=0.0, show_default=True, help="Changes per 100 requests.")
@click.option("--faults", default=0.0, show_default=True, help="Share of failing requests, 0 to 1.")
@click.option("--latency", default=0.0, show_default=True, help="Milliseconds before each answer.")
@click.option("--limits/--no-limits", default=True, show_default=True, help="Enforce rate limits.")
@click.option(
    "--background", is_flag=True, help="Return as soon as it answers; see `sandbox stop`."
)
@click.option(
    "--log", type=click.Path(path_type=Path), help="With --background: file for its messages."
)
def serve(
    host: str,
    port: int,
    *,
    seed: int,
    orders: int,
    accounts: int,
    history_days: float,
    history_end: datetime | None,
    same_second: int,
    churn: float,
    faults: float,
    latency: float,
    limits: bool,
    background: bool,
    log: Path | None,
) -> None:
    """Serve until interrupted or stopped."""
    if min(orders, accounts) < 1 or history_days <= 0 or not 0 <= faults <= 1:
        msg = "--orders and --accounts begin at 1, --history-days above 0, --faults lies in 0 to 1"
        raise click.UsageError(msg)
    each = faults / 6
    settings = SandboxSettings(
        seed=seed,
        size=orders,
        accounts=accounts,
        history_days=history_days,
        history_end=history_end,
        same_second=same_second,
        churn=churn,
        faults=Faults(
            throttle=each, too_many=each, server_error=each, cut=each, html=each, expire=each
        ),
        latency_ms=latency,
        limits=limits,
    )
    try:
        listener = listen(host, port)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        msg = f"cannot listen on {host}:{port}: {reason}. Choose another --port, or stop the other."
        raise click.ClickException(msg) from None
    port = listener.getsockname()[1]
    url = f"http://{host}:{port}"
    if background:
        listener.close()
        _detach(url, port, log)
        return
    click.echo(
        f"sandbox on {url}/_sandbox/ (stop with Ctrl+C or `sandbox stop --url {url}`)", err=True
    )
    server = Server(World(settings))
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        click.echo("stopped", err=True)


def _detach(url: str, port: int, log: Path | None) -> None:
    """Start the same command in the foreground of a process of its own."""
    arguments = [one for one in sys.argv[1:] if one != "--background"]
    command = [sys.executable, "-m", "sandbox", *arguments, "--port", str(port)]
    target = log.open("w", encoding="utf-8") if log else None
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=target or subprocess.DEVNULL,
        stderr=target or subprocess.DEVNULL,
        start_new_session=True,
    )
    if target is not None:
        target.close()
    if not _answers(url, _START_SECONDS, process):
        process.kill()
        msg = f"the sandbox did not come up on {url}; its messages: {log or 'give --log to keep them'}"
        raise click.ClickException(msg)
    click.echo(
        f"sandbox on {url}/_sandbox/, process {process.pid}; `sandbox stop --url {url}` ends it"
    )


def _answers(url: str, seconds: float, process: subprocess.Popen[bytes] | None = None) -> bool:
    deadline = time.monotonic() + seconds
    while True:
        try:
            _ask(url, "status.json")
        except OSError:
            dead = process is not None and process.poll() is not None
            if dead or time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        else:
            return True


def _ask(url: str, place: str, body: t.Any = None) -> t.Any:
    """Call the sandbox's own address.

    Raises:
        OSError: Nothing answers there.
        click.ClickException: The sandbox refuses, with its reason.
    """
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url.rstrip('/')}/_sandbox/{place}", data)  # noqa: S310
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise click.ClickException(json.load(error).get("error", str(error))) from None


def _reach(url: str, place: str, body: t.Any = None) -> t.Any:
    try:
        return _ask(url, place, body)
    except (OSError, ValueError):
        msg = f"no sandbox answers on {url}. Start one with `sandbox serve`, or give --url."
        raise click.ClickException(msg) from None


@main.command()
@url_option
def stop(url: str) -> None:
    """Stop a running sandbox."""
    _reach(url, "stop", {})
    click.echo(f"the sandbox on {url} stops")


@main.command()
@url_option
@click.option("--seconds", default=_START_SECONDS, show_default=True, help="Give up after these.")
def wait(url: str, seconds: float) -> None:
    """Wait until a sandbox answers."""
    if not _answers(url, seconds):
        msg = f"no sandbox answered on {url} within {seconds:g} s"
        raise click.ClickException(msg)


@main.command()
@url_option
@click.option("--json", "as_json", is_flag=True, help="Everything, for programs.")
def status(url: str, *, as_json: bool) -> None:
    """Show what a running sandbox holds and was asked."""
    state = _reach(url, "status.json")
    if as_json:
        click.echo(json.dumps(state, indent=2, ensure_ascii=False))
        return
    changes = sum(state["churn"]["made"].values())
    click.echo(f"{url}: {state['requests']} requests, {changes} changes, seed {state['seed']}")
    for platform in state["platforms"]:
        for account, rows in platform["rows"].items():
            listed = ", ".join(f"{name} {count}" for name, count in rows.items())
            click.echo(f"  {platform['slug']} {account}: {listed}")


@main.command()
@url_option
@click.argument("platform")
@click.argument("account")
@click.argument("entity")
@click.option(
    "--kind",
    type=click.Choice(["update", "insert", "late", "delete"]),
    default="update",
    show_default=True,
)
@click.option("--count", default=1, show_default=True, help="How many rows.")
def mutate(url: str, platform: str, account: str, entity: str, *, kind: str, count: int) -> None:
    """Change rows of a running sandbox, for instance: youzan 42583152 orders --count 20."""
    place = {"platform": platform, "account": account, "entity": entity}
    answer = _reach(url, "mutate", {**place, "kind": kind, "count": count})
    click.echo(f"{kind}: {len(answer['keys'])} {entity}")


@main.command()
@url_option
@click.argument("platform")
@click.argument("gate", default=DEFAULT_GATE)
@click.option("--repeat", default=0.0, show_default=True, help="Share of messages sent twice.")
@click.option("--lose", default=0.0, show_default=True, help="Share of messages never sent.")
@click.option(
    "--hurry",
    default=1.0,
    show_default=True,
    help="Divides the waits before a message is repeated.",
)
@click.option("--off", is_flag=True, help="Push no more.")
def push(
    url: str, platform: str, gate: str, *, repeat: float, lose: float, hurry: float, off: bool
) -> None:
    """Let a platform push its changes to GATE from now on, for instance: youzan.

    GATE is the address of eventgate with /push; the platform's part is added.
    """
    shares = {"repeat": repeat, "lose": lose, "hurry": hurry}
    _reach(url, "push", {"platform": platform, "url": "" if off else gate, **shares})
    click.echo(f"{platform} pushes no more" if off else f"{platform} pushes to {gate}")


@main.command()
@url_option
@click.option(
    "--wait", default=0.0, show_default=True, help="Wait so many seconds for the last one."
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def pushes(url: str, *, wait: float, as_json: bool) -> None:
    """Show what became of the messages; with --wait, exit code 1 when some are still under way."""
    deadline = time.monotonic() + wait
    while True:
        state = _reach(url, "status.json")["pushes"]
        if not state["waiting"] or time.monotonic() >= deadline:
            break
        time.sleep(0.05)
    counts = ", ".join(f"{name} {n}" for name, n in state.items() if name != "subscriptions")
    click.echo(json.dumps(state, indent=2) if as_json else counts)
    if wait and state["waiting"]:
        sys.exit(1)


@main.command()
@url_option
@click.option("--hang-up", metavar="PLATFORM", help="End the connections to this platform.")
@click.option("--polite", is_flag=True, help="With --hang-up: ask the app to end them.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def lines(url: str, *, hang_up: str | None, polite: bool, as_json: bool) -> None:
    """Show the connections that apps opened, and what became of the messages over them."""
    if hang_up:
        answer = _reach(url, "lines/hang_up", {"platform": hang_up, "polite": polite})
        click.echo(f"{answer['ended']} connections to {hang_up} end")
        return
    state = _reach(url, "status.json")["lines"]
    counts = ", ".join(f"{name} {n}" for name, n in state.items() if name != "connections")
    opened = ", ".join(f"{name} {n}" for name, n in state["connections"].items()) or "none"
    click.echo(json.dumps(state, indent=2) if as_json else f"{counts}; open: {opened}")


@main.command()
@click.option("--platform", help="Only this platform.")
@click.option("--accounts", default=2, show_default=True, help="Accounts per platform.")
@click.option(
    "--pushes", is_flag=True, help="Instead, settings of eventgate: all platforms' push secrets."
)
@click.option(
    "--listeners", is_flag=True, help="Instead, settings of eventgate to open connections with."
)
@url_option
def config(platform: str | None, accounts: int, url: str, *, pushes: bool, listeners: bool) -> None:
    """Print the demo credentials and ready tap settings as JSON."""
    world = World(SandboxSettings(accounts=accounts, size=1))
    if pushes or listeners:
        gates = world.listeners(url.rstrip("/")) if listeners else world.gates()
        click.echo(json.dumps({"platforms": gates}, indent=2))
        return
    try:
        chosen = [world.platform(platform)] if platform else list(world.platforms.values())
    except KeyError as error:
        raise click.ClickException(str(error.args[0])) from None
    settings = {one.slug: one.demo(f"{url.rstrip('/')}/{one.slug}") for one in chosen}
    click.echo(json.dumps(settings[platform] if platform else settings, indent=2))
