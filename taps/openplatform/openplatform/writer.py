"""Writing Singer messages: whole pages at once, in bytes, flushed when a STATE message leaves."""

from __future__ import annotations

import sys
import typing as t
from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec
from singer_sdk import Stream
from singer_sdk.mapper import SameRecordTransform
from singer_sdk.singerlib.encoding.base import GenericSingerWriter
from singer_sdk.singerlib.messages import Message
from typing_extensions import override

from openplatform.bookmarks import format_time
from openplatform.errors import Interrupted

_encoder = msgspec.json.Encoder(enc_hook=str, decimal_format="number")
_encode, _encode_lines = _encoder.encode, _encoder.encode_lines


class PageWriter(GenericSingerWriter[bytes, Message]):
    """The message writer of all taps; writes to what is standard output at the time.

    Attributes:
        interrupted: Set by a signal handler that met us in the middle of a line; the line is
            finished, then `Interrupted` is raised.
        writing: Whether a signal would meet us there.
    """

    interrupted = False
    writing = False

    @override
    def serialize_message(self, message: Message) -> bytes:
        return _encode(message.to_dict())

    @override
    def write_message(self, message: Message) -> None:
        self._write(self.serialize_message(message) + b"\n")
        self.flush()

    def write_lines(self, lines: bytes) -> None:
        """Write whole messages that are encoded already; not flushed."""
        self._write(lines)

    def write(self, message: Mapping[str, t.Any]) -> int:
        """Write a message given as its JSON object, flush, and return its length in bytes."""
        line = _encode(message) + b"\n"
        self._write(line)
        self.flush()
        return len(line)

    def flush(self) -> None:
        """Hand everything written to the reader of our output."""
        self.writing = True
        sys.stdout.flush()
        self._wrote()

    def _write(self, data: bytes) -> None:
        self.writing = True
        sys.stdout.buffer.write(data)
        self._wrote()

    def _wrote(self) -> None:
        self.writing = False
        if self.interrupted:
            self.interrupted = False
            raise Interrupted


def record_lines(
    stream: str,
    records: Iterable[Mapping[str, t.Any]],
    *,
    version: int | None,
    extracted: datetime,
) -> bytes:
    """Return the RECORD messages of a page."""
    before = b'{"type":"RECORD","stream":' + _encode(stream) + b',"record":'
    after = b"" if version is None else b',"version":%d' % version
    after += b',"time_extracted":"' + format_time(extracted).encode() + b'"}\n'
    # A line break within a text is escaped, so one that is not stands between two records.
    lines = _encode_lines(records)[:-1].replace(b"\n", after + before)
    return before + lines + after if lines else b""


def leaves_as_it_is(stream: Stream) -> bool:
    """Tell whether records need nothing of the SDK: no map, no flattening, no field deselected."""
    maps = stream.stream_maps
    return (
        len(maps) == 1
        and isinstance(maps[0], SameRecordTransform)
        and not maps[0].flattening_enabled
        and all(stream.mask.values())
    )
