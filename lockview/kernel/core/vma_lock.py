"""The core model of per-VMA locks as of 6.4: a fault under the VMA's own lock against munmap."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from lockview.kernel.effects import Acquire, Atomic, Check, Look, Release, Routine, Value, Write
from lockview.kernel.handles import FREE, NOBODY, Cell, HolderState, Lock
from lockview.kernel.switches import Switch
from lockview.kernel.worlds import WorldPlan
from lockview.model.locks import Access, Primitive

FAULT, MUNMAP = 0, 1
"""The numbers of the two tasks; the daemon comes after them."""


class VmaLockModel(NamedTuple):
    """The cells. ``lock_seq`` is vm_lock_seq: equal to ``mm_lock_seq`` while a writer has marked the VMA.

    With ``reclaims`` the fault allocates and reclaims, which takes ``i_mmap_rwsem`` shared. ``in_rcu`` tells whether
    the fault is in its read section, ``unmapped`` whether the VMA waits to be freed; ``zapped``, ``freed`` and
    ``refused`` (the answer is SIGSEGV) are ghosts.
    """

    switches: frozenset[Switch]
    reclaims: bool
    mmap_lock: Lock
    i_mmap_rwsem: Lock
    vm_lock: Lock
    linked: Cell
    detached: Cell
    lock_seq: Cell
    mm_lock_seq: Cell
    in_rcu: Cell
    pte: Cell
    zapped: Cell
    unmapped: Cell
    freed: Cell
    refused: Cell

    def has(self, switch: Switch) -> bool:
        """Whether a switch is on."""
        return switch in self.switches


def new_vma_lock_model(
    plan: WorldPlan, switches: frozenset[Switch] = frozenset(), *, reclaims: bool = False
) -> VmaLockModel:
    """An instance with one VMA and one page that is not there yet."""
    return VmaLockModel(
        switches,
        reclaims,
        plan.lock("mmap_lock", "&mm->mmap_lock", Primitive.RWSEM),
        plan.lock("i_mmap_rwsem", "&mapping->i_mmap_rwsem", Primitive.RWSEM),
        plan.lock("vm_lock", "&vma->vm_lock->lock", Primitive.RWSEM),
        plan.cell("vma.linked", True),
        plan.cell("vma.detached", False),
        plan.cell("vma.vm_lock_seq", 0),
        plan.cell("mm.mm_lock_seq", 1),
        plan.cell("rcu", False),
        plan.cell("pte", False),
        plan.cell("zapped", False, ghost=True),
        plan.cell("vma.unmapped", False),
        plan.cell("vma.freed", False, ghost=True),
        plan.cell("fault.refused", False, ghost=True),
    )


def fault(c: VmaLockModel) -> Routine[None]:
    """Serve one fault, under the VMA's lock if that can be had."""
    if not (yield from lock_vma_under_rcu(c)):
        yield from handle_classic_fault(c)
        return
    if c.reclaims:
        yield Acquire(c.i_mmap_rwsem, Access.SHARED)
        yield Release(c.i_mmap_rwsem, Access.SHARED)
    yield Write(c.pte, True)
    yield _mapping_is_right(c)
    yield Release(c.vm_lock, Access.SHARED)


def lock_vma_under_rcu(c: VmaLockModel) -> Routine[bool]:
    """Find the VMA and lock it shared; False without having kept anything."""
    if not (yield Atomic((c.linked, c.in_rcu), lambda linked, _in_rcu: (linked, linked, linked), "look up under RCU")):
        return False
    if (yield Atomic((c.lock_seq, c.mm_lock_seq, c.in_rcu), _test_early, "is it marked?")):
        yield _vma_is_alive(c)
        return False
    yield _vma_is_alive(c)
    if not (yield Atomic((_state(c.vm_lock), c.in_rcu), _try_shared, "down_read_trylock")):
        yield _vma_is_alive(c)
        return False
    yield _vma_is_alive(c)
    cells = (c.lock_seq, c.mm_lock_seq, c.detached, _state(c.vm_lock), c.in_rcu)
    is_locked: bool = yield Atomic(cells, _test_again(c), "is it marked now, or detached?")
    yield _vma_is_alive(c)
    return is_locked


def handle_classic_fault(c: VmaLockModel) -> Routine[None]:
    """Serve it under ``mmap_lock``."""
    yield Acquire(c.mmap_lock, Access.SHARED)
    if (yield Atomic((c.linked, c.refused), lambda linked, _refused: (linked, linked, not linked), "look at the VMA")):
        yield Write(c.pte, True)
        yield _mapping_is_right(c)
    yield Release(c.mmap_lock, Access.SHARED)


def munmap(c: VmaLockModel) -> Routine[None]:
    """Unmap the VMA; it is freed by RCU."""
    yield Acquire(c.mmap_lock)
    if c.has(Switch.V5):
        yield Acquire(c.i_mmap_rwsem)
    yield from vma_start_write(c)
    if c.has(Switch.V5):
        yield Release(c.i_mmap_rwsem)
    yield Atomic((c.linked, c.detached), lambda _linked, _detached: (None, False, True), "erase, detach")
    yield Atomic((c.pte, c.zapped), lambda _pte, _zapped: (None, False, True), "zap")
    cells = (c.mm_lock_seq, _state(c.mmap_lock), c.unmapped)
    yield Atomic(cells, lambda sequence, _state, _unmapped: (None, sequence + 1, FREE, True), "mmap_write_unlock")


def vma_start_write(c: VmaLockModel) -> Routine[None]:
    """Wait for the readers of the VMA, and mark it so that no other comes in."""
    if c.has(Switch.V1):
        yield Look(())
        return
    yield Acquire(c.vm_lock)
    cells = (c.mm_lock_seq, c.lock_seq, _state(c.vm_lock))
    yield Atomic(cells, lambda sequence, _lock_seq, _state: (None, sequence, sequence, FREE), "mark, up_write")


def free_by_rcu(c: VmaLockModel) -> Routine[None]:
    """A daemon: free the VMA that was unmapped when the fault has left RCU."""
    yield Atomic((c.unmapped, c.in_rcu, c.freed), _free(waits=not c.has(Switch.V4)), "free the VMA")


_Change = Callable[..., tuple[Value, ...] | None]


def _state(lock: Lock) -> Cell:
    """The cell of a lock, for steps that do more than take or give it."""
    return Cell(lock.cell, lock.name)


def _test_early(lock_seq: int, mm_lock_seq: int, _in_rcu: bool) -> tuple[Value, ...]:
    is_marked = lock_seq == mm_lock_seq
    return (is_marked, lock_seq, mm_lock_seq, not is_marked)


def _try_shared(state: HolderState, _in_rcu: bool) -> tuple[Value, ...]:
    if state.writer != NOBODY:
        return (False, state, False)
    return (True, HolderState(readers=(FAULT,)), True)


def _test_again(c: VmaLockModel) -> _Change:
    """Leave RCU with the lock, or without it when the VMA is a writer's or no longer in the tree."""

    def change(lock_seq: int, mm_lock_seq: int, detached: bool, state: HolderState, _in_rcu: bool) -> tuple[Value, ...]:
        is_marked = lock_seq == mm_lock_seq and not c.has(Switch.V2)
        is_gone = detached and not c.has(Switch.V3)
        kept = not (is_marked or is_gone)
        return (kept, lock_seq, mm_lock_seq, detached, state if kept else FREE, False)

    return change


def _free(*, waits: bool) -> _Change:
    return lambda unmapped, in_rcu, _freed: (
        (None, unmapped, in_rcu, True) if unmapped and not (in_rcu and waits) else None
    )


def _vma_is_alive(c: VmaLockModel) -> Check:
    return Check("I3", (c.freed,), lambda freed: not freed, "a freed VMA is used")


def _mapping_is_right(c: VmaLockModel) -> Check:
    return Check("I1", (c.zapped, c.pte), lambda zapped, pte: not (zapped and pte), "an unmapped page is mapped again")
