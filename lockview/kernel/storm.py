"""The thread program of ebizzy at the step of lock operations: map, touch every page, unmap, again without end.

The routines bear the names of those of ``kernel.mm`` and take the same locks by the same functions; what these do while
they hold them is one ``Spend`` each. So a run has a handful of steps per record instead of hundreds, and the pool of
objects is never used up. Whether a speculative fault is disturbed is not computed here but left open (``Choose``):
whoever runs the storm knows how often published kernels were.
"""

from __future__ import annotations

from lockview.kernel.effects import Choose, Happened, Routine, Spend
from lockview.kernel.handles import Lock
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rcu import call_srcu, next_callback
from lockview.kernel.locks.rwsem import down_read, down_read_trylock, down_write, up_read, up_write
from lockview.kernel.mm.objects import Mm, Vma
from lockview.kernel.mm.outcomes import Abort, Outcome
from lockview.kernel.mm.unmap import FREE_VMA
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread

RECORD = "record"
"""Told after each turn of the loop."""
START_LOCKING, ACQUIRED = "mmap_lock_start_locking", "mmap_lock_acquire_returned"
"""Told around the wait of a writer; the trace points of include/trace/events/mmap_lock.h."""
CHANGED, BUSY = "vma changed", "pte lock busy"
"""The questions that a speculative fault leaves open."""


def storm(t: Thread, mm: Mm, vma: Vma, pages: int) -> Routine[None]:
    """A thread of ebizzy that maps ``pages`` pages for each record. ``vma`` stands for the VMA that they are in."""
    while True:
        yield Spend("user")
        yield from SyS_mmap(t, mm, vma)
        left = pages
        while left:
            yield from __do_page_fault(t, mm, vma)
            left -= 1
        yield from SyS_munmap(t, mm, vma, pages)
        yield Happened(RECORD)


def touch(t: Thread, mm: Mm, vma: Vma) -> Routine[None]:
    """A thread that faults and does nothing else, as those of ``pft``: there are no writers."""
    while True:
        yield from __do_page_fault(t, mm, vma)
        yield Spend("pause")


def map_at_intervals(t: Thread, mm: Mm, vma: Vma) -> Routine[None]:
    """A thread that maps something now and then."""
    while True:
        yield Spend("interval")
        yield from SyS_mmap(t, mm, vma)
        yield Happened(RECORD)


def grace_periods(t: Thread) -> Routine[None]:
    """The thread that frees VMAs when their grace period is over."""
    domain = _domain(t)
    while domain is not None:
        yield from next_callback(domain)
        yield Spend("callback")
        yield Happened("vma_freed")


def SyS_mmap(t: Thread, mm: Mm, vma: Vma) -> Routine[None]:  # noqa: N802 (the kernel's name)
    """Map."""
    yield from _mmap_write_lock(t, mm, vma)
    yield Spend("mmap")
    yield from _mmap_write_unlock(t, mm, vma)


def SyS_munmap(t: Thread, mm: Mm, vma: Vma, pages: int) -> Routine[None]:  # noqa: N802 (the kernel's name)
    """Unmap, which takes longer the more pages were touched."""
    yield from _mmap_write_lock(t, mm, vma)
    yield Spend("munmap")
    yield Spend("zap", pages)
    yield from _mmap_write_unlock(t, mm, vma)
    domain = _domain(t)
    if domain is not None:
        yield from call_srcu(domain, (FREE_VMA, vma.number))


def __do_page_fault(t: Thread, mm: Mm, vma: Vma) -> Routine[None]:
    """One fault: without mmap_sem if that can be, else with it."""
    yield Happened("fault_begin")
    if t.has(Switch.SPECULATION):
        served = yield from handle_speculative_fault(t)
    elif t.has(Switch.VMA_LOCK):
        served = yield from lock_vma_under_rcu(vma.vm_lock)
    else:
        served = False
    if not served:
        yield from down_read(mm.mmap_sem)
        yield Spend("fault")
        yield from up_read(mm.mmap_sem)
    yield Happened("fault_end", Outcome.SERVED_SPF if served else Outcome.SERVED_CLASSIC)


def handle_speculative_fault(t: Thread) -> Routine[bool]:
    """Try without a lock. From v11 on a busy page table lock is tried again instead of giving up."""
    yield Spend("attempt")
    changed: int = yield Choose(CHANGED)
    if changed:
        yield Happened("spf_abort", Abort.PTE_MAP_LOCK_SEQ1.trace_point)
        return False
    busy: int = yield Choose(BUSY)
    while busy:
        if not t.has(Switch.PTL_LOOP):
            yield Happened("spf_abort", Abort.PTE_MAP_LOCK_PTL.trace_point)
            return False
        yield Spend("attempt")
        busy = yield Choose(BUSY)
    yield Spend("fault")
    return True


def lock_vma_under_rcu(vm_lock: Lock) -> Routine[bool]:
    """Serve the fault under the lock of its VMA, unless a writer has it."""
    got = yield from down_read_trylock(vm_lock)
    if not got:
        yield Happened("vma_lock", "abort")
        return False
    yield Spend("fault")
    yield from up_read(vm_lock)
    return True


@inlined
def _mmap_write_lock(t: Thread, mm: Mm, vma: Vma) -> Routine[None]:
    yield Happened(START_LOCKING)
    yield from down_write(mm.mmap_sem)
    yield Happened(ACQUIRED)
    if t.has(Switch.SPECULATION):
        yield Spend("section")
    if t.has(Switch.VMA_LOCK):
        yield from down_write(vma.vm_lock)


@inlined
def _mmap_write_unlock(t: Thread, mm: Mm, vma: Vma) -> Routine[None]:
    """The kernel lets the VMA go at once and leaves it marked as locked until here; readers see no difference."""
    if t.has(Switch.VMA_LOCK):
        yield from up_write(vma.vm_lock)
    yield from up_write(mm.mmap_sem)


def _domain(t: Thread) -> Lock | None:
    """What the freeing of VMAs waits for in this kernel."""
    if t.has(Switch.RCU_VMAS):
        return t.kernel.rcu
    return t.kernel.vma_srcu if t.has(Switch.SRCU_VMAS) else None
