"""Where each task of a machine can go, and what each number of its world can become, without running it.

For programs that come to an end, of locks, counters and interrupts: what a checker of other models can be told. All of
it is an upper bound: a place may be listed that no order of steps leads to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product
from typing import NamedTuple

from lockview.kernel.effects import (
    Acquire,
    Add,
    Atomic,
    Await,
    Check,
    Choose,
    Downgrade,
    Flush,
    IrqDisable,
    IrqEnable,
    Look,
    Read,
    Release,
    Remark,
    Step,
    Value,
    Write,
)
from lockview.kernel.handles import Cell
from lockview.model.locks import Access
from lockview.model.stacks import StackTrace
from lockview.sim.machine import Machine
from lockview.sim.unrolling import Unrolled

MOST_PLACES = 4_000
"""So many places can a task have."""
MOST_VALUES = 48
"""So many values can a cell have: each is tried at each step on it."""
MOST_OUTCOMES = 256
"""So many values of cells can be told apart at one step."""
_SOME_ROUNDS = 2
_PLAIN = (Acquire, Add, Atomic, Await, Choose, Downgrade, Flush, IrqDisable, IrqEnable, Look, Read, Release, Write)
_CHANGING = (Add, Atomic, IrqDisable, IrqEnable, Write)


class Outcome(NamedTuple):
    """Of a step on numbers: for these values of its cells this is answered, and these are the values after it."""

    before: tuple[int, ...]
    answer: Value
    after: tuple[int, ...]


class Site(NamedTuple):
    """A place, numbered anew in the order in which it was met, and where each answer leads."""

    effect: Step | None
    after: dict[Value, int]


class ControlFlow(NamedTuple):
    """The sites of each task, the first one first, and what the cells can hold that are no locks, by number."""

    tasks: tuple[tuple[Site, ...], ...]
    values: dict[int, tuple[int, ...]]

    def most_readers(self, lock: int) -> int:
        """How many shared holds of a lock there can be at once, at most."""
        return sum(_longest(sites, partial(_takes_shared, lock=lock)) for sites in self.tasks)

    def most_waiters(self, lock: int) -> int:
        """How many tasks can wait for a lock at once, at most."""
        return sum(_longest(sites, partial(_waits, lock=lock)) > 0 for sites in self.tasks)


def control_flow(machine: Machine) -> ControlFlow:
    """The control flow of all tasks. Raises ValueError saying what of them has no plain form."""
    values: dict[int, tuple[int, ...]] = {}
    rounds = 0
    while True:
        tasks = tuple(tuple(_sites(unrolled, machine, values)) for unrolled in machine.unrolled)
        more = _after_one_more(tasks, values)
        # A run writes no more often than its tasks have steps that do: what needs more rounds cannot come about.
        growing = {cell for cell, known in more.items() if known != values[cell]}
        writes = _writes(tasks) if growing else 0
        if rounds >= writes:
            return ControlFlow(tasks, values)
        values |= {cell: more[cell] for cell in growing}
        # What still grows after some rounds will for as many as there are writes: no need to wait for it.
        most = max(len(values[cell]) for cell in growing)
        if most > MOST_VALUES or (rounds >= _SOME_ROUNDS and writes > MOST_VALUES):
            raise ValueError(f"a counter can have more than {MOST_VALUES} values")
        rounds += 1


def cells_of(effect: Step | None) -> tuple[Cell, ...]:
    """The cells of a step that are no locks."""
    match effect:
        case Read(cell=cell) | Await(cell=cell) | Write(cell=cell) | Add(cell=cell):
            return (cell,)
        case IrqDisable(irqs=cell) | IrqEnable(irqs=cell):
            return (cell,)
        case Look(cells=cells) | Atomic(cells=cells) | Flush(irqs=cells):
            return cells
        case _:
            return ()


def outcomes(effect: Step, values: dict[int, tuple[int, ...]]) -> Iterator[Outcome]:
    """What a step on numbers does, for all that its cells can hold; without those for which it waits."""
    cells = cells_of(effect)
    known = [values[cell.number] for cell in cells]
    count = 1
    for some in known:
        count *= len(some)
    if count > MOST_OUTCOMES:
        raise ValueError(f"{_name(effect)} tells more than {MOST_OUTCOMES} values apart")
    for before in product(*known):
        done = _done(effect, before)
        if done is not None:
            yield Outcome(before, *done)


def _done(effect: Step, before: tuple[int, ...]) -> tuple[Value, tuple[int, ...]] | None:
    match effect:
        case Read():
            return before[0], before
        case Look():
            return before, before
        case Await():
            return (before[0], before) if effect.ready(before[0]) else None
        case Write():
            return None, (_number(effect, effect.value),)
        case Add():
            return before[0] + effect.amount, (before[0] + effect.amount,)
        case IrqDisable():
            return before[0], (0,)
        case IrqEnable():
            return None, (1,)
        case Flush():
            return (None, before) if all(before) else None
        case Atomic():
            changed = effect.change(*before)
            return None if changed is None else (changed[0], tuple(_number(effect, value) for value in changed[1:]))
        case _:
            raise ValueError(f"{_name(effect)} has no plain form")


def _sites(unrolled: Unrolled, machine: Machine, values: dict[int, tuple[int, ...]]) -> Iterator[Site]:
    numbers = {unrolled.start.place: 0}
    _refuse_checks(unrolled.start.remarks)
    order = [unrolled.start.place]
    for place in order:
        effect = unrolled.place(place).effect
        after = {}
        for answer in _answers(effect, machine, values):
            arrival = unrolled.after(place, answer)
            _refuse_checks(arrival.remarks)
            if arrival.place not in numbers:
                numbers[arrival.place] = len(order)
                order.append(arrival.place)
            after[answer] = numbers[arrival.place]
        if len(order) > MOST_PLACES:
            raise ValueError(f"a task has more than {MOST_PLACES:,} places")
        yield Site(effect, after)


def _answers(effect: Step | None, machine: Machine, values: dict[int, tuple[int, ...]]) -> tuple[Value, ...]:
    match effect:
        case None:
            return ()
        case Acquire():
            return (True, False) if effect.trylock else (None,)
        case Release() | Downgrade():
            return (None,)
        case Choose():
            return tuple(range(effect.options))
    if not isinstance(effect, _PLAIN) or (isinstance(effect, Flush) and effect.tlbs):
        raise ValueError(f"{_name(effect)} has no plain form")
    for cell in cells_of(effect):
        if cell.number not in values:
            values[cell.number] = (_number(effect, machine.start.cells[cell.number]),)
    return tuple(dict.fromkeys(outcome.answer for outcome in outcomes(effect, values)))


def _after_one_more(tasks: Sequence[Sequence[Site]], values: dict[int, tuple[int, ...]]) -> dict[int, tuple[int, ...]]:
    """What cells can hold when every step has been done once more."""
    more = {cell: set(known) for cell, known in values.items()}
    for sites in tasks:
        for effect, _ in sites:
            cells = cells_of(effect)
            if effect is None or not cells:
                continue
            for outcome in outcomes(effect, values):
                for cell, value in zip(cells, outcome.after, strict=True):
                    more[cell.number].add(value)
    return {cell: tuple(sorted(known)) for cell, known in more.items()}


def _writes(tasks: Sequence[Sequence[Site]]) -> int:
    return sum(_longest(sites, lambda effect: isinstance(effect, _CHANGING)) for sites in tasks)


def _takes_shared(effect: Step, *, lock: int) -> bool:
    shares = isinstance(effect, Downgrade) or (isinstance(effect, Acquire) and effect.access is not Access.EXCLUSIVE)
    return shares and effect.lock.cell == lock  # type: ignore[union-attr]


def _waits(effect: Step, *, lock: int) -> bool:
    return isinstance(effect, Acquire) and not effect.trylock and effect.lock.cell == lock


def _longest(sites: Sequence[Site], counts: Callable[[Step], bool]) -> int:
    """The most steps of a kind on one way through a task. Raises ValueError for a task that can go in a circle."""
    from graphlib import CycleError, TopologicalSorter

    most = [0] * len(sites)
    try:
        order = tuple(
            TopologicalSorter({place: site.after.values() for place, site in enumerate(sites)}).static_order()
        )
    except CycleError:
        raise ValueError("a task goes round in a circle") from None
    for place in order:
        effect, after = sites[place]
        most[place] = max((most[other] for other in after.values()), default=0) + (
            effect is not None and counts(effect)
        )
    return most[0]


def _number(effect: Step, value: Value) -> int:
    if not isinstance(value, int):
        raise ValueError(f"{_name(effect)} uses more than numbers")
    return int(value)


def _refuse_checks(remarks: Sequence[tuple[Remark, StackTrace]]) -> None:
    for remark, _ in remarks:
        if isinstance(remark, Check):
            raise ValueError(f"a check of {remark.invariant} has no plain form")


def _name(effect: Step) -> str:
    words = getattr(effect, "what", "")
    return f"{type(effect).__name__} ({words})" if words else type(effect).__name__
