"""A routine as the clock walks it: places compiled into rows that say what to do, what it costs and what to count.

The rows come from the same ``Unrolled`` table that the stepper and the explorer use. Threads that run one routine share
its rows; each may mean a lock of its own where the program names one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from lockview.kernel.effects import (
    Acquire,
    Add,
    Choose,
    Defer,
    Downgrade,
    GracePeriod,
    Happened,
    ReadLock,
    ReadUnlock,
    Release,
    Remark,
    Routine,
    Spend,
    Step,
    Value,
)
from lockview.model.locks import Access
from lockview.model.stacks import StackTrace
from lockview.sim.unrolling import START, Unrolled

SPEND, COUNT, BEGIN, END = range(4)
"""What an item of a transition is: (SPEND, mean time), (COUNT, key), (BEGIN or END, number of a span)."""
Item = tuple[int, Any]

READ, WRITE, TRY, GIVE_READ, GIVE_WRITE, DOWNGRADE, CHOOSE, ENTER, LEAVE, DEFER, GRACE, ADD, OTHER, OVER = range(14)
"""What a row does. ``READ`` and ``WRITE`` take a lock, ``TRY`` takes one at once or not at all."""


class Span(NamedTuple):
    """A stretch of time that is measured: from one told event to the other."""

    name: str
    begin: str
    end: str


class Transition(NamedTuple):
    """The way from one row to the next: what happens on it, in order."""

    row: Row
    items: tuple[Item, ...]


class Row:
    """A place. ``cell`` is that of its lock, ``chance`` is that of answering 1 to a question, ``next`` follows None."""

    __slots__ = ("after", "cell", "chance", "effect", "next", "op", "place")

    def __init__(self, place: int, op: int, effect: Step | None, cell: int, chance: float) -> None:
        self.place = place
        self.op = op
        self.effect = effect
        self.cell = cell
        self.chance = chance
        self.next: Transition | None = None
        self.after: dict[Value, Transition] = {}


class Prices(NamedTuple):
    """What a routine is compiled with: mean times by ``Spend``, chances by ``Choose``, and what is to be measured."""

    service: Mapping[str, float]
    chances: Mapping[str, float]
    spans: tuple[Span, ...] = ()
    counted: frozenset[str] | None = None
    """The told events that are counted; None for all."""


class Program:
    """The rows of one routine, learnt as they are reached."""

    def __init__(self, routine: Callable[[], Routine[Any]], prices: Prices) -> None:
        self._unrolled = Unrolled(routine)
        self._prices = prices
        self._rows: dict[int, Row] = {}
        self.start = Transition(self._row(START), self._items(self._unrolled.start.remarks))

    def __len__(self) -> int:
        return len(self._rows)

    def after(self, row: Row, answer: Value) -> Transition:
        """Where an answer leads."""
        arrival = self._unrolled.after(row.place, answer)
        transition = Transition(self._row(arrival.place), self._items(arrival.remarks))
        if answer is None:
            row.next = transition
        row.after[answer] = transition
        return transition

    def _row(self, place: int) -> Row:
        known = self._rows.get(place)
        if known is None:
            effect = self._unrolled.place(place).effect
            known = self._rows[place] = Row(place, _op(effect), effect, _cell(effect), self._chance(effect))
        return known

    def _chance(self, effect: Step | None) -> float:
        return self._prices.chances.get(effect.of, 0.0) if isinstance(effect, Choose) else 0.0

    def _items(self, remarks: Iterable[tuple[Remark, StackTrace]]) -> tuple[Item, ...]:
        items: list[Item] = []
        for remark, _ in remarks:
            if isinstance(remark, Spend):
                _spend(items, self._prices.service.get(remark.cost, 0.0) * remark.times)
            elif isinstance(remark, Happened):
                items += self._told(remark)
        return tuple(items)

    def _told(self, remark: Happened) -> list[Item]:
        items: list[Item] = []
        for number, span in enumerate(self._prices.spans):
            if remark.what in (span.begin, span.end):
                items.append((BEGIN if remark.what == span.begin else END, number))
        counted = self._prices.counted
        if counted is None or remark.what in counted:
            items.append((COUNT, f"{remark.what}: {remark.value}" if remark.value else remark.what))
        return items


def _spend(items: list[Item], mean: float) -> None:
    """Work right after work is one service time."""
    if mean <= 0:
        return
    if items and items[-1][0] == SPEND:
        mean += items.pop()[1]
    items.append((SPEND, mean))


_OPS: dict[type, int] = {
    Downgrade: DOWNGRADE,
    Choose: CHOOSE,
    ReadLock: ENTER,
    ReadUnlock: LEAVE,
    Defer: DEFER,
    GracePeriod: GRACE,
    Add: ADD,
}


def _cell(effect: Step | None) -> int:
    match effect:
        case Acquire(lock=lock) | Release(lock=lock) | Downgrade(lock=lock):
            return lock.cell
        case ReadLock(domain=lock) | ReadUnlock(domain=lock) | Defer(domain=lock) | GracePeriod(domain=lock):
            return lock.cell
        case Add(cell=counter):
            return counter.number
        case _:
            return -1


def _op(effect: Step | None) -> int:
    if effect is None:
        return OVER
    if isinstance(effect, Acquire):
        return TRY if effect.trylock else WRITE if effect.access is Access.EXCLUSIVE else READ
    if isinstance(effect, Release):
        return GIVE_WRITE if effect.access is Access.EXCLUSIVE else GIVE_READ
    return _OPS.get(type(effect), OTHER)
