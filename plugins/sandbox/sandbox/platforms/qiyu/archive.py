"""Archives as 七鱼 makes them: a ZIP whose files are encrypted in the traditional way or with AES.

The fact sheet does not tell which, so both are made. The traditional cipher is written after the ZIP
specification, since no library writes it any more.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping

import pyzipper  # type: ignore[import-untyped]

_LOCAL = b"PK\x03\x04"
_CENTRAL = b"PK\x01\x02"
_END = b"PK\x05\x06"
_VERSION = 20
_ENCRYPTED_UTF8 = 0x0801
_DEFLATED = 8
_DATE = (2026 - 1980) << 9 | 11 << 5 | 21
_MASK = 0xFFFFFFFF


def _table() -> list[int]:
    found = []
    for byte in range(256):
        number = byte
        for _ in range(8):
            number = number >> 1 ^ (0xEDB88320 if number & 1 else 0)
        found.append(number)
    return found


_CRC = _table()


class _Keys:
    """The three keys of the traditional cipher, which change with every byte."""

    def __init__(self, password: bytes) -> None:
        self._keys = [0x12345678, 0x23456789, 0x34567890]
        for byte in password:
            self._update(byte)

    def _update(self, byte: int) -> None:
        first, second, third = self._keys
        first = first >> 8 ^ _CRC[(first ^ byte) & 0xFF]
        second = ((second + (first & 0xFF)) * 134775813 + 1) & _MASK
        third = third >> 8 ^ _CRC[(third ^ second >> 24) & 0xFF]
        self._keys = [first, second, third]

    def encrypt(self, data: bytes) -> bytes:
        """Encrypt what follows."""
        done = bytearray()
        for byte in data:
            mixed = self._keys[2] | 2
            done.append(byte ^ ((mixed * (mixed ^ 1)) >> 8 & 0xFF))
            self._update(byte)
        return bytes(done)


def traditional(files: Mapping[str, bytes], password: bytes) -> bytes:
    """Return an archive of files that are encrypted in the traditional way."""
    body, index = b"", b""
    for name, content in files.items():
        packer = zlib.compressobj(wbits=-15)
        packed = packer.compress(content) + packer.flush()
        crc = zlib.crc32(content)
        # The last byte of the header lets a reader see whether the password fits.
        salt = struct.pack("<IIHBB", crc, len(content), 0, 0, crc >> 24)
        sealed = _Keys(password).encrypt(salt + packed)
        path = name.encode()
        told = (_VERSION, _ENCRYPTED_UTF8, _DEFLATED, 0, _DATE)
        sizes = (crc, len(sealed), len(content), len(path), 0)
        header = _CENTRAL + struct.pack("<H5H3I2H", _VERSION, *told, *sizes)
        index += header + struct.pack("<3H2I", 0, 0, 0, 0, len(body)) + path
        body += _LOCAL + struct.pack("<5H3I2H", *told, *sizes) + path + sealed
    count = len(files)
    return body + index + _END + struct.pack("<4H2IH", 0, 0, count, count, len(index), len(body), 0)


def modern(files: Mapping[str, bytes], password: bytes) -> bytes:
    """Return an archive of files that are encrypted with AES."""
    made = io.BytesIO()
    with pyzipper.AESZipFile(
        made, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES
    ) as archive:
        archive.setpassword(password)
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()
