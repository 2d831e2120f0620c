"""What may interrupt whom: interrupts and soft interrupts, off and on; and the interrupts themselves.

The state of a CPU is two cells: ``irqs`` is 1 while interrupts are on, ``softirqs`` is 1 while soft ones are, one less
for each ``local_bh_disable``. An interrupt is a task that ``arrives`` on the CPU of the task that it interrupts, with a
higher priority; it starts at ``hardirq`` or ``softirq``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lockview.kernel.effects import Add, Atomic, Context, Flush, IrqDisable, IrqEnable, Routine, Value
from lockview.kernel.handles import Cell
from lockview.kernel.inlining import inlined


@inlined
def local_irq_disable(irqs: Cell) -> Routine[None]:
    """Let no interrupt in."""
    yield IrqDisable(irqs)


@inlined
def local_irq_enable(irqs: Cell) -> Routine[None]:
    """Let interrupts in again."""
    yield IrqEnable(irqs)


@inlined
def local_irq_save(irqs: Cell) -> Routine[int]:
    """Let no interrupt in; answers what was so before."""
    flags: int = yield IrqDisable(irqs)
    return flags


@inlined
def local_irq_restore(irqs: Cell, flags: int) -> Routine[None]:
    """Let interrupts in again if they were."""
    if flags:
        yield IrqEnable(irqs)


def local_bh_disable(softirqs: Cell) -> Routine[None]:
    """Let no soft interrupt in; nests."""
    off: int = yield Add(softirqs, -1)
    if off == 0:
        yield Context("softirq", "disable")


def local_bh_enable(softirqs: Cell) -> Routine[None]:
    """Let them in again if this was the outermost."""
    on: int = yield Add(softirqs)
    if on == 1:
        yield Context("softirq", "enable")


@inlined
def hardirq(irqs: Cell, handler: Callable[[], Routine[Any]]) -> Routine[None]:
    """An interrupt that comes as soon as it may, and runs with interrupts off."""
    yield Atomic((irqs,), lambda on: (None, 0) if on else None, "an interrupt comes")
    yield Context("hardirq", "enter")
    yield from handler()
    yield Atomic((irqs,), lambda _off: (None, 1), "the interrupt is over")
    yield Context("hardirq", "exit")


@inlined
def softirq(irqs: Cell, softirqs: Cell, handler: Callable[[], Routine[Any]]) -> Routine[None]:
    """A soft interrupt, on the way out of an interrupt; others can come meanwhile, soft ones not."""
    yield Atomic((irqs, softirqs), _enter_softirq, "a soft interrupt comes")
    yield Context("softirq", "enter")
    yield from handler()
    yield Atomic((softirqs,), lambda off: (None, off + 1), "the soft interrupt is over")
    yield Context("softirq", "exit")


def smp_call_function_single(irqs: Cell) -> Routine[None]:
    """Have another CPU do something, and wait until it has: it must let the interrupt in."""
    yield Flush((irqs,))


def smp_call_function_many(irqs: tuple[Cell, ...]) -> Routine[None]:
    """The same of several CPUs."""
    yield Flush(irqs)


def _enter_softirq(irqs: int, softirqs: int) -> tuple[Value, ...] | None:
    return (None, irqs, 0) if irqs and softirqs == 1 else None
