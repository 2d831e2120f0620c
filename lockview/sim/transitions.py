"""The graph of the states of a machine, learnt as it is walked.

States are rows of small numbers: the places of the tasks, then a number for the value of each cell. They are kept as
bytes, which are compared at once and hashed once. What a step does depends on its place and on the few cells that it
touches, so it is worked out once for each of their values and looked up ever after; the inner loop enters no routine
and no rule.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

from lockview.kernel.effects import Check, Value
from lockview.kernel.footprints import footprint
from lockview.kernel.semantics import choices
from lockview.sim.machine import Machine, Move, State, Violation, spins
from lockview.sim.unrolling import START

Packed = bytes
"""A state as numbers, ``_NUMBER`` each; equal states of one ``Transitions`` are equal bytes."""
_NUMBER: Final = "I"


class Transition(NamedTuple):
    """A step that is possible, where it leads, and what it breaks."""

    move: Move
    state: Packed
    violation: Violation | None = None


class Touched(NamedTuple):
    """The cells of a step as bits by number: all that it or its checks depend on, and those that it really changed.

    Two steps one after the other can be swapped when neither changes what the other touched.
    """

    cells: int
    changed: int


class _Outcome(NamedTuple):
    """What one step does for some values of the cells that it touches: (index, new number) pairs, and what to check."""

    move: Move
    changes: tuple[tuple[int, int], ...]
    checks: tuple[_Watch, ...]
    violation: Violation | None
    touched: Touched


class _Watch:
    """A check, remembered for the values that it was asked about."""

    def __init__(self, check: Check, first: int, values: list[list[Value]]) -> None:
        self._places = tuple(cell.number for cell in check.cells)
        self._first = first
        self._check = check
        self._values = values
        self._known: dict[tuple[int, ...], Violation | None] = {}

    def broken(self, state: array[int]) -> Violation | None:
        key = tuple(state[self._first + number] for number in self._places)
        if key not in self._known:
            values = (self._values[number][ident] for number, ident in zip(self._places, key, strict=True))
            holds = self._check.holds(*values)
            self._known[key] = None if holds else Violation(self._check.invariant, self._check.text)
        return self._known[key]


class _Site(NamedTuple):
    """A place of a task: how to get at what its step depends on, and what is known of it."""

    key: Callable[[Sequence[int]], Any]
    known: dict[Any, tuple[_Outcome, ...]]
    spins: bool


class Transitions:
    """The graph of a machine's states, learnt as it is walked."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self._tasks = len(machine.tasks)
        count = len(machine.start.cells)
        self._numbers: list[dict[Value, int]] = [{} for _ in range(count)]
        self._values: list[list[Value]] = [[] for _ in range(count)]
        self._sites: list[dict[int, _Site]] = [{} for _ in machine.tasks]
        self._watches: dict[Check, _Watch] = {}
        self.start = self.pack(machine.start)

    def pack(self, state: State) -> Packed:
        """A state as numbers."""
        numbers = (self._number(number, value) for number, value in enumerate(state.cells))
        return array(_NUMBER, (*state.places, *numbers)).tobytes()

    def unpack(self, packed: Packed) -> State:
        """The state behind the numbers."""
        numbers = memoryview(packed).cast(_NUMBER).tolist()
        cells = tuple(values[ident] for values, ident in zip(self._values, numbers[self._tasks :], strict=True))
        return State(tuple(numbers[: self._tasks]), cells)

    def is_done(self, packed: Packed) -> bool:
        """Whether every task that is no daemon has ended."""
        return self.machine.is_done(State(tuple(memoryview(packed).cast(_NUMBER)[: self._tasks]), ()))

    def of(self, packed: Packed) -> list[Transition]:
        """All steps that are possible, in the order of tasks and outcomes."""
        numbers = memoryview(packed).cast(_NUMBER)
        possible = [self._outcomes(packed, numbers, task) for task in range(self._tasks)]
        if self.machine.higher:
            self._keep_off(numbers, possible)
        return [self._follow(packed, outcome) for outcomes in possible for outcome in outcomes]

    def touched(self, packed: Packed, move: Move) -> Touched:
        """What a step that is possible touches."""
        outcomes = self._outcomes(packed, memoryview(packed).cast(_NUMBER), move.task)
        return outcomes[move.choice].touched

    def waits_for(self, packed: Packed, task: int) -> Touched:
        """What the next step of a task depends on, which cannot be done now; it may change all of it."""
        effect = self.machine.unrolled[task].place(memoryview(packed).cast(_NUMBER)[task]).effect
        cells = _bits(*footprint(effect))
        return Touched(cells, cells)

    def goes_on(self, packed: Packed, task: int | None) -> bool:
        """Whether a task could take its next step if it had a CPU."""
        return task is not None and bool(self._outcomes(packed, memoryview(packed).cast(_NUMBER), task))

    def _outcomes(self, packed: Packed, numbers: memoryview[int], task: int) -> tuple[_Outcome, ...]:
        place = numbers[task]
        site = self._sites[task].get(place)
        if site is None:
            site = self._sites[task][place] = self._site(task, place)
        key = site.key(numbers)
        known = site.known.get(key)
        if known is None:
            known = site.known[key] = tuple(self._learn(packed, task))
        return known

    def _follow(self, packed: Packed, outcome: _Outcome) -> Transition:
        after = array(_NUMBER)
        after.frombytes(packed)
        for index, ident in outcome.changes:
            after[index] = ident
        violation = outcome.violation
        for watch in outcome.checks:
            violation = violation or watch.broken(after)
        return Transition(outcome.move, after.tobytes(), violation)

    def _keep_off(self, numbers: memoryview[int], possible: list[tuple[_Outcome, ...]]) -> None:
        """Take away the steps of tasks whose CPU a task of higher priority keeps."""
        tasks = self.machine.tasks
        busy = [
            (bool(outcomes) or self._sites[task][numbers[task]].spins)
            and not (tasks[task].arrives and numbers[task] == START)
            for task, outcomes in enumerate(possible)
        ]
        for task, others in self.machine.higher.items():
            if any(busy[other] for other in others):
                possible[task] = ()

    def _site(self, task: int, place: int) -> _Site:
        effect = self.machine.unrolled[task].place(place).effect
        touched = footprint(effect)
        indices = sorted(self._tasks + number for number in touched.reads | touched.writes)
        key: Callable[[Sequence[int]], Any] = itemgetter(*indices) if indices else _nothing
        return _Site(key, {}, spins(effect))

    def _learn(self, packed: Packed, task: int) -> Iterator[_Outcome]:
        machine = self.machine
        state = self.unpack(packed)
        if not machine.can_step(state, task):
            return
        for choice in range(choices(machine.effect(state, task))):
            done = machine.step(state, Move(task, choice))
            changes = [(task, done.state.places[task])] if done.state.places[task] != state.places[task] else []
            for number, (before, after) in enumerate(zip(state.cells, done.state.cells, strict=True)):
                if before is not after and before != after:
                    changes.append((self._tasks + number, self._number(number, after)))
            asked = [remark for remark, _ in done.remarks if isinstance(remark, Check)]
            checks = tuple(map(self._watch, asked))
            violation = None if checks else done.violation
            looked_at = (cell.number for check in asked for cell in check.cells)
            touched = Touched(
                _bits(*footprint(machine.effect(state, task)), looked_at),
                _bits(index - self._tasks for index, _ in changes if index >= self._tasks),
            )
            yield _Outcome(Move(task, choice), tuple(changes), checks, violation, touched)

    def _watch(self, check: Check) -> _Watch:
        watch = self._watches.get(check)
        if watch is None:
            watch = self._watches[check] = _Watch(check, self._tasks, self._values)
        return watch

    def _number(self, cell: int, value: Value) -> int:
        known = self._numbers[cell]
        ident = known.get(value)
        if ident is None:
            ident = known[value] = len(self._values[cell])
            self._values[cell].append(value)
        return ident


def _bits(*numbers: Iterable[int]) -> int:
    bits = 0
    for some in numbers:
        for number in some:
            bits |= 1 << number
    return bits


def _nothing(_numbers: Sequence[int]) -> None:
    """The key of a step that depends on nothing."""
