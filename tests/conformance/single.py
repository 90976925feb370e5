"""Single records, by the ids that events, a hot set or what is owed name."""

from __future__ import annotations

from openplatform.declarations import Details

from conformance.reading import Reading

NONSENSE = "no-such-thing-0"
GRANTS = ("token", "authorize")


class Single(Reading):
    """Records that are asked for one by one."""

    def test_a_record_asked_for_by_id_is_what_the_list_brings(self, whole, trial):
        streams = self.facts.tap(config=trial.config).platform_streams
        fetchable = [name for name in trial.selected if streams[name].fetchable]
        assert fetchable
        whole = whole.messages
        hot, wanted = {}, {}
        for name in fetchable:
            stream = streams[name]
            for account in trial.names:
                records = whole.records(name, account)
                ids = list(dict.fromkeys(asked_by(stream, record) for record in records))[:3]
                hot.setdefault(name, {})[account] = ids
                chosen = [record for record in records if asked_by(stream, record) in ids]
                wanted[name, account] = content(stream, chosen)
        again = trial.run(hot_set=hot)
        for (name, account), records in wanted.items():
            came = content(streams[name], again.records(name, account))
            assert records
            assert {key: came.get(key) for key in records} == records, name
        for name in fetchable:
            position = whole.partition(name, trial.names[0]).get("replication_key_value")
            assert "replication_key_value" not in again.partition(name, trial.names[0]), position
        apis = [call.api.lower() for call in trial.calls()]
        asked = len([api for api in apis if not any(word in api for word in GRANTS)])
        assert asked <= sum(len(ids) for by_account in hot.values() for ids in by_account.values())

    def test_an_id_that_does_not_exist_spoils_nothing(self, whole, trial):
        streams = self.facts.tap(config=trial.config).platform_streams
        fetchable = [name for name in trial.selected if streams[name].fetchable]
        account = trial.names[0]
        whole = whole.messages
        good = {n: asked_by(streams[n], whole.records(n, account)[0]) for n in fetchable}
        hot = {name: {account: [NONSENSE, identifier]} for name, identifier in good.items()}
        again = trial.run(hot_set=hot)
        for name, identifier in good.items():
            came = [asked_by(streams[name], record) for record in again.records(name, account)]
            assert identifier in came, name
            owed = again.partition(name, account).get("failures", [])
            assert {failure["key"] for failure in owed} <= {NONSENSE}


def asked_by(stream, record):
    """Return the id that a record is asked for by."""
    if isinstance(stream.reads, Details):
        return stream.reads.identifier(stream.key, record)
    return stream.identifier(record)


def content(stream, records):
    """Return the records by key, without what depends on the moment of reading."""
    moments = {"_read_at"} | ({"_bookmark"} if stream.versioned_by_reading else set())
    return {
        stream.identifier(record): {k: v for k, v in record.items() if k not in moments}
        for record in records
    }
