"""Generated parts among others: between their markers in a text, or by their names in definitions."""

from __future__ import annotations

import typing as t

from plugin_facts import Json, PluginError

BEGIN, END = "<!-- {name}: begin (written by plugins/definitions.py) -->", "<!-- {name}: end -->"
# Where definitions list named parts, and the keys that lead there.
BY_NAME = {"environments", "extractors", "jobs", "schedules", "utilities"}
NESTED = {"config", "plugins"}


def between(text: str, name: str, content: str) -> str:
    """Put content between the two markers called name.

    Raises:
        PluginError: the text does not hold both markers.
    """
    begin, end = BEGIN.format(name=name), END.format(name=name)
    before, first, rest = text.partition(begin)
    _, second, after = rest.partition(end)
    if not (first and second):
        raise PluginError(f"The markers {begin} and {end} are missing.")
    return f"{before}{begin}\n{content}\n{end}{after}"


def together(old: t.Any, new: Json, mine: t.Callable[[str], bool]) -> Json:
    """Return definitions with new parts, in the order of their names.

    Args:
        old: What is there; None for nothing.
        new: What the plugins that were asked say.
        mine: Tells by their names which old parts the new ones replace.
    """
    whole = {**(old or {}), **new}
    for key, value in whole.items():
        before = (old or {}).get(key)
        if key in BY_NAME:
            found = {one["name"]: one for one in before or () if not mine(one["name"])}
            for one in value if key in new else ():
                found[one["name"]] = together(found.get(one["name"]), one, mine)
            whole[key] = [found[name] for name in sorted(found)]
        elif key == "commands":
            whole[key] = dict(sorted({**(before or {}), **value}.items()))
        elif isinstance(value, dict) and key in NESTED:
            whole[key] = together(before, value, mine)
    return whole


def rows_together(old: str, new: str) -> str:
    """Return a table of platforms with new rows; a row's key is its second cell."""
    head, rule, *rows = new.splitlines()
    by_tap = {row.split(" | ")[1]: row for row in (*old.strip().splitlines()[2:], *rows)}
    return "\n".join([head, rule, *(by_tap[tap] for tap in sorted(by_tap))])
