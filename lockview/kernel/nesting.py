"""The routine behind every scenario that is read from a report: take locks in order, give them back in reverse.

Its world knows nothing but who holds which numbered lock; the full kernel is in ``kernel.effects`` and beyond.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import NamedTuple

from lockview.model.stacks import EMPTY_STACK, StackTrace


class Acquire(NamedTuple):
    """Take a lock exclusively, waiting until it is free. ``lock`` numbers an object of the world."""

    lock: int
    stack: StackTrace = EMPTY_STACK


class Release(NamedTuple):
    """Give up a lock that this task holds."""

    lock: int


Effect = Acquire | Release
Answer = int | None
"""What the world answers; the locks answer nothing."""
Routine = Generator[Effect, Answer, None]


def nest(acquisitions: Sequence[Acquire]) -> Routine:
    """Take each lock while holding those before it, then release all, the last one first."""
    for acquisition in acquisitions:
        yield acquisition
    for acquisition in reversed(acquisitions):
        yield Release(acquisition.lock)
