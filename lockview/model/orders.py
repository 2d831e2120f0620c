"""Lock orders of a whole system: what /proc/lockdep and /proc/lockdep_chains list."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from lockview.model.locks import LockClass
from lockview.model.text import NOWHERE, Span


class OrderSource(StrEnum):
    """The file that the orders stand in; the value is the stable name in the JSON form."""

    CLASSES = "lockdep"
    CHAINS = "lockdep_chains"


@dataclass(frozen=True, slots=True)
class OrderClass:
    """A class and its numbers; None and "" where the kernel's configuration prints none.

    ``key`` is the printed address, often hashed: equal text is one class within one file. ``operations`` counts
    acquisitions; ``forward`` and ``backward`` count the classes after and before it, itself included.
    ``line`` is 0 for a class that is only named in another's order. Source: ``l_show``, kernel/locking/lockdep_proc.c.
    """

    key: str
    lock_class: LockClass
    operations: int | None = None
    forward: int | None = None
    backward: int | None = None
    usage: str = ""
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Order:
    """``after`` was taken while ``before`` was held; both index ``LockOrders.classes``. ``count`` lines say so."""

    before: int
    after: int
    count: int = 1
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class HeldChain:
    """Locks that were held together, outermost first, as indices of classes; ``count`` such chains were listed.

    ``context`` is ``hardirq``, ``softirq``, ``hardirq|softirq`` or "". Source: ``lc_show``.
    """

    context: str
    classes: tuple[int, ...]
    count: int = 1
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class LockOrders:
    """The classes of a running kernel and the orders between them.

    From chains the orders are those of neighbours in a chain: weak evidence, since a trylock or the border of an
    interrupt may lie between them. ``overflowed`` holds when the kernel called its own list ``(buggered)``.
    """

    source: OrderSource
    classes: tuple[OrderClass, ...] = ()
    orders: tuple[Order, ...] = ()
    chains: tuple[HeldChain, ...] = ()
    overflowed: bool = False
    span: Span = field(default=NOWHERE, compare=False)
