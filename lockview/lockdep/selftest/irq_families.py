"""Cases about locks and interrupts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lockview.lockdep.cases import Case
from lockview.lockdep.selftest.pieces import (
    HARD,
    LOCAL,
    MUTEX,
    RLOCK,
    SOFT,
    SPIN,
    WLOCK,
    Column,
    Interrupts,
    Ops,
    joined,
    orders,
    plain,
)

Events = Callable[[Column, Interrupts], tuple[Ops, ...]]

_ALL = (SPIN, WLOCK, RLOCK)
_RW = (WLOCK, RLOCK)


def irq_cases() -> Iterator[Case]:
    """Events of tasks and interrupts, in every order. Only exclusive holders hang, so readers are never told of."""
    yield from _family("irqsafe1", "{}-irqs-on + irq-safe-A", _ALL, _plain_use)
    for order in ("12", "21"):
        for column in _ALL:
            yield _case("irqsafe2A", "sirq-safe-A => hirqs-on", column, order, orders(*_turned_on(column))[order])
    yield from _family("irqsafe2B", "{}-safe-A + irqs-on", _ALL, _turned_on_inside)
    yield from _family("irqsafe3", "{}-safe-A + unsafe-B #1", _ALL, _order_with_irqs)
    yield from _family("irqsafe4", "{}-safe-A + unsafe-B #2", _ALL, _order_without_irqs)
    yield from _family("irq_inversion", "{}-irq lock-inversion", _ALL, _reader_inside)
    yield from _family("irq_read_recursion", "{}-irq read-recursion", _RW, _safe_recursion)
    yield from _family("irq_read_recursion2", "{}-irq read-recursion #2", _RW, _unsafe_recursion)
    yield from _family("irq_read_recursion3", "{}-irq read-recursion #3", _RW, _unsafe_readers)


def _family(name: str, title: str, columns: tuple[Column, ...], events: Events) -> Iterator[Case]:
    count = len(events(SPIN, HARD))
    for order in orders(*[()] * count):
        for irqs in (HARD, SOFT):
            for column in columns:
                ops = orders(*events(column, irqs))[order]
                yield _case(name, title.format(irqs.name), column, order, ops, f"_{irqs.name}")


def _case(family: str, title: str, column: Column, order: str, ops: Ops, irqs: str = "") -> Case:
    name = f"{family}{irqs}_{column.name}_{order}"
    return Case(name, f"{title}/{order}", family, column is not RLOCK, ops, column.name)


def _plain_use(column: Column, irqs: Interrupts) -> tuple[Ops, ...]:
    return irqs.inside(column.pair("A")), column.pair("A")


def _turned_on(column: Column) -> tuple[Ops, ...]:
    held_when_on = joined(HARD.off, column.take("A"), HARD.on, column.drop("A"))
    return SOFT.inside(column.pair("A")), held_when_on


def _turned_on_inside(column: Column, irqs: Interrupts) -> tuple[Ops, ...]:
    held_when_on = joined(irqs.off, column.take("A"), irqs.on, column.drop("A"))
    return irqs.inside(column.pair("A")), held_when_on


def _order_with_irqs(column: Column, irqs: Interrupts) -> tuple[Ops, ...]:
    return column.nested("A", "B"), column.pair("B"), irqs.inside(column.pair("A"))


def _order_without_irqs(column: Column, irqs: Interrupts) -> tuple[Ops, ...]:
    return irqs.without(column.nested("A", "B")), column.pair("B"), irqs.inside(column.pair("A"))


def _reader_inside(column: Column, irqs: Interrupts) -> tuple[Ops, ...]:
    return irqs.without(WLOCK.pair("A", column.pair("B"))), column.pair("B"), irqs.inside(RLOCK.pair("A"))


def _safe_recursion(column: Column, irqs: Interrupts) -> tuple[Ops, ...]:
    return irqs.without(WLOCK.pair("A")), RLOCK.pair("A"), irqs.inside(column.pair("A", SPIN.pair("B")))


def _unsafe_recursion(column: Column, irqs: Interrupts) -> tuple[Ops, ...]:
    return irqs.without(SPIN.pair("B", column.pair("A"))), RLOCK.pair("A"), irqs.inside(SPIN.pair("B"))


def _unsafe_readers(column: Column, irqs: Interrupts) -> tuple[Ops, ...]:
    return irqs.without(WLOCK.pair("B", column.pair("A"))), RLOCK.pair("A"), irqs.inside(RLOCK.pair("B"))


_FAIR_READER = RLOCK._replace(read=1)
"""A reader of a queued rwlock outside interrupts, who waits behind writers."""


def queued_cases() -> Iterator[Case]:
    """Readers of queued rwlocks: recursive in interrupts only."""
    lock, fair = WLOCK, _FAIR_READER
    found = joined(HARD.inside(RLOCK.pair("A", lock.pair("B"))), HARD.without(lock.pair("B", fair.pair("A"))))
    harmless = joined(HARD.inside(lock.pair("B", RLOCK.pair("A"))), HARD.without(fair.pair("A", lock.pair("B"))))
    turned = joined(HARD.inside(lock.pair("B")), HARD.without(lock.pair("B", fair.pair("A"))), fair.pair("A"))
    for name, title, complains, ops in (
        ("RE_Er", "hardirq read-lock/lock-read", True, found),
        ("ER_rE", "hardirq lock-read/read-lock", False, harmless),
        ("inversion", "hardirq inversion", True, turned),
    ):
        yield Case(f"queued_read_lock_hardirq_{name}", title, "queued_read_lock", complains, ops)


def local_cases() -> Iterator[Case]:
    """Local locks are no locks between CPUs, so paths do not lead over them."""
    safe = HARD.inside(SPIN.pair("A"))
    under_safe = HARD.without(SPIN.pair("A", LOCAL.pair("A")))
    outer = LOCAL.pair("A", SPIN.pair("B"))
    direct = joined(plain("irq_disable"), SPIN.nested("A", "B"), plain("irq_disable"))
    for name, title, complains, ops in (
        ("local_lock_2", "local_lock inversion  2", False, joined(LOCAL.pair("A"), safe, under_safe)),
        ("local_lock_3A", "local_lock inversion 3A", False, joined(outer, safe, under_safe)),
        ("local_lock_3B", "local_lock inversion 3B", True, joined(outer, safe, under_safe, direct)),
    ):
        yield Case(name, title, "local_lock", complains, ops)


def special_cases() -> Iterator[Case]:
    """A path that is wrong for hard interrupts, beside one that is right for soft ones."""
    ops = joined(
        MUTEX.pair("A", HARD.without(SPIN.pair("C"))),
        HARD.inside(SPIN.pair("A")),
        HARD.without(SPIN.nested("A", "B")),
        HARD.without(SPIN.nested("B", "C")),
        SOFT.inside(SPIN.pair("D")),
        SOFT.without(SPIN.pair("D")),
        HARD.without(SPIN.nested("C", "D")),
    )
    yield Case("hardirq_deadlock_softirq_not_deadlock", "hardirq_unsafe_softirq_safe", "special", True, ops)
