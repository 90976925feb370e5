"""Single records, by the ids that events, a hot set or what is owed name."""

from __future__ import annotations

import typing as t

from openplatform.streams import Details, PlatformStream

from .conftest import Platform

NONSENSE = "no-such-thing-0"


def asked_by(stream: PlatformStream, record: dict[str, t.Any]) -> str:
    """Return the id that a record is asked for by."""
    if isinstance(stream.reads, Details):
        return stream.reads.identifier(stream.key, record)
    return stream.identifier(record)


def content(stream: PlatformStream, records: t.Iterable[dict[str, t.Any]]) -> dict[str, t.Any]:
    """Return the records by key, without what depends on the moment of reading."""
    moments = {"_read_at"} | ({"_bookmark"} if stream.versioned_by_reading else set())
    return {
        stream.identifier(record): {k: v for k, v in record.items() if k not in moments}
        for record in records
    }


def test_a_record_asked_for_by_id_is_what_the_list_brings(platform: Platform):
    streams = platform.kind(config=platform.config).platform_streams
    fetchable = [name for name in platform.selected if streams[name].fetchable]
    assert fetchable
    whole = platform.run()
    hot: dict[str, dict[str, list[str]]] = {}
    wanted: dict[tuple[str, str], dict[str, t.Any]] = {}
    for name in fetchable:
        stream = streams[name]
        for account in platform.accounts[:2]:
            records = whole.records(name, account)
            ids = list(dict.fromkeys(asked_by(stream, record) for record in records))[:3]
            hot.setdefault(name, {})[account] = ids
            wanted[name, account] = content(
                stream, [record for record in records if asked_by(stream, record) in ids]
            )
    platform.box.clear_requests()
    again = platform.run(hot_set=hot)
    for (name, account), records in wanted.items():
        came = content(streams[name], again.records(name, account))
        assert records
        assert {key: came.get(key) for key in records} == records, name
    for name in fetchable:
        position = whole.partition(name, platform.accounts[0]).get("replication_key_value")
        assert "replication_key_value" not in again.partition(name, platform.accounts[0]), position
    asked = len([r for r in platform.box.requests() if "token" not in r.api])
    assert asked <= sum(len(ids) for by_account in hot.values() for ids in by_account.values())


def test_an_id_that_does_not_exist_spoils_nothing(platform: Platform):
    streams = platform.kind(config=platform.config).platform_streams
    fetchable = [name for name in platform.selected if streams[name].fetchable]
    account = platform.accounts[0]
    whole = platform.run()
    good = {name: asked_by(streams[name], whole.records(name, account)[0]) for name in fetchable}
    hot = {name: {account: [NONSENSE, identifier]} for name, identifier in good.items()}
    again = platform.run(hot_set=hot)
    for name, identifier in good.items():
        came = [asked_by(streams[name], record) for record in again.records(name, account)]
        assert identifier in came, name
        owed = again.partition(name, account).get("failures", [])
        assert {failure["key"] for failure in owed} <= {NONSENSE}
