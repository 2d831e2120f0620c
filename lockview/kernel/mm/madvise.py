"""Advice about pages: madvise, as in mm/madvise.c of 4.13 with the patch series.

What throws pages away or marks them holds mmap_sem shared only: two of these on one VMA open their write sections at
the same time, and nothing orders them.
"""

from __future__ import annotations

from enum import StrEnum

from lockview.kernel.effects import Add, Atomic, Read, Routine, Spend, Value, Write
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rwsem import down_read, up_read
from lockview.kernel.locks.spinlock import spin_lock, spin_unlock
from lockview.kernel.mm.adjust import vm_file
from lockview.kernel.mm.flushing import flush_tlb_mm_range
from lockview.kernel.mm.mmap_lock import mmap_write_lock_killable, mmap_write_unlock
from lockview.kernel.mm.mprotect import merge_or_split
from lockview.kernel.mm.objects import ENTRIES, NONE, Entry, Flags, Mm, Pmd, Pte, Table, Vma
from lockview.kernel.mm.sections import vm_write_begin, vm_write_end
from lockview.kernel.mm.tree import find_vma
from lockview.kernel.mm.truncate import shmem_fallocate
from lockview.kernel.mm.unmap import tlb_finish_mmu, unmap_single_vma
from lockview.kernel.mm.vma_lock import vma_start_write
from lockview.kernel.system import Thread


class Advice(StrEnum):
    """What is advised."""

    DONTNEED = "dontneed"
    FREE = "free"
    HUGEPAGE = "hugepage"
    REMOVE = "remove"


def SyS_madvise(t: Thread, mm: Mm, start: int, end: int, advice: Advice) -> Routine[None]:  # noqa: N802 (the kernel's name)
    """Take advice about the pages from ``start`` up to ``end``."""
    exclusive = advice is Advice.HUGEPAGE
    if exclusive:
        yield from mmap_write_lock_killable(t, mm)
    else:
        yield from down_read(mm.mmap_sem)
    page = start
    while page < end:
        vma = yield from find_vma(t, mm, page)
        if vma is None:
            break
        first: int = yield Read(vma.start)
        last: int = yield Read(vma.end)
        if first >= end:
            break
        yield from madvise_vma(t, mm, vma, max(first, page), min(last, end), advice)
        page = last
    if exclusive:
        yield from mmap_write_unlock(t, mm)
    else:
        yield from up_read(mm.mmap_sem)


@inlined
def madvise_vma(t: Thread, mm: Mm, vma: Vma, start: int, end: int, advice: Advice) -> Routine[None]:
    """The pages of one VMA."""
    match advice:
        case Advice.DONTNEED:
            yield from zap_page_range(t, mm, vma, start, end)
        case Advice.FREE:
            yield from madvise_free_single_vma(t, mm, vma, start, end)
        case Advice.REMOVE:
            yield from madvise_remove(t, mm, vma, start, end)
        case Advice.HUGEPAGE:
            yield from madvise_behavior(t, mm, vma, start, end)


def zap_page_range(t: Thread, mm: Mm, vma: Vma, start: int, end: int) -> Routine[None]:
    """Throw pages away: clear the entries inside the write section, flush, give the pages back."""
    frames = yield from unmap_single_vma(t, mm, vma, start, end, exclusive=False)
    yield from tlb_finish_mmu(t, mm, frames, ())


@inlined
def madvise_free_single_vma(t: Thread, mm: Mm, vma: Vma, start: int, end: int) -> Routine[None]:
    """Say that what is in the pages is not needed: reclaim may take those that are not written to again."""
    yield from vm_write_begin(t, vma, exclusive=False)
    yield from walk_page_range(t, mm, start, end)
    yield from vm_write_end(t, vma, exclusive=False)


def walk_page_range(t: Thread, mm: Mm, start: int, end: int) -> Routine[None]:
    """Clear the accessed and dirty bits under the tables' locks, then flush."""
    page = start
    changed = False
    while page < end:
        stop = min(end, (page // ENTRIES + 1) * ENTRIES)
        pmd: Pmd = yield Read(mm.pmds[page // ENTRIES])
        if pmd.table != NONE:
            changed = True
            yield from clean_pte_range(t.kernel.tables[pmd.table], page, stop)
        page = stop
    if changed:
        yield from flush_tlb_mm_range(t, mm)


def clean_pte_range(table: Table, start: int, end: int) -> Routine[None]:
    """Clear the bits of one table (``madvise_free_pte_range``, ``clear_refs_pte_range``)."""
    yield from spin_lock(table.ptl)
    page = start
    while page < end:
        yield Atomic((table.ptes[page % ENTRIES],), _cleaned, "clear the accessed and dirty bits")
        yield Spend("protect")
        page += 1
    yield from spin_unlock(table.ptl)


@inlined
def madvise_behavior(t: Thread, mm: Mm, vma: Vma, start: int, end: int) -> Routine[None]:
    """Change a flag: merge or split, then inside the write section. mmap_sem is held exclusively."""
    old: Flags = yield Read(vma.flags)
    if old & Flags.HUGE:
        return
    vma = yield from merge_or_split(t, mm, vma, start, end, flags=old | Flags.HUGE)
    yield from vma_start_write(t, mm, vma)
    yield from vm_write_begin(t, vma)
    yield Write(vma.flags, old | Flags.HUGE)
    yield from vm_write_end(t, vma)


@inlined
def madvise_remove(t: Thread, mm: Mm, vma: Vma, start: int, end: int) -> Routine[None]:
    """Punch a hole into the mapped file; mmap_sem is dropped meanwhile, with a reference to the file held."""
    file = yield from vm_file(t, vma)
    if file is None:
        return
    first: int = yield Read(vma.start)
    pgoff: int = yield Read(vma.pgoff)
    yield Add(file.f_count)
    yield from up_read(mm.mmap_sem)
    yield from shmem_fallocate(t, file, pgoff + start - first, pgoff + end - first)
    yield Add(file.f_count, -1)
    yield from down_read(mm.mmap_sem)


def _cleaned(pte: Pte) -> tuple[Value, ...]:
    return (None, pte._replace(young=False, dirty=False) if pte.entry is Entry.MAP else pte)
