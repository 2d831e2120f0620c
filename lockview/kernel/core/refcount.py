"""The core model of the reference counted VMA of 6.15: a fault against munmap and the reuse of the VMA's memory.

The slab gives a freed VMA's memory to another address space at once (SLAB_TYPESAFE_BY_RCU), so a reader that got its
reference has to look again whose VMA it holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from lockview.kernel.effects import Acquire, Add, Atomic, Await, Check, Look, Read, Release, Routine, Value, Write
from lockview.kernel.handles import FREE, Cell, Lock
from lockview.kernel.switches import Switch
from lockview.kernel.worlds import WorldPlan
from lockview.model.locks import Access, Primitive

WRITER = 0x40000000
"""``VMA_LOCK_OFFSET``: what a writer adds to keep readers out."""


class RefcountModel(NamedTuple):
    """The cells. ``refs`` is vm_refcnt: 0 detached, 1 attached, and one for each reader.

    ``lock_seq`` equals ``mm_lock_seq`` while a writer has marked the VMA; ``ours`` is False once its memory is another
    VMA's. ``zapped`` and ``refused`` (the answer is SIGSEGV) are ghosts.
    """

    switches: frozenset[Switch]
    mmap_lock: Lock
    linked: Cell
    refs: Cell
    lock_seq: Cell
    mm_lock_seq: Cell
    ours: Cell
    pte: Cell
    zapped: Cell
    refused: Cell

    def has(self, switch: Switch) -> bool:
        """Whether a switch is on."""
        return switch in self.switches


def new_refcount_model(plan: WorldPlan, switches: frozenset[Switch] = frozenset()) -> RefcountModel:
    """An instance with one VMA and one page that is not there yet."""
    return RefcountModel(
        switches,
        plan.lock("mmap_lock", "&mm->mmap_lock", Primitive.RWSEM),
        plan.cell("vma.linked", True),
        plan.cell("vma.vm_refcnt", 1),
        plan.cell("vma.vm_lock_seq", 0),
        plan.cell("mm.mm_lock_seq", 1),
        plan.cell("vma.ours", True),
        plan.cell("pte", False),
        plan.cell("zapped", False, ghost=True),
        plan.cell("fault.refused", False, ghost=True),
    )


def fault(c: RefcountModel) -> Routine[None]:
    """Serve one fault, under a reference to the VMA if that can be had."""
    if (yield from lock_vma_under_rcu(c)):
        yield Write(c.pte, True)
        yield _mapping_is_right(c)
        yield from drop_reference(c)
        return
    yield Acquire(c.mmap_lock, Access.SHARED)
    if (yield Atomic((c.linked, c.refused), lambda linked, _refused: (linked, linked, not linked), "look at the VMA")):
        yield Write(c.pte, True)
        yield _mapping_is_right(c)
    yield Release(c.mmap_lock, Access.SHARED)


def lock_vma_under_rcu(c: RefcountModel) -> Routine[bool]:
    """Find the VMA and take a reference; False without having kept one."""
    if not (yield Read(c.linked)):
        return False
    if (yield from _is_marked(c)):
        return False
    if not (yield Atomic((c.refs,), _get(c), "get a reference")):
        return False
    if (yield from _is_marked(c)) and not c.has(Switch.X4):
        yield from drop_reference(c)
        return False
    if (yield Read(c.ours)) or c.has(Switch.X1):
        return True
    yield from drop_reference(c)
    return False


def drop_reference(c: RefcountModel) -> Routine[None]:
    """``vma_refcount_put``."""
    yield Add(c.refs, -1)


def munmap(c: RefcountModel) -> Routine[None]:
    """Unmap the VMA and free it; its memory is used again at once."""
    yield Acquire(c.mmap_lock)
    if not c.has(Switch.V1):
        yield from vma_start_write(c)
    yield Write(c.linked, False)
    yield from vma_mark_detached(c)
    yield Atomic((c.pte, c.zapped), lambda _pte, _zapped: (None, False, True), "zap")
    cells = (c.mm_lock_seq, Cell(c.mmap_lock.cell, c.mmap_lock.name))
    yield Atomic(cells, lambda sequence, _state: (None, sequence + 1, FREE), "mmap_write_unlock")
    yield Atomic((c.ours, c.refs), lambda _ours, _refs: (None, False, 1), "the memory is another VMA's")


def vma_start_write(c: RefcountModel) -> Routine[None]:
    """Keep readers out, wait for those inside, mark the VMA, let readers look at the mark."""
    yield Add(c.refs, WRITER)
    cells = (c.refs, c.mm_lock_seq, c.lock_seq)
    yield Atomic(
        cells,
        lambda refs, mm_seq, _lock_seq: (None, refs, mm_seq, mm_seq) if refs == WRITER + 1 else None,
        "wait for readers, mark",
    )
    yield Add(c.refs, -WRITER)


def vma_mark_detached(c: RefcountModel) -> Routine[None]:
    """Give up the reference of being attached and wait until nobody has one."""
    yield Add(c.refs, -1)
    yield Look(()) if c.has(Switch.X2) else Await(c.refs, _is_zero, what="for the last reader")


def _is_marked(c: RefcountModel) -> Routine[bool]:
    """Whether a writer has the VMA."""
    is_marked: bool = yield Atomic(
        (c.lock_seq, c.mm_lock_seq), lambda lock_seq, mm_seq: (lock_seq == mm_seq, lock_seq, mm_seq), "is it marked?"
    )
    return is_marked


def _get(c: RefcountModel) -> Callable[[int], tuple[Value, ...]]:
    """Readers come in unless the count is zero or a writer has raised it."""
    if c.has(Switch.X3):
        return lambda refs: (refs < WRITER, refs + (refs < WRITER))
    return lambda refs: (0 < refs < WRITER, refs + (0 < refs < WRITER))


def _is_zero(refs: int) -> bool:
    return refs == 0


def _mapping_is_right(c: RefcountModel) -> Check:
    return Check("I1", (c.zapped, c.pte), lambda zapped, pte: not (zapped and pte), "an unmapped page is mapped again")
