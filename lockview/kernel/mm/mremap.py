"""Moving a mapping: mremap, as in mm/mremap.c of 4.13 with the patch series."""

from __future__ import annotations

from lockview.kernel.effects import Add, Atomic, Check, Read, Routine, Spend, Value, Write
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rwsem import down_write, up_write
from lockview.kernel.locks.spinlock import spin_lock, spin_lock_nested, spin_unlock
from lockview.kernel.mm.adjust import SINGLE_DEPTH_NESTING, anon_vma_clone, copy_vma_fields, vm_anon_vma, vm_file
from lockview.kernel.mm.allocation import kmem_cache_alloc, pte_alloc_one
from lockview.kernel.mm.flushing import flush_tlb_mm_range
from lockview.kernel.mm.mapping import vma_link
from lockview.kernel.mm.mmap_lock import mmap_write_lock_killable, mmap_write_unlock
from lockview.kernel.mm.objects import (
    ENTRIES,
    NO_PMD,
    NO_PTE,
    NONE,
    AnonVma,
    Entry,
    File,
    Life,
    Mm,
    Pmd,
    Pte,
    Table,
    Vma,
)
from lockview.kernel.mm.sections import vm_write_begin, vm_write_end
from lockview.kernel.mm.tree import find_vma
from lockview.kernel.mm.unmap import do_munmap
from lockview.kernel.mm.vma_lock import vma_start_write
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread


def SyS_mremap(  # noqa: N802 (the kernel's name)
    t: Thread, mm: Mm, start: int, end: int, to: int, *, need_rmap_locks: bool = False
) -> Routine[None]:
    """Move the pages from ``start`` up to ``end`` to ``to``; what is mapped there is unmapped first.

    ``need_rmap_locks`` is for a new range that merges with a VMA that lies before the old one in its object: then a
    walk of the reverse map could miss entries that move past it.
    """
    yield from mmap_write_lock_killable(t, mm)
    vma = yield from find_vma(t, mm, start)
    if vma is not None:
        yield from do_munmap(t, mm, to, to + end - start)
        yield from move_vma(t, mm, vma, start, end, to, need_rmap_locks=need_rmap_locks)
    yield from mmap_write_unlock(t, mm)


def move_vma(
    t: Thread, mm: Mm, vma: Vma, start: int, end: int, new_start: int, *, need_rmap_locks: bool
) -> Routine[None]:
    """Make the new VMA, move the page table entries inside both write sections, unmap the old range."""
    raw = t.has(Switch.RAW_MREMAP)
    section = not t.has(Switch.M16)
    yield from vma_start_write(t, mm, vma)
    opens_first = section and t.has(Switch.OPEN_BEFORE_LINK)
    new = yield from copy_vma(t, mm, vma, start, end, new_start, opens_first=opens_first)
    if section:
        yield from vm_write_begin(t, vma, raw=raw)
        if not opens_first:
            yield from vm_write_begin(t, new, SINGLE_DEPTH_NESTING, raw=raw)
    yield from move_page_tables(t, mm, vma, start, end, new_start, need_rmap_locks=need_rmap_locks)
    if section:
        yield from vm_write_end(t, new, raw=raw)
        yield from vm_write_end(t, vma, raw=raw)
    yield from do_munmap(t, mm, start, end)


def copy_vma(t: Thread, mm: Mm, vma: Vma, start: int, end: int, new_start: int, *, opens_first: bool) -> Routine[Vma]:
    """A VMA like ``vma`` at the new place, linked; with ``opens_first`` its section is open before it is."""
    number = yield from kmem_cache_alloc(t)
    new = t.kernel.vmas[number]
    yield from copy_vma_fields(t, vma, new)
    before: int = yield Read(vma.start)
    yield Write(new.start, new_start)
    yield Write(new.end, new_start + end - start)
    yield Add(new.pgoff, start - before)
    file = yield from vm_file(t, vma)
    if file is not None:
        yield Add(file.f_count)
    anon_vma = yield from vm_anon_vma(t, vma)
    if anon_vma is not None:
        yield from anon_vma_clone(anon_vma, new)
    yield from vma_start_write(t, mm, new)
    if opens_first:
        yield from vm_write_begin(t, new, SINGLE_DEPTH_NESTING, raw=t.has(Switch.RAW_MREMAP))
    yield from vma_link(t, mm, new, file)
    return new


def move_page_tables(
    t: Thread, mm: Mm, vma: Vma, start: int, end: int, new_start: int, *, need_rmap_locks: bool
) -> Routine[None]:
    """Move the entries, allocating tables at the new place where there are none."""
    file: File | None = None
    anon_vma: AnonVma | None = None
    if need_rmap_locks:
        file = yield from vm_file(t, vma)
        anon_vma = yield from vm_anon_vma(t, vma)
    page = start
    while page < end:
        to = new_start + page - start
        stop = min(end, page + ENTRIES - page % ENTRIES, page + ENTRIES - to % ENTRIES)
        source: Pmd = yield Read(mm.pmds[page // ENTRIES])
        if source.table != NONE:
            target: Pmd = yield Read(mm.pmds[to // ENTRIES])
            if target.table == NONE and t.has(Switch.M27):
                yield Write(mm.pmds[to // ENTRIES], source)
                yield Write(mm.pmds[page // ENTRIES], NO_PMD)
            else:
                if target.table == NONE:
                    yield from __pte_alloc(t, mm, to // ENTRIES)
                    target = yield Read(mm.pmds[to // ENTRIES])
                tables = (t.kernel.tables[source.table], t.kernel.tables[target.table])
                yield from move_ptes(t, mm, tables, page, stop, to, file, anon_vma)
        page = stop


def __pte_alloc(t: Thread, mm: Mm, place: int) -> Routine[bool]:
    """Put a new page table into an entry of the level above, unless another task did so; False when there is none."""
    number = yield from pte_alloc_one(t)
    if number == NONE:
        return False
    yield from spin_lock(mm.page_table_lock)
    yield Atomic((mm.pmds[place], t.kernel.tables[number].life), _Populate(number), "set the entry if it is none")
    yield from spin_unlock(mm.page_table_lock)
    return True


@inlined
def move_ptes(
    t: Thread,
    mm: Mm,
    tables: tuple[Table, Table],
    start: int,
    end: int,
    to: int,
    file: File | None,
    anon_vma: AnonVma | None,
) -> Routine[None]:
    """Move the entries of one table under the locks of both, and under the reverse-map locks."""
    if file is not None:
        yield from down_write(file.i_mmap_rwsem)
    if anon_vma is not None:
        yield from down_write(anon_vma.rwsem)
    old, new = tables
    yield from spin_lock(old.ptl)
    if new is not old:
        yield from spin_lock_nested(new.ptl, SINGLE_DEPTH_NESTING)
    page = start
    while page < end:
        target = new.ptes[(to + page - start) % ENTRIES]
        overwritten: Pte = yield Atomic((old.ptes[page % ENTRIES], target), _moved, "move the entry")
        yield Check("I10", (), _Never(overwritten.entry is not Entry.NONE), f"{target.name} is overwritten by a move")
        yield Spend("move")
        page += 1
    yield from flush_tlb_mm_range(t, mm)
    if new is not old:
        yield from spin_unlock(new.ptl)
    yield from spin_unlock(old.ptl)
    if anon_vma is not None:
        yield from up_write(anon_vma.rwsem)
    if file is not None:
        yield from up_write(file.i_mmap_rwsem)


def _moved(source: Pte, target: Pte) -> tuple[Value, ...]:
    if source.entry is Entry.NONE:
        return (NO_PTE, source, target)
    return (target, NO_PTE, source)


class _Populate:
    """Set an empty pmd entry, or give the table back that lost the race."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __call__(self, pmd: Pmd, life: Life) -> tuple[Value, ...]:
        if pmd.table == NONE and pmd.huge == NONE:
            return (None, Pmd(self._number), life)
        return (None, pmd, Life.UNBORN)


class _Never:
    """Holds unless what must never be has been seen."""

    def __init__(self, seen: bool) -> None:
        self._seen = seen

    def __call__(self) -> bool:
        return not self._seen
