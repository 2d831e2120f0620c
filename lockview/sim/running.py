"""Runs of a machine: along a schedule, task after task, or by the dice of a seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from typing import NamedTuple

from lockview.sim.machine import Done, Machine, Move, State


class Ending(StrEnum):
    """How a run stopped."""

    DONE = "done"
    DEADLOCK = "deadlock"
    VIOLATION = "violation"
    BOUND = "bound"
    """There were steps left, but the run was to be no longer."""


class Run(NamedTuple):
    """The moves of a run and what each of them did."""

    moves: tuple[Move, ...]
    steps: tuple[Done, ...]
    ending: Ending

    def state(self, machine: Machine) -> State:
        """Where things stand at the end."""
        return self.steps[-1].state if self.steps else machine.start


Hear = Callable[[Move, Done], None]
Choose = Callable[[State, tuple[Move, ...]], Move | None]
"""Picks one of the possible moves; None ends the run there."""

MOST_STEPS = 100_000
"""A run longer than that is stopped: a routine may loop."""


def run(machine: Machine, choose: Choose, *, hear: Hear | None = None, most: int = MOST_STEPS) -> Run:
    """Step until nobody can or ``choose`` has enough. ``hear`` is told of each step."""
    state = machine.start
    moves: list[Move] = []
    steps: list[Done] = []
    while len(moves) < most:
        possible = machine.moves(state)
        move = choose(state, possible) if possible else None
        if move is None:
            break
        done = machine.step(state, move)
        moves.append(move)
        steps.append(done)
        if hear is not None:
            hear(move, done)
        if done.violation is not None:
            return Run(tuple(moves), tuple(steps), Ending.VIOLATION)
        state = done.state
    return Run(tuple(moves), tuple(steps), _ending(machine, state))


def along(moves: Iterable[Move]) -> Choose:
    """The moves of a schedule. Raises ValueError at the first that is not possible, naming its place."""
    left = iter(tuple(moves))
    place = -1

    def choose(_state: State, possible: tuple[Move, ...]) -> Move | None:
        nonlocal place
        move = next(left, None)
        place += 1
        if move is not None and move not in possible:
            able = ", ".join(str(other.task) for other in possible)
            raise ValueError(f"step {place}: task {move.task} cannot step; these can: {able}")
        return move

    return choose


def in_order(tasks: Sequence[int], choice: int = 0) -> Choose:
    """Each task as far as it gets, in that order, then whoever can; open outcomes are ``choice`` where possible."""

    def choose(_state: State, possible: tuple[Move, ...]) -> Move | None:
        able = {move.task for move in possible}
        task = next((task for task in tasks if task in able), min(able))
        return max((move for move in possible if move.task == task and move.choice <= choice), key=lambda m: m.choice)

    return choose


def by_dice(seed: int) -> Choose:
    """Any possible move, each as likely as the others; the same seed makes the same run."""
    dice = random.Random(seed)  # noqa: S311 (a schedule, no secret)

    def choose(_state: State, possible: tuple[Move, ...]) -> Move | None:
        return possible[dice.randrange(len(possible))]

    return choose


def _ending(machine: Machine, state: State) -> Ending:
    if machine.is_done(state):
        return Ending.DONE
    return Ending.DEADLOCK if machine.is_deadlock(state) else Ending.BOUND
