"""A simulated kernel made ready to run, one step at a time. Nothing here chooses: whoever steps says who goes next."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from lockview.kernel.effects import Acquire, Await, Check, Remark, Routine, Step, Value
from lockview.kernel.footprints import footprint
from lockview.kernel.holding import MisuseError
from lockview.kernel.semantics import apply, choices
from lockview.kernel.worlds import Cells
from lockview.model.locks import Primitive
from lockview.model.stacks import StackTrace
from lockview.sim.unrolling import START, Unrolled

_tuple = tuple.__new__
"""Named tuples in half the time."""
_SPINNING = (Primitive.SPINLOCK, Primitive.RAW_SPINLOCK, Primitive.RWLOCK)


class TaskPlan(NamedTuple):
    """One task of a run. ``routine`` starts its coroutine afresh; it must do the same for the same answers.

    Tasks with one ``cpu`` share it: one that can run or spins keeps those of lower ``priority`` from stepping. A
    ``daemon`` may wait for ever: its idling is no deadlock. One that ``arrives`` does so at any time: an interrupt, or
    a task that is woken; only from its first step on it keeps others off.
    """

    name: str
    routine: Callable[[], Routine[Any]]
    cpu: int | None = None
    priority: int = 0
    daemon: bool = False
    arrives: bool = False


class State(NamedTuple):
    """All that can differ between two moments: the place of each task, and the world."""

    places: tuple[int, ...]
    cells: Cells


class Move(NamedTuple):
    """A choice that the scheduler makes: the task, and the outcome where the step leaves one open."""

    task: int
    choice: int = 0


class Violation(NamedTuple):
    """A broken invariant: its name, and what is wrong."""

    invariant: str
    text: str


class Done(NamedTuple):
    """A step: what was done from where, what was answered, what was remarked, and where things stand after it.

    ``stays`` marks a task that joined a queue and waits at its place. After a ``violation`` nothing may follow.
    """

    state: State
    effect: Step | None
    stack: StackTrace
    answer: Value = None
    stays: bool = False
    remarks: tuple[tuple[Remark, StackTrace], ...] = ()
    violation: Violation | None = None


class _Known(NamedTuple):
    """What a step did once: where it led, which cells it gave which values, and what has to be checked after it."""

    place: int
    changes: tuple[tuple[int, Value], ...]
    answer: Value
    stays: bool
    remarks: tuple[tuple[Remark, StackTrace], ...]
    checks: tuple[Check, ...]


class _Site(NamedTuple):
    """A place of a task: its step, how to get at the cells that decide what it does, and what is known of it."""

    effect: Step
    stack: StackTrace
    key: Callable[[Cells], Any]
    known: dict[Any, _Known]


class Machine:
    """Tasks over a world. States are values; the machine only learns places and steps, and never forgets.

    What a step does depends on its place and on the few cells of its footprint, so it is worked out once for each of
    their values.
    """

    def __init__(self, tasks: Sequence[TaskPlan], cells: Cells) -> None:
        self.tasks = tuple(tasks)
        self.unrolled = tuple(Unrolled(task.routine) for task in tasks)
        self.start = State(tuple(unrolled.start.place for unrolled in self.unrolled), cells)
        self.higher = _shared_cpus(self.tasks)
        """For each task that has to share its CPU: the tasks of higher priority there."""
        self._sites: tuple[dict[int, _Site], ...] = tuple({} for _ in self.tasks)

    @property
    def first_remarks(self) -> tuple[tuple[tuple[Remark, StackTrace], ...], ...]:
        """What each task remarks before its first step."""
        return tuple(unrolled.start.remarks for unrolled in self.unrolled)

    def effect(self, state: State, task: int) -> Step | None:
        """The next step of a task, None when it has ended."""
        return self.unrolled[task].place(state.places[task]).effect

    def stack(self, state: State, task: int) -> StackTrace:
        """The call stack of a task, empty when it has ended."""
        return self.unrolled[task].place(state.places[task]).stack

    def moves(self, state: State) -> tuple[Move, ...]:
        """All moves that are possible."""
        return tuple(
            Move(task, choice) for task in self.enabled(state) for choice in range(choices(self.effect(state, task)))
        )

    def enabled(self, state: State) -> tuple[int, ...]:
        """The tasks that can step."""
        able = [task for task in range(len(self.tasks)) if self.can_step(state, task)]
        if not self.higher:
            return tuple(able)
        return tuple(task for task in able if not self._is_kept_off(state, task, able))

    def step(self, state: State, move: Move) -> Done:
        """Do a move. Raises ValueError when the task cannot step."""
        task, choice = move
        places, cells = state
        place = places[task]
        effect, stack, key_of, steps = self._sites[task].get(place) or self._site(task, place)
        key = (choice, key_of(cells))
        known = steps.get(key)
        if known is None:
            try:
                known = steps[key] = self._learn(state, move, effect)
            except MisuseError as error:
                return Done(state, effect, stack, violation=Violation("misuse", str(error)))
        next_place, changes, answer, stays, remarks, checks = known
        if next_place != place:
            places = _with(places, ((task, next_place),))
        if changes:
            cells = _with(cells, changes)
        broken = _broken(checks, cells) if checks else None
        return _tuple(Done, (_tuple(State, (places, cells)), effect, stack, answer, stays, remarks, broken))

    def successors(self, state: State) -> Iterator[tuple[Move, Done]]:
        """Every possible move with what it does."""
        for move in self.moves(state):
            yield move, self.step(state, move)

    def has_ended(self, state: State, task: int) -> bool:
        """Whether a task's routine has returned."""
        return self.effect(state, task) is None

    def is_done(self, state: State) -> bool:
        """Whether every task that is no daemon has ended."""
        return all(plan.daemon or self.has_ended(state, task) for task, plan in enumerate(self.tasks))

    def is_deadlock(self, state: State) -> bool:
        """Whether somebody is left and nobody can step."""
        return not self.is_done(state) and not self.enabled(state)

    def _site(self, task: int, place: int) -> _Site:
        effect, stack = self.unrolled[task].place(place)
        if effect is None:
            raise ValueError(f"task {task} ({self.tasks[task].name}) has ended")
        touched = footprint(effect)
        numbers = sorted(touched.reads | touched.writes)
        key: Callable[[Cells], Any] = itemgetter(*numbers) if numbers else _nothing
        site = self._sites[task][place] = _Site(effect, stack, key, {})
        return site

    def _learn(self, state: State, move: Move, effect: Step) -> _Known:
        task, choice = move
        result = apply(state.cells, task, effect, choice)
        if result is None:
            raise ValueError(f"task {task} ({self.tasks[task].name}) waits and cannot step")
        both = enumerate(zip(state.cells, result.cells, strict=True))
        changes = tuple((number, after) for number, (before, after) in both if after is not before)
        if result.stays:
            return _Known(state.places[task], changes, None, True, (), ())
        place, remarks = self.unrolled[task].after(state.places[task], result.answer)
        checks = tuple(remark for remark, _ in remarks if isinstance(remark, Check))
        return _Known(place, changes, result.answer, False, remarks, checks)

    def can_step(self, state: State, task: int) -> bool:
        """Whether a task could step if it had a CPU."""
        effect = self.effect(state, task)
        if effect is None:
            return False
        try:
            return apply(state.cells, task, effect) is not None
        except MisuseError:
            return True

    def _is_kept_off(self, state: State, task: int, able: Sequence[int]) -> bool:
        """Whether a task of higher priority runs, or spins, on the same CPU."""
        for other in self.higher.get(task, ()):
            if self.tasks[other].arrives and state.places[other] == START:
                continue
            if other in able or spins(self.effect(state, other)):
                return True
        return False


def spins(effect: Step | None) -> bool:
    """Whether a task that waits at this step keeps its CPU busy."""
    if isinstance(effect, Acquire):
        return effect.lock.primitive in _SPINNING
    return isinstance(effect, Await) and effect.spins


def _shared_cpus(tasks: Sequence[TaskPlan]) -> dict[int, tuple[int, ...]]:
    """For each task that has to share its CPU: the tasks of higher priority there."""
    shared = {
        number: tuple(
            other
            for other, plan in enumerate(tasks)
            if plan.cpu is not None and plan.cpu == task.cpu and plan.priority > task.priority
        )
        for number, task in enumerate(tasks)
    }
    return {number: others for number, others in shared.items() if others}


def _broken(checks: Sequence[Check], cells: Cells) -> Violation | None:
    """The first check that fails in the world that the step made."""
    for check in checks:
        if not check.holds(*[cells[cell.number] for cell in check.cells]):
            return Violation(check.invariant, check.text)
    return None


def _with(values: tuple[Any, ...], changes: Sequence[tuple[int, Any]]) -> tuple[Any, ...]:
    """The same values but for some, by number."""
    after = list(values)
    for number, value in changes:
        after[number] = value
    return tuple(after)


def _nothing(_cells: Cells) -> None:
    """The key of a step that depends on no cell."""
