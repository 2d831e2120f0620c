"""The moment of no return of a run that deadlocked: from which step on nobody could have helped it any more."""

from __future__ import annotations

from lockview.sim.course import Course
from lockview.sim.machine import Machine, State
from lockview.sim.running import Ending

MOST_STEPS = 4_000
"""So many steps are tried, some tenths of a second; then it is left open."""


def no_return(course: Course, most: int = MOST_STEPS) -> int | None:
    """The fewest steps of the run after which every continuation deadlocks.

    None for a run that did not deadlock, and where ``most`` steps do not decide it. All that can follow is tried, from
    the end of the run backwards, until a state is met from which all tasks can finish or an invariant breaks.
    """
    if course.ending is not Ending.DEADLOCK:
        return None
    search = _Search(course.machine, most)
    place = len(course)
    while place and (lost := search.is_lost(course.states[place - 1])):
        place -= 1
    return place if not place or lost is False else None


class _Search:
    """Knows the states that are lost already."""

    def __init__(self, machine: Machine, most: int) -> None:
        self._machine = machine
        self._left = most
        self._lost: set[State] = set()

    def is_lost(self, start: State) -> bool | None:
        """Whether nothing but deadlocks follows a state; None when there are no steps left to find out."""
        seen, waiting = {start}, [start]
        while waiting:
            for _, done in self._machine.successors(waiting.pop()):
                self._left -= 1
                if self._left < 0:
                    return None
                if done.violation is not None or self._machine.is_done(done.state):
                    return False
                if done.state not in self._lost and done.state not in seen:
                    seen.add(done.state)
                    waiting.append(done.state)
        self._lost |= seen
        return True
