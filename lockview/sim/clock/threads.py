"""A thread on the clock: a program, the CPU it has for itself, the locks it means, and its own dice."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import NamedTuple

from lockview.sim.clock.locks import NO_SOCKET, ClockLock
from lockview.sim.clock.program import Program


class ThreadPlan(NamedTuple):
    """A thread to run. ``own`` are the cells of locks in whose place it has locks of its own.

    Nobody else means those: what is done to them cannot be disturbed and costs what ``own`` says.

    ``seed`` makes its dice; threads are told apart by nothing else. ``slow`` stretches its work, ``daemon`` may wait
    for ever.
    """

    name: str
    program: Program
    seed: str
    own: Mapping[int, float] = {}
    socket: int = NO_SOCKET
    slow: float = 1.0
    daemon: bool = False


class ClockThread:
    """The state of a thread during a run. Work and open questions have dice each, so neither disturbs the other."""

    __slots__ = (
        "began",
        "chance",
        "locks",
        "number",
        "own",
        "plan",
        "program",
        "rank",
        "row",
        "since",
        "slow",
        "socket",
        "work",
    )

    def __init__(self, number: int, plan: ThreadPlan) -> None:
        self.number = number
        self.plan = plan
        self.rank = number
        """Who goes first of those that come at the same moment. By the dice, not by the order of threads."""
        self.program = plan.program
        self.row = plan.program.start.row
        self.socket = plan.socket
        self.slow = plan.slow
        self.locks: dict[int, ClockLock] = {}
        self.began: dict[int, float] = {}
        """When each span last began."""
        self.own = plan.own
        self.since = 0.0
        self.work = random.Random(f"work {plan.seed}").random  # noqa: S311 (a service time, no secret)
        self.chance = random.Random(f"chance {plan.seed}").random  # noqa: S311 (likewise)
