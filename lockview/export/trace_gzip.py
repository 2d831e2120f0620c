"""Traces packed with gzip, one member per snapshot, so that a jump unpacks only what it needs.

Any gzip unpacks the whole. Each member says in an extra field of its header how long it is and which snapshot it
begins with. Source of the header: RFC 1952, 2.3.
"""

from __future__ import annotations

import struct
import zlib

from lockview.export.trace_lines import Write

_SNAP = b'{"k":"snap","i":'
_NO_SNAPSHOT = -2
"""The first member begins with the head."""


class Blocks:
    """Collects lines up to the next snapshot, and writes each block packed. ``finish`` writes the last one."""

    def __init__(self, write: Write) -> None:
        self._write = write
        self._lines: list[bytes] = []
        self._snapshot = _NO_SNAPSHOT

    def write(self, line: bytes) -> None:
        """Take a line of a trace."""
        if line.startswith(_SNAP):
            self.finish()
            self._snapshot = int(line[len(_SNAP) : line.index(b",", len(_SNAP))])
        self._lines.append(line)

    def finish(self) -> None:
        """Write what was collected."""
        if self._lines:
            self._write(member(b"".join(self._lines), self._snapshot))
            self._lines = []


def member(data: bytes, snapshot: int) -> bytes:
    """A gzip member with the extra field ``LV``: its whole length, 4 bytes, and the snapshot, 8 bytes, signed."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(data) + packer.flush()
    head = b"\x1f\x8b\x08\x04" + bytes(4) + b"\x02\xff"
    size = len(head) + 2 + 16 + len(packed) + 8
    extra = struct.pack("<H2sHIq", 16, b"LV", 12, size, snapshot)
    return head + extra + packed + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)
