"""A routine unrolled into a table of small integers.

A generator cannot be copied or set back, but its run is a function of the answers it was sent. So each local state is
a number that stands for a history of answers; the routine is run again only to learn a state that nobody visited yet.
Everything that steps or explores then walks the table and never enters a generator.
"""

from __future__ import annotations

from collections.abc import Callable

from lockview.kernel.nesting import Answer, Effect, Routine

START = 0
"""The local state before the first effect."""


class Automaton:
    """Local states of one task, learned lazily. It looks immutable from outside: what is asked twice is the same."""

    def __init__(self, routine: Callable[[], Routine]) -> None:
        self._routine = routine
        self._origins: list[tuple[int, Answer]] = [(START, None)]
        self._after: dict[tuple[int, Answer], int] = {}
        self._live = routine()
        self._live_state = START
        self._effects: list[Effect | None] = [next(self._live, None)]

    def effect(self, state: int) -> Effect | None:
        """What the task does next in a local state; None when its routine has returned."""
        return self._effects[state]

    def after(self, state: int, answer: Answer) -> int:
        """The local state that an answer leads to. The routine must not have returned in ``state``."""
        known = self._after.get((state, answer))
        if known is None:
            known = self._after[state, answer] = self._learn(state, answer)
        return known

    def _learn(self, state: int, answer: Answer) -> int:
        if self._live_state != state:
            self._rerun(state)
        try:
            effect: Effect | None = self._live.send(answer)
        except StopIteration:
            effect = None
        self._origins.append((state, answer))
        self._effects.append(effect)
        self._live_state = len(self._effects) - 1
        return self._live_state

    def _rerun(self, state: int) -> None:
        """Bring a fresh run of the routine to a state that was left before."""
        answers = []
        place = state
        while place != START:
            place, answer = self._origins[place]
            answers.append(answer)
        self._live = self._routine()
        next(self._live)
        for answer in reversed(answers):
            self._live.send(answer)
