"""Cheap, stable pseudo-random numbers: the same arguments give the same number everywhere."""

from __future__ import annotations

import hashlib
import typing as t

_MASK = (1 << 64) - 1
T = t.TypeVar("T")


def mix(*parts: int) -> int:
    """Return 64 well-mixed bits of the given numbers (splitmix64, chained)."""
    state = 0x9E3779B97F4A7C15
    for part in parts:
        state = (state + part * 0xBF58476D1CE4E5B9 + 0x9E3779B97F4A7C15) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state


def pick(options: t.Sequence[T], *parts: int) -> T:
    """Choose one of the options by the given numbers."""
    return options[mix(*parts) % len(options)]


def digest(*parts: object) -> str:
    """Return 32 hex digits for the given values."""
    return hashlib.md5(repr(parts).encode(), usedforsecurity=False).hexdigest()
