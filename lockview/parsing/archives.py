"""Tar archives, read in one pass without seeking: the members that are files, each unpacked, as one text.

Format: POSIX.1-1988 ustar with the long names of GNU tar and pax. Names do not matter here but for the notes.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockview.parsing.containers import Note, one_unpacked

_RECORD = 512
_MOST_MEMBERS = 100_000
_MOST_NAMED = 50


def member_text(blocks: Iterator[bytes], notes: list[Note], used: set[str]) -> Iterator[bytes]:
    """The text of the members; each ends its last line. Damage and a cut end it early and are written to ``notes``."""
    source = _Source(blocks)
    line = 1
    for count in range(_MOST_MEMBERS):
        head = source.take(_RECORD)
        if not head.strip(b"\0"):
            return
        size = _size(head)
        if len(head) < _RECORD or size is None:
            notes.append(Note("container-damaged", f"the tar data is damaged or cut behind {count} members"))
            return
        name = head[:100].rstrip(b"\0").decode("utf-8", "replace")
        if head[156:157] not in b"0\0":
            for _ in source.pieces(size):
                """Passed over: a folder, a link, a long name."""
        else:
            if count < _MOST_NAMED:
                notes.append(Note("archive-member", f"line {line:,} is the first of {name}", harmless=True))
            last = b""
            for last in filter(None, one_unpacked(source.pieces(size), notes, used)):
                line += last.count(b"\n")
                yield last
            if last and not last.endswith(b"\n"):
                line += 1
                yield b"\n"
        source.finish()


def _size(head: bytes) -> int | None:
    field = head[124:136]
    if field[:1] == b"\x80":
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    return int(digits, 8) if digits and not digits.strip(b"01234567") else None


class _Source:
    """Takes counted bytes from blocks. ``finish`` passes over what is left of the member and its padding."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks
        self._block = b""
        self._position = self._left = self._padding = 0

    def take(self, size: int) -> bytes:
        return b"".join(self._some(size))

    def pieces(self, size: int) -> Iterator[bytes]:
        self._left, self._padding = size, -size % _RECORD
        while self._left:
            piece = next(self._some(self._left), b"")
            if not piece:
                self._left = self._padding = 0
                return
            self._left -= len(piece)
            yield piece

    def finish(self) -> None:
        for _ in self._some(self._left + self._padding):
            """Passed over."""
        self._left = self._padding = 0

    def _some(self, size: int) -> Iterator[bytes]:
        while size:
            if self._position == len(self._block):
                self._block, self._position = next(self._blocks, b""), 0
                if not self._block:
                    return
            piece = self._block[self._position : self._position + size]
            self._position += len(piece)
            size -= len(piece)
            yield piece
