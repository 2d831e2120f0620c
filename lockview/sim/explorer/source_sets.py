"""Source-DPOR with sleep sets: of runs that differ only in the order of independent steps, few are run.

After Abdulla, Aronsson, Jonsson and Sagonas, "Optimal dynamic partial order reduction" (POPL 2014), algorithm 1, with
three things of our own:

- what a step depends on is seen, not assumed: it touched the cells of its effect and of the checks that ride on it,
  and it changed those whose values became others. A failed trylock has read;
- a step that another one enables cannot be moved in front of it. Such a pair is no race; the search for the race goes
  on behind it: a taking races with the taking before it, not with the release in between;
- tasks that wait at the end of a run race as well.

Tasks that share a CPU are never independent of each other. Runs must be finite.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from lockview.sim.exploring import DEADLOCK, TELL_EVERY, Found, Progress, Watch
from lockview.sim.machine import Machine, Move
from lockview.sim.transitions import Packed, Touched, Transition, Transitions

MOST_EXECUTIONS = 200_000
LONGEST = 2_000
"""A run longer than that is not followed: runs may go round in a circle."""
_KEPT = 1 << 15
"""States whose steps are remembered: runs differ little from each other."""


class Reduced(NamedTuple):
    """What the search saw: finished runs, those given up since another run shows the same, and steps."""

    executions: int
    asleep: int
    transitions: int
    found: Found | None = None
    complete: bool = True


class _Event:
    """A step of the current run: ``past`` are the events that happened before it, itself included, as bits."""

    __slots__ = ("move", "past", "touched")

    def __init__(self, move: Move, touched: Touched, past: int) -> None:
        self.move = move
        self.touched = touched
        self.past = past


class _Node:
    """A state of the current run: what is possible there, what is to be tried, and who need not be."""

    __slots__ = ("backtrack", "packed", "pending", "sleep", "steps", "trying")

    def __init__(self, packed: Packed, steps: list[Transition], sleep: dict[int, list[Touched]]) -> None:
        self.packed = packed
        self.steps = steps
        self.sleep = sleep
        awake = next((step.move.task for step in steps if step.move.task not in sleep), None)
        self.backtrack: set[int] = set() if awake is None else {awake}
        self.pending: list[Transition] = []
        self.trying: int | None = None


class SourceSets:
    """One search. ``run`` may be called once."""

    def __init__(self, machine: Machine) -> None:
        self._graph = graph = Transitions(machine)
        self._steps = lru_cache(_KEPT)(graph.of)
        self._able = lru_cache(_KEPT)(lambda packed: {step.move: step.state for step in graph.of(packed)})
        self._machine = machine
        self._nodes: list[_Node] = []
        self._events: list[_Event] = []
        self._executions = self._asleep = self._transitions = 0
        self._truncated = False
        self._cpus = _cpu_bits(machine)

    def run(self, most: int = MOST_EXECUTIONS, watch: Watch | None = None, longest: int = LONGEST) -> Reduced:
        """Go on until something is found, all was seen, ``most`` runs were made, or ``watch`` stops it."""
        if self._enter(self._graph.start, {}):
            return self._result(Found(DEADLOCK, ()))
        told = 0
        while self._nodes:
            step = self._next()
            if step is None:
                self._leave()
                continue
            if self._take(step):
                violation = step.violation or DEADLOCK
                return self._result(Found(violation, tuple(event.move for event in self._events)))
            if len(self._events) >= longest:
                self._truncated = True
                self._leave()
            if self._executions + self._asleep >= most:
                return self._result(complete=False)
            if watch is not None and self._transitions - told >= TELL_EVERY:
                told = self._transitions
                if not watch(Progress(0, self._transitions, self._executions)):
                    return self._result(complete=False)
        return self._result(complete=not self._truncated)

    def _result(self, found: Found | None = None, *, complete: bool = True) -> Reduced:
        return Reduced(self._executions, self._asleep, self._transitions, found, complete)

    def _next(self) -> Transition | None:
        """The next step to try at the last state, None when there is none."""
        node = self._nodes[-1]
        if node.pending:
            return node.pending.pop()
        if node.trying is not None:
            node.sleep[node.trying] = [
                self._touched(node.packed, step.move) for step in node.steps if step.move.task == node.trying
            ]
        node.trying = min((task for task in node.backtrack if task not in node.sleep), default=None)
        if node.trying is None:
            return None
        node.pending = [step for step in reversed(node.steps) if step.move.task == node.trying]
        return node.pending.pop()

    def _take(self, step: Transition) -> bool:
        """Do a step; whether it, or the state behind it, is what is looked for."""
        node = self._nodes[-1]
        touched = self._touched(node.packed, step.move)
        past = self._race(step.move.task, touched)
        self._events.append(_Event(step.move, touched, past | 1 << len(self._events)))
        self._transitions += 1
        if step.violation is not None:
            return True
        sleep = {
            task: steps
            for task, steps in node.sleep.items()
            if task != step.move.task and not any(_depend(touched, other) for other in steps)
        }
        return self._enter(step.state, sleep)

    def _enter(self, packed: Packed, sleep: dict[int, list[Touched]]) -> bool:
        """Add a state to the run; whether it is a deadlock."""
        steps = self._steps(packed)
        node = _Node(packed, steps, sleep)
        self._nodes.append(node)
        if steps:
            self._asleep += not node.backtrack
            return False
        self._executions += 1
        if not self._graph.is_done(packed):
            return True
        for task in range(len(self._machine.tasks)):
            waits = self._graph.waits_for(packed, task)
            if waits.cells:
                self._race(task, self._with_cpu(packed, task, waits))
        return False

    def _leave(self) -> None:
        self._nodes.pop()
        if self._events:
            self._events.pop()

    def _race(self, task: int, touched: Touched) -> int:
        """Have the races of a next step tried the other way round too; answers what happened before it, as bits."""
        events = self._events
        own = next((event.past for event in reversed(events) if event.move.task == task), 0)
        before, seen = own, own
        for place in range(len(events) - 1, -1, -1):
            event = events[place]
            if not _depend(event.touched, touched):
                continue
            if not seen >> place & 1 and self._reverse(place, task, touched):
                seen |= event.past
            before |= event.past
        return before

    def _reverse(self, place: int, task: int, touched: Touched) -> bool:
        """Whether the next step of a task can come before an event; if so, see that it is tried there."""
        later = [number for number in range(place + 1, len(self._events)) if not self._events[number].past >> place & 1]
        packed = self._nodes[place].packed
        for number in later:
            packed = self._able(packed)[self._events[number].move]
        if not any(step.move.task == task for step in self._steps(packed)):
            return False
        initials = set(self._initials(later, task, touched))
        node = self._nodes[place]
        if not initials & node.backtrack:
            able = {step.move.task for step in node.steps} & initials
            node.backtrack.add(task if task in able else min(able))
        return True

    def _initials(self, later: list[int], task: int, touched: Touched) -> Iterator[int]:
        """The tasks with which the events ``later``, and the step of the task after them, can begin."""
        events = self._events
        mask = 0
        for number in later:
            if not events[number].past & mask:
                yield events[number].move.task
            mask |= 1 << number
        if not any(events[number].move.task == task or _depend(events[number].touched, touched) for number in later):
            yield task

    def _touched(self, packed: Packed, move: Move) -> Touched:
        return self._with_cpu(packed, move.task, self._graph.touched(packed, move))

    def _with_cpu(self, packed: Packed, task: int, touched: Touched) -> Touched:
        """Of tasks that share a CPU each step counts; those above decide by what they wait for."""
        bit = self._cpus.get(task, 0)
        if not bit:
            return touched
        cells = touched.cells | bit
        for other in self._machine.higher.get(task, ()):
            cells |= self._graph.waits_for(packed, other).cells
        return Touched(cells, touched.changed | bit)


def _depend(one: Touched, other: Touched) -> bool:
    return bool(one.changed & other.cells or other.changed & one.cells)


def _cpu_bits(machine: Machine) -> dict[int, int]:
    """For each task that shares its CPU a bit that stands for the CPU, above those of the cells."""
    first = len(machine.start.cells)
    cpus = sorted({plan.cpu for plan in machine.tasks if plan.cpu is not None})
    counts = [plan.cpu for plan in machine.tasks]
    return {
        task: 1 << first + cpus.index(plan.cpu)
        for task, plan in enumerate(machine.tasks)
        if plan.cpu is not None and counts.count(plan.cpu) > 1
    }
