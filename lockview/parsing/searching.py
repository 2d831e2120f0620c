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


class Hits(NamedTuple):
    """What a block holds: the offsets of literals, in order, and the number of its newlines."""

    offsets: list[int]
    lines: int


class Searcher:
    """Looks for literals in one block after the other. A literal that holds another one is found by that one."""

    def __init__(self, literals: Sequence[bytes]) -> None:
        self.literals = tuple(
            one for one in dict.fromkeys(literals) if not any(other in one and other != one for other in literals)
        )
        self.longest = max(map(len, self.literals))

    def offsets(self, block: bytes) -> list[int]:
        """The offsets at which one of the literals stands, in order."""
        return sorted({offset for literal in self.literals for offset in _found(block, literal)})

    def search(self, block: bytes) -> Hits:
        """The offsets and the newlines of a block."""
        find = _memmem() if len(block) >= _LARGE else None
        if find is None:
            return Hits(self.offsets(block), block.count(b"\n"))
        threads = _threads(os.getpid())
        shares = [self.literals[number :: _thread_count()] for number in range(_thread_count())]
        running = [threads.submit(_found_by, find, block, share) for share in shares if share]
        lines = block.count(b"\n")
        return Hits(sorted({offset for share in running for offset in share.result()}), lines)


@cache
def searcher(literals: tuple[bytes, ...]) -> Searcher:
    """The searcher for some literals."""
    return Searcher(literals)


def _found(block: bytes, literal: bytes) -> Iterator[int]:
    position = block.find(literal)
    while position >= 0:
        yield position
        position = block.find(literal, position + len(literal))


def _found_by(find: Callable[..., int | None], block: bytes, literals: Sequence[bytes]) -> list[int]:
    import ctypes

    found: list[int] = []
    start = ctypes.cast(ctypes.c_char_p(block), ctypes.c_void_p).value or 0
    end = start + len(block)
    for literal in literals:
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
