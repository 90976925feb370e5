"""Write the Meltano definitions of the taps and targets, and the READMEs' tables, from the plugins.

    python3 plugins/definitions.py           write what has changed
    python3 plugins/definitions.py --check   write nothing; exit 1 when something is stale
    python3 plugins/definitions.py --only tap-new   ask this tap alone, leave all others as they are

The plugins are the source: `--about --format=json` tells settings and capabilities, `--discover`
tells the streams. A new platform needs nothing but its folder under taps/ and a run of this script.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import sys
import typing as t
from pathlib import Path

import bootstrap
import people
from generated_parts import BEGIN, END, between, rows_together, together
from plugin_facts import (
    Json,
    Plugin,
    PluginError,
    Stream,
    ask,
    expect_settings,
    pushes,
    read_tap,
    read_target,
    relative,
)

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = bootstrap.ROOT
HEADER = """\
# Written by plugins/definitions.py from each plugin's own --about and --discover. Do not edit.
"""
READMES = ("README.md", "README.zh-CN.md")

# One program, two loaders: each shows the settings that its engine understands.
ENGINES = {
    "target-duckdb": ("DuckDB", {"path"}),
    "target-postgres": (
        "PostgreSQL",
        {
            "host",
            "port",
            "user",
            "password",
            "dbname",
            "sslmode",
            "sslrootcert",
            "sslcert",
            "sslkey",
            "reconnect_seconds",
        },
    ),
}
KINDS = {
    "string": "string",
    "integer": "integer",
    "number": "decimal",
    "boolean": "boolean",
    "array": "array",
    "object": "object",
}
# Where several types are accepted: structures are parsed by Meltano, all else it can leave as text.
PREFERRED = ("object", "array", "string", "boolean", "number", "integer")
# The warehouse of the demo; `output/` is not committed.
DEMO_DUCKDB = "$MELTANO_PROJECT_ROOT/output/demo.duckdb"
# The sandbox is no one's production system and commits at once: no careful rates, hardly a delay.
DEMO_SETTINGS = {"account_requests_per_second": 200, "settle": "1s"}
# A first run of everything takes a quarter of an hour and more within these platforms' own limits.
DEMO_STARTS = {"tap-jushuitan": "-10d", "tap-pinduoduo": "-2d", "tap-qiyu": "-7d"}
LOAD_SCHEMA = "$MELTANO_EXTRACT__LOAD_SCHEMA"
# Cron times of the generated schedules; the minutes spread the platforms over the hour, and no
# platform's depend on another's.
HOURLY, NIGHTLY, RESYNC = "{minute} * * * *", "{minute} 2 * * *", "{minute} 4 * * *"
EVENTS, HOT = "*/5 * * * *", "*/15 * * * *"
# Where eventgate answers, and what `syncops hotset` writes.
EVENT_LOG = {"url": "$EVENTGATE_URL", "token": "$EVENTGATE_TOKEN", "only": True}
HOT_SET = "$MELTANO_PROJECT_ROOT/output/hot/{slug}.json"
# The utility whose commands read the last week again, one for each platform.
RESYNCS = "syncops--resync"


# --- Meltano definitions ---------------------------------------------------------------------


def definition(plugin: Plugin, **changes: t.Any) -> Json:
    """Return the Meltano definition of a plugin.

    The namespace makes it a custom plugin, so that Meltano never asks its Hub. The requirement
    starts with `-e`, so that Meltano discovers the streams anew with every run.
    """
    about = plugin.about
    return {
        "name": plugin.name,
        "namespace": plugin.name.replace("-", "_"),
        "description": about["description"],
        "pip_url": f"-e ./{plugin.folder}",
        "executable": plugin.name,
        "capabilities": sorted(about["capabilities"]),
        "settings": [
            setting(name, schema) for name, schema in about["settings"]["properties"].items()
        ],
        **changes,
    }


def setting(name: str, schema: Json) -> Json:
    """Return one setting of a Meltano definition from its JSON schema."""
    # A dot would nest in Meltano; our settings have none, the SDK's neither.
    described: Json = {"name": name, "kind": _kind(schema)}
    if schema.get("title"):
        described["label"] = schema["title"]
    if schema.get("secret") or schema.get("writeOnly"):
        described["sensitive"] = True
    if schema.get("default") is not None:
        described["value"] = schema["default"]
    text = " ".join(schema.get("description", "").split())
    if choices := [str(choice) for choice in schema.get("enum", ()) if choice is not None]:
        # Not the kind `options`: a wrong word there ends Meltano with a traceback, while the
        # plugin tells what it may be.
        text = f"{text} One of: {', '.join(choices)}.".strip()
    if text:
        described["description"] = text
    return described


def _kind(schema: Json) -> str:
    types = set(_types(schema))
    return next((KINDS[name] for name in PREFERRED if name in types), "string")


def _types(schema: Json) -> Iterator[str]:
    declared = schema.get("type", [])
    yield from [declared] if isinstance(declared, str) else declared
    for branch in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from _types(branch)


def extractors(taps: Iterable[Plugin]) -> Json:
    """Return the definitions of the taps, each with the parts that its jobs run."""
    plugins: list[Json] = []
    for tap in taps:
        plugins.append(definition(tap, **_selection(tap)))
        plugins.extend(
            {
                "name": name,
                "inherit_from": tap.name,
                "select": [f"{s.name}.*" for s in streams],
                # Without it Meltano would name a schema of its own after each part.
                "load_schema": tap.name.replace("-", "_"),
            }
            for name, streams in parts(tap)
        )
        plugins.extend(
            {
                "name": f"{tap.name}--{part}",
                "inherit_from": tap.name,
                "config": config,
                "load_schema": tap.name.replace("-", "_"),
            }
            for part, (_, config) in by_id(tap).items()
        )
    return {"plugins": {"extractors": plugins}}


def _selection(tap: Plugin) -> Json:
    """Leave out what the tap leaves out: Meltano selects every stream unless it is told."""
    left_out = [f"!{s.name}.*" for s in tap.streams if not s.default]
    return {"select": ["*.*", *left_out]} if left_out else {}


def parts(tap: Plugin) -> list[tuple[str, list[Stream]]]:
    """Split a tap's streams: what has a bookmark runs each hour, what is read whole each night."""
    both = [
        (f"{tap.name}--hourly", [s for s in tap.streams if s.default and s.incremental]),
        (f"{tap.name}--full", [s for s in tap.streams if s.default and not s.incremental]),
    ]
    return [(name, streams) for name, streams in both if streams]


def by_id(tap: Plugin) -> dict[str, tuple[str, Json]]:
    """Return the parts that ask for single records: how often they run, and their settings."""
    return {
        "events": (EVENTS, {"events": EVENT_LOG}),
        "hot": (HOT, {"hot_set_file": HOT_SET.format(slug=tap.slug)}),
    }


def loaders(target: Plugin) -> Json:
    """Return the definitions of the warehouse target, one per engine.

    Two whole definitions: in Meltano 4.4 a loader that inherits and declares its own settings
    stops with a KeyError.
    """
    own = {name: mine for name, (_, mine) in ENGINES.items()}
    plugins = []
    for name, (engine, _) in ENGINES.items():
        foreign = set().union(*(mine for other, mine in own.items() if other != name))
        whole = definition(
            target,
            name=name,
            namespace=name.replace("-", "_"),
            description=f"{target.about['description']} ({engine})",
        )
        whole["settings"] = [s for s in whole["settings"] if s["name"] not in foreign]
        # Two taps may have streams of one name; each has a schema of its own, named after it.
        next(s for s in whole["settings"] if s["name"] == "schema")["value"] = LOAD_SCHEMA
        plugins.append(whole)
    return {"plugins": {"loaders": plugins}}


def eventgate(taps: Iterable[Path], about: Json) -> Json:
    """Return the definition of eventgate, installed together with the taps whose messages it reads.

    Raises:
        PluginError: A tap is not installed beside it, so that its settings would be left out.
    """
    taps = [folder for folder in taps if pushes(folder)]
    expect_settings(taps, about)
    gate = Plugin("eventgate", "plugins/eventgate", {"capabilities": [], **about})
    whole = definition(
        gate,
        pip_url=" ".join(
            f"-e ./{folder}"
            for folder in (
                gate.folder,
                "plugins/sandbox",
                *(relative(folder) for folder in taps),
            )
        ),
        commands={
            "check": {
                "args": "check",
                "description": "Check the settings, and tell what each platform's console must be given",
            },
            "events": {"args": "events", "description": "Show the events that came"},
        },
    )
    del whole["capabilities"]
    return {"plugins": {"utilities": [whole]}}


def jobs(taps: Iterable[Plugin]) -> Json:
    """Return the jobs and schedules of all platforms, and the utility that some of them run."""
    plugins, made = resyncs(taps := list(taps))
    for tap in taps:
        for name, _ in parts(tap):
            hourly = name.endswith("--hourly")
            job = f"{tap.slug}-hourly" if hourly else f"{tap.slug}-full-nightly"
            cron = HOURLY if hourly else NIGHTLY
            made["jobs"].append({"name": job, "tasks": [f"{name} target-postgres"]})
            made["schedules"].append(
                {"name": job, "interval": cron.format(minute=tap.minute), "job": job}
            )
        for part, (cron, _) in by_id(tap).items():
            job = f"{tap.slug}-{part}"
            made["jobs"].append({"name": job, "tasks": [f"{tap.name}--{part} target-postgres"]})
            made["schedules"].append({"name": job, "interval": cron, "job": job})
    return {"plugins": plugins, **made} if plugins else made


def resyncs(taps: Iterable[Plugin]) -> tuple[Json, Json]:
    """Return the utility that reads the last week of each platform again, and its jobs."""
    commands: Json = {}
    made: Json = {"jobs": [], "schedules": []}
    for tap in taps:
        for name, streams in parts(tap):
            if not name.endswith("--hourly"):
                continue
            chosen = " ".join(f"--stream {s.name}" for s in streams)
            commands[tap.slug] = {
                "args": f"backfill {name} target-postgres {chosen} --last 7d --yes",
                "description": f"Read the last 7 days of {tap.name} again",
            }
            job = f"{tap.slug}-resync-7d"
            made["jobs"].append({"name": job, "tasks": [f"{RESYNCS}:{tap.slug}"]})
            made["schedules"].append(
                {"name": job, "interval": RESYNC.format(minute=tap.minute), "job": job}
            )
    utility = {"name": RESYNCS, "inherit_from": "syncops", "commands": commands}
    return {"utilities": [utility]} if commands else {}, made


def environments(taps: Iterable[Plugin], credentials: Json) -> Json:
    """Return the environment `demo`: every tap reads the sandbox with its printed credentials.

    Args:
        taps: The taps of the project; one without a simulated platform stays out.
        credentials: What `sandbox config` prints: settings by the platform's slug.
    """
    by_tap = {f"tap-{slug.replace('_', '-')}": settings for slug, settings in credentials.items()}
    config = {
        "extractors": [
            {"name": tap.name, "config": {**by_tap[tap.name], **_demo_settings(tap.name)}}
            for tap in taps
            if tap.name in by_tap
        ],
        "loaders": [{"name": "target-duckdb", "config": {"path": DEMO_DUCKDB}}],
    }
    return {"environments": [{"name": "demo", "config": {"plugins": config}}]}


def _demo_settings(tap: str) -> Json:
    start = {"start_date": DEMO_STARTS[tap]} if tap in DEMO_STARTS else {}
    return {**DEMO_SETTINGS, **start}


# --- READMEs ---------------------------------------------------------------------------------


def platforms(taps: Iterable[Plugin], chinese: bool) -> str:
    """Return the README's table of platforms."""
    heads = (
        "| 平台 | 插件 | 增量流 | 全量流 |"
        if chinese
        else "| Platform | Plugin | Incremental streams | Full-table streams |"
    )
    lines = [heads, "|---|---|---|---|"]
    for tap in taps:
        cells = [
            " ".join(str(tap.about["description"]).split()),
            f"[{tap.name}]({tap.folder})",
            " ".join(_named(s) for s in tap.streams if s.incremental) or "-",
            " ".join(_named(s) for s in tap.streams if not s.incremental) or "-",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _named(stream: Stream) -> str:
    return f"`{stream.name}`" + ("" if stream.confirmed else "°")


# --- The script ------------------------------------------------------------------------------


def belongs(tap: Plugin) -> t.Callable[[str], bool]:
    """Return what tells by its name whether a plugin, a job or a schedule is a tap's."""
    parts = ("hourly", "full-nightly", "resync-7d", "events", "hot")
    jobs = {f"{tap.slug}-{part}" for part in parts}
    return lambda name: name == tap.name or name.startswith(f"{tap.name}--") or name in jobs


def generated(only: str | None = None) -> dict[Path, str]:
    """Return every generated file with the text that it should have.

    Args:
        only: The one tap to ask; the parts of all others stay as they are.

    Raises:
        PluginError: A plugin did not say what it is.
    """
    folders = [path.parent for path in sorted(ROOT.glob("taps/tap-*/pyproject.toml"))]
    asked = [folder for folder in folders if only in {None, folder.name}]
    if not asked:
        raise PluginError(f"There is no folder taps/{only} with a pyproject.toml.")
    with concurrent.futures.ThreadPoolExecutor() as pool:
        target = pool.submit(read_target, ROOT / "targets" / "target-warehouse")
        gate = pool.submit(ask, "eventgate", "about")
        credentials = pool.submit(ask, "sandbox", "config")
        taps = [read_tap(folder) for folder in asked]
    texts = {}
    for name, content in (
        ("extractors", extractors(taps)),
        ("loaders", loaders(target.result())),
        ("jobs", jobs(taps)),
        ("eventgate", eventgate(folders, gate.result())),
        ("environments", environments(taps, credentials.result())),
    ):
        path = ROOT / "plugins" / f"{name}.meltano.yml"
        old = _read_yaml(path) if only else None
        texts[path] = HEADER + _yaml(together(old, content, belongs(taps[0])))
    for name in READMES:
        path = ROOT / name
        text, table = path.read_text(encoding="utf-8"), platforms(taps, chinese="zh" in name)
        if only:
            begin, end = (mark.format(name="platforms") for mark in (BEGIN, END))
            table = rows_together(text.partition(begin)[2].partition(end)[0], table)
        texts[path] = between(text, "platforms", table)
    for folder in asked:
        path = folder / "README.md"
        texts[path] = people.with_fields(path, path.read_text(encoding="utf-8"))
    return texts


def _read_yaml(path: Path) -> t.Any:
    import yaml

    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _yaml(content: Json) -> str:
    import yaml

    # What several parts share is written in each of them.
    dumper = type("Dumper", (yaml.SafeDumper,), {"ignore_aliases": lambda *_: True})
    text: str = yaml.dump(content, Dumper=dumper, sort_keys=False, allow_unicode=True, width=100)
    return text


def main() -> int:
    """Run the script; return its exit code."""
    parser = argparse.ArgumentParser(description="Write the Meltano definitions from the plugins.")
    parser.add_argument("--check", action="store_true", help="only say what is stale")
    parser.add_argument("--only", metavar="TAP", help="ask this tap alone, leave all others")
    chosen = parser.parse_args()
    check = chosen.check
    try:
        texts = generated(chosen.only)
    except PluginError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    stale = {
        path: text
        for path, text in texts.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    }
    for path, text in stale.items():
        if not check:
            path.write_text(text, encoding="utf-8")
        print(f"{'stale' if check else 'written'}: {relative(path)}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    bootstrap.enter(Path(__file__), sys.argv[1:])
    sys.exit(main())
