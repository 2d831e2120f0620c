"""The raw lines of a source: of a small one as a list, of a big one straight from its file.

Of a big source only the number of line ends in each block is kept, so that any line is found with one look into the
table and one block read. A file that shrinks meanwhile gives empty lines, never a crash.
"""

from __future__ import annotations

import os
from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import overload

BLOCK = 1 << 16
LONGEST = 1 << 20
"""Bytes of a line that are read; no display shows more."""


def split_lines(data: bytes) -> list[str]:
    """The lines of a text in memory, as a reader counts them: only a line feed ends a line."""
    lines = data.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return [_decoded(line) for line in lines]


def count_line_ends(path: str, progress: Callable[[int], None] = lambda _: None) -> array[int]:
    """How many line feeds there are up to the end of each block; the last number is the file's.

    ``progress`` is told the bytes read so far. Errors: OSError when the file cannot be read.
    """
    ends: array[int] = array("Q")
    total = done = 0
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - pathlib costs more at start than it gives
        while block := _block(file.fileno(), done):
            total += block.count(b"\n")
            ends.append(total)
            done += len(block)
            progress(done)
    return ends


class FileLines(Sequence[str]):
    """The lines of a file, read when asked for. ``ends`` is what ``count_line_ends`` gave.

    The file is held open, so it may be removed or replaced; the text stays the one that was read.
    """

    def __init__(self, path: str, ends: array[int]) -> None:
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._ends = ends
        size = os.fstat(self._fd).st_size
        open_end = size > 0 and os.pread(self._fd, 1, size - 1) != b"\n"
        self._count = (ends[-1] if ends else 0) + open_end
        self._held: tuple[int, list[bytes]] = (-1, [])

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
        before = self._ends[block - 1] if block else 0
        pieces = self._pieces(block)
        place = number - before
        if place >= len(pieces):
            return ""
        text = pieces[place]
        if place < len(pieces) - 1:
            return _decoded(text)
        return _decoded(text + self._rest(block + 1))

    def _pieces(self, block: int) -> list[bytes]:
        if self._held[0] != block:
            self._held = (block, _block(self._fd, block * BLOCK).split(b"\n"))
        return self._held[1]

    def _rest(self, block: int) -> bytes:
        """What follows of a line that runs over the end of a block."""
        rest = b""
        while len(rest) < LONGEST and block < len(self._ends):
            piece, end, _ = _block(self._fd, block * BLOCK).partition(b"\n")
            rest += piece
            if end:
                break
            block += 1
        return rest


def _block(fd: int, start: int) -> bytes:
    """A whole block, unless the file ends in it: one read of a pipe or a network file may bring less."""
    block = os.pread(fd, BLOCK, start)
    while block and len(block) < BLOCK:
        more = os.pread(fd, BLOCK - len(block), start + len(block))
        if not more:
            break
        block += more
    return block


def _decoded(line: bytes) -> str:
    return line.removesuffix(b"\r").decode("utf-8", "replace")
