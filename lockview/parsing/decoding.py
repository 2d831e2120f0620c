"""Bytes to text: byte order marks, UTF-16 without one, and bytes that are no text."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

_PROBE = 4096


def to_utf8(data: bytes) -> bytes:
    """Bring data into UTF-8; a code that is like ASCII is left as it is."""
    return b"".join(utf8_blocks(iter((data,)), set()))


def utf8_blocks(blocks: Iterator[bytes], used: set[str]) -> Iterator[bytes]:
    """Bring a source that comes in blocks into UTF-8; the name of what was taken off goes to ``used``."""
    first = next(blocks, b"")
    encoding = utf16_kind(first[:_PROBE])
    if not encoding:
        yield first.removeprefix(b"\xef\xbb\xbf")
        yield from blocks
        return
    used.add("UTF-16")
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    yield decoder.decode(first).removeprefix("\ufeff").encode("utf-8", "replace")
    for block in blocks:
        yield decoder.decode(block).encode("utf-8", "replace")


def utf16_kind(head: bytes) -> str:
    """``utf-16-le`` or ``utf-16-be`` when data that starts with ``head`` is UTF-16, else ""."""
    # Bytes that are no text may begin like a mark; a log in UTF-16 has NULs, for nearly all of it is ASCII.
    marked = b"\0" in head or len(head) < 4
    if head.startswith(b"\xff\xfe") and marked:
        return "utf-16-le"
    if head.startswith(b"\xfe\xff") and marked:
        return "utf-16-be"
    # Mostly ASCII in UTF-16 has a NUL in every other place; a NUL run from a crash has them in all.
    even, odd = head[0::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if half >= 16:
        if odd > half * 0.7 and even < half * 0.1:
            return "utf-16-le"
        if even > half * 0.7 and odd < half * 0.1:
            return "utf-16-be"
    return ""


def looks_binary(head: bytes) -> bool:
    """Whether data is no text: many control characters that logs never hold. NULs alone do not count."""
    if not head:
        return False
    controls = sum(head.count(code) for code in range(1, 32) if code not in (7, 8, 9, 10, 11, 12, 13, 27, 30))
    return controls > len(head) * 0.02
