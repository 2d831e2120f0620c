"""Where in a source of any size reports may be: compiled search over blocks of bytes, never a loop over its lines.

A small source is one neighbourhood as a whole. Of a large one only what surrounds an anchor is kept, so memory does not
grow with the source.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lockview.parsing.searching import searcher

SMALL = 4 << 20
"""Up to this size a source is kept as a whole and searched for weak anchors too, in bytes."""
LEAD = 2 << 10
"""What is kept before an anchor: the lines of a report above its title or chain, if they are wrapped or quoted."""
EXTENT = 256 << 10
"""What is kept behind an anchor: a report and the lines of other printers in it."""
_MAX_KEPT = 8 << 20


class Neighbourhood(NamedTuple):
    """A stretch of whole lines. ``first_line`` is the number of its first; ``anchors`` are offsets into ``data``."""

    first_line: int
    data: bytes
    anchors: tuple[int, ...]


class Candidates:
    """Searches a source once. ``lines`` and ``size`` (bytes) count what was read so far.

    ``first_line`` is the number of its first line. ``head`` is its first bytes; ``whole`` all of it when it is small,
    else empty.
    """

    def __init__(
        self,
        anchors: Sequence[bytes],
        weak_anchors: Sequence[bytes],
        first_line: int = 1,
        *,
        led: Sequence[bytes] = (),
        leads: Sequence[bytes] = (),
    ) -> None:
        self._first_line = first_line
        self._anchors = searcher(tuple(anchors), tuple(led), tuple(leads))
        self._all_anchors = searcher((*anchors, *led, *weak_anchors))
        self._reach = self._anchors.longest - 1
        self.lines = 0
        self.size = 0
        self.head = self.whole = b""
        self._open: list[bytes] = []
        self._open_line = self._open_start = self._open_until = 0
        self._open_anchors: list[int] = []

    def neighbourhoods(self, blocks: Iterator[bytes]) -> Iterator[Neighbourhood]:
        """The neighbourhoods of a source, in order and without overlap but for their leads."""
        kept: list[bytes] = []
        for block in blocks:
            kept.append(block)
            self.size += len(block)
            if self.size > SMALL:
                break
        start = b"".join(kept)
        self.head = start[:LEAD]
        self.whole = start if self.size <= SMALL else b""
        if self.size <= SMALL:
            self.lines = start.count(b"\n") + int(bool(start) and not start.endswith(b"\n"))
            anchors = self._all_anchors.offsets(start) or self._broken(start)
            if anchors:
                yield Neighbourhood(self._first_line, start, tuple(anchors))
            return
        yield from self._large(start, blocks)

    def _broken(self, data: bytes) -> list[int]:
        from lockview.parsing.broken_words import broken_words

        return broken_words(data, self._all_anchors.literals)

    def _large(self, block: bytes, blocks: Iterator[bytes]) -> Iterator[Neighbourhood]:
        carry = last = b""
        position = 0
        while block:
            inside, lines = self._anchors.search(block)
            offsets = sorted({*self._across(carry, block), *inside})
            if offsets or self._open:
                yield from self._search(carry + block, position - len(carry), len(carry), offsets)
            self.lines += lines
            position += len(block)
            last = block
            carry = block[-LEAD:] if len(block) >= LEAD else (carry + block)[-LEAD:]
            block = next(filter(None, blocks), b"")
            self.size = position + len(block)
        self.lines += int(bool(last) and not last.endswith(b"\n"))
        if self._open:
            yield self._close()

    def _across(self, carry: bytes, block: bytes) -> list[int]:
        """The offsets of anchors around the start of a block, in order; those in what stood before it are negative."""
        before = carry[-self._reach :] if self._reach else b""
        found = self._anchors.offsets(before + block[: self._reach])
        return [offset - len(before) for offset in found]

    def _search(self, data: bytes, base: int, seen: int, offsets: list[int]) -> Iterator[Neighbourhood]:
        """Open, lengthen and close neighbourhoods at ``offsets`` behind the ``seen`` old bytes of ``data``."""
        lines_before = self.lines - data.count(b"\n", 0, seen)
        taken = base + seen
        for offset in offsets:
            anchor = base + seen + offset
            if self._open and (anchor >= self._open_until or taken - self._open_start > _MAX_KEPT):
                self._take(data, base, taken, min(self._open_until, anchor))
                yield self._close()
            if not self._open:
                begin = data.rfind(b"\n", 0, max(seen + offset - LEAD, 0)) + 1
                self._open_line = lines_before + data.count(b"\n", 0, begin) + self._first_line
                self._open_start = taken = base + begin
            self._open_anchors.append(anchor - self._open_start)
            self._open_until = anchor + EXTENT
            taken = self._take(data, base, taken, self._open_until)
        if self._open:
            self._take(data, base, taken, self._open_until)
            if self._open_until <= base + len(data):
                yield self._close()

    def _take(self, data: bytes, base: int, start: int, end: int) -> int:
        """Keep the part of the source from ``start`` to ``end``, as far as ``data`` holds it; return where it ended."""
        end = min(end, base + len(data))
        if end > start:
            self._open.append(data[start - base : end - base])
        return max(start, end)

    def _close(self) -> Neighbourhood:
        found = Neighbourhood(self._open_line, b"".join(self._open), tuple(self._open_anchors))
        self._open, self._open_anchors = [], []
        return found
