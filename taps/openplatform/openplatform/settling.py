"""Bringing what is owed, and what is not final, up to date with what a batch brought."""

from __future__ import annotations

import logging
from datetime import datetime

from openplatform.declarations import Details
from openplatform.errors import FatalError
from openplatform.failures import FailurePolicy, first_failure
from openplatform.partitions import Partition
from openplatform.slices import Batch

_OPEN_MOST = 10_000
_logger = logging.getLogger(__name__)


def settle(
    batch: Batch, partition: Partition, policy: FailurePolicy, now: datetime
) -> FatalError | None:
    """Take a batch into the partition of its stream and account.

    Args:
        batch: Records that were fetched by id, or a page of a list.
        partition: Changed in place.
        policy: How often to try again.
        now: The time, UTC.

    Returns:
        The error of a stream that owes so much that it is failing as a whole; None otherwise.
    """
    stream = batch.stream
    owed = {failure.key: failure for failure in partition.failures}
    if not (owed or batch.failed or isinstance(stream.reads, Details)):
        return None
    for identifier in (*batch.ids, *batch.gone):
        owed.pop(identifier, None)
    for identifier, bookmark, reason in batch.failed:
        known = owed.get(identifier)
        owed[identifier] = (
            known.failed_again(reason, now, policy)
            if known
            else first_failure(
                identifier, bookmark, reason, now, policy, awaited=identifier in batch.awaited
            )
        )
    partition.failures = list(owed.values())
    if isinstance(stream.reads, Details) and stream.reads.final is not None:
        _settle_open(batch, partition)
    if len(owed) <= policy.most:
        return None
    return FatalError(
        f"{stream.name}, account {partition.account}: more than {policy.most} records could not "
        f"be fetched; the last reason: {batch.failed[-1][2] if batch.failed else 'see above'}"
    )


def _settle_open(batch: Batch, partition: Partition) -> None:
    settled = {*batch.ids, *batch.gone}
    still_open = [known for known in partition.open_ids if known not in settled]
    still_open += dict.fromkeys(batch.open_ids)
    if len(still_open) > _OPEN_MOST:
        _logger.warning(
            "%s, account %s: more than %d records are not final; the oldest are not asked for again",
            partition.stream, partition.account, _OPEN_MOST,
        )  # fmt: skip
    partition.open_ids = still_open[-_OPEN_MOST:]
