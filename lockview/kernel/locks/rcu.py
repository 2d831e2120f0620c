"""Read sections that delay callbacks: RCU and SRCU. Nobody waits for a reader but a grace period."""

from __future__ import annotations

from lockview.kernel.effects import Await, Defer, GracePeriod, ReadLock, ReadUnlock, Routine, Value, Write
from lockview.kernel.handles import Cell, Lock
from lockview.kernel.inlining import inlined

WAKE = "wake"
"""The action of a callback that only tells ``synchronize_srcu`` that the grace period is over."""


@inlined
def srcu_read_lock(domain: Lock) -> Routine[None]:
    """Enter a read section."""
    yield ReadLock(domain)


@inlined
def srcu_read_unlock(domain: Lock) -> Routine[None]:
    """Leave it."""
    yield ReadUnlock(domain)


rcu_read_lock = srcu_read_lock
rcu_read_unlock = srcu_read_unlock


def call_srcu(domain: Lock, action: tuple[Value, ...]) -> Routine[None]:
    """Have ``action`` done after a grace period."""
    yield Defer(domain, action)


call_rcu = call_srcu


def synchronize_srcu(domain: Lock, over: Cell) -> Routine[None]:
    """Wait for a grace period. ``over`` is a cell of this caller, 0 before."""
    yield Write(over, 0)
    yield Defer(domain, (WAKE, over))
    yield Await(over, bool, what="for the grace period")


@inlined
def next_callback(domain: Lock) -> Routine[tuple[Value, ...]]:
    """Wait for a grace period to end, answer the action of its callback."""
    action: tuple[Value, ...] = yield GracePeriod(domain)
    return action
