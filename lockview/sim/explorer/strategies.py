"""The strategies behind one interface: a machine and bounds in, an outcome out."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from lockview.sim.explorer.minimising import minimised, preemptions_of
from lockview.sim.explorer.outcomes import Outcome
from lockview.sim.explorer.source_sets import MOST_EXECUTIONS, SourceSets
from lockview.sim.explorer.waiting import first_circle
from lockview.sim.explorer.walks import MOST_RUNS, Walks, longest_of, pct_bound, pct_walks, random_walks
from lockview.sim.exploring import (
    DEADLOCK,
    MOST_STATES,
    BreadthFirst,
    Exploration,
    Found,
    Progress,
    Watch,
    fewest_preemptions,
)
from lockview.sim.machine import Machine, Move
from lockview.sim.schedule_text import replay
from lockview.sim.transitions import Transitions

STOPPED = "it was stopped"
"""The bound of a search that was told to end."""


class Bounds(NamedTuple):
    """Where a search gives up.

    ``preemptions`` bounds the strategy of that name, None for no bound; ``depth`` is that of PCT.
    """

    states: int = MOST_STATES
    executions: int = MOST_EXECUTIONS
    runs: int = MOST_RUNS
    preemptions: int | None = None
    depth: int = 3
    seed: int = 0


Strategy = Callable[[Machine, Bounds, Watch | None], Outcome]


def exhaustive(machine: Machine, bounds: Bounds, watch: Watch | None = None) -> Outcome:
    """All states, nearest first: decides, and finds a shortest schedule."""
    return finished(machine, BreadthFirst(machine), bounds, watch)


def finished(machine: Machine, search: BreadthFirst, bounds: Bounds, watch: Watch | None = None) -> Outcome:
    """The same for a search that was begun elsewhere."""
    result = search.search(bounds.states, watch)
    if result.found is None and result.complete:
        circle = first_circle(search)
        if circle is not None:
            result = result._replace(found=Found(DEADLOCK, circle))
    return _outcome(machine, "exhaustive", result, bounds, STOPPED)


def by_preemptions(machine: Machine, bounds: Bounds, watch: Watch | None = None) -> Outcome:
    """Schedules with no preemption, with one, with two: decides, and finds a gentlest schedule."""
    noted = _Noted(watch)
    result = fewest_preemptions(machine, most=bounds.states, bound=bounds.preemptions, watch=noted.hear)
    left_out = f"schedules with more than {bounds.preemptions} preemptions were left out"
    return _outcome(machine, "preemptions", result, bounds, STOPPED if noted.stopped else left_out)


def reduced(machine: Machine, bounds: Bounds, watch: Watch | None = None) -> Outcome:
    """One of all runs that differ only in the order of independent steps: decides where runs are finite."""
    noted = _Noted(watch)
    result = SourceSets(machine).run(bounds.executions, noted.hear)
    stopped_by = ""
    if noted.stopped:
        stopped_by = STOPPED
    elif not result.complete:
        many = result.executions + result.asleep >= bounds.executions
        stopped_by = f"{bounds.executions:,} executions are not all" if many else "runs may go round in a circle"
    return Outcome("dpor", _counted(machine, result.found), 0, result.transitions, result.executions, stopped_by)


def by_dice(machine: Machine, bounds: Bounds, watch: Watch | None = None) -> Outcome:
    """Random runs: may find, never decides otherwise."""
    return _walked(machine, "random", random_walks(Transitions(machine), bounds.seed, bounds.runs, watch), "")


def by_priorities(machine: Machine, bounds: Bounds, watch: Watch | None = None) -> Outcome:
    """Random priorities: may find, with a known chance; never decides otherwise."""
    graph = Transitions(machine)
    steps = longest_of(graph, bounds.seed)
    walks = pct_walks(graph, bounds.depth, bounds.seed, bounds.runs, watch, steps=steps)
    chance = pct_bound(len(machine.tasks), steps, bounds.depth)
    promise = (
        f"a run finds a bug of depth {bounds.depth} with a chance of at least 1/{round(1 / chance):,} "
        f"({len(machine.tasks)} tasks, {steps} steps)"
    )
    return _walked(machine, "pct", walks, promise)


STRATEGIES: dict[str, Strategy] = {
    "exhaustive": exhaustive,
    "preemptions": by_preemptions,
    "dpor": reduced,
    "pct": by_priorities,
    "random": by_dice,
}


def along(machine: Machine, moves: tuple[Move, ...], *, nearest: bool = False) -> Outcome:
    """The one run of a schedule. Without a find nothing is decided, and what did not fit is said."""
    run = replay(machine, moves, nearest=nearest)
    broken = run.steps[-1].violation if run.steps else None
    if broken is None and machine.is_deadlock(run.state):
        broken = DEADLOCK
    found = None if broken is None else _counted(machine, Found(broken, run.moves))
    stopped_by = "this is one run among many"
    if run.divergences:
        first = run.divergences[0]
        stopped_by = f"the schedule does not fit: step {first.step}: {first.reason}"
    return Outcome("replay", found, 0, len(run.moves), 1, stopped_by)


class _Noted:
    """Passes on what a search tells, and remembers whether it was stopped."""

    def __init__(self, watch: Watch | None) -> None:
        self._watch = watch
        self.stopped = False

    def hear(self, progress: Progress) -> bool:
        self.stopped = self._watch is not None and not self._watch(progress)
        return not self.stopped


def _outcome(machine: Machine, strategy: str, result: Exploration, bounds: Bounds, stopped_by: str) -> Outcome:
    if result.complete:
        stopped_by = ""
    elif result.states > bounds.states:
        stopped_by = f"there are more than {bounds.states:,} states"
    return Outcome(strategy, _counted(machine, result.found), result.states, result.transitions, 0, stopped_by)


def _walked(machine: Machine, strategy: str, walks: Walks, promise: str) -> Outcome:
    found = None if walks.found is None else minimised(machine, walks.found)
    stopped_by = STOPPED if walks.stopped else f"{walks.runs:,} runs are not all"
    return Outcome(strategy, found, 0, walks.transitions, walks.runs, stopped_by, promise)


def _counted(machine: Machine, found: Found | None) -> Found | None:
    return found and found._replace(preemptions=preemptions_of(machine, found.moves))
