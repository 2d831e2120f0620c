"""Collapsing a table's worth of small pages into a huge one, as in mm/khugepaged.c of 4.13 with the patch series.

A huge page covers what one page table covers. It is allocated while nothing is locked, since that can take long.
"""

from __future__ import annotations

from lockview.kernel.effects import Acquire, Add, Atomic, Look, Read, Release, Routine, Spend, Value, Write
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rwsem import down_read, down_write, up_read, up_write
from lockview.kernel.locks.spinlock import spin_lock, spin_unlock
from lockview.kernel.mm.adjust import vm_anon_vma
from lockview.kernel.mm.flushing import flush_tlb_mm_range
from lockview.kernel.mm.khugepaged import khugepaged_alloc_page
from lockview.kernel.mm.mmap_lock import mmap_write_lock, mmap_write_trylock, mmap_write_unlock
from lockview.kernel.mm.objects import ENTRIES, NO_PMD, NO_PTE, NONE, Entry, File, Flags, Mm, Pmd, Pte, Table, Vma
from lockview.kernel.mm.sections import vm_write_begin, vm_write_end
from lockview.kernel.mm.tree import find_vma
from lockview.kernel.mm.truncate import unmap_mapping_range
from lockview.kernel.mm.unmap import free_table, put_page
from lockview.kernel.mm.vma_lock import vma_start_write, vma_try_start_write
from lockview.kernel.system import Thread


def khugepaged(t: Thread, mm: Mm, place: int) -> Routine[None]:
    """The thread, at one table of one address space."""
    yield from khugepaged_scan_mm_slot(t, mm, place)


def khugepaged_scan_mm_slot(t: Thread, mm: Mm, place: int) -> Routine[None]:
    """One address space. The lock is given up for the allocation and taken again after it."""
    yield from down_read(mm.mmap_sem)
    yield from khugepaged_scan_pmd(t, mm, place)


def khugepaged_scan_pmd(t: Thread, mm: Mm, place: int) -> Routine[None]:
    """One table: is it worth it? mmap_sem is held shared, and given up."""
    worthwhile = False
    vma = yield from hugepage_vma_revalidate(t, mm, place)
    if vma is not None:
        pmd: Pmd = yield Read(mm.pmds[place])
        if pmd.table != NONE:
            worthwhile = yield from _has_pages(t.kernel.tables[pmd.table])
    yield from up_read(mm.mmap_sem)
    if worthwhile:
        yield from collapse_huge_page(t, mm, place)


@inlined
def _has_pages(table: Table) -> Routine[bool]:
    """Whether there is anything to collapse, looked at under the table's lock."""
    yield from spin_lock(table.ptl)
    ptes: tuple[Pte, ...] = yield Look(table.ptes)
    yield from spin_unlock(table.ptl)
    return any(pte.entry is Entry.MAP for pte in ptes)


@inlined
def hugepage_vma_revalidate(t: Thread, mm: Mm, place: int) -> Routine[Vma | None]:
    """The VMA that has the whole range, if it is anonymous memory that has had pages; mmap_sem is held."""
    vma = yield from find_vma(t, mm, place * ENTRIES)
    if vma is None:
        return None
    start, end, flags, file, anon_vma = yield Look((vma.start, vma.end, vma.flags, vma.file, vma.anon_vma))
    fits = start <= place * ENTRIES and (place + 1) * ENTRIES <= end
    kind = file == NONE and anon_vma != NONE and not flags & (Flags.SHARED | Flags.GROWSDOWN)
    return vma if fits and kind else None


def collapse_huge_page(t: Thread, mm: Mm, place: int) -> Routine[None]:
    """Allocate with nothing held, look again, then shut everybody out and collapse."""
    huge = yield from khugepaged_alloc_page(t)
    if huge == NONE:
        return
    yield Add(t.kernel.frames[huge].refs)
    yield from down_read(mm.mmap_sem)
    vma = yield from hugepage_vma_revalidate(t, mm, place)
    yield from up_read(mm.mmap_sem)
    done = False
    if vma is not None:
        yield from mmap_write_lock(t, mm)
        vma = yield from hugepage_vma_revalidate(t, mm, place)
        if vma is not None:
            done = yield from _collapse(t, mm, vma, place, huge)
        yield from mmap_write_unlock(t, mm)
    if not done:
        yield from put_page(t, huge)


@inlined
def _collapse(t: Thread, mm: Mm, vma: Vma, place: int, huge: int) -> Routine[bool]:
    """mmap_sem is held exclusively, the write section open, the reverse map locked while the table is taken away."""
    pmd: Pmd = yield Read(mm.pmds[place])
    anon_vma = yield from vm_anon_vma(t, vma)
    if pmd.table == NONE or anon_vma is None:
        return False
    table = t.kernel.tables[pmd.table]
    yield from vma_start_write(t, mm, vma)
    yield from vm_write_begin(t, vma)
    yield from down_write(anon_vma.rwsem)
    yield from spin_lock(mm.page_table_lock)
    yield from pmdp_collapse_flush(t, mm, place)
    yield from spin_unlock(mm.page_table_lock)
    frames = yield from __collapse_huge_page_isolate(t, table)
    if not frames:
        yield from _set_pmd(t, mm, place, pmd)
    yield from up_write(anon_vma.rwsem)
    if frames:
        yield from __collapse_huge_page_copy(t, table, frames, huge)
        yield from _set_pmd(t, mm, place, Pmd(huge=huge, deposited=pmd.table))
    yield from vm_write_end(t, vma)
    return bool(frames)


@inlined
def _set_pmd(t: Thread, mm: Mm, place: int, pmd: Pmd) -> Routine[None]:
    """Put the huge page where the table was, or the table back."""
    yield from spin_lock(mm.page_table_lock)
    if pmd.huge == NONE:
        yield Write(mm.pmds[place], pmd)
    else:
        yield Atomic((mm.pmds[place], t.kernel.frames[pmd.huge].mapcount), _SetHuge(pmd), "set the huge entry")
    yield from spin_unlock(mm.page_table_lock)


def pmdp_collapse_flush(t: Thread, mm: Mm, place: int) -> Routine[None]:
    """Take the table away and wait until no CPU can be in it: each answers the interrupt only with interrupts on."""
    yield Write(mm.pmds[place], NO_PMD)
    yield from flush_tlb_mm_range(t, mm)


@inlined
def __collapse_huge_page_isolate(t: Thread, table: Table) -> Routine[tuple[int, ...]]:
    """The pages of the table, none if one of them is in use elsewhere."""
    yield from spin_lock(table.ptl)
    ptes: tuple[Pte, ...] = yield Look(table.ptes)
    refs: tuple[int, ...] = yield Look(tuple(frame.refs for frame in t.kernel.frames))
    yield from spin_unlock(table.ptl)
    frames = tuple(pte.frame for pte in ptes if pte.entry is Entry.MAP)
    present = all(pte.entry in (Entry.NONE, Entry.MAP) for pte in ptes)
    return frames if present and all(refs[frame] == 1 for frame in frames) else ()


@inlined
def __collapse_huge_page_copy(t: Thread, table: Table, frames: tuple[int, ...], huge: int) -> Routine[None]:
    """Copy what the small pages hold and give them back."""
    target = t.kernel.frames[huge].writes
    left = frames
    while left:
        frame = t.kernel.frames[left[0]]
        left = left[1:]
        yield Atomic((frame.writes, target), _gathered, "copy the page")
        yield Spend("copy")
    yield from spin_lock(table.ptl)
    counts = tuple(frame.mapcount for frame in t.kernel.frames)
    yield Atomic((*table.ptes, *counts), _Emptied(len(table.ptes)), "clear the table")
    del counts
    yield from spin_unlock(table.ptl)
    while frames:
        yield from put_page(t, frames[0])
        frames = frames[1:]


def khugepaged_shmem(t: Thread, file: File, index: int) -> Routine[None]:
    """The thread, at the pages of a file in memory that begin at ``index``."""
    yield from khugepaged_scan_shmem(t, file, index)


def khugepaged_scan_shmem(t: Thread, file: File, index: int) -> Routine[None]:
    """One range of a file."""
    yield from collapse_shmem(t, file, index)


def collapse_shmem(t: Thread, file: File, index: int) -> Routine[None]:
    """Replace pages of the cache by a huge one, then take the tables that mapped them away.

    All of the pages are locked meanwhile, so that no fault maps one of them; one that was replaced before ends it.
    """
    huge = yield from khugepaged_alloc_page(t)
    if huge == NONE:
        return
    yield Add(t.kernel.frames[huge].refs)
    yield Acquire(t.kernel.frames[huge].lock)
    cache: tuple[tuple[int, int], ...] = yield Read(file.cache)
    small = tuple(item for item in cache if index <= item[0] < index + ENTRIES)
    if len({number for _, number in small}) < len(small):
        small = ()  # they are one huge page already
    left = small
    while left:
        yield Acquire(t.kernel.frames[left[0][1]].lock)
        left = left[1:]
    yield from unmap_mapping_range(t, file, index, index + ENTRIES)
    cells = (file.cache, t.kernel.frames[huge].refs)
    replaced: bool = yield Atomic(cells, _Cached(small, huge), "replace the pages in the cache")
    if replaced:
        yield from retract_page_tables(t, file, index)
    while small:
        yield Release(t.kernel.frames[small[0][1]].lock)
        if replaced:
            yield from put_page(t, small[0][1])
        small = small[1:]
    yield Release(t.kernel.frames[huge].lock)
    yield from put_page(t, huge)


def retract_page_tables(t: Thread, file: File, index: int) -> Routine[None]:
    """Take empty tables away from those who map the range; a busy mmap_sem is not waited for, under i_mmap_rwsem."""
    yield from down_write(file.i_mmap_rwsem)
    left: tuple[int, ...] = yield Read(file.vmas)
    while left:
        vma = t.kernel.vmas[left[0]]
        left = left[1:]
        owner, start, end, pgoff, anon_vma = yield Look((vma.mm, vma.start, vma.end, vma.pgoff, vma.anon_vma))
        page = start + index - pgoff
        aligned = page % ENTRIES == 0 and start <= page and page + ENTRIES <= end
        del start, end, pgoff
        if owner != NONE and anon_vma == NONE and aligned:
            yield from _retract(t, t.kernel.mms[owner], vma, page // ENTRIES)
    yield from up_write(file.i_mmap_rwsem)


@inlined
def _retract(t: Thread, mm: Mm, vma: Vma, place: int) -> Routine[None]:
    pmd: Pmd = yield Read(mm.pmds[place])
    if pmd.table == NONE or not (yield from mmap_write_trylock(t, mm)):
        return
    alone = yield from vma_try_start_write(t, mm, vma)
    if alone:
        yield from spin_lock(mm.page_table_lock)
        yield from pmdp_collapse_flush(t, mm, place)
        yield from spin_unlock(mm.page_table_lock)
    yield from mmap_write_unlock(t, mm)
    if alone:
        yield from free_table(t.kernel.tables[pmd.table])


def _gathered(writes: tuple[Value, ...], target: tuple[Value, ...]) -> tuple[Value, ...]:
    return (None, writes, (*target, *writes))


class _SetHuge:
    def __init__(self, pmd: Pmd) -> None:
        self._pmd = pmd

    def __call__(self, _pmd: Pmd, mapcount: int) -> tuple[Value, ...]:
        return (None, self._pmd, mapcount + 1)


class _Emptied:
    """Clear the entries; ``count`` of the values are entries, the others map counts by frame."""

    def __init__(self, count: int) -> None:
        self._count = count

    def __call__(self, *values: Value) -> tuple[Value, ...]:
        counts = list(values[self._count :])
        for pte in values[: self._count]:
            if pte.entry is Entry.MAP:
                counts[pte.frame] -= 1
        return (None, *(NO_PTE for _ in range(self._count)), *counts)


class _Cached:
    """Have the huge page stand for each of the small ones in the cache, if they are all still there."""

    def __init__(self, small: tuple[tuple[int, int], ...], huge: int) -> None:
        self._small = small
        self._huge = huge

    def __call__(self, cache: tuple[tuple[int, int], ...], refs: int) -> tuple[Value, ...]:
        if not self._small or not set(self._small) <= set(cache):
            return (False, cache, refs)
        after = tuple((at, self._huge) if (at, number) in self._small else (at, number) for at, number in cache)
        return (True, after, refs + len(self._small))
