"""Filling pages before anybody touches them, by classic faults only: ``__get_user_pages`` of mm/gup.c (4.13)."""

from __future__ import annotations

from lockview.kernel.effects import Read, Routine
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rwsem import down_read, up_read
from lockview.kernel.mm.objects import ENTRIES, NONE, Entry, Flags, Mm, Pmd, Pte, Vma
from lockview.kernel.mm.tree import find_vma
from lockview.kernel.system import Thread


def __mm_populate(t: Thread, mm: Mm, start: int, end: int) -> Routine[None]:
    """Fill the mapped pages of a range, with mmap_sem taken for it."""
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
        yield from populate_vma_page_range(t, mm, vma, max(first, page), min(last, end))
        page = last
    yield from up_read(mm.mmap_sem)


def populate_vma_page_range(t: Thread, mm: Mm, vma: Vma, start: int, end: int) -> Routine[None]:
    """Fill pages of one VMA; mmap_sem is held. Private memory that may be written is written to."""
    flags: Flags = yield Read(vma.flags)
    write = bool(flags & Flags.WRITE) and not flags & Flags.SHARED
    yield from __get_user_pages(t, mm, vma, start, end, write=write)


def __get_user_pages(t: Thread, mm: Mm, vma: Vma, start: int, end: int, *, write: bool) -> Routine[None]:
    """Fault in what is not there; the first failure ends it."""
    from lockview.kernel.mm.fault import handle_mm_fault
    from lockview.kernel.mm.outcomes import Fault

    page = start
    while page < end:
        if not (yield from follow_page_mask(t, mm, page, write=write)):
            result = yield from handle_mm_fault(t, mm, vma, page, write=write)
            if result is not Fault.DONE:
                break
        page += 1


@inlined
def follow_page_mask(t: Thread, mm: Mm, page: int, *, write: bool) -> Routine[bool]:
    """Whether a page is there, to be written to if that is asked."""
    pmd: Pmd = yield Read(mm.pmds[page // ENTRIES])
    if pmd.table == NONE:
        return pmd.huge != NONE
    pte: Pte = yield Read(t.kernel.tables[pmd.table].ptes[page % ENTRIES])
    return pte.entry is Entry.MAP and (pte.writable or not write)
