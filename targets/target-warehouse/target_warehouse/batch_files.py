"""BATCH messages: files of records beside the stream of messages, read through the SDK's storage."""

from __future__ import annotations

import gzip
import typing as t

from target_warehouse.errors import InputError

if t.TYPE_CHECKING:
    from target_warehouse.messages import Message


def record_lines(message: Message) -> t.Iterator[bytes]:
    """Yield the records of a BATCH message, one JSON text each.

    Raises:
        InputError: When the files are not JSON lines, or cannot be read.
    """
    # Not at the top: the SDK takes most of a second to load, and few runs have such messages.
    from singer_sdk.helpers._batch import BaseBatchFileEncoding, StorageTarget

    encoding = BaseBatchFileEncoding.from_dict(dict(message.encoding or {}))
    if encoding.format != "jsonl":
        raise InputError(
            f"A BATCH message of stream {message.stream!r} has files in the format "
            f"{encoding.format!r}; only jsonl is understood. Set the tap's `batch_config` so."
        )
    for url in message.manifest or ():
        head, tail = StorageTarget.split_url(url)
        try:
            with StorageTarget.from_url(head).open(tail, mode="rb") as stored:
                packed = encoding.compression == "gzip"
                lines = gzip.GzipFile(fileobj=stored) if packed else stored
                for line in t.cast("t.Iterable[bytes]", lines):
                    if not line.isspace():
                        yield line
        except (OSError, EOFError) as error:
            raise InputError(
                f"The batch file {url} of stream {message.stream!r} cannot be read: {error}."
            ) from error
