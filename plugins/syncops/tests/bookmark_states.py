"""States that the tests of `syncops bookmarks` put into a project, and what they look up."""

from __future__ import annotations

STATE_ID = "demo:tap-youzan-to-target-duckdb"
OTHER_ID = "prod:tap-youzan-to-target-duckdb:shop2"


def one_partition(stream, account, value, **more):
    partition = {
        "context": {"_account": account},
        "replication_key": "_bookmark",
        "replication_key_value": value,
        **more,
    }
    return {"singer_state": {"bookmarks": {stream: {"partitions": [partition]}}}}


def partitions_of(payload, stream):
    found = payload["singer_state"]["bookmarks"][stream]["partitions"]
    return {partition["context"]["_account"]: partition for partition in found}


def orders(project, state_id=STATE_ID):
    return {
        account: partition["replication_key_value"]
        for account, partition in partitions_of(project.get(state_id), "orders").items()
    }
