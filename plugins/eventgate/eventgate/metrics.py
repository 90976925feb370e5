"""What the gate counts, as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Mapping

from eventgate.listening import Tally

_COUNTS = {
    "stored": ("counter", "Events stored since the start."),
    "repeated": ("counter", "Events that the log knew already."),
    "refused": ("counter", "Messages that were not genuine, or made no sense."),
    "waiting": ("gauge", "Requests that wait to be stored."),
}
_CONNECTIONS = {
    "opened": "Connections that were opened.",
    "messages": "Messages that came over the connection.",
    "acknowledged": "Messages of it that were stored and answered.",
}


def exposition(counts: Mapping[str, int], connections: Mapping[str, Tally]) -> str:
    """Return the text that Prometheus reads.

    Args:
        counts: By the names of `/health`.
        connections: What became of each gate's connections, by the gate's name.
    """
    lines = []
    for name, (kind, words) in _COUNTS.items():
        metric = f"eventgate_{name}_total" if kind == "counter" else f"eventgate_{name}"
        lines += [*_head(metric, kind, words), f"{metric} {counts[name]}"]
    if connections:
        metric = "eventgate_connection_open"
        lines += _head(metric, "gauge", "1 while the connection to the platform is open.")
        lines += [
            _line(metric, gate, int(one.state == "open")) for gate, one in connections.items()
        ]
        for name, words in _CONNECTIONS.items():
            metric = f"eventgate_connection_{name}_total"
            lines += _head(metric, "counter", words)
            lines += [_line(metric, gate, getattr(one, name)) for gate, one in connections.items()]
    return "\n".join(lines) + "\n"


def _head(metric: str, kind: str, words: str) -> list[str]:
    return [f"# HELP {metric} {words}", f"# TYPE {metric} {kind}"]


def _line(metric: str, gate: str, number: int) -> str:
    # The name of a gate holds letters, digits, -, _ and /, nothing that wants escaping.
    return f'{metric}{{gate="{gate}"}} {number}'
