"""Keeping pages in memory: mlock and munlock, as in mm/mlock.c of 4.13 with the patch series."""

from __future__ import annotations

from lockview.kernel.effects import Acquire, Atomic, Read, Release, Routine, Value, Write
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.spinlock import spin_lock, spin_unlock
from lockview.kernel.mm.mmap_lock import mmap_write_lock_killable, mmap_write_unlock
from lockview.kernel.mm.mprotect import merge_or_split
from lockview.kernel.mm.objects import ENTRIES, NONE, Flags, Mm, Pmd, Pte, Vma
from lockview.kernel.mm.populate import __mm_populate
from lockview.kernel.mm.sections import vm_write_begin, vm_write_end
from lockview.kernel.mm.tree import find_vma
from lockview.kernel.mm.vma_lock import vma_start_write
from lockview.kernel.system import Thread


def SyS_mlock(t: Thread, mm: Mm, start: int, end: int) -> Routine[None]:  # noqa: N802 (the kernel's name)
    """Lock a range and fill it."""
    yield from do_mlock(t, mm, start, end)


def do_mlock(t: Thread, mm: Mm, start: int, end: int) -> Routine[None]:
    """Mark the VMAs with mmap_sem held exclusively, fill them with it shared."""
    yield from mmap_write_lock_killable(t, mm)
    yield from apply_vma_lock_flags(t, mm, start, end, lock=True)
    yield from mmap_write_unlock(t, mm)
    yield from __mm_populate(t, mm, start, end)


def SyS_munlock(t: Thread, mm: Mm, start: int, end: int) -> Routine[None]:  # noqa: N802 (the kernel's name)
    """Let a range go."""
    yield from mmap_write_lock_killable(t, mm)
    yield from apply_vma_lock_flags(t, mm, start, end, lock=False)
    yield from mmap_write_unlock(t, mm)


def apply_vma_lock_flags(t: Thread, mm: Mm, start: int, end: int, *, lock: bool) -> Routine[None]:
    """VMA by VMA, as far as the range is mapped."""
    page = start
    while page < end:
        vma = yield from find_vma(t, mm, page)
        if vma is None:
            break
        first: int = yield Read(vma.start)
        last: int = yield Read(vma.end)
        if first > page:
            break
        yield from mlock_fixup(t, mm, vma, page, min(last, end), lock=lock)
        page = last


def mlock_fixup(t: Thread, mm: Mm, vma: Vma, start: int, end: int, *, lock: bool) -> Routine[None]:
    """Merge or split, then change the flag inside the write section. Pages are let go after it."""
    old: Flags = yield Read(vma.flags)
    flags = old | Flags.LOCKED if lock else old & ~Flags.LOCKED
    if flags == old:
        return
    vma = yield from merge_or_split(t, mm, vma, start, end, flags=flags)
    yield from vma_start_write(t, mm, vma)
    yield from vm_write_begin(t, vma)
    yield Write(vma.flags, flags)
    yield from vm_write_end(t, vma)
    if not lock:
        yield from munlock_vma_pages_range(t, mm, start, end)


@inlined
def munlock_vma_pages_range(t: Thread, mm: Mm, start: int, end: int) -> Routine[None]:
    """Find each page under its table's lock, and put it back on the list of those that can be reclaimed."""
    page = start
    while page < end:
        pmd: Pmd = yield Read(mm.pmds[page // ENTRIES])
        if pmd.table != NONE:
            table = t.kernel.tables[pmd.table]
            yield from spin_lock(table.ptl)
            yield Atomic((table.ptes[page % ENTRIES],), _look, "find the page")
            yield Acquire(t.kernel.lru_lock)
            yield Release(t.kernel.lru_lock)
            yield from spin_unlock(table.ptl)
        page += 1


def _look(pte: Pte) -> tuple[Value, ...]:
    return (pte.frame, pte)
