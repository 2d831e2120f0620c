"""Finding out which node uses which pages: NUMA balancing, as in kernel/sched/fair.c and mm/mempolicy.c of 4.13."""

from __future__ import annotations

from lockview.kernel.effects import Read, Routine
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rwsem import down_read_trylock, up_read
from lockview.kernel.mm.mprotect import change_protection
from lockview.kernel.mm.objects import Flags, Mm, Vma
from lockview.kernel.mm.sections import vm_write_begin, vm_write_end
from lockview.kernel.mm.tree import find_vma
from lockview.kernel.system import Thread


@inlined
def numa_scan(t: Thread, mm: Mm, start: int, end: int) -> Routine[None]:
    """A task scans its own address space on its way back to user space."""
    yield from exit_to_usermode_loop(t, mm, start, end)


def exit_to_usermode_loop(t: Thread, mm: Mm, start: int, end: int) -> Routine[None]:
    """There is work to be done first."""
    yield from task_work_run(t, mm, start, end)


def task_work_run(t: Thread, mm: Mm, start: int, end: int) -> Routine[None]:
    """The work that was queued for this task."""
    yield from task_numa_work(t, mm, start, end)


def task_numa_work(t: Thread, mm: Mm, start: int, end: int) -> Routine[None]:
    """Hide a range of pages, VMA by VMA; a busy mmap_sem is not waited for."""
    if not (yield from down_read_trylock(mm.mmap_sem)):
        return
    page = start
    while page < end:
        vma = yield from find_vma(t, mm, page)
        if vma is None:
            break
        first: int = yield Read(vma.start)
        last: int = yield Read(vma.end)
        if first >= end:
            break
        yield from change_prot_numa(t, mm, vma, max(first, page), min(last, end))
        page = last
    yield from up_read(mm.mmap_sem)


def change_prot_numa(t: Thread, mm: Mm, vma: Vma, start: int, end: int) -> Routine[None]:
    """Hide the pages of one VMA inside its write section, which nothing orders with those of others."""
    yield from vm_write_begin(t, vma, exclusive=False)
    yield from change_protection(t, mm, start, end, Flags(0), numa=True)
    yield from vm_write_end(t, vma, exclusive=False)
