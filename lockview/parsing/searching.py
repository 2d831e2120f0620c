"""Where literals stand in large blocks of bytes, at the speed of the memory: the C library searches, on several cores.

``bytes.find`` holds the interpreter for its whole run and needs two to three times as long as ``memmem``; it is what
remains where the C library has no ``memmem``, and for small blocks.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

_LARGE = 256 << 10
"""From this size on a block is worth the C library and several threads, in bytes."""
_MOST_THREADS = 4
BEFORE, BEHIND = 300, 200
"""How far a literal may stand from its lead, in bytes: on the line before it, or later in its line."""


class Hits(NamedTuple):
    """What a block holds: the offsets of literals, in order, and the number of its newlines."""

    offsets: list[int]
    lines: int


class Searcher:
    """Looks for literals in one block after the other. A literal that holds another one is found by that one.

    Each literal costs a pass over the block. So those that always stand near one of a few ``leads``, which they do not
    hold themselves, are looked for around these only: at most ``BEFORE`` bytes before a lead or ``BEHIND`` behind it.
    """

    def __init__(self, literals: Sequence[bytes], led: Sequence[bytes] = (), leads: Sequence[bytes] = ()) -> None:
        self.literals = _shortest((*literals, *led))
        self._led = tuple(literal for literal in self.literals if literal in led)
        self._leads = tuple(leads)
        self._passes = (*(literal for literal in self.literals if literal not in self._led), *leads)
        self.longest = max(max(map(len, self.literals)), BEFORE + BEHIND if self._leads else 0)

    def offsets(self, block: bytes) -> list[int]:
        """The offsets at which one of the literals stands, in order."""
        return sorted({offset for literal in self.literals for offset in _found(block, literal)})

    def search(self, block: bytes) -> Hits:
        """The offsets and the newlines of a block."""
        find = _memmem() if len(block) >= _LARGE else None
        if find is None:
            return Hits(self.offsets(block), block.count(b"\n"))
        threads = _threads(os.getpid())
        running = [threads.submit(_found_by, find, block, literal) for literal in self._passes]
        lines = block.count(b"\n")
        found = {literal: places.result() for literal, places in zip(self._passes, running, strict=True)}
        near = (offset for lead in self._leads for offset in self._led_by(block, found.pop(lead)))
        return Hits(sorted({*near, *(offset for places in found.values() for offset in places)}), lines)

    def _led_by(self, block: bytes, places: Sequence[int]) -> Iterator[int]:
        """The offsets of the literals that stand around leads."""
        for place in places:
            start = max(place - BEFORE, 0)
            around = block[start : place + BEHIND]
            for literal in self._led:
                if literal in around:
                    yield from (start + offset for offset in _found(around, literal))


@cache
def searcher(literals: tuple[bytes, ...], led: tuple[bytes, ...] = (), leads: tuple[bytes, ...] = ()) -> Searcher:
    """The searcher for some literals."""
    return Searcher(literals, led, leads)


def _shortest(literals: Sequence[bytes]) -> tuple[bytes, ...]:
    """The literals without those that hold another one."""
    return tuple(one for one in dict.fromkeys(literals) if not any(other in one and other != one for other in literals))


def _found(block: bytes, literal: bytes) -> Iterator[int]:
    position = block.find(literal)
    while position >= 0:
        yield position
        position = block.find(literal, position + len(literal))


def _found_by(find: Callable[..., int | None], block: bytes, literal: bytes) -> list[int]:
    import ctypes

    found: list[int] = []
    start = ctypes.cast(ctypes.c_char_p(block), ctypes.c_void_p).value or 0
    end = start + len(block)
    position = find(start, len(block), literal, len(literal))
    while position:
        found.append(position - start)
        position += len(literal)
        position = find(position, end - position, literal, len(literal))
    return found


@cache
def _memmem() -> Callable[..., int | None] | None:
    """The C library's search; ctypes lets other threads run meanwhile. None where it cannot be had."""
    try:
        import ctypes

        find: Any = ctypes.CDLL(None).memmem
    except (ImportError, OSError, AttributeError):
        return None
    find.restype = ctypes.c_void_p
    find.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t)
    return find  # type: ignore[no-any-return]


@cache
def _thread_count() -> int:
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, _MOST_THREADS)


@cache
def _threads(process: int) -> Any:  # noqa: ARG001 - a forked process does not have the threads of its parent
    from concurrent.futures import ThreadPoolExecutor

    return ThreadPoolExecutor(_thread_count(), thread_name_prefix="search")
