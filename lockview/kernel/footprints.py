"""Which cells a step reads and writes, so that two steps can be told independent."""

from __future__ import annotations

from typing import NamedTuple

from lockview.kernel.effects import (
    Acquire,
    Add,
    Atomic,
    Await,
    Choose,
    Defer,
    Downgrade,
    Flush,
    GracePeriod,
    IrqDisable,
    IrqEnable,
    Look,
    Read,
    ReadLock,
    ReadUnlock,
    Release,
    Step,
    Write,
)

_NONE: frozenset[int] = frozenset()


class Footprint(NamedTuple):
    """Numbers of cells. A lock operation writes its lock, a trylock even when it fails."""

    reads: frozenset[int] = _NONE
    writes: frozenset[int] = _NONE

    def conflicts(self, other: Footprint) -> bool:
        """Whether the order of the two steps can matter."""
        return bool(self.writes & (other.reads | other.writes) or self.reads & other.writes)


def footprint(effect: Step | None) -> Footprint:
    """What a step touches; None, the end of a task, touches nothing."""
    match effect:
        case Acquire(lock=lock) | Release(lock=lock) | Downgrade(lock=lock):
            return Footprint(writes=frozenset((lock.cell,)))
        case Read(cell=cell) | Await(cell=cell):
            return Footprint(reads=frozenset((cell.number,)))
        case Look(cells=cells):
            return Footprint(reads=frozenset(cell.number for cell in cells))
        case Write(cell=cell) | Add(cell=cell) | IrqDisable(irqs=cell) | IrqEnable(irqs=cell):
            return Footprint(writes=frozenset((cell.number,)))
        case Atomic(cells=cells):
            return Footprint(writes=frozenset(cell.number for cell in cells))
        case Flush(irqs=irqs, tlbs=tlbs):
            return Footprint(frozenset(cell.number for cell in irqs), frozenset(cell.number for cell in tlbs))
        case ReadLock(domain=domain) | ReadUnlock(domain=domain) | Defer(domain=domain) | GracePeriod(domain=domain):
            return Footprint(writes=frozenset((domain.cell,)))
        case Choose() | None:
            return Footprint()
