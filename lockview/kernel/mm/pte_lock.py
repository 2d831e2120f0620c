"""Taking the page table lock in a fault: plainly, or with the checks that speculation rests on.

Of a speculative fault (mm/memory.c with patches 14 and 15 of v2): interrupts off, so that no page table can be freed;
has the VMA changed; try the lock, since its holder may wait for this CPU to answer an interrupt; has it changed now.
What changes it later has to take this lock, and will find the entry.
"""

from __future__ import annotations

from lockview.kernel.effects import Await, Happened, IrqDisable, IrqEnable, Read, Routine
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rwsem import down_read, up_read
from lockview.kernel.locks.seqcount import counter, is_even
from lockview.kernel.locks.spinlock import spin_lock, spin_trylock, spin_unlock
from lockview.kernel.mm.adjust import vm_file
from lockview.kernel.mm.checks import live_table, real_table, served_rightly
from lockview.kernel.mm.descriptor import VmFault
from lockview.kernel.mm.objects import ENTRIES, NONE, Mm, Pmd, Table, Vma
from lockview.kernel.mm.outcomes import Abort
from lockview.kernel.mm.sections import alive
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread

SPINNING = frozenset((Switch.M18, Switch.M19, Switch.M20, Switch.M21))
"""Readers that wait for a writer to leave, which no posted version does."""


@inlined
def lock_pte(t: Thread, vmf: VmFault, *, maps: bool = True) -> Routine[Table | None]:
    """Lock the table of a fault; None when a speculative one has to give up. ``maps`` only names the function."""
    if not vmf.speculative:
        table = t.kernel.tables[vmf.pmd.table]
        yield from spin_lock(table.ptl)
        yield live_table(table)
        return table
    if maps:
        return (yield from pte_map_lock(t, vmf))
    return (yield from pte_spinlock(t, vmf))


def pte_map_lock(t: Thread, vmf: VmFault) -> Routine[Table | None]:
    """For an entry that is to be made."""
    return (yield from _lock_unchanged(t, vmf))


def pte_spinlock(t: Thread, vmf: VmFault) -> Routine[Table | None]:
    """For an entry that is there."""
    return (yield from _lock_unchanged(t, vmf))


@inlined
def _lock_unchanged(t: Thread, vmf: VmFault) -> Routine[Table | None]:
    while True:
        yield from _irqs_off(t)
        table, busy = yield from _try_lock(t, vmf)
        yield from _irqs_on(t)
        if not (busy and t.has(Switch.PTL_LOOP)):
            return table


@inlined
def _try_lock(t: Thread, vmf: VmFault) -> Routine[tuple[Table | None, bool]]:
    """The table, locked; or None and whether that is because the lock was busy. Interrupts are off."""
    if not t.has(Switch.M7):
        if (yield from vma_has_changed(t, vmf)):
            yield from abort(t, Abort.PTE_MAP_LOCK_SEQ1)
            return None, False
        if t.has(Switch.M1):
            yield served_rightly(vmf.vma, vmf.page, vmf.flags, write=vmf.write)
    table = yield from _pte_lockptr(t, vmf)
    if table is None:
        return None, False
    if not (yield from _take(t, table)):
        if not t.has(Switch.PTL_LOOP):
            yield from abort(t, Abort.PTE_MAP_LOCK_PTL)
        return None, True
    if not t.has(Switch.M1):
        if (yield from vma_has_changed(t, vmf)):
            yield from spin_unlock(table.ptl)
            yield from abort(t, Abort.PTE_MAP_LOCK_SEQ2)
            return None, False
        yield served_rightly(vmf.vma, vmf.page, vmf.flags, write=vmf.write)
    return table, False


@inlined
def _pte_lockptr(t: Thread, vmf: VmFault) -> Routine[Table | None]:
    """The table whose lock it is: by the entry as it is now (v2), as the walk saw it (v4), or if it is still that."""
    saved = t.has(Switch.PMD_SAVED)
    if t.has(Switch.M5) or not (saved or t.has(Switch.PMD_RECHECK)):
        pmd: Pmd = yield Read(vmf.mm.pmds[vmf.page // ENTRIES])
        yield real_table(pmd.table != NONE, vmf.page)
        return None if pmd.table == NONE else t.kernel.tables[pmd.table]
    if t.has(Switch.PMD_RECHECK):
        now: Pmd = yield Read(vmf.mm.pmds[vmf.page // ENTRIES])
        if now != vmf.pmd:
            yield from abort(t, Abort.PTE_MAP_LOCK_PMD)
            return None
    return t.kernel.tables[vmf.pmd.table]


@inlined
def _take(t: Thread, table: Table) -> Routine[bool]:
    got = True
    if t.has(Switch.M4):
        yield from spin_lock(table.ptl)
    else:
        got = yield from spin_trylock(table.ptl)
    yield live_table(table)
    return got


@inlined
def vma_has_changed(t: Thread, vmf: VmFault) -> Routine[bool]:
    """Whether the VMA was unlinked, or a writer was inside, since the counter was first read."""
    if t.has(Switch.MM_COUNTER):
        return (yield from has_moved(t, vmf.mm, vmf.vma, vmf.sequence))
    linked: bool = yield Read(vmf.vma.linked)
    yield alive(vmf.vma)
    if not linked:
        return True
    return (yield from has_moved(t, vmf.mm, vmf.vma, vmf.sequence))


@inlined
def has_moved(t: Thread, mm: Mm, vma: Vma, sequence: int) -> Routine[bool]:
    """Whether the counter is another one than ``sequence``."""
    if t.has(Switch.MM_COUNTER):
        now: int = yield Read(mm.mmap_seq)
    else:
        now = yield Read(counter(vma.vm_sequence))
        yield alive(vma)
    return now != sequence


@inlined
def first_sequence(t: Thread, vma: Vma) -> Routine[int]:
    """The counter of a VMA that was found; odd when a writer is inside, for no posted version waits for it to leave."""
    if t.kernel.switches & SPINNING:
        yield from _spin(t, vma)
    sequence: int = yield Read(counter(vma.vm_sequence))
    yield alive(vma)
    return sequence


@inlined
def _spin(t: Thread, vma: Vma) -> Routine[None]:
    """What if readers waited: plainly, with interrupts off, or with the lock of the file's reverse map held."""
    file = None
    if t.has(Switch.M20):
        file = yield from vm_file(t, vma)
    if file is not None:
        yield from down_read(file.i_mmap_rwsem)
    if t.has(Switch.M19):
        yield IrqDisable(t.irqs)
    yield Await(counter(vma.vm_sequence), is_even, spins=True, what="until no writer is inside")
    if t.has(Switch.M19):
        yield IrqEnable(t.irqs)
    if file is not None:
        yield from up_read(file.i_mmap_rwsem)


@inlined
def abort(t: Thread, why: Abort) -> Routine[None]:
    """Tell and count that speculation gives up, in the words of the variant."""
    word = f"SPF_ABORT_{why.value}" if t.has(Switch.MM_COUNTER) else why.trace_point
    yield Happened("spf_abort", word or "untraced")
    yield Happened("spf_abort_reason", why.value)


@inlined
def _irqs_off(t: Thread) -> Routine[None]:
    if not t.has(Switch.M3):
        yield IrqDisable(t.irqs)


@inlined
def _irqs_on(t: Thread) -> Routine[None]:
    if not t.has(Switch.M3):
        yield IrqEnable(t.irqs)
