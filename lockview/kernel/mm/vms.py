"""Unmapping as in mm/vma.c of 6.12: all VMAs of the range are write locked before the first leaves the tree."""

from __future__ import annotations

from lockview.kernel.effects import Read, Routine
from lockview.kernel.mm.adjust import __split_vma
from lockview.kernel.mm.mmap_lock import mmap_write_lock_killable, mmap_write_unlock
from lockview.kernel.mm.objects import Mm, Vma
from lockview.kernel.mm.tree import find_vma, vm_next, vma_rb_erase
from lockview.kernel.mm.vma_lock import vma_start_write
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread


def __x64_sys_munmap(t: Thread, mm: Mm, start: int, end: int) -> Routine[None]:
    """The system call."""
    yield from __vm_munmap(t, mm, start, end)


def __vm_munmap(t: Thread, mm: Mm, start: int, end: int) -> Routine[None]:
    """Unmap the pages from ``start`` up to ``end``, with mmap_lock taken for it."""
    yield from mmap_write_lock_killable(t, mm)
    yield from do_vmi_munmap(t, mm, start, end)
    yield from mmap_write_unlock(t, mm)


def do_vmi_munmap(t: Thread, mm: Mm, start: int, end: int) -> Routine[None]:
    """The same with mmap_lock held exclusively."""
    vma = yield from find_vma(t, mm, start)
    if vma is None:
        return
    first: int = yield Read(vma.start)
    if first < end:
        yield from do_vmi_align_munmap(t, mm, vma, start, end)


def do_vmi_align_munmap(t: Thread, mm: Mm, vma: Vma, start: int, end: int) -> Routine[None]:
    """Gather, take out of the tree, then clear and free."""
    doomed = yield from vms_gather_munmap_vmas(t, mm, vma, start, end)
    left = doomed
    while left:
        yield from vma_rb_erase(t, mm, left[0])
        left = left[1:]
    yield from vms_complete_munmap_vmas(t, mm, doomed)


def vms_gather_munmap_vmas(t: Thread, mm: Mm, vma: Vma, start: int, end: int) -> Routine[tuple[Vma, ...]]:
    """Split at the borders and write lock every VMA of the range (V1: not)."""
    first: int = yield Read(vma.start)
    if first < start:
        vma = yield from __split_vma(t, mm, vma, start, new_below=False)
    doomed: tuple[Vma, ...] = ()
    found: Vma | None = vma
    while found is not None:
        above: int = yield Read(found.start)
        if above >= end:
            break
        last: int = yield Read(found.end)
        if last > end:
            yield from __split_vma(t, mm, found, end, new_below=False)
        if not t.has(Switch.V1):
            yield from vma_start_write(t, mm, found)
        doomed = (*doomed, found)
        found = yield from vm_next(t, mm, found)
    return doomed


def vms_complete_munmap_vmas(t: Thread, mm: Mm, doomed: tuple[Vma, ...]) -> Routine[None]:
    """Clear the entries, free tables, pages and VMAs."""
    from lockview.kernel.mm.unmap import remove_vma_list, unmap_region

    yield from unmap_region(t, mm, doomed)
    yield from remove_vma_list(t, doomed)
