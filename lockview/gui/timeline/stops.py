"""Locks at which playing stops, and where a run uses which lock."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable


class Stops:
    """``locks`` are those to stop at; they stay when another run is shown."""

    def __init__(self) -> None:
        self.locks: frozenset[str] = frozenset()
        self._uses: dict[str, array[int]] = {}

    def show_uses(self, uses: Iterable[tuple[int, str]]) -> None:
        """Learn the uses of a run: each the number of a step, never falling, and the lock."""
        self._uses = {}
        for step, lock in uses:
            self._uses.setdefault(lock, array("q")).append(step)

    def toggle(self, lock: str) -> None:
        """Stop at a lock, or no longer."""
        self.locks ^= {lock}

    def stops_after(self, position: int) -> bool:
        """Whether the step before a position used a lock to stop at."""
        return any(self._is_use(lock, position - 1) for lock in self.locks)

    def next_use(self, lock: str, position: int) -> int | None:
        """The position after the next step that uses a lock; None when there is none."""
        uses = self._uses.get(lock, array("q"))
        place = bisect_left(uses, position)
        return uses[place] + 1 if place < len(uses) else None

    def _is_use(self, lock: str, step: int) -> bool:
        uses = self._uses.get(lock, array("q"))
        place = bisect_right(uses, step)
        return place > 0 and uses[place - 1] == step
