"""The core model of fork and copy on write: a parent of two threads, one with a stale TLB entry, is being copied."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from lockview.kernel.effects import Acquire, Add, Atomic, Check, Read, Release, Routine, Value
from lockview.kernel.handles import FREE, NOBODY, Cell, HolderState, Lock
from lockview.kernel.switches import Switch
from lockview.kernel.worlds import WorldPlan
from lockview.model.locks import Access, Primitive


class Mapping(NamedTuple):
    """A page table entry, or a TLB's copy of it: the frame, and whether it may be written."""

    frame: int
    writable: bool


class ForkModel(NamedTuple):
    """The cells. Frame 0 is the page itself, frame ``1 + task`` what a task copies it to.

    ``frames`` hold (ghost) the stores that each has received; a copy has those of its original. ``tlbs`` has one cell
    per task, None or a ``Mapping``. ``stored`` (ghost) are the tasks whose store has retired, ``running`` (ghost)
    counts tasks.
    """

    switches: frozenset[Switch]
    mmap_sem: Lock
    seq: Cell
    vm_lock: Lock
    pte: Cell
    ptl: Cell
    tlbs: tuple[Cell, ...]
    frames: tuple[Cell, ...]
    stored: Cell
    running: Cell

    def has(self, switch: Switch) -> bool:
        """Whether a switch is on."""
        return switch in self.switches


THREAD_A, THREAD_B, FORK = 0, 1, 2
"""The numbers of the tasks. The CPU of A remembers the page as writable."""


def new_fork_model(plan: WorldPlan, switches: frozenset[Switch] = frozenset((Switch.SPECULATION,))) -> ForkModel:
    """An instance with one writable page, in frame 0."""
    first = Mapping(0, writable=True)
    return ForkModel(
        switches,
        plan.lock("mmap_sem", "&mm->mmap_sem", Primitive.RWSEM),
        plan.cell("vma.vm_sequence", 0),
        plan.lock("vm_lock", "&vma->vm_lock->lock", Primitive.RWSEM),
        plan.cell("pte", first),
        plan.cell("table.ptl", NOBODY),
        tuple(plan.cell(f"cpu:{task}.tlb", first if task == THREAD_A else None) for task in range(3)),
        tuple(plan.cell(f"frame:{number}.writes", frozenset(), ghost=True) for number in range(3)),
        plan.cell("stored", frozenset(), ghost=True),
        plan.cell("running", 3, ghost=True),
    )


def store(c: ForkModel, me: int) -> Routine[None]:
    """A store: through the TLB, else through a writable entry, else by a fault."""
    cells = (c.tlbs[me], c.pte, c.stored, c.running, *c.frames)
    if not (yield Atomic(cells, _store(me), "store, or fault")):
        served = False
        if c.has(Switch.SPECULATION):
            served = yield from speculative_copy(c, me)
        elif c.has(Switch.VMA_LOCK):
            served = yield from copy_under_vma_lock(c, me)
        if not served:
            yield from classic_copy(c, me)
    yield _no_write_is_lost(c)


def speculative_copy(c: ForkModel, me: int) -> Routine[bool]:
    """Copy the page without ``mmap_sem``; False if something changed meanwhile."""
    sequence: int = yield Read(c.seq)
    if sequence % 2:
        return False
    old: Mapping = yield Read(c.pte)
    if not old.writable:
        yield Atomic(c.frames, _copy(old.frame, me), "copy the page")
    if not (yield Atomic((c.ptl,), _try(me), "page table lock")):
        return False
    if not (yield Atomic((c.seq, c.pte, c.ptl), _check_locked(sequence, old), "check under the lock")):
        return False
    yield Atomic(_all(c), _set_and_store(c, me), "flush, set the entry, store, unlock")
    return True


def copy_under_vma_lock(c: ForkModel, me: int) -> Routine[bool]:
    """Copy it with the VMA locked shared; False if a writer has it."""
    if not (yield Acquire(c.vm_lock, Access.SHARED, trylock=True)):
        return False
    yield from copy_locked(c, me)
    yield Release(c.vm_lock, Access.SHARED)
    return True


def classic_copy(c: ForkModel, me: int) -> Routine[None]:
    """Copy it with ``mmap_sem`` held shared."""
    yield Acquire(c.mmap_sem, Access.SHARED)
    yield from copy_locked(c, me)
    yield Release(c.mmap_sem, Access.SHARED)


def copy_locked(c: ForkModel, me: int) -> Routine[None]:
    """Copy the page; try again if the entry changes before its lock is had."""
    while True:
        old: Mapping = yield Read(c.pte)
        if not old.writable:
            yield Atomic(c.frames, _copy(old.frame, me), "copy the page")
        yield Atomic((c.ptl,), _take(me), "page table lock")
        if (yield Atomic((c.pte, c.ptl), _check_entry(old), "is it the same entry?")):
            break
    yield Atomic(_all(c), _set_and_store(c, me), "flush, set the entry, store, unlock")


def fork(c: ForkModel) -> Routine[None]:
    """Give a child the page: write-protect it, let the TLBs know. With FORK_SECTIONS the counter is odd until then."""
    yield Acquire(c.mmap_sem)
    if c.has(Switch.VMA_LOCK) and not c.has(Switch.V6):
        yield Acquire(c.vm_lock)
    if c.has(Switch.FORK_SECTIONS):
        yield Add(c.seq)
    yield Atomic((c.ptl,), _take(FORK), "page table lock")
    yield Atomic(
        (c.pte, c.ptl), lambda pte, _ptl: (None, pte._replace(writable=False), NOBODY), "write-protect, unlock"
    )
    yield Atomic(c.tlbs, lambda *tlbs: (None, *(None for _ in tlbs)), "flush_tlb_mm")
    if c.has(Switch.FORK_SECTIONS):
        yield Add(c.seq)
    locks = (Cell(c.mmap_sem.cell, c.mmap_sem.name), Cell(c.vm_lock.cell, c.vm_lock.name))
    yield Atomic((*locks, c.running), _end_fork, "give up all locks")
    yield _no_write_is_lost(c)


_Change = Callable[..., tuple[Value, ...] | None]


def _all(c: ForkModel) -> tuple[Cell, ...]:
    return (c.pte, c.ptl, c.stored, c.running, *c.tlbs, *c.frames)


def _store(me: int) -> _Change:
    """Store through the TLB or a writable entry; False if neither allows it."""

    def change(
        tlb: Mapping | None, pte: Mapping, stored: frozenset[int], running: int, *frames: frozenset[int]
    ) -> tuple[Value, ...]:
        way = tlb if tlb is not None and tlb.writable else pte
        if not way.writable:
            return (False, tlb, pte, stored, running, *frames)
        return (True, way, pte, stored | {me}, running - 1, *_written(frames, way.frame, me))

    return change


def _set_and_store(c: ForkModel, me: int) -> _Change:
    """Point the entry to the copy unless it may be written as it is, store, unlock."""
    cpus = len(c.tlbs)

    def change(
        pte: Mapping, _ptl: int, stored: frozenset[int], running: int, *rest: frozenset[int]
    ) -> tuple[Value, ...]:
        after = pte if pte.writable else Mapping(1 + me, writable=True)
        tlbs = rest[:cpus] if pte.writable else (None,) * cpus
        return (None, after, NOBODY, stored | {me}, running - 1, *tlbs, *_written(rest[cpus:], after.frame, me))

    return change


def _written(frames: tuple[frozenset[int], ...], frame: int, me: int) -> tuple[frozenset[int], ...]:
    return (*frames[:frame], frames[frame] | {me}, *frames[frame + 1 :])


def _copy(old: int, me: int) -> _Change:
    return lambda *frames: (None, *frames[: 1 + me], frames[old], *frames[2 + me :])


def _try(me: int) -> _Change:
    return lambda owner: (owner == NOBODY, me if owner == NOBODY else owner)


def _take(me: int) -> _Change:
    return lambda owner: (None, me) if owner == NOBODY else None


def _check_locked(sequence: int, old: Mapping) -> _Change:
    """Keep the lock if neither counter nor entry has changed."""

    def change(seq: int, pte: Mapping, owner: int) -> tuple[Value, ...]:
        same = seq == sequence and pte == old
        return (same, seq, pte, owner if same else NOBODY)

    return change


def _check_entry(old: Mapping) -> _Change:
    """``pte_same``: keep the lock if the entry has not changed."""
    return lambda pte, owner: (pte == old, pte, owner if pte == old else NOBODY)


def _end_fork(_mmap_sem: HolderState, vm_lock: HolderState, running: int) -> tuple[Value, ...]:
    return (None, FREE, FREE if vm_lock.writer == FORK else vm_lock, running - 1)


def _no_write_is_lost(c: ForkModel) -> Check:
    """I9: in the end every store is in the page that the parent maps."""

    def holds(running: int, pte: Mapping, stored: frozenset[int], *frames: frozenset[int]) -> bool:
        return bool(running) or stored <= frames[pte.frame]

    return Check("I9", (c.running, c.pte, c.stored, *c.frames), holds, "a store is in a page that only the child maps")
