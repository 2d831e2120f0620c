"""Changing what may be done with pages: mprotect, as in mm/mprotect.c of 4.13 with the patch series."""

from __future__ import annotations

from lockview.kernel.effects import Atomic, Check, Read, Routine, Spend, Value, Write
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.spinlock import spin_lock, spin_unlock
from lockview.kernel.mm.adjust import __split_vma
from lockview.kernel.mm.checks import nothing_too_much
from lockview.kernel.mm.flushing import flush_tlb_mm_range
from lockview.kernel.mm.merge import Kind, vma_merge
from lockview.kernel.mm.mmap_lock import mmap_write_lock_killable, mmap_write_unlock
from lockview.kernel.mm.objects import ENTRIES, NONE, Entry, Flags, Mm, Pmd, Pte, Table, Vma
from lockview.kernel.mm.populate import populate_vma_page_range
from lockview.kernel.mm.sections import vm_write_begin, vm_write_end
from lockview.kernel.mm.tree import find_vma
from lockview.kernel.mm.vma_lock import vma_start_write
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread

RIGHTS = Flags.READ | Flags.WRITE | Flags.EXEC


def SyS_mprotect(t: Thread, mm: Mm, start: int, end: int, rights: Flags) -> Routine[None]:  # noqa: N802 (the kernel's name)
    """Give the pages from ``start`` up to ``end`` other rights, VMA by VMA, as far as they are mapped."""
    yield from mmap_write_lock_killable(t, mm)
    page = start
    while page < end:
        vma = yield from find_vma(t, mm, page)
        if vma is None:
            break
        first: int = yield Read(vma.start)
        last: int = yield Read(vma.end)
        if first > page:
            break
        old: Flags = yield Read(vma.flags)
        yield from mprotect_fixup(t, mm, vma, page, min(last, end), old & ~RIGHTS | rights & RIGHTS)
        page = last
    yield from mmap_write_unlock(t, mm)


def mprotect_fixup(t: Thread, mm: Mm, vma: Vma, start: int, end: int, flags: Flags) -> Routine[None]:
    """The same for pages of one VMA: merge or split it, then change flags and entries inside its write section."""
    old: Flags = yield Read(vma.flags)
    if flags == old:
        return
    vma = yield from merge_or_split(t, mm, vma, start, end, flags=flags)
    yield from vma_start_write(t, mm, vma)
    section = not t.has(Switch.M11)
    if section:
        yield from vm_write_begin(t, vma)
    yield Write(vma.flags, flags)
    yield from change_protection(t, mm, start, end, flags)
    locked = bool(old & Flags.LOCKED) or t.has(Switch.LOCKED_POPULATE)
    fills = locked and not old & (Flags.WRITE | Flags.SHARED) and bool(flags & Flags.WRITE)
    if section and t.has(Switch.CLOSE_BEFORE_POPULATE):
        yield from vm_write_end(t, vma)
        section = False
    if fills:
        yield from populate_vma_page_range(t, mm, vma, start, end)
    if section:
        yield from vm_write_end(t, vma)
    yield nothing_too_much(t, mm, (start, end), flags)


@inlined
def merge_or_split(
    t: Thread, mm: Mm, vma: Vma, start: int, end: int, *, flags: Flags | None = None, policy: str | None = None
) -> Routine[Vma]:
    """The VMA that has exactly these pages of ``vma``, or that of a neighbour which is of the new kind already."""
    old_flags: Flags = yield Read(vma.flags)
    old_policy: str = yield Read(vma.policy)
    first: int = yield Read(vma.start)
    pgoff: int = yield Read(vma.pgoff)
    file: int = yield Read(vma.file)
    anon_vma: int = yield Read(vma.anon_vma)
    kind = Kind(
        old_flags if flags is None else flags, file, pgoff + start - first, old_policy if policy is None else policy
    )
    merged = yield from vma_merge(t, mm, start, end, kind, anon_vma)
    if merged is not None:
        return merged
    if first < start:
        vma = yield from __split_vma(t, mm, vma, start, new_below=False)
    last: int = yield Read(vma.end)
    if last > end:
        yield from __split_vma(t, mm, vma, end, new_below=False)
    return vma


def change_protection(t: Thread, mm: Mm, start: int, end: int, flags: Flags, *, numa: bool = False) -> Routine[None]:
    """Change the entries of a range to what ``flags`` permit; with ``numa`` hide them, to see who uses the pages."""
    yield from change_protection_range(t, mm, start, end, flags, numa=numa)


def change_protection_range(t: Thread, mm: Mm, start: int, end: int, flags: Flags, *, numa: bool) -> Routine[None]:
    """Table by table, then flush."""
    page = start
    changed = False
    while page < end:
        stop = min(end, (page // ENTRIES + 1) * ENTRIES)
        pmd: Pmd = yield Read(mm.pmds[page // ENTRIES])
        if pmd.table != NONE:
            changed = True
            yield from change_pte_range(t.kernel.tables[pmd.table], page, stop, flags, numa=numa)
        page = stop
    if changed:
        yield from flush_tlb_mm_range(t, mm)


@inlined
def change_pte_range(table: Table, start: int, end: int, flags: Flags, *, numa: bool) -> Routine[None]:
    """The entries of one table, under its lock. I2: none permits more than the flags."""
    yield from spin_lock(table.ptl)
    page = start
    while page < end:
        pte = table.ptes[page % ENTRIES]
        yield Atomic((pte,), _Protect(flags, numa=numa), "change the entry")
        if not numa:
            yield Check("I2", (pte,), _Permitted(flags), f"{pte.name} permits more than its VMA")
        yield Spend("protect")
        page += 1
    yield from spin_unlock(table.ptl)


class _Protect:
    """``pte_modify``: writing stays to be asked for by a fault; without any right the entry hides its page."""

    def __init__(self, flags: Flags, *, numa: bool) -> None:
        self._flags = flags
        self._numa = numa

    def __call__(self, pte: Pte) -> tuple[Value, ...]:
        maps = pte.entry in (Entry.MAP, Entry.PROT_NONE)
        if self._numa:
            return (None, pte._replace(entry=Entry.PROT_NONE) if maps else pte)
        writable = pte.writable and bool(self._flags & Flags.WRITE)
        if not maps:
            return (None, pte._replace(writable=writable))
        return (None, pte._replace(entry=Entry.MAP if self._flags & RIGHTS else Entry.PROT_NONE, writable=writable))


class _Permitted:
    def __init__(self, flags: Flags) -> None:
        self._flags = flags

    def __call__(self, pte: Pte) -> bool:
        return bool(self._flags & Flags.WRITE) or not pte.writable
