"""The file `alerts.yml`: what is watched, and who is told. Checked whole before anything is done."""

from __future__ import annotations

import difflib
import re
import typing as t
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import msgspec
from openplatform.errors import ConfigurationError
from openplatform.settings import parse_duration
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from syncops.alerts.channels import Channel, DingTalk, Email, Feishu, Webhook, WeCom
from syncops.errors import SyncopsError

_VARIABLE = re.compile(r"\$\{(\w+)\}")
# What lets others write into the group, or send mail in our name, stands in the environment.
_SECRET = ("secret", "password")
_SECRET_URL = ("wecom", "dingtalk", "feishu")


class RulesError(SyncopsError):
    """The file of rules is missing or wrong; its text names the place."""

    exit_code = 2


class Rule(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, tag_field="when"):
    """One rule.

    Attributes:
        name: How messages call it; by default what it watches. Names are unique.
        jobs: Globs of extractors of the project, such as `tap-youzan--hourly`; all when empty.
        streams: Globs; all when empty.
        accounts: Globs; all when empty.
        channels: Who is told; all channels when empty.
    """

    name: str = ""
    jobs: tuple[str, ...] = ()
    streams: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The name in force."""
        return self.name or str(self.__struct_config__.tag)


class LagAbove(Rule, kw_only=True, frozen=True, tag="lag_above"):
    """A bookmark, or the last full read, is further behind now than `limit`."""

    limit: str


class SuccessRateBelow(Rule, kw_only=True, frozen=True, tag="success_rate_below"):
    """Of the API calls of the last run, of which there were at least `calls`, too few succeeded."""

    limit: t.Annotated[float, msgspec.Meta(gt=0, le=1)]
    calls: t.Annotated[int, msgspec.Meta(ge=1)] = 20


class FailuresParked(Rule, kw_only=True, frozen=True, tag="failures_parked"):
    """More records than `limit` were tried in vain."""

    limit: t.Annotated[int, msgspec.Meta(ge=0)] = 0


class GrantExpires(Rule, kw_only=True, frozen=True, tag="grant_expires_within"):
    """The authorisation of an account ends within `limit`."""

    limit: str


class ReconcileDifference(Rule, kw_only=True, frozen=True, tag="reconcile_difference"):
    """The last reconciliation left more records than `limit` that differ."""

    limit: t.Annotated[int, msgspec.Meta(ge=0)] = 0


class QuarantineGrowing(Rule, kw_only=True, frozen=True, tag="quarantine_growing"):
    """More records than `limit` came into the quarantine of a loader within `within`."""

    limit: t.Annotated[int, msgspec.Meta(ge=0)] = 0
    within: str = "24h"
    loader: str | None = None


class NothingRan(Rule, kw_only=True, frozen=True, tag="nothing_ran_for"):
    """No run of a job came to its end within `limit`; a job named without a glob must have run once."""

    limit: str


class RunFailed(Rule, kw_only=True, frozen=True, tag="run_failed"):
    """The last run failed for a stream and account, or was killed."""


AnyRule = (
    LagAbove
    | SuccessRateBelow
    | FailuresParked
    | GrantExpires
    | ReconcileDifference
    | QuarantineGrowing
    | NothingRan
    | RunFailed
)
_RULES: tuple[type[Rule], ...] = t.get_args(AnyRule)
_CHANNELS: tuple[type[msgspec.Struct], ...] = (WeCom, DingTalk, Feishu, Webhook, Email)


class Rules(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The whole file.

    Attributes:
        channels: Who can be told, by name.
        rules: What is watched.
        repeat: After this time an alert that stands is told again.
        language: Of the messages.
    """

    channels: dict[str, Channel]
    rules: tuple[AnyRule, ...]
    repeat: str = "24h"
    language: t.Literal["en", "zh"] = "en"


def span(text: str) -> timedelta:
    """Return a duration that `load_rules` has checked."""
    return parse_duration(text, setting="limit")


def load_rules(path: Path, variables: Mapping[str, str]) -> Rules:
    """Read and check the file.

    Args:
        path: The file.
        variables: What `${NAME}` in a channel stands for.

    Raises:
        RulesError: It is missing, is no YAML, or says something that is not understood.
    """
    document = _read(path)

    def wrong(place: str, what: str) -> RulesError:
        return RulesError(f"{path.name}{': ' if place else ''}{place}: {what}")

    def convert(value: t.Any, kind: t.Any, place: str = "") -> t.Any:
        try:
            return msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            inner, what = _explained(str(error), value)
            raise wrong(".".join(filter(None, (place, inner))), what) from None

    channels = document.get("channels")
    if not isinstance(channels, dict) or not channels:
        raise wrong("channels", "name at least one channel, such as ops: {type: wecom, url: ...}")
    filled = _filled(channels, variables, wrong)
    found = {str(n): convert(part, Channel, f"channels.{n}") for n, part in filled.items()}
    rules: Rules = convert({**document, "channels": {}}, Rules)
    rules = msgspec.structs.replace(rules, channels=found)
    for place, what in _faults(rules):
        raise wrong(place, what)
    return rules


def _read(path: Path) -> dict[str, t.Any]:
    try:
        document = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RulesError(
            f"There is no file {path}. Write one: syncops alert example > {path.name}"
        ) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f", line {mark.line + 1}" if mark else ""
        what = str(error.problem or error.context).split("\n", 1)[0]
        raise RulesError(f"{path.name}{where}: this is no YAML: {what}") from None
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise RulesError(f"{path} cannot be read: {error}") from None
    if not isinstance(document, dict):
        raise RulesError(f"{path.name}: it must hold `channels` and `rules`")
    return document


def _filled(
    channels: Mapping[t.Any, t.Any],
    variables: Mapping[str, str],
    wrong: Callable[[str, str], RulesError],
) -> dict[t.Any, t.Any]:
    """Put in what `${NAME}` stands for, at any depth of a channel."""

    def fill(value: t.Any, place: str) -> t.Any:
        if isinstance(value, dict):
            return {name: fill(part, f"{place}.{name}") for name, part in value.items()}
        if isinstance(value, list):
            return [fill(part, f"{place}[{number}]") for number, part in enumerate(value)]
        if not isinstance(value, str):
            return value
        for name in _VARIABLE.findall(value):
            if not variables.get(name):
                raise wrong(place, f"the environment variable {name} is not set")
        return _VARIABLE.sub(lambda match: variables[match[1]], value)

    for place in _open_secrets(channels):
        raise wrong(
            place,
            "it is a secret and does not belong into this file. Write ${NAME}, and set the "
            "environment variable NAME (in .env, which git ignores)",
        )
    return {name: fill(channel, f"channels.{name}") for name, channel in channels.items()}


def _open_secrets(channels: Mapping[t.Any, t.Any]) -> Iterator[str]:
    """Yield the places of secrets that are written out."""
    for name, channel in channels.items():
        if isinstance(channel, dict):
            urls = ("url",) if channel.get("type") in _SECRET_URL else ()
            for field in (*_SECRET, *urls):
                value = channel.get(field)
                if isinstance(value, str) and not _VARIABLE.search(value):
                    yield f"channels.{name}.{field}"


def _explained(text: str, value: t.Any) -> tuple[str, str]:
    """Return the place and the fault of an error of msgspec, with what would be right."""
    what, _, path = text.partition(" - at `")
    path = path.rstrip("`").removeprefix("$").removeprefix(".")
    number = re.match(r"rules\[(\d+)\]", path)
    part = value["rules"][int(number[1])] if number else value
    kinds = _RULES if number else _CHANNELS
    tag = "when" if number else "type"
    if f"`{tag}`" in what or (path.endswith(tag) and what.startswith("Invalid value")):
        return path, f"{what}. One of: {', '.join(_tag(kind) for kind in kinds)}"
    if match := re.fullmatch(r"Object contains unknown field `(.*)`", what):
        kind = next((kind for kind in kinds if _tag(kind) == part.get(tag)), Rules)
        fields = [tag] if kind is not Rules else []
        fields += kind.__struct_encode_fields__
        near = difflib.get_close_matches(match[1], fields, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(fields)}"
        return path, f"unknown field {match[1]!r}. {hint}"
    return path, what


def _tag(kind: type[msgspec.Struct]) -> str:
    return str(kind.__struct_config__.tag)


def _faults(rules: Rules) -> Iterator[tuple[str, str]]:
    """Yield what types cannot say."""
    titles = [rule.title for rule in rules.rules]
    for number, rule in enumerate(rules.rules):
        if titles.count(rule.title) > 1:
            what = f"another rule is called {rule.title!r} as well; give each its own name"
            yield f"rules[{number}]", what
        for name in rule.channels:
            if name not in rules.channels:
                known = ", ".join(rules.channels) or "none"
                what = f"there is no channel {name!r}. Channels: {known}"
                yield f"rules[{number}].channels", what
    for place, text in _spans(rules):
        try:
            parse_duration(text, setting=place)
        except ConfigurationError:
            yield place, f"{text!r} is no duration; write for instance 10m, 36h, 7d"
    for name, channel in rules.channels.items():
        if fault := channel.fault():
            yield f"channels.{name}", fault
    if not rules.rules:
        yield "rules", "there is none, so nothing is watched"


def _spans(rules: Rules) -> Iterator[tuple[str, str]]:
    """Yield the durations, with their places."""
    yield "repeat", rules.repeat
    for number, rule in enumerate(rules.rules):
        if isinstance(rule, (LagAbove, GrantExpires, NothingRan)):
            yield f"rules[{number}].limit", rule.limit
        elif isinstance(rule, QuarantineGrowing):
            yield f"rules[{number}].within", rule.within
