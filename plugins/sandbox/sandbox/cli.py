"""The command `sandbox`."""

from __future__ import annotations

import json
import sys
import typing as t
from datetime import datetime

import click

from sandbox.server import Server, listen
from sandbox.settings import Faults, SandboxSettings
from sandbox.world import World

DEFAULT_PORT: t.Final = 8700


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
@click.option("--history-end", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]), help="Its end.")
@click.option("--churn", default=0.0, show_default=True, help="Changes per 100 requests.")
@click.option("--faults", default=0.0, show_default=True, help="Share of failing requests.")
@click.option("--latency", default=0.0, show_default=True, help="Milliseconds before each answer.")
@click.option("--limits/--no-limits", default=True, show_default=True, help="Enforce rate limits.")
def serve(  # noqa: PLR0913 - one parameter per option
    host: str,
    port: int,
    seed: int,
    orders: int,
    accounts: int,
    history_days: float,
    history_end: datetime | None,
    churn: float,
    faults: float,
    latency: float,
    limits: bool,
) -> None:
    """Serve until interrupted."""
    each = faults / 6
    settings = SandboxSettings(
        seed=seed,
        size=orders,
        accounts=accounts,
        history_days=history_days,
        history_end=history_end,
        churn=churn,
        faults=Faults(
            throttle=each, too_many=each, server_error=each, cut=each, html=each, expire=each
        ),
        latency_ms=latency,
        limits=limits,
    )
    try:
        listener = listen(host, port)
    except OSError as error:
        msg = f"cannot listen on {host}:{port}: {error.strerror}; choose another --port"
        raise click.ClickException(msg) from None
    url = f"http://{host}:{listener.getsockname()[1]}"
    click.echo(f"sandbox on {url}/_sandbox/ (stop with Ctrl+C)", err=True)
    Server(World(settings)).run(sockets=[listener])


@main.command()
@click.option("--platform", help="Only this platform.")
@click.option("--accounts", default=2, show_default=True, help="Accounts per platform.")
@click.option("--url", default=f"http://127.0.0.1:{DEFAULT_PORT}", show_default=True)
def config(platform: str | None, accounts: int, url: str) -> None:
    """Print the demo credentials and ready tap settings as JSON."""
    world = World(SandboxSettings(accounts=accounts, size=1))
    try:
        chosen = [world.platform(platform)] if platform else list(world.platforms.values())
    except KeyError as error:
        raise click.ClickException(str(error.args[0])) from None
    settings = {one.slug: one.demo(f"{url.rstrip('/')}/{one.slug}") for one in chosen}
    json.dump(settings[platform] if platform else settings, sys.stdout, indent=2)
    click.echo()
