"""Values that a list is asked for in batches: a batch that is refused is halved.

What the platform refuses then stands alone at last, or the batch is small enough.
"""

from __future__ import annotations

import itertools
import typing as t
from collections.abc import Iterator, Mapping, Sequence

from openplatform.declarations import Each

Values = dict[Each, t.Any]


def combinations(choices: Mapping[Each, Sequence[t.Any]], most: int | None) -> Iterator[Values]:
    """Yield every combination of the values, those of batched parameters as lists.

    Args:
        choices: All values of each parameter.
        most: Values per batch, where that is less than the platform takes.
    """
    lists = []
    for each, values in choices.items():
        if each.batch is None:
            lists.append([(each, value) for value in values])
            continue
        size = min(each.batch, most or each.batch)
        starts = range(0, len(values), size)
        lists.append([(each, list(values[at : at + size])) for at in starts])
    return (dict(combination) for combination in itertools.product(*lists))


def halves(values: Values) -> list[Values]:
    """Return two combinations with half of the longest batch each; none where all are single."""
    longest = max(
        (each for each in values if each.batch), key=lambda e: len(values[e]), default=None
    )
    if longest is None or len(values[longest]) < 2:
        return []
    batch = values[longest]
    middle = len(batch) // 2
    return [{**values, longest: part} for part in (batch[:middle], batch[middle:])]


def batch_size(values: Values) -> int:
    """Return the length of the longest batch; 1 where none is asked for in batches."""
    return max((len(value) for each, value in values.items() if each.batch), default=1)


def may_be_gone(values: Values) -> bool:
    """Tell whether "not found" is an answer to some values: one may have vanished, or been mistyped.

    To values that always exist it would be a hole in the list.
    """
    return any(each.of or not each.values for each in values)
