"""A run that is not finished yet: it goes on step by step, by choice or for a while, and can be cut off anywhere.

``sim.simulation.simulate`` makes whole runs; this is for looking on. What was done is kept, so every moment of it can
be looked at, and the embedded validator has heard all of it.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator

from lockview.kernel.effects import Happened
from lockview.lockdep.validator import Validator
from lockview.model.reports import Report
from lockview.sim.listening import Listener
from lockview.sim.machine import Done, Move, State, Violation
from lockview.sim.running import Choose, Ending
from lockview.sim.scenarios.building import Built
from lockview.sim.simulation import rules

MOST_STEPS = 10_000
"""A course is stopped there: a routine may loop, and all states are kept."""


class Course:
    """``states[i]`` is the world after ``i`` steps; ``spoke`` says after which step (from 0) a report came out."""

    def __init__(self, built: Built) -> None:
        self.built = built
        self.machine = built.machine
        self.moves: list[Move] = []
        self.steps: list[Done] = []
        self.states: list[State] = [built.machine.start]
        self.spoke: dict[int, Report] = {}
        self._listener = self._listening()

    def __len__(self) -> int:
        return len(self.moves)

    @property
    def reports(self) -> tuple[Report, ...]:
        """What the validator has said so far."""
        return tuple(self._listener.reports)

    @property
    def violation(self) -> Violation | None:
        """The invariant that the last step broke, if it did."""
        return self.steps[-1].violation if self.steps else None

    @property
    def ending(self) -> Ending | None:
        """How the run stopped; None while somebody can step and it is not too long."""
        state = self.states[-1]
        if self.violation is not None:
            return Ending.VIOLATION
        if self.machine.is_done(state):
            return Ending.DONE
        if not self.machine.enabled(state):
            return Ending.DEADLOCK
        return Ending.BOUND if len(self) >= MOST_STEPS else None

    def step(self, move: Move) -> Done:
        """Do a move at the end. Raises ValueError when it is not possible there."""
        if self.violation is not None:
            raise ValueError("an invariant is broken; nothing may follow")
        done = self.machine.step(self.states[-1], move)
        self.moves.append(move)
        self.steps.append(done)
        self.states.append(done.state)
        self._hear(move, done)
        return done

    def cut(self, length: int) -> None:
        """Take back all but the first ``length`` steps, also for the validator."""
        kept = list(zip(self.moves[:length], self.steps[:length], strict=True))
        if len(kept) == len(self):
            return
        self.moves, self.steps, self.states = [], [], [self.machine.start]
        self.spoke = {}
        self._listener = self._listening()
        for move, done in kept:
            self.moves.append(move)
            self.steps.append(done)
            self.states.append(done.state)
            self._hear(move, done)

    def advance(self, choose: Choose, seconds: float) -> bool:
        """Step on for a while; whether there may be more to do. Raises ValueError as ``choose`` does."""
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            state = self.states[-1]
            possible = self.machine.moves(state) if self.violation is None and len(self) < MOST_STEPS else ()
            move = choose(state, possible) if possible else None
            if move is None:
                return False
            self.step(move)
        return True

    def counts(self, position: int) -> Counter[tuple[str, str]]:
        """How often each thing happened in the first ``position`` steps, by its word and its outcome."""
        return Counter((told.what, told.value) for told in self._told(position))

    def _told(self, position: int) -> Iterator[Happened]:
        for done in self.steps[:position]:
            for remark, _ in done.remarks:
                if isinstance(remark, Happened):
                    yield remark

    def _listening(self) -> Listener:
        listener = Listener(self.machine, self.built.tasks, Validator(rules(self.built)))
        listener.start()
        return listener

    def _hear(self, move: Move, done: Done) -> None:
        before = len(self._listener.reports)
        self._listener.hear(move, done)
        if len(self._listener.reports) > before:
            self.spoke[len(self.moves) - 1] = self._listener.reports[-1]
