"""Random runs: by dice alone, or by random priorities with a bound on the chance to miss (PCT).

PCT after Burckhardt, Kothari, Musuvathi and Nagarakatte, "A randomized scheduler with probabilistic guarantees of
finding bugs" (ASPLOS 2010): of n tasks and at most k steps each run finds a bug of depth d with a chance of at least
1/(n k^(d-1)). The depth is how many orders between steps are needed, often one more than the preemptions.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

from lockview.sim.exploring import DEADLOCK, Found, Progress, Watch
from lockview.sim.machine import Move, Violation
from lockview.sim.transitions import Transition, Transitions

MOST_RUNS = 1_000
LONGEST = 2_000
"""A run is followed no further than that."""

Pick = Callable[[list[Transition], int], Transition]
"""Chooses one of the possible steps; told how many came before."""


class Walks(NamedTuple):
    """What random runs saw: how many there were, their steps, the longest of them, and the first find."""

    runs: int
    transitions: int
    longest: int
    found: Found | None = None
    stopped: bool = False


def random_walks(graph: Transitions, seed: int = 0, runs: int = MOST_RUNS, watch: Watch | None = None) -> Walks:
    """Runs in which any possible step is as likely as the others. Run ``i`` is the same whatever came before it."""
    return _walks(graph, (_dice(_source(seed, run)) for run in range(runs)), watch)


def pct_walks(
    graph: Transitions,
    depth: int,
    seed: int = 0,
    runs: int = MOST_RUNS,
    watch: Watch | None = None,
    *,
    steps: int,
) -> Walks:
    """Runs by random priorities that change at ``depth`` - 1 random ones of the first ``steps`` steps."""
    tasks = len(graph.machine.tasks)
    return _walks(graph, (_pct(_source(seed, run), tasks, depth, steps) for run in range(runs)), watch)


def pct_bound(tasks: int, steps: int, depth: int) -> float:
    """The least chance of a run to find a bug of that depth."""
    return 1 / (tasks * math.pow(max(steps, 1), depth - 1))


def longest_of(graph: Transitions, seed: int = 0, runs: int = 20) -> int:
    """How many steps the longest of some random runs has: a guess at k."""
    return random_walks(graph, seed, runs).longest


def _walks(graph: Transitions, picks: Iterator[Pick], watch: Watch | None) -> Walks:
    runs = transitions = longest = 0
    for pick in picks:
        moves, broken = _walk(graph, pick)
        runs += 1
        transitions += len(moves)
        longest = max(longest, len(moves))
        if broken is not None:
            return Walks(runs, transitions, longest, Found(broken, tuple(moves)))
        if watch is not None and runs % 50 == 0 and not watch(Progress(0, transitions, runs)):
            return Walks(runs, transitions, longest, stopped=True)
    return Walks(runs, transitions, longest)


def _walk(graph: Transitions, pick: Pick) -> tuple[list[Move], Violation | None]:
    packed = graph.start
    moves: list[Move] = []
    while len(moves) < LONGEST:
        steps = graph.of(packed)
        if not steps:
            return moves, None if graph.is_done(packed) else DEADLOCK
        step = pick(steps, len(moves))
        moves.append(step.move)
        if step.violation is not None:
            return moves, step.violation
        packed = step.state
    return moves, None


def _source(seed: int, run: int) -> random.Random:
    return random.Random(f"{seed}/{run}")  # noqa: S311 (a schedule, no secret)


def _dice(source: random.Random) -> Pick:
    return lambda steps, _number: steps[source.randrange(len(steps))]


def _pct(source: random.Random, tasks: int, depth: int, length: int) -> Pick:
    """Priorities above ``depth`` at first; the change point number i lowers whoever runs there to i."""
    priorities = [depth + place for place in range(tasks)]
    source.shuffle(priorities)
    changes = [source.randrange(max(length, 1)) for _ in range(depth - 1)]

    def pick(steps: list[Transition], number: int) -> Transition:
        best = max((step.move.task for step in steps), key=priorities.__getitem__)
        for value, place in enumerate(changes):
            if place == number:
                priorities[best] = value
        best = max((step.move.task for step in steps), key=priorities.__getitem__)
        answers = [step for step in steps if step.move.task == best]
        return answers[source.randrange(len(answers))]

    return pick
