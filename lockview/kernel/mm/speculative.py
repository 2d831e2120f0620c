"""The speculative page fault: ``handle_speculative_fault`` of mm/memory.c, patch 14 of v2 (August 2017), and later.

It holds no lock of the address space. It looks the VMA up by what its variant protects VMAs with, takes a copy of all
it needs, walks the page tables with interrupts off, and goes on only as long as the counter has not moved. Whatever it
does not like sends it the classic way. With one counter per address space (2022) the counter is read before the look-up
and there is no mark of dead VMAs.
"""

from __future__ import annotations

from typing import NamedTuple

from lockview.kernel.effects import Atomic, IrqDisable, IrqEnable, Read, Routine, Value
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rcu import srcu_read_lock, srcu_read_unlock
from lockview.kernel.locks.seqcount import is_even
from lockview.kernel.mm.checks import had_no_right, held_file, is_forbidden, live_table, right_cells, right_index
from lockview.kernel.mm.descriptor import VmFault, permits
from lockview.kernel.mm.objects import ENTRIES, NO_PTE, NONE, Flags, Mm, Pmd, Pte, Vma
from lockview.kernel.mm.outcomes import Abort, Fault
from lockview.kernel.mm.pte_fault import handle_pte_fault
from lockview.kernel.mm.pte_lock import abort, first_sequence, has_moved
from lockview.kernel.mm.references import get_vma
from lockview.kernel.mm.sections import alive
from lockview.kernel.mm.tree import find_vma, find_vma_srcu
from lockview.kernel.mm.unmap import put_vma
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread

INTERLEAVE = "interleave"
"""The memory policy that looks at live fields of the VMA (MPOL_INTERLEAVE)."""


class Speculation(NamedTuple):
    """How speculation ended. ``vma`` is the one that it found, for the classic way to go on with (v6 to v10)."""

    result: Fault
    vma: Vma | None = None


class _Copy(NamedTuple):
    """What the fault knows of a VMA: as much as was read while the counter stood still, if it did."""

    vma: Vma
    sequence: int
    flags: Flags
    file: int
    start: int
    refused: bool


_ENTRIES_SAVED = frozenset((Switch.PMD_SAVED, Switch.PMD_RECHECK))


def handle_speculative_fault(t: Thread, mm: Mm, page: int, *, write: bool) -> Routine[Speculation]:
    """Try to serve a fault without mmap_sem. ``Fault.RETRY`` and all errors mean: take the classic way."""
    sequence = 0
    if t.has(Switch.MM_COUNTER):
        sequence = yield Read(mm.mmap_seq)
        if not is_even(sequence):
            yield from abort(t, Abort.ODD)
            return Speculation(Fault.RETRY)
    yield from _enter(t)
    vma = yield from _look_up(t, mm, page)
    if vma is None:
        yield from abort(t, Abort.UNMAPPED)
        result = Fault.RETRY
    else:
        result = yield from _try(t, mm, vma, page, sequence, write=write)
    kept = yield from _leave(t, vma, result)
    return Speculation(result, kept)


@inlined
def _try(t: Thread, mm: Mm, vma: Vma, page: int, sequence: int, *, write: bool) -> Routine[Fault]:
    """From the VMA to the end (A3 to A21)."""
    if not t.has(Switch.MM_COUNTER):
        if not t.has(Switch.M6) and not (yield from _is_linked(vma)):
            yield from abort(t, Abort.DEAD)
            return Fault.RETRY
        sequence = yield from first_sequence(t, vma)
        if not is_even(sequence):
            yield from abort(t, Abort.ODD)
            return Fault.RETRY
    copy = yield from _snapshot(t, mm, vma, page, sequence, write=write)
    if copy is None:
        return Fault.RETRY
    if copy.refused:
        return Fault.SIGSEGV
    if t.has(Switch.MM_COUNTER) and (yield from has_moved(t, mm, vma, sequence)):
        yield from abort(t, Abort.VMA_COPY)
        return Fault.RETRY
    vmf = yield from _walk(t, mm, page, copy, write=write)
    if vmf is None:
        return Fault.RETRY
    del copy
    if not (t.has(Switch.MM_COUNTER) or t.has(Switch.M8)):
        if (yield from has_moved(t, mm, vma, sequence)):
            yield from abort(t, Abort.VMA_COPY)
            return Fault.RETRY
        yield right_index(mm, vma, vmf.file_page - page)
    if not t.kernel.switches & _ENTRIES_SAVED:
        vmf = yield from _look_again(t, vmf)
        if vmf is None:
            return Fault.RETRY
    return (yield from handle_pte_fault(t, vmf))


@inlined
def _snapshot(t: Thread, mm: Mm, vma: Vma, page: int, sequence: int, *, write: bool) -> Routine[_Copy | None]:
    """Read what is needed of the VMA; None when it is of no supported kind (A5 to A12)."""
    file: int = yield Read(vma.file)
    yield alive(vma)
    has_ops = file != NONE and t.kernel.files[file].has_ops
    if has_ops and (write or not t.has(Switch.FILE_FAULTS)):
        yield from abort(t, Abort.NO_SPECULATE)
        return None
    if not has_ops and not (yield from _has_anon_vma(vma)):
        yield from abort(t, Abort.ANON_VMA)
        return None
    flags = yield from _read_flags(t, mm, vma, page, write=write)
    policy: str = yield Read(vma.policy)
    yield alive(vma)
    grows = Flags(0) if t.has(Switch.ALLOW_GROWSDOWN) else Flags.GROWSDOWN
    if flags & (Flags.UFFD | grows) or policy == INTERLEAVE:
        yield from abort(t, Abort.NO_SPECULATE)
        return None
    start: int = yield Read(vma.start)
    yield alive(vma)
    end: int = yield Read(vma.end)
    yield alive(vma)
    if not start <= page < end:
        yield from abort(t, Abort.OUTSIDE)
        return None
    refused = not (permits(flags, write=write) or (write and t.has(Switch.M12)))
    if refused:
        yield from abort(t, Abort.ACCESS_ERROR)
        if t.has(Switch.TRUST_SEGV):
            yield had_no_right(t, page)
    return _Copy(vma, sequence, flags, file, start, refused)


@inlined
def _walk(t: Thread, mm: Mm, page: int, copy: _Copy, *, write: bool) -> Routine[VmFault | None]:
    """Find the page table while nobody can free it; None without one (A13 to A19)."""
    yield IrqDisable(t.irqs)
    pmd: Pmd = yield Read(mm.pmds[page // ENTRIES])
    if pmd.table == NONE:
        yield from abort(t, Abort.PMD if pmd.huge == NONE else Abort.HUGE)
        yield IrqEnable(t.irqs)
        return None
    pte = NO_PTE
    if t.kernel.switches & _ENTRIES_SAVED:
        pte = yield Read(t.kernel.tables[pmd.table].ptes[page % ENTRIES])
        yield live_table(t.kernel.tables[pmd.table])
    pgoff: int = yield Read(copy.vma.pgoff)
    yield alive(copy.vma)
    if copy.file != NONE and not t.has(Switch.RCU_VMAS):  # v12 closes at once, and needs nothing of the file here
        yield held_file(t.kernel.files[copy.file])
    yield IrqEnable(t.irqs)
    served_by = copy.file if copy.file != NONE and t.kernel.files[copy.file].has_ops else NONE
    file_page = pgoff + page - copy.start
    return VmFault(mm, copy.vma, page, write, copy.flags, served_by, file_page, pmd, pte, copy.sequence)


@inlined
def _look_again(t: Thread, vmf: VmFault) -> Routine[VmFault | None]:
    """v2 to v5 read the entries in ``handle_pte_fault``, with interrupts on: the table may be gone by now."""
    pmd: Pmd = yield Read(vmf.mm.pmds[vmf.page // ENTRIES])
    if pmd.table == NONE:
        yield from abort(t, Abort.PMD if pmd.huge == NONE else Abort.HUGE)
        return None
    pte: Pte = yield Read(t.kernel.tables[pmd.table].ptes[vmf.page % ENTRIES])
    yield live_table(t.kernel.tables[pmd.table])
    return vmf._replace(pmd=pmd, pte=pte)


@inlined
def _enter(t: Thread) -> Routine[None]:
    if t.has(Switch.SRCU_VMAS):
        yield from srcu_read_lock(t.kernel.vma_srcu)
    elif t.has(Switch.RCU_VMAS):
        yield from srcu_read_lock(t.kernel.rcu)


@inlined
def _leave(t: Thread, vma: Vma | None, result: Fault) -> Routine[Vma | None]:
    """Let go of the VMA; answers it where the classic way is to use it again, with its reference."""
    if t.has(Switch.SRCU_VMAS):
        yield from srcu_read_unlock(t.kernel.vma_srcu)
    elif t.has(Switch.RCU_VMAS):
        yield from srcu_read_unlock(t.kernel.rcu)
    if vma is None or not t.has(Switch.REF_VMAS):
        return None
    gave_up = result is not Fault.DONE
    if gave_up and t.has(Switch.M29):
        return None
    if gave_up and t.has(Switch.REUSE_VMA) and not t.has(Switch.M28):
        return vma
    yield from put_vma(t, vma)
    return vma if gave_up and t.has(Switch.M28) else None


@inlined
def _look_up(t: Thread, mm: Mm, page: int) -> Routine[Vma | None]:
    """The first VMA that ends behind a page, in the way of the variant."""
    if t.has(Switch.REF_VMAS):
        return (yield from get_vma(t, mm, page))
    if t.has(Switch.MM_COUNTER):
        return (yield from find_vma(t, mm, page))
    return (yield from find_vma_srcu(t, mm, page))


@inlined
def _is_linked(vma: Vma) -> Routine[bool]:
    linked: bool = yield Read(vma.linked)
    yield alive(vma)
    return linked


@inlined
def _has_anon_vma(vma: Vma) -> Routine[bool]:
    number: int = yield Read(vma.anon_vma)
    yield alive(vma)
    return number != NONE


@inlined
def _read_flags(t: Thread, mm: Mm, vma: Vma, page: int, *, write: bool) -> Routine[Flags]:
    """The flags; where a refusal is to be final, with a note for I11 whether the access is permitted now."""
    if t.has(Switch.TRUST_SEGV):
        cells = (vma.flags, t.had_no_right, *right_cells(t, mm))
        flags: Flags = yield Atomic(cells, _FlagsNow(page, write=write), "read the flags")
    else:
        flags = yield Read(vma.flags)
    yield alive(vma)
    return flags


class _FlagsNow:
    def __init__(self, page: int, *, write: bool) -> None:
        self._page = page
        self._write = write

    def __call__(self, flags: Flags, _noted: bool, tree: tuple[int, ...], *fields: Value) -> tuple[Value, ...]:
        return (flags, flags, is_forbidden(self._page, self._write, tree, fields), tree, *fields)
