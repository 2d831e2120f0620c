"""Searching the dependency graph, breadth first, along strong paths only.

A path is strong when no lock on it is both reached by a recursive reader and left by a reader: such a place blocks
nobody. Visited are pairs of class and "reached by recursive readers only", so that a class that was first reached by
a weak path is looked at again when a strong one comes. Source: ``__bfs``, kernel/locking/lockdep.c, since 5.10.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from lockview.lockdep.classes import FROM_SHARED, TO_BLOCKING, Classes, ClassInfo
from lockview.model.stacks import EMPTY_STACK, StackTrace


class Found(NamedTuple):
    """A class that was reached: the way there, and whether only recursive readers go it.

    ``stack`` is where the dependency that leads here was made; of the first one it is empty.
    """

    number: int
    only_recursive: bool
    parent: Found | None = None
    stack: StackTrace = EMPTY_STACK

    @property
    def path(self) -> tuple[Found, ...]:
        """From the start to here."""
        steps: list[Found] = []
        place: Found | None = self
        while place is not None:
            steps.append(place)
            place = place.parent
        return tuple(reversed(steps))


Match = Callable[[ClassInfo, bool], bool]


def search(
    classes: Classes,
    start: int,
    match: Match,
    *,
    only_recursive: bool = False,
    back: bool = False,
    skip: Callable[[ClassInfo], bool] | None = None,
) -> Found | None:
    """The nearest class that ``match(class, only_recursive)`` wants, ``start`` included; None when there is none.

    ``back`` walks from the later lock to the earlier one. A class that ``skip`` wants is neither matched nor passed.
    """
    queue = deque((Found(start, only_recursive),))
    seen = {(start, only_recursive)}
    while queue:
        place = queue.popleft()
        info = classes.all[place.number]
        if skip is not None and skip(info):
            continue
        if match(info, place.only_recursive):
            return place
        for edge in (info.before if back else info.after).values():
            strengths = edge.strength
            if place.only_recursive:
                strengths &= ~FROM_SHARED
            if not strengths:
                continue
            recursive = not strengths & TO_BLOCKING
            if (edge.other, recursive) not in seen:
                seen.add((edge.other, recursive))
                queue.append(Found(edge.other, recursive, place, edge.stack))
    return None
