"""The raw lines of a big source, straight from its file.

Only the number of line ends in each block is kept, so that any line is found with one look into the table and one block
read. The numbers are those of every span: only a line feed ends a line.
"""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Sequence
from typing import overload

BLOCK = 1 << 16
LONGEST = 1 << 16
"""Bytes of a line that are shown; of a longer one the rest is counted in blocks."""


def count_line_ends(path: str) -> list[int]:
    """How many line feeds there are up to the end of each block; the last number is the file's.

    Errors: OSError when the file cannot be read.
    """
    ends: list[int] = []
    total = 0
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        while block := _block(fd, len(ends)):
            total += block.count(b"\n")
            ends.append(total)
    finally:
        os.close(fd)
    return ends


class FileLines(Sequence[str]):
    """The lines of a file, read when asked for. ``ends`` is what ``count_line_ends`` gave.

    The file is held open, so it may be removed or replaced and the text stays the one that was read. One that is
    overwritten or cut meanwhile gives other or empty lines, never a crash.
    """

    def __init__(self, path: str, ends: Sequence[int]) -> None:
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.path = path
        self._ends = ends
        self._held: tuple[int, list[bytes]] = (-1, [])
        self._count = self._counted(os.fstat(self._fd).st_size)

    def grow(self, first: int, ends: Sequence[int], size: int) -> None:
        """Take a longer file: ``size`` bytes by now, with these line ends from block ``first`` on."""
        self._ends = [*self._ends[:first], *ends]
        self._held = (-1, [])
        self._count = self._counted(size)

    def _counted(self, size: int) -> int:
        open_end = size > 0 and os.pread(self._fd, 1, size - 1) != b"\n"
        return (self._ends[-1] if self._ends else 0) + open_end

    def __del__(self) -> None:
        if hasattr(self, "_fd"):
            os.close(self._fd)

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self._line(number) for number in range(*index.indices(self._count))]
        number = index + self._count if index < 0 else index
        if not 0 <= number < self._count:
            raise IndexError(f"line {index + 1} of {self._count}")
        return self._line(number)

    def _line(self, number: int) -> str:
        """Line ``number`` (0-based) starts behind the ``number``-th line end, or at the start of the file."""
        block = bisect_left(self._ends, number) if number else 0
        pieces = self._pieces(block)
        place = number - (self._ends[block - 1] if block else 0)
        if place >= len(pieces):
            return ""
        raw = pieces[place]
        if place == len(pieces) - 1:
            raw += self._rest(block + 1)
        return _shown(raw.removeprefix(b"\xef\xbb\xbf") if number == 0 else raw)

    def _block(self, number: int) -> bytes:
        return _block(self._fd, number)

    def _pieces(self, block: int) -> list[bytes]:
        if self._held[0] != block:
            self._held = (block, self._block(block).split(b"\n"))
        return self._held[1]

    def _rest(self, block: int) -> bytes:
        """What follows of a line that runs over the end of a block."""
        rest = b""
        while len(rest) <= LONGEST and block < len(self._ends):
            piece, end, _ = self._block(block).partition(b"\n")
            rest += piece
            if end:
                break
            block += 1
        return rest


class NamedFileLines(FileLines):
    """The lines of a file that is opened for each look: of thousands of documents none may hold its file open.

    Lines of a file that is gone are empty; one that was replaced gives the lines of the new one.
    """

    def __init__(self, path: str, ends: Sequence[int]) -> None:
        super().__init__(path, ends)
        os.close(self._fd)
        del self._fd

    def _block(self, number: int) -> bytes:
        try:
            fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return b""
        try:
            return _block(fd, number)
        finally:
            os.close(fd)


def _block(fd: int, number: int) -> bytes:
    """A whole block, unless the file ends in it: one read of a network file may bring less."""
    start = number * BLOCK
    block = os.pread(fd, BLOCK, start)
    while block and len(block) < BLOCK:
        more = os.pread(fd, BLOCK - len(block), start + len(block))
        if not more:
            break
        block += more
    return block


def _shown(raw: bytes) -> str:
    text = raw[:LONGEST].decode("utf-8", "replace")
    return f"{text} ... (cut: a line of more than {LONGEST:,} bytes)" if len(raw) > LONGEST else text.rstrip("\r")
