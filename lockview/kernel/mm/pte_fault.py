"""The fault once the page table is found: ``handle_pte_fault`` and what it calls, as in mm/memory.c of 4.13.

The same functions serve classic and speculative faults; they differ in how they take the page table lock.
"""

from __future__ import annotations

from lockview.kernel.effects import Add, Atomic, Await, Look, Read, Routine, Spend, Value
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.spinlock import spin_unlock
from lockview.kernel.mm.allocation import alloc_page
from lockview.kernel.mm.anon_vma import anon_vma_prepare
from lockview.kernel.mm.checks import (
    at_its_place,
    counted,
    live_table,
    may_sleep,
    no_write_lost,
    not_overwritten,
    not_too_much,
    not_unmapped,
    right_vma,
    same_page,
)
from lockview.kernel.mm.descriptor import VmFault
from lockview.kernel.mm.flushing import flush_tlb_mm_range
from lockview.kernel.mm.objects import ENTRIES, NONE, Entry, Flags, Frame, Life, Pte, Table
from lockview.kernel.mm.outcomes import Abort, Fault
from lockview.kernel.mm.pte_lock import abort, lock_pte
from lockview.kernel.mm.unmap import clear_pte, put_page
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread


def handle_pte_fault(t: Thread, vmf: VmFault) -> Routine[Fault]:
    """Serve the fault by what its page table entry says."""
    match vmf.pte.entry:
        case Entry.NONE if vmf.file != NONE:
            from lockview.kernel.mm.file_fault import do_fault

            return (yield from do_fault(t, vmf))
        case Entry.NONE:
            return (yield from _anonymous(t, vmf))
        case Entry.SWAP:
            return (yield from do_swap_page(t, vmf))
        case Entry.MIGRATION:
            return (yield from migration_entry_wait(t, vmf))
        case Entry.PROT_NONE:
            return (yield from do_numa_page(t, vmf))
        case Entry.MAP:
            return (yield from _present(t, vmf))


@inlined
def _anonymous(t: Thread, vmf: VmFault) -> Routine[Fault]:
    """A page that nobody touched: the zero page for a read, a page of its own for a write."""
    if vmf.flags & Flags.SHARED:
        return Fault.SIGBUS
    if not vmf.write:
        zero = t.kernel.zero_frame
        result, _ = yield from install(t, vmf, Pte(Entry.MAP, zero.number, young=True), zero)
        return result
    number = yield from do_anonymous_page(t, vmf)
    if number == NONE:
        return Fault.OOM
    return (yield from install_new(t, vmf, t.kernel.frames[number]))


def do_anonymous_page(t: Thread, vmf: VmFault) -> Routine[int]:
    """The part that the compiler leaves a function of its own: a zeroed page, got before anything is locked."""
    if not vmf.speculative and not (yield from anon_vma_prepare(t, vmf.mm, vmf.vma)):
        return NONE
    return (yield from alloc_pages_vma(t))


def alloc_pages_vma(t: Thread) -> Routine[int]:
    """A page for user space; its number, NONE when there is none left."""
    yield may_sleep(t)
    return (yield from alloc_page(t))


@inlined
def install_new(t: Thread, vmf: VmFault, frame: Frame) -> Routine[Fault]:
    """Map a page that was allocated for this fault, or give it back."""
    pte = Pte(Entry.MAP, frame.number, bool(vmf.flags & Flags.WRITE), dirty=True, young=True)
    result, made = yield from install(t, vmf, pte, frame, blank=True)
    if not made:
        yield from free_page(frame)
    return result


@inlined
def install(t: Thread, vmf: VmFault, pte: Pte, frame: Frame, *, blank: bool = False) -> Routine[tuple[Fault, bool]]:
    """Lock the table, and make the entry if there is still none; one that came in between serves as well.

    Answers also whether it was made. A ``blank`` page holds nothing yet.
    """
    table = yield from lock_pte(t, vmf)
    if table is None:
        return Fault.RETRY, False
    made = yield from set_pte(t, vmf, table, pte, frame, blank=blank)
    yield from spin_unlock(table.ptl)
    return Fault.DONE, made


@inlined
def set_pte(t: Thread, vmf: VmFault, table: Table, pte: Pte, frame: Frame, *, blank: bool) -> Routine[bool]:
    """Make the entry and count it, unless another entry than the one that the walk saw is there."""
    cells = (table.ptes[vmf.page % ENTRIES], frame.refs, frame.mapcount, frame.writes)
    change = _SetEntry(vmf.pte, pte, always=t.has(Switch.NO_PTE_SAME), blank=blank)
    del blank
    done, before = yield Atomic(cells, change, "make the entry")
    yield live_table(table)
    if done:
        yield not_unmapped(vmf.vma, vmf.page)
        yield at_its_place(vmf.mm, table, vmf.page)
        yield counted(t, frame)
        yield not_overwritten(before.entry if before != vmf.pte else Entry.NONE, vmf.page)
        if t.has(Switch.VMA_LOCK) and vmf.by_vma_lock:
            yield right_vma(vmf.mm, vmf.vma, vmf.page)
        if pte.writable:
            yield not_too_much(vmf.mm, vmf.vma, vmf.page)
    return bool(done)


@inlined
def free_page(frame: Frame) -> Routine[None]:
    """Give back a page that was never mapped."""
    yield Atomic((frame.refs, frame.life), _give_back, "give the page back")


@inlined
def copy_page(old: Frame, new: Frame) -> Routine[None]:
    """Copy what a page holds."""
    yield Atomic((old.writes, new.writes), _copied, "copy the page")
    yield Spend("copy")


def do_swap_page(t: Thread, vmf: VmFault) -> Routine[Fault]:
    """Read a page back. A speculative fault cannot wait for that: the page is locked, mmap_sem not its to drop."""
    if vmf.speculative:
        yield from abort(t, Abort.SWAP)
        return Fault.RETRY
    number = yield from alloc_pages_vma(t)
    if number == NONE:
        return Fault.OOM
    yield Spend("io")
    return (yield from install_new(t, vmf, t.kernel.frames[number]))


def migration_entry_wait(t: Thread, vmf: VmFault) -> Routine[Fault]:
    """Wait until the page has moved, then try again."""
    if vmf.speculative:
        yield from abort(t, Abort.SWAP)
        return Fault.RETRY
    cell = t.kernel.tables[vmf.pmd.table].ptes[vmf.page % ENTRIES]
    yield Await(cell, _is_no_migration, what="for the page to be moved")
    return Fault.DONE


def do_numa_page(t: Thread, vmf: VmFault) -> Routine[Fault]:
    """The entry was only hidden to see who uses the page: restore it."""
    table = yield from lock_pte(t, vmf, maps=False)
    if table is None:
        return Fault.RETRY
    writable = vmf.pte.writable and bool(vmf.flags & Flags.WRITE)
    yield from _replace(t, vmf, table, vmf.pte._replace(entry=Entry.MAP, writable=writable, young=True))
    yield from spin_unlock(table.ptl)
    return Fault.DONE


@inlined
def _present(t: Thread, vmf: VmFault) -> Routine[Fault]:
    """The page is there: a write to a read-only entry, or nothing but the accessed bit."""
    table = yield from lock_pte(t, vmf, maps=False)
    if table is None:
        return Fault.RETRY
    cell = table.ptes[vmf.page % ENTRIES]
    if not t.has(Switch.NO_PTE_SAME) and (yield Read(cell)) != vmf.pte:
        yield from spin_unlock(table.ptl)
        return Fault.DONE
    if vmf.write and not vmf.pte.writable:
        return (yield from do_wp_page(t, vmf, table))
    yield from _replace(t, vmf, table, vmf.pte._replace(young=True, dirty=vmf.pte.dirty or vmf.write))
    yield from spin_unlock(table.ptl)
    return Fault.DONE


def do_wp_page(t: Thread, vmf: VmFault, table: Table) -> Routine[Fault]:
    """A write to a page that is shared is done to a copy; the last one to use it keeps it. The table is locked."""
    old = t.kernel.frames[vmf.pte.frame]
    if not vmf.flags & Flags.WRITE:
        yield from spin_unlock(table.ptl)
        return Fault.DONE
    refs, mapcount = yield Look((old.refs, old.mapcount))
    if vmf.flags & Flags.SHARED or (refs == 1 and mapcount == 1):
        yield from _replace(t, vmf, table, vmf.pte._replace(writable=True, dirty=True, young=True))
        yield from spin_unlock(table.ptl)
        return Fault.DONE
    del refs, mapcount
    yield Add(old.refs)
    yield from spin_unlock(table.ptl)
    result = yield from wp_page_copy(t, vmf, old)
    yield from put_page(t, old.number)
    return result


def wp_page_copy(t: Thread, vmf: VmFault, old: Frame) -> Routine[Fault]:
    """Copy first, lock then: the copy may be out of date, or not needed any more."""
    if not (vmf.speculative or (yield from anon_vma_prepare(t, vmf.mm, vmf.vma))):
        return Fault.OOM
    number = yield from alloc_pages_vma(t)
    if number == NONE:
        return Fault.OOM
    new = t.kernel.frames[number]
    del number
    yield from copy_page(old, new)
    table = yield from lock_pte(t, vmf)
    if table is None:
        yield from free_page(new)
        return Fault.RETRY
    cell = table.ptes[vmf.page % ENTRIES]
    if not t.has(Switch.NO_PTE_SAME) and (yield Read(cell)) != vmf.pte:
        yield from spin_unlock(table.ptl)
        yield from free_page(new)
        return Fault.DONE
    yield from _exchange(t, vmf, table, old, new)
    yield from spin_unlock(table.ptl)
    yield from put_page(t, old.number)
    return Fault.DONE


@inlined
def _exchange(t: Thread, vmf: VmFault, table: Table, old: Frame, new: Frame) -> Routine[None]:
    """``ptep_clear_flush_notify``, ``set_pte_at_notify``: no TLB leads to the old page when the new one is mapped."""
    cell = table.ptes[vmf.page % ENTRIES]
    cleared = yield from clear_pte(t, cell)
    yield same_page(cleared, old, vmf.page)
    del cleared
    yield from flush_tlb_mm_range(t, vmf.mm)
    pte = Pte(Entry.MAP, new.number, writable=True, dirty=True, young=True)
    yield Atomic((cell, new.refs, new.mapcount, new.writes), _SetEntry(Pte(), pte, always=True), "make the entry")
    yield live_table(table)
    yield not_unmapped(vmf.vma, vmf.page)
    yield at_its_place(vmf.mm, table, vmf.page)
    yield not_too_much(vmf.mm, vmf.vma, vmf.page)
    yield no_write_lost(vmf.mm, old, new)
    yield counted(t, new)


@inlined
def _replace(t: Thread, vmf: VmFault, table: Table, pte: Pte) -> Routine[None]:
    """Store an entry of the same page, if the one that the walk saw is still there."""
    cell = table.ptes[vmf.page % ENTRIES]
    change = _Replaced(vmf.pte, pte, always=t.has(Switch.NO_PTE_SAME))
    done, before = yield Atomic((cell,), change, "change the entry")
    yield live_table(table)
    if done:
        yield not_unmapped(vmf.vma, vmf.page)
        yield at_its_place(vmf.mm, table, vmf.page)
        same = (before.entry, before.frame) == (vmf.pte.entry, vmf.pte.frame)
        yield not_overwritten(Entry.NONE if same else before.entry, vmf.page)
        yield counted(t, t.kernel.frames[pte.frame])
        if pte.writable:
            yield not_too_much(vmf.mm, vmf.vma, vmf.page)


def _is_no_migration(pte: Pte) -> bool:
    return pte.entry is not Entry.MIGRATION


def _give_back(_refs: int, _life: Life) -> tuple[Value, ...]:
    return (None, 0, Life.UNBORN)


def _copied(old: Value, _new: Value) -> tuple[Value, ...]:
    return (None, old, old)


class _SetEntry:
    """Answers whether it was made, and what was there."""

    def __init__(self, expected: Pte, pte: Pte, *, always: bool, blank: bool = False) -> None:
        self._expected = expected
        self._pte = pte
        self._always = always
        self._blank = blank

    def __call__(self, before: Pte, refs: int, mapcount: int, writes: Value) -> tuple[Value, ...]:
        if before != self._expected and not self._always:
            return ((False, before), before, refs, mapcount, writes)
        return ((True, before), self._pte, refs + 1, mapcount + 1, () if self._blank else writes)


class _Replaced:
    def __init__(self, expected: Pte, pte: Pte, *, always: bool) -> None:
        self._expected = expected
        self._pte = pte
        self._always = always

    def __call__(self, before: Pte) -> tuple[Value, ...]:
        if before != self._expected and not self._always:
            return ((False, before), before)
        return ((True, before), self._pte)
