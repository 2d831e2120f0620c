"""Traces packed with gzip: unpacked as far as they go, or only the block that holds an event."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

_MAGIC = b"\x1f\x8b"
_HEAD = b"\x1f\x8b\x08\x04"
_EXTRA = struct.Struct("<H2sHIq")
MAX_BYTES = 1 << 30
"""No more than this is unpacked from one trace."""


def unpacked(data: bytes) -> bytes:
    """The text of a trace: data that is not packed is that already. Of packed data that was cut, what can be had."""
    if not data.startswith(_MAGIC):
        return data
    pieces: list[bytes] = []
    while data.startswith(_MAGIC):
        unpacker = zlib.decompressobj(wbits=31)
        try:
            pieces.append(unpacker.decompress(data, MAX_BYTES - sum(map(len, pieces))))
        except zlib.error:
            break
        if not unpacker.eof:
            break
        data = unpacker.unused_data
    return b"".join(pieces)


def block_at(data: bytes, index: int) -> bytes:
    """The lines from the last snapshot at or before event ``index`` up to the next one, unpacked; only those are.

    Empty for data that was not packed block by block.
    """
    found = b""
    for snapshot, member in _members(data):
        if snapshot > index:
            break
        found = member
    return unpacked(found)


def _members(data: bytes) -> Iterator[tuple[int, bytes]]:
    start = 0
    while data.startswith(_HEAD, start) and start + 10 + _EXTRA.size <= len(data):
        length, mark, _, size, snapshot = _EXTRA.unpack_from(data, start + 10)
        if length != 16 or mark != b"LV" or size < 10 + _EXTRA.size:
            return
        if snapshot >= -1:
            yield snapshot, data[start : start + size]
        start += size
