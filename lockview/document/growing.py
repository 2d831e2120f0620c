"""The lines of a document that grows: those it had, and behind them what came since, from a copy that is kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, overload

from lockview.document.lines import FileLines

GONE = "(this line is gone: the file was cut while it was followed)"


class Part(NamedTuple):
    """``length`` lines from the start of ``lines``; the first of them has the index ``first`` among all."""

    first: int
    length: int
    lines: Sequence[str]


class GrowingLines(Sequence[str]):
    """The first ``kept`` of the lines that were there, then those of the file at ``path``, as far as ``grow`` told."""

    def __init__(self, before: Sequence[str], kept: int, path: str) -> None:
        self._first = kept
        self._tail = FileLines(path, ())
        self._parts = [
            part._replace(length=min(part.length, kept - part.first)) for part in _parts_of(before) if part.first < kept
        ]

    @property
    def parts(self) -> list[Part]:
        """What it is made of."""
        return [*self._parts, Part(self._first, len(self._tail), self._tail)]

    def grow(self, first: int, ends: Sequence[int], size: int) -> None:
        """More has come; as in ``FileLines.grow``."""
        self._tail.grow(first, ends, size)

    def lose(self, lines: Sequence[str]) -> None:
        """What these lines are read from holds other text now: say so in their place."""
        self._parts = [part._replace(lines=_Gone(part.length)) if part.lines is lines else part for part in self._parts]

    def __len__(self) -> int:
        return self._first + len(self._tail)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        number = index + len(self) if index < 0 else index
        if number >= self._first:
            return self._tail[number - self._first]
        for part in self._parts:
            if part.first <= number < part.first + part.length:
                return part.lines[number - part.first]
        raise IndexError(f"line {index + 1} of {len(self)}")


class _Gone(Sequence[str]):
    def __init__(self, count: int) -> None:
        self._count = count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        return [GONE] * len(range(*index.indices(self._count))) if isinstance(index, slice) else GONE


def _parts_of(lines: Sequence[str]) -> list[Part]:
    return lines.parts if isinstance(lines, GrowingLines) else [Part(0, len(lines), lines)]
