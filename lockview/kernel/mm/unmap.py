"""Unmapping: munmap and what it calls, as in mm/mmap.c and mm/memory.c of 4.13 with the patch series."""

from __future__ import annotations

from lockview.kernel.effects import Add, Atomic, Check, Read, Routine, Spend, Value, Write
from lockview.kernel.handles import Cell
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rcu import call_srcu, next_callback
from lockview.kernel.locks.rwsem import down_write, up_write
from lockview.kernel.locks.spinlock import spin_lock, spin_unlock
from lockview.kernel.mm.adjust import Without, __split_vma, vm_anon_vma, vm_file
from lockview.kernel.mm.flushing import flush_tlb_mm_range
from lockview.kernel.mm.mmap_lock import mmap_write_lock_killable, mmap_write_unlock
from lockview.kernel.mm.objects import ENTRIES, NO_PMD, NO_PTE, NONE, Entry, Life, Mm, Pmd, Pte, Table, Vma
from lockview.kernel.mm.sections import alive, vm_write_begin, vm_write_end
from lockview.kernel.mm.tree import find_vma, vma_rb_erase
from lockview.kernel.mm.vms import do_vmi_munmap
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread

FREE_VMA = "free-vma"
"""The action after a grace period that gives a VMA's memory back."""

_FREED_AT_ONCE = frozenset((Switch.M2, Switch.V4, Switch.VMA_REFCOUNT))


def SyS_munmap(t: Thread, mm: Mm, start: int, end: int) -> Routine[None]:  # noqa: N802 (the kernel's name)
    """The system call."""
    yield from vm_munmap(t, mm, start, end)


def vm_munmap(t: Thread, mm: Mm, start: int, end: int) -> Routine[None]:
    """Unmap the pages from ``start`` up to ``end``, with mmap_sem taken for it."""
    yield from mmap_write_lock_killable(t, mm)
    yield from do_munmap(t, mm, start, end)
    yield from mmap_write_unlock(t, mm)


def do_munmap(t: Thread, mm: Mm, start: int, end: int) -> Routine[None]:
    """The same with mmap_sem held exclusively: split at the borders, unlink, zap, free."""
    if t.has(Switch.VMA_LOCK):
        yield from do_vmi_munmap(t, mm, start, end)
        return
    vma = yield from find_vma(t, mm, start)
    if vma is None:
        return
    first: int = yield Read(vma.start)
    if first >= end:
        return
    if first < start:
        yield from __split_vma(t, mm, vma, start, new_below=False)
    last = yield from find_vma(t, mm, end)
    if last is not None:
        above: int = yield Read(last.start)
        if above < end:
            yield from __split_vma(t, mm, last, end, new_below=True)
    doomed = yield from detach_vmas_to_be_unmapped(t, mm, start, end)
    yield from unmap_region(t, mm, doomed)
    yield from remove_vma_list(t, doomed, closed=t.has(Switch.M30))


@inlined
def detach_vmas_to_be_unmapped(t: Thread, mm: Mm, start: int, end: int) -> Routine[tuple[Vma, ...]]:
    """Unlink every VMA in the range."""
    doomed: tuple[Vma, ...] = ()
    while True:
        vma = yield from find_vma(t, mm, start)
        if vma is None:
            break
        first: int = yield Read(vma.start)
        if first >= end:
            break
        yield from vma_rb_erase(t, mm, vma)
        if t.has(Switch.M30):
            yield from close_file(t, vma)
        doomed = (*doomed, vma)
    return doomed


def unmap_region(t: Thread, mm: Mm, doomed: tuple[Vma, ...]) -> Routine[None]:
    """Zap the pages of unlinked VMAs and free the page tables that nothing else uses."""
    frames = yield from unmap_vmas(t, mm, doomed)
    tables = yield from free_pgtables(t, mm, doomed)
    yield from tlb_finish_mmu(t, mm, frames, tables)


def unmap_vmas(t: Thread, mm: Mm, doomed: tuple[Vma, ...], *, exclusive: bool = True) -> Routine[tuple[int, ...]]:
    """Clear the page table entries of each; answers the frames that they mapped."""
    frames: tuple[int, ...] = ()
    left = doomed
    while left:
        frames += yield from unmap_single_vma(t, mm, left[0], exclusive=exclusive)
        yield Write(left[0].zapped, True)
        left = left[1:]
    return frames


def unmap_single_vma(
    t: Thread, mm: Mm, vma: Vma, first: int = 0, last: int = NONE, *, exclusive: bool
) -> Routine[tuple[int, ...]]:
    """Clear the page table entries of a VMA between ``first`` and ``last``, all of them without."""
    start: int = yield Read(vma.start)
    end: int = yield Read(vma.end)
    start = max(start, first)
    if last != NONE:
        end = min(end, last)
    return (yield from unmap_page_range(t, mm, vma, start, end, exclusive=exclusive))


def unmap_page_range(t: Thread, mm: Mm, vma: Vma, start: int, end: int, *, exclusive: bool) -> Routine[tuple[int, ...]]:
    """Clear the page table entries of a range inside the VMA's write section; answers the frames they mapped.

    ``exclusive`` tells whether mmap_sem is held exclusively, as ``munmap`` does.
    """
    frames: tuple[int, ...] = ()
    section = not (exclusive and t.has(Switch.M9))
    if section:
        yield from vm_write_begin(t, vma, exclusive=exclusive)
    page = start
    while page < end:
        stop = min(end, (page // ENTRIES + 1) * ENTRIES)
        pmd: Pmd = yield Read(mm.pmds[page // ENTRIES])
        if pmd.huge != NONE:
            frames += yield from zap_huge_pmd(t, mm, page // ENTRIES)
        elif pmd.table != NONE:
            frames += yield from zap_pte_range(t, mm, t.kernel.tables[pmd.table], page, stop)
        page = stop
    if section:
        yield from vm_write_end(t, vma, exclusive=exclusive)
    return frames


@inlined
def zap_huge_pmd(t: Thread, mm: Mm, place: int) -> Routine[tuple[int, ...]]:
    """Take a huge page out, and give the table back that was kept for splitting it."""
    yield from spin_lock(mm.page_table_lock)
    counts = tuple(frame.mapcount for frame in t.kernel.frames)
    pmd: Pmd = yield Atomic((mm.pmds[place], *counts), _huge_cleared, "clear the huge entry")
    del counts
    yield from spin_unlock(mm.page_table_lock)
    if pmd.deposited != NONE:
        yield from free_table(t.kernel.tables[pmd.deposited])
    return () if pmd.huge == NONE else (pmd.huge,)


@inlined
def zap_pte_range(t: Thread, mm: Mm, table: Table, start: int, end: int) -> Routine[tuple[int, ...]]:
    """Clear entries of one table under its lock."""
    frames: tuple[int, ...] = ()
    yield from spin_lock(table.ptl)
    page = start
    while page < end:
        frame = yield from clear_pte(t, table.ptes[page % ENTRIES])
        yield Spend("zap")
        if frame != NONE:
            frames = (*frames, frame)
        page += 1
    if t.has(Switch.FLUSH_UNDER_PTL) and frames:
        yield from flush_tlb_mm_range(t, mm)
    yield from spin_unlock(table.ptl)
    return frames


@inlined
def clear_pte(t: Thread, pte: Cell) -> Routine[int]:
    """Clear one entry and take its frame off the reverse map; answers the frame, NONE without one."""
    counts = tuple(frame.mapcount for frame in t.kernel.frames)
    frame: int = yield Atomic((pte, *counts), _cleared, "clear the entry")
    return frame


def free_pgtables(t: Thread, mm: Mm, doomed: tuple[Vma, ...]) -> Routine[tuple[int, ...]]:
    """Unlink VMAs from their reverse maps, and tables from the level above; answers the tables."""
    tables: tuple[int, ...] = ()
    left = doomed
    while left:
        vma = left[0]
        left = left[1:]
        yield from unlink_anon_vmas(t, vma)
        yield from unlink_file_vma(t, vma)
        start: int = yield Read(vma.start)
        end: int = yield Read(vma.end)
        place = start // ENTRIES
        while place * ENTRIES < end:
            if not (yield from is_used(t, mm, place)):
                tables += yield from pmd_clear(mm, place)
            place += 1
    return tables


def unlink_anon_vmas(t: Thread, vma: Vma) -> Routine[None]:
    """Take a VMA off the reverse map of its anonymous pages."""
    anon_vma = yield from vm_anon_vma(t, vma)
    if anon_vma is None:
        return
    yield from down_write(anon_vma.rwsem)
    yield Atomic((anon_vma.vmas, anon_vma.life), _Leave(vma.number), "unlink from anon_vma")
    yield from up_write(anon_vma.rwsem)


def unlink_file_vma(t: Thread, vma: Vma) -> Routine[None]:
    """Take a VMA off the reverse map of its file."""
    file = yield from vm_file(t, vma)
    if file is None:
        return
    yield from down_write(file.i_mmap_rwsem)
    yield Atomic((file.vmas,), Without(vma.number), "unlink from i_mmap")
    yield from up_write(file.i_mmap_rwsem)


@inlined
def is_used(t: Thread, mm: Mm, place: int) -> Routine[bool]:
    """Whether a linked VMA still has pages under an entry of the level above."""
    vma = yield from find_vma(t, mm, place * ENTRIES)
    if vma is None:
        return False
    start: int = yield Read(vma.start)
    return start < (place + 1) * ENTRIES


@inlined
def pmd_clear(mm: Mm, place: int) -> Routine[tuple[int, ...]]:
    """Take a table off the level above; its number, () without one."""
    pmd: Pmd = yield Read(mm.pmds[place])
    if pmd.table == NONE:
        return ()
    yield Write(mm.pmds[place], NO_PMD)
    return (pmd.table,)


@inlined
def tlb_finish_mmu(t: Thread, mm: Mm, frames: tuple[int, ...], tables: tuple[int, ...]) -> Routine[None]:
    """Flush, and only then give pages and tables back."""
    if frames or tables:
        yield from flush_tlb_mm_range(t, mm)
    while tables:
        yield from free_table(t.kernel.tables[tables[0]])
        tables = tables[1:]
    while frames:
        yield from put_page(t, frames[0])
        frames = frames[1:]


@inlined
def free_table(table: Table) -> Routine[None]:
    """Give a page table back. I4: it holds no entry."""
    yield Write(table.life, Life.FREED)
    yield Check("I4", table.ptes, _all_none, f"table:{table.number} is freed with an entry in it")


@inlined
def put_page(t: Thread, number: int) -> Routine[None]:
    """Give one reference to a page back, and the page with the last one."""
    frame = t.kernel.frames[number]
    yield Atomic((frame.refs, frame.life), _put, "drop the reference to the page")


@inlined
def remove_vma_list(t: Thread, doomed: tuple[Vma, ...], *, closed: bool = False) -> Routine[None]:
    """Give unlinked VMAs back, and their files unless they are ``closed`` already."""
    while doomed:
        yield from remove_vma(t, doomed[0], closed=closed)
        doomed = doomed[1:]


def remove_vma(t: Thread, vma: Vma, *, closed: bool = False) -> Routine[None]:
    """Free a VMA, at once or after the grace period of its variant."""
    if closes_at_once(t) and not closed:
        yield from close_file(t, vma)
    if t.has(Switch.SRCU_VMAS) and not t.has(Switch.M2):
        yield Write(vma.life, Life.PENDING)
        yield from call_srcu(t.kernel.vma_srcu, (FREE_VMA, vma.number))
    elif t.has(Switch.RCU_VMAS) and not t.kernel.switches & _FREED_AT_ONCE:
        yield Write(vma.life, Life.PENDING)
        yield from call_srcu(t.kernel.rcu, (FREE_VMA, vma.number))
    elif t.has(Switch.REF_VMAS) and not t.has(Switch.M2):
        yield from put_vma(t, vma)
    else:
        yield from __free_vma(t, vma)


def put_vma(t: Thread, vma: Vma) -> Routine[None]:
    """Give a reference to a counted VMA back, and the VMA with the last one."""
    left: int = yield Add(vma.refs, -1)
    yield alive(vma)
    if not left:
        yield from __free_vma(t, vma)


def __free_vma(t: Thread, vma: Vma) -> Routine[None]:
    """Drop the file and give the memory back; with a reference count it may be another VMA at once."""
    if not closes_at_once(t):
        yield from close_file(t, vma)
    if t.has(Switch.VMA_REFCOUNT):
        yield Atomic((vma.life, vma.zapped), _back_to_slab, "give the VMA back to its slab")
    else:
        yield Write(vma.life, Life.FREED)


def closes_at_once(t: Thread) -> bool:
    """Whether the file goes with the VMA's place in the tree: where no reader without mmap_sem needs it, or by M30."""
    return t.has(Switch.M30) or t.has(Switch.RCU_VMAS)


@inlined
def close_file(t: Thread, vma: Vma) -> Routine[None]:
    """Give the VMA's reference to its file back. I6: it had one."""
    file = yield from vm_file(t, vma)
    if file is not None:
        yield Add(file.f_count, -1)
        yield Check("I6", (file.f_count,), _is_sound, f"file:{file.number} is given back more often than it was taken")


def grace_periods(t: Thread) -> Routine[None]:
    """A daemon: wait for grace periods of the domain that VMAs are freed by, and run the callbacks."""
    domain = t.kernel.rcu if t.has(Switch.RCU_VMAS) else t.kernel.vma_srcu
    while True:
        action = yield from next_callback(domain)
        if action[0] == FREE_VMA:
            yield from __free_vma(t, t.kernel.vmas[action[1]])
        else:
            yield Write(action[1], 1)


def _cleared(pte: Pte, *counts: int) -> tuple[Value, ...]:
    if pte.entry not in (Entry.MAP, Entry.PROT_NONE):
        return (NONE, NO_PTE, *counts)
    return (pte.frame, NO_PTE, *_less(counts, pte.frame))


def _huge_cleared(pmd: Pmd, *counts: int) -> tuple[Value, ...]:
    if pmd.huge == NONE:
        return (NO_PMD, pmd, *counts)
    return (pmd, NO_PMD, *_less(counts, pmd.huge))


def _less(counts: tuple[int, ...], frame: int) -> tuple[int, ...]:
    """One less for a frame."""
    return (*counts[:frame], counts[frame] - 1, *counts[frame + 1 :])


def _put(refs: int, life: Life) -> tuple[Value, ...]:
    return (None, refs - 1, Life.UNBORN if refs == 1 else life)


def _is_sound(count: int) -> bool:
    return count >= 0


def _back_to_slab(_life: Life, _zapped: bool) -> tuple[Value, ...]:
    return (None, Life.UNBORN, False)


def _all_none(*ptes: Pte) -> bool:
    return all(pte.entry is Entry.NONE for pte in ptes)


class _Leave:
    """Take a VMA off a reverse map, which goes with its last one."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __call__(self, numbers: tuple[int, ...], life: Life) -> tuple[Value, ...]:
        rest = tuple(number for number in numbers if number != self._number)
        return (None, rest, life if rest else Life.FREED)
