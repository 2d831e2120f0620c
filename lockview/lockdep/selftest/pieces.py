"""What the cases are made of: taking and dropping locks, interrupts, orders of events."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from typing import NamedTuple

Ops = tuple[Mapping[str, object], ...]


class Column(NamedTuple):
    """One way of taking a lock; ``name`` is that of its column in the table."""

    name: str
    kind: str
    prefix: str
    read: int = 0

    def take(self, lock: str, **more: object) -> Ops:
        """Acquire. The locks X1 and X2 are of one class."""
        return ({"op": "lock", **self._who(lock), "read": self.read, **more},)

    def drop(self, lock: str) -> Ops:
        """Release."""
        return ({"op": "unlock", **self._who(lock)},)

    def init(self, lock: str) -> Ops:
        """Initialise."""
        return ({"op": "init", **self._who(lock)},)

    def pair(self, lock: str, *inside: Ops) -> Ops:
        """Acquire, do what is inside, release."""
        return joined(self.take(lock), *inside, self.drop(lock))

    def nested(self, *locks: str) -> Ops:
        """Acquire one lock after the other, release them the other way round."""
        return self.pair(locks[0], *([self.nested(*locks[1:])] if locks[1:] else []))

    def _who(self, lock: str) -> dict[str, object]:
        shared = lock.rstrip("12")
        return {"kind": self.kind, "lock": f"{self.prefix}_{lock}", "class": f"{self.prefix}_{shared}"}


SPIN = Column("spin", "spinlock", "lock")
WLOCK = Column("wlock", "rwlock", "rwlock")
RLOCK = Column("rlock", "rwlock", "rwlock", 2)
MUTEX = Column("mutex", "mutex", "mutex")
WSEM = Column("wsem", "rwsem", "rwsem")
RSEM = Column("rsem", "rwsem", "rwsem", 1)
RTMUTEX = Column("rtmutex", "rt_mutex", "rtmutex")
COLUMNS = (SPIN, WLOCK, RLOCK, MUTEX, WSEM, RSEM, RTMUTEX)
"""The columns of the table, in order. Readers of a rwlock are recursive here, as the kernel's test has them."""

RAW = Column("", "raw_spinlock", "raw_lock")
LOCAL = Column("", "local_lock", "local")


class Interrupts(NamedTuple):
    """One kind of interrupts: how to be in one, and how to turn them off."""

    name: str
    enter: Ops
    leave: Ops
    off: Ops
    on: Ops

    def inside(self, *ops: Ops) -> Ops:
        """What an interrupt does."""
        return joined(self.enter, *ops, self.leave)

    def without(self, *ops: Ops) -> Ops:
        """What is done while they are off."""
        return joined(self.off, *ops, self.on)


def plain(*names: str) -> Ops:
    """Operations without fields."""
    return tuple({"op": name} for name in names)


def joined(*parts: Ops) -> Ops:
    """One list after the other."""
    return tuple(operation for part in parts for operation in part)


HARD = Interrupts(
    "hard",
    plain("irq_disable", "hardirq_enter", "hardirq_threaded"),
    plain("hardirq_exit", "irq_enable"),
    plain("irq_disable"),
    plain("irq_enable"),
)
UNTHREADED = HARD._replace(enter=plain("irq_disable", "hardirq_enter"))
SOFT = Interrupts(
    "soft",
    plain("bh_disable", "irq_disable", "softirq_enter"),
    plain("softirq_exit", "irq_enable", "bh_enable"),
    plain("bh_disable"),
    plain("bh_enable"),
)


def orders(*events: Ops) -> dict[str, Ops]:
    """The events in every order; the keys say which, ``231``."""
    numbers = range(len(events))
    return {
        "".join(str(number + 1) for number in order): joined(*(events[number] for number in order))
        for order in permutations(numbers)
    }
