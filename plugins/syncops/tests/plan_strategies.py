"""States of every shape, for the properties of the plans."""

from __future__ import annotations

import json
from datetime import datetime, timezone

from hypothesis import given, settings, strategies as st
from openplatform.bookmarks import Bookmark
from syncops.bookmarks.partitions import (
    Selection,
    index_partitions,
)

BEFORE_ALL = Bookmark(datetime(2025, 12, 31, tzinfo=timezone.utc))
STREAMS = ["orders", "users"]
ACCOUNTS = ["a", "42583152"]

moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 1, 5)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=timezone.utc)
)
bookmarks = st.builds(Bookmark, moments, st.sampled_from(["", "9", "10", "E1", "E10"]))
json_values = st.sampled_from([None, False, 0, 17, "", "2026-01-01", [], [1], {"a": {"b": None}}])
unknown_keys = st.dictionaries(st.sampled_from(["x", "y", "z"]), json_values, max_size=2)
failures = st.lists(
    st.fixed_dictionaries(
        {"key": st.sampled_from("EFG"), "stream": st.just("d"), "attempts": st.integers(0, 3)},
        optional={"parked": st.booleans()},
    ),
    max_size=2,
    unique_by=lambda failure: failure["key"],
)
own_extras = st.fixed_dictionaries(
    {},
    optional={
        "failures": failures,
        "open": st.lists(st.sampled_from(["1", "2", "3"]), max_size=2, unique=True),
        "collected": st.lists(st.sampled_from(["7", "8", "9"]), max_size=2, unique=True),
        "last_run": st.just("2026-01-05T00:00:00.000Z"),
    },
)
row_versions = st.fixed_dictionaries(
    {"row_version": st.integers(0, 9)}, optional={"versions_since": bookmarks.map(str)}
)
incremental_positions = st.builds(
    lambda mark, versions: {
        "replication_key": "_bookmark",
        "replication_key_value": str(mark),
        **versions,
    },
    bookmarks,
    st.just({}) | st.just({}) | row_versions,
)
full_positions = st.integers(1767225600000, 1767657600000).map(
    lambda version: {"complete_versions": [version], "complete_rows": version % 7}
)
positions = st.one_of(
    incremental_positions, incremental_positions, incremental_positions, full_positions, st.just({})
)
own_partitions = st.builds(
    lambda account, position, more, unknown: {
        "context": {"_account": account},
        **position,
        **more,
        **unknown,
    },
    st.sampled_from(ACCOUNTS),
    positions,
    own_extras,
    unknown_keys,
)
foreign_partitions = st.builds(
    lambda repo, value: {
        "context": {"repo": repo},
        "replication_key": "updated_at",
        "replication_key_value": value,
    },
    st.sampled_from(["r1", "r2"]),
    json_values,
)


def streams_of(partitions, *, min_size):
    lists = st.lists(
        partitions,
        min_size=min_size,
        max_size=3,
        unique_by=lambda partition: json.dumps(partition["context"]),
    )
    return st.builds(lambda own, parts: {**own, "partitions": parts}, unknown_keys, lists)


# Ours more often than not, so that two states often hold the same account.
streams = st.sampled_from("oooooommfev").flatmap(
    lambda shape: {
        "o": streams_of(own_partitions, min_size=1),
        "m": streams_of(own_partitions | foreign_partitions, min_size=0),
        "f": st.fixed_dictionaries(
            {"replication_key": st.just("id"), "replication_key_value": json_values}
        ),
        "e": st.builds(dict),
        "v": json_values,
    }[shape]
)
payloads = st.builds(
    lambda marks, beside: {"singer_state": {"bookmarks": marks, **beside}, **beside},
    st.dictionaries(st.sampled_from(STREAMS), streams, min_size=1, max_size=2),
    unknown_keys,
)
selections = st.builds(
    Selection,
    st.lists(st.sampled_from([*STREAMS, "*s", "o*"]), max_size=2).map(tuple),
    st.lists(st.sampled_from([*ACCOUNTS, "4*"]), max_size=2).map(tuple),
)


def holds_for(*values):
    """Try a property without a deadline: the machine may be busy."""
    return lambda test: settings(deadline=None)(given(*values)(test))


def indexed(payload):
    return index_partitions(payload, where="test")


def data_of(payload):
    return {key: partition.data for key, partition in indexed(payload).items()}
