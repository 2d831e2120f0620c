"""What a kernel routine does to the world, one atomic step at a time, as plain data.

A routine is a generator that yields effects and is sent the answer to each; it never knows who runs it.
"""

from __future__ import annotations

from collections.abc import Generator
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
