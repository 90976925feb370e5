"""The commands: check, test, list, example."""

from __future__ import annotations

import os
import typing as t
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import click
from openplatform.bookmarks import UTC, format_time
from rich.markup import escape
from rich.table import Table

from syncops.alerts import memory as remembered
from syncops.alerts.channels import ChannelError, Message
from syncops.alerts.checks import Checker, Problem
from syncops.alerts.example import EXAMPLE
from syncops.alerts.memory import Alert, Found, Memory, MemoryFile, State
from syncops.alerts.rules import Rules, load_rules, span
from syncops.alerts.sources import Sources
from syncops.alerts.words import say
from syncops.console import console, print_json
from syncops.errors import SyncopsError
from syncops.options import json_option
from syncops.session import open_session
from syncops.states import States

DEFAULT = "alerts.yml"

rules_option = click.option(
    "--rules",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"File of rules. Default: {DEFAULT} in the project's folder.",
)


@click.group()
def alert() -> None:
    """Tell people when something is wrong, and when it is over.

    Rules and channels stand in alerts.yml: `syncops alert example > alerts.yml` writes one to start
    from. Let cron or your orchestrator run `syncops alert check` every few minutes.
    """


@alert.command()
@rules_option
@click.option("--dry-run", is_flag=True, help="Only show what is wrong; tell and remember nothing.")
@json_option
def check(path: Path | None, *, dry_run: bool, as_json: bool) -> None:
    """Check all rules once, and tell the channels what is new, still wrong, or over.

    Each alert is told once, again after `repeat`, and once more when it is over. What a channel does
    not take is tried again by the next check. Memory: .meltano/syncops/alerts.json.

    Exit code 0: nothing is wrong; 1: something is, a rule could not be checked, or a channel did not
    take its message; 2: alerts.yml is wrong.

    \b
    Examples:
      syncops alert check
      syncops --environment prod alert check --json
      */5 * * * *  cd /srv/sync && .venv/bin/syncops alert check
    """  # noqa: D301 - click reads the backspace
    states = open_session().states
    rules = _rules(states, path)
    sources = Sources(states, datetime.now(UTC))
    file = MemoryFile(sources.folder)
    with file.held() as memory:
        check_ = _Check(rules, sources, memory, _project(states))
        check_.look()
        if not dry_run:
            file.write(memory)
            for _ in check_.tell():
                file.write(memory)  # a crash must not make the next check say it all again
            remembered.forget_settled(memory, rules.channels)
            file.write(memory)
    firing = [one for one in memory.alerts.values() if one.firing]
    if as_json:
        print_json(
            {
                "checked_at": memory.checked_at,
                "alerts": [_alert_json(one) for one in firing],
                "told": check_.sent,
                "not_told": check_.failures,
                "not_checked": dict(check_.found.unchecked),
            }
        )
    else:
        _show(firing)
        for name, counts in check_.sent.items():
            told = ", ".join(f"{count} {state}" for state, count in counts.items() if count)
            click.echo(f"Told {name}: {told}")
    faults = [f"Channel {name}: {reason}" for name, reason in check_.failures.items()]
    faults += [f"Rule {name}: {reason}" for name, reason in check_.found.unchecked.items()]
    for fault in faults:
        click.echo(fault, err=True)
    if firing or faults:
        click.get_current_context().exit(1)


@alert.command()
@rules_option
@click.option("--channel", "names", multiple=True, help="Only this channel; repeatable.")
def test(path: Path | None, names: tuple[str, ...]) -> None:
    """Send a test message to the channels.

    Exit code 1: a channel did not take it.

    \b
    Example:
      syncops alert test --channel ops
    """  # noqa: D301 - click reads the backspace
    states = open_session().states
    rules = _rules(states, path)
    if unknown := [name for name in names if name not in rules.channels]:
        known = ", ".join(rules.channels) or "none"
        raise click.UsageError(f"There is no channel {unknown[0]!r}. Channels: {known}")
    failed = False
    for name in names or rules.channels:
        message = Message(
            say("test_title", rules.language, project=_project(states)),
            (say("test", rules.language, channel=name),),
            "{}",
            {"alerts": []},
        )
        try:
            rules.channels[name].send(message)
            click.echo(f"Told {name}")
        except ChannelError as error:
            failed = True
            click.echo(f"Channel {name}: {error}", err=True)
    if failed:
        click.get_current_context().exit(1)


@alert.command(name="list")
@json_option
def list_(*, as_json: bool) -> None:
    """Show what was wrong at the last check.

    Exit code 0: nothing; 1: something.

    \b
    Example:
      syncops alert list --json
    """  # noqa: D301 - click reads the backspace
    states = open_session().states
    memory = MemoryFile(states.system_directory / "syncops").read()
    firing = [one for one in memory.alerts.values() if one.firing]
    if as_json:
        shown = [_alert_json(one) for one in firing]
        print_json({"checked_at": memory.checked_at or None, "alerts": shown})
    else:
        _show(firing)
        click.echo(f"Last check: {memory.checked_at or 'never'}")
    if firing:
        click.get_current_context().exit(1)


@alert.command()
def example() -> None:
    """Print an alerts.yml to start from, with every rule and channel.

    \b
    Example:
      syncops alert example > alerts.yml
    """  # noqa: D301 - click reads the backspace
    click.echo(EXAMPLE, nl=False)


@dataclass
class _Check:
    """One check.

    Attributes:
        found: What it found.
        sent: What channels took: how many alerts of each kind.
        failures: Why others did not.
    """

    rules: Rules
    sources: Sources
    memory: Memory
    project: str
    found: Found = field(default_factory=Found)
    sent: dict[str, dict[State, int]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def look(self) -> None:
        """Check every rule and bring the memory up to date."""
        now = self.sources.now
        checker = Checker(self.sources, self.rules.language, self.memory.samples)
        problems: list[Problem] = []
        unchecked: dict[str, str] = {}
        for rule in self.rules.rules:
            try:
                problems += checker.check(rule)
            except (SyncopsError, OSError) as error:
                reason = error.message if isinstance(error, SyncopsError) else str(error)
                unchecked[rule.title] = reason
                if remembered.long_unchecked(self.memory, rule.title, now):
                    values = {"rule": rule.title, "error": reason}
                    text = say("not_checked", self.rules.language, **values)
                    problems.append(Problem(rule.title, ("not checked",), "", "", text))
        checked = {rule.title for rule in self.rules.rules} - unchecked.keys()
        self.found = Found(problems, checked, unchecked)
        remembered.take_in(self.memory, self.found, now)

    def tell(self) -> Iterator[str]:
        """Tell every channel what it has to know; yield those that took it."""
        repeat, now = span(self.rules.repeat), self.sources.now
        for name, channel in self.rules.channels.items():
            told = {r.title for r in self.rules.rules if not r.channels or name in r.channels}
            news = remembered.due(self.memory, name, told, repeat, now)
            if not news:
                continue
            try:
                channel.send(self._message(news))
            except ChannelError as error:
                self.failures[name] = str(error)
                continue
            remembered.told(news, name, now)
            states = [state for state, _ in news]
            self.sent[name] = {state: states.count(state) for state in dict.fromkeys(states)}
            yield name

    def _message(self, news: list[tuple[State, Alert]]) -> Message:
        language = self.rules.language
        states = [state for state, _ in news]
        counts = {state: states.count(state) for state in ("new", "still", "recovered")}
        lines = tuple(
            say(state, language, text=one.message, since=one.since[:16].replace("T", " "))
            for state, one in news
        )
        data = {
            "project": self.project,
            "at": format_time(self.sources.now),
            "alerts": [{"state": state, **_alert_json(one)} for state, one in news],
        }
        title = say("title", language, project=self.project, **counts)
        return Message(title, lines, say("more", language), data)


def _rules(states: States, path: Path | None) -> Rules:
    return load_rules(path or states.root / DEFAULT, {**states.dotenv, **os.environ})


def _project(states: States) -> str:
    name = states.root.name
    return f"{name} ({states.environment})" if states.environment else name


def _alert_json(one: Alert) -> dict[str, t.Any]:
    return {
        "rule": one.rule,
        "about": list(one.about),
        "stream": one.stream,
        "account": one.account,
        "message": one.message,
        "since": one.since,
    }


def _show(firing: list[Alert]) -> None:
    if not firing:
        click.echo("Nothing is wrong.")
        return
    table = Table(header_style="bold")
    for name in ("Rule", "Since", "What is wrong"):
        table.add_column(name, overflow="fold")
    for one in firing:
        table.add_row(escape(one.rule), one.since, escape(one.message))
    console().print(table)
