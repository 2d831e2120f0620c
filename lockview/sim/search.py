"""Looking for schedules: into the deadlock by the shortest way, past it, and the point where it is too late.

Everything here is deterministic and bounded. A bound that was hit is said, never hidden: a result that is not
``complete`` proves nothing by finding nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

from lockview.kernel.nesting import Acquire
from lockview.model.traces import Outcome, Schedule
from lockview.sim.scenario import Scenario
from lockview.sim.stepper import Program
from lockview.sim.world import ENDED, NOBODY, World

EFFORT = 4_000
"""Steps tried times tasks before a search gives up: around ten milliseconds, since a window may be waiting."""

_NOTHING_YET = Schedule()


class SearchResult(NamedTuple):
    """What a search found.

    ``states`` counts the different states that were looked at. ``complete`` says that the answer is proved: the
    schedule is the best one, or there is none. A schedule that was found always runs, complete or not.
    """

    schedule: Schedule | None
    states: int
    complete: bool


def deadlock_schedule(scenario: Scenario) -> Schedule | None:
    """The shortest way found into a deadlock; None when there is none or none was found within the bound."""
    return find_deadlock(scenario).schedule


def completing_schedule(scenario: Scenario, prefix: Schedule = _NOTHING_YET) -> Schedule | None:
    """The calmest run, starting with ``prefix``, in which every task ends; None when there is none."""
    return find_completion(scenario, prefix).schedule


def find_deadlock(scenario: Scenario, effort: int = EFFORT) -> SearchResult:
    """Search for the deadlock with the fewest steps; among those for fewest task switches, then for the lowest tasks.

    Breadth first over all states. One guess, in which every task stops before its last lock, is made beforehand: it
    limits the depth of the search, and is the answer when the bound is hit.
    """
    program = Program(scenario)
    guess = _guess(program)
    layers: list[Sequence[World]] = [(program.start,)]
    seen = {program.start}
    spent = 0
    while layers[-1]:
        if any(program.outcome(world) is Outcome.DEADLOCK for world in layers[-1]):
            return SearchResult(_calmest(program, layers), len(seen), complete=True)
        frontier: dict[World, None] = {}
        for world in layers[-1]:
            if guess and len(layers) - 1 + _busy(world) > len(guess.choices):
                continue
            enabled = program.enabled(world)
            spent += len(enabled) * len(program.automata)
            if spent > effort:
                return SearchResult(guess, len(seen), complete=False)
            frontier.update((after, None) for task in enabled if (after := program.advance(world, task)) not in seen)
        seen |= frontier.keys()
        layers.append(tuple(frontier))
    return SearchResult(None, len(seen), complete=True)


def _busy(world: World) -> int:
    """The tasks that neither wait nor have ended: each must step at least once more before there is a deadlock."""
    return sum(place != ENDED and not waits for place, waits in zip(world.places, world.waits, strict=True))


def _calmest(program: Program, layers: Sequence[Sequence[World]]) -> Schedule:
    """Of the ways through the layers to a deadlock in the last one, the one with the fewest task switches.

    Works backwards: ``onward`` holds, for each state that still leads there, what each useful choice leads to and how
    many switches follow it.
    """
    onward: list[dict[World, dict[int, tuple[World, int]]]] = []
    ahead: dict[World, dict[int, tuple[World, int]]] = {
        world: {} for world in layers[-1] if program.outcome(world) is Outcome.DEADLOCK
    }
    for layer in reversed(layers[:-1]):
        here: dict[World, dict[int, tuple[World, int]]] = {}
        for world in layer:
            for task in program.enabled(world):
                after = program.advance(world, task)
                if after in ahead:
                    here.setdefault(world, {})[task] = (after, _switches(ahead[after], task))
        onward.append(here)
        ahead = here
    world, last = program.start, None
    choices: list[int] = []
    for here in reversed(onward):
        options = here[world]
        last = min(options, key=lambda task: (options[task][1] + (task != last), task))
        world = options[last][0]
        choices.append(last)
    return Schedule(tuple(choices))


def _switches(options: dict[int, tuple[World, int]], last: int) -> int:
    """The fewest task switches from a state on, after ``last`` has stepped."""
    return min((count + (task != last) for task, (_, count) in options.items()), default=0)


def _guess(program: Program) -> Schedule | None:
    """Run every task up to its last lock and let it ask for it, at once if the lock is held already."""
    if not all(task.acquisitions for task in program.scenario.tasks):
        return None
    world = program.start
    choices: list[int] = []
    asks_later: list[int] = []
    last_lock = [program.locks.index(task.acquisitions[-1].lock_class) for task in program.scenario.tasks]
    left = list(range(len(last_lock)))
    while left:
        task = next((task for task in left if world.owners[last_lock[task]] != NOBODY), left[0])
        left.remove(task)
        for _ in program.scenario.tasks[task].acquisitions[:-1]:
            effect = program.effect(world, task)
            if isinstance(effect, Acquire) and world.owners[effect.lock] == NOBODY:
                world = program.advance(world, task)
                choices.append(task)
        if world.owners[last_lock[task]] == NOBODY:
            asks_later.append(task)
        else:
            world = program.advance(world, task)
            choices.append(task)
    for task in asks_later:
        world = program.advance(world, task)
        choices.append(task)
    return Schedule(tuple(choices)) if program.outcome(world) is Outcome.DEADLOCK else None


def find_completion(scenario: Scenario, prefix: Schedule = _NOTHING_YET) -> SearchResult:
    """Search for a run after ``prefix`` in which every task ends, with the fewest task switches.

    Each task takes all its locks before it releases the first (``kernel.nesting``). So if there is such a run at all,
    the task that is first to hold all its locks could have run alone from here to its end, and so on with the rest:
    letting any task that can run to its end do so decides the question without search, and switches least.
    Raises ValueError when a task of the prefix cannot step.
    """
    program = Program(scenario)
    world = program.start
    for index, task in enumerate(prefix.choices):
        world, _ = program.step(world, task, index)
    rest, looked_at = _run_out(program, world, prefix.choices[-1] if prefix.choices else 0)
    schedule = None if rest is None else Schedule((*prefix.choices, *rest))
    return SearchResult(schedule, looked_at, complete=True)


def _run_out(program: Program, world: World, last: int) -> tuple[list[int] | None, int]:
    """Run task after task to its end, ``last`` first if it can; None when some task can never end."""
    left = (task for task, place in enumerate(world.places) if place != ENDED)
    ready = deque(sorted(left, key=lambda task: task != last))
    parked: dict[int, list[int]] = {}
    choices: list[int] = []
    looked_at = 1
    while ready:
        task = ready.popleft()
        after, steps = _alone(program, world, task)
        looked_at += steps
        effect = program.effect(after, task)
        if isinstance(effect, Acquire):
            parked.setdefault(effect.lock, []).append(task)
            continue
        for lock, owner in enumerate(world.owners):
            if owner == task:
                ready.extend(parked.pop(lock, ()))
        world = after
        choices += [task] * steps
    return (None if parked else choices), looked_at


def _alone(program: Program, world: World, task: int) -> tuple[World, int]:
    """Let one task step until it has ended or would have to wait."""
    steps = 0
    while world.places[task] != ENDED:
        effect = program.effect(world, task)
        if isinstance(effect, Acquire) and world.owners[effect.lock] != NOBODY:
            break
        world = program.advance(world, task)
        steps += 1
    return world, steps


def point_of_no_return(scenario: Scenario, schedule: Schedule) -> int | None:
    """The number of steps of the schedule after which every continuation deadlocks; None when there is none.

    Once it is too late it stays too late, so halving finds the place. Raises ValueError when a task cannot step.
    """
    program = Program(scenario)
    worlds = [program.start]
    for index, task in enumerate(schedule.choices):
        worlds.append(program.step(worlds[-1], task, index)[0])
    if _run_out(program, worlds[-1], 0)[0] is not None:
        return None
    low, high = 0, len(worlds) - 1
    while low < high:
        middle = (low + high) // 2
        if _run_out(program, worlds[middle], 0)[0] is None:
            high = middle
        else:
            low = middle + 1
    return low
