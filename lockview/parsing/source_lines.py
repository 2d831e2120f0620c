"""The raw lines of a source, for showing them: numbered as all spans are, decoded only when looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from lockview.parsing.containers import ContainerError, unpacked
from lockview.parsing.decoding import to_utf8
from lockview.parsing.opening import SourceError, read_source

MAX_SHOWN = 64 << 10
"""Longer lines are cut for showing, in bytes."""
MAX_LOADED = 1 << 30
"""Of larger sources only the beginning can be shown, in bytes."""
_STEP = 64 << 10


class SourceLines(Sequence[str]):
    """Line ``n`` of the source at index ``n - 1``.

    Only the number of lines before every 64 kB is kept, so the index of a 1 GB log takes little memory and time.
    """

    def __init__(self, data: bytes) -> None:
        self._data = to_utf8(data)
        self._before: list[int] = []
        total = 0
        for start in range(0, len(self._data), _STEP):
            self._before.append(total)
            total += self._data.count(b"\n", start, start + _STEP)
        self._length = total + int(bool(self._data) and not self._data.endswith(b"\n"))
        self._cached = (-1, 0, 0)

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(self._length))]
        if index < 0:
            index += self._length
        if not 0 <= index < self._length:
            raise IndexError(index)
        start = self._start(index)
        end = self._data.find(b"\n", start)
        end = len(self._data) if end < 0 else end
        self._cached = (index, start, end)
        return self._shown(start, end)

    def __iter__(self) -> Iterator[str]:
        for index in range(self._length):
            yield self[index]

    def _start(self, index: int) -> int:
        cached, _, end = self._cached
        if index == cached + 1 and cached >= 0:
            return end + 1
        from bisect import bisect_left

        # The last step before which fewer than `index` newlines lie, so that newline number `index` is in it.
        step = max(bisect_left(self._before, index) - 1, 0)
        start = step * _STEP
        missing = index - self._before[step]
        for _ in range(missing):
            start = self._data.find(b"\n", start) + 1
        return start

    def _shown(self, start: int, end: int) -> str:
        cut = end - start > MAX_SHOWN
        raw = self._data[start : start + MAX_SHOWN if cut else end]
        text = raw.decode("utf-8", "replace").replace("\0", "")
        return f"{text} ... ({end - start:,} bytes in all)" if cut else text.rstrip("\r")


def load(path: str) -> SourceLines:
    """The lines of a file or of standard input, unpacked. Raises ``SourceError``."""
    kept: list[bytes] = []
    size = 0
    try:
        for block in unpacked(read_source(path), [], set()):
            kept.append(block)
            size += len(block)
            if size > MAX_LOADED:
                break
    except ContainerError as error:
        raise SourceError(f"{path}: {error}") from error
    return SourceLines(b"".join(kept))
