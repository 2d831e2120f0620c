"""Page faults from user space: speculative or under the lock of the VMA where the variant has that, then classic.

As in arch/x86/mm/fault.c of 4.13 with patch 19 of v2 (``__do_page_fault``), and of 6.x (``do_user_addr_fault``).
Every fault ends in exactly one ``Outcome``, which is told as ``fault_end``.
"""

from __future__ import annotations

from lockview.kernel.effects import Happened, Look, Read, Routine
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rcu import rcu_read_lock, rcu_read_unlock
from lockview.kernel.locks.rwsem import down_read, down_read_trylock, up_read
from lockview.kernel.mm.checks import may_sleep, refused_rightly, right_index
from lockview.kernel.mm.descriptor import VmFault, permits
from lockview.kernel.mm.growth import expand_stack
from lockview.kernel.mm.mremap import __pte_alloc
from lockview.kernel.mm.objects import ENTRIES, NONE, Flags, Mm, Pmd, Pte, Vma
from lockview.kernel.mm.outcomes import ENDS, Fault, Outcome
from lockview.kernel.mm.pte_fault import handle_pte_fault
from lockview.kernel.mm.sections import alive
from lockview.kernel.mm.speculative import handle_speculative_fault
from lockview.kernel.mm.tree import find_vma
from lockview.kernel.mm.unmap import put_vma
from lockview.kernel.mm.vma_lock import vma_end_read, vma_start_read
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread


@inlined
def fault_at(t: Thread, mm: Mm, page: int, *, write: bool) -> Routine[Outcome]:
    """A fault of a user thread, by the way into the kernel of the variant's time."""
    if t.has(Switch.MODERN_NAMES):
        return (yield from asm_exc_page_fault(t, mm, page, write=write))
    return (yield from page_fault(t, mm, page, write=write))


def page_fault(t: Thread, mm: Mm, page: int, *, write: bool) -> Routine[Outcome]:
    """The entry of 4.13."""
    return (yield from do_page_fault(t, mm, page, write=write))


def do_page_fault(t: Thread, mm: Mm, page: int, *, write: bool) -> Routine[Outcome]:
    """Reads the address."""
    return (yield from __do_page_fault(t, mm, page, write=write))


def __do_page_fault(t: Thread, mm: Mm, page: int, *, write: bool) -> Routine[Outcome]:
    """Serves it."""
    return (yield from _serve(t, mm, page, write=write))


def asm_exc_page_fault(t: Thread, mm: Mm, page: int, *, write: bool) -> Routine[Outcome]:
    """The entry since 5.8."""
    return (yield from exc_page_fault(t, mm, page, write=write))


def exc_page_fault(t: Thread, mm: Mm, page: int, *, write: bool) -> Routine[Outcome]:
    """Reads the address."""
    return (yield from do_user_addr_fault(t, mm, page, write=write))


def do_user_addr_fault(t: Thread, mm: Mm, page: int, *, write: bool) -> Routine[Outcome]:
    """Serves it."""
    return (yield from _serve(t, mm, page, write=write))


@inlined
def _serve(t: Thread, mm: Mm, page: int, *, write: bool) -> Routine[Outcome]:
    yield Happened("fault_begin", "write" if write else "read", page)
    outcome = None
    found = None
    if t.has(Switch.VMA_LOCK):
        outcome = yield from _under_vma_lock(t, mm, page, write=write)
    elif t.has(Switch.SPECULATION) and (yield from _is_worth_it(t, mm)):
        outcome, found = yield from _speculatively(t, mm, page, write=write)
    if outcome is None:
        outcome = yield from _classically(t, mm, page, found, write=write)
    yield Happened("fault_end", outcome, page)
    return outcome


@inlined
def _is_worth_it(t: Thread, mm: Mm) -> Routine[bool]:
    """v6 and later: with one task in the address space nobody else wants mmap_sem."""
    if not t.has(Switch.SINGLE_USER_SKIP):
        return True
    users: int = yield Read(mm.users)
    return users > 1


@inlined
def _speculatively(t: Thread, mm: Mm, page: int, *, write: bool) -> Routine[tuple[Outcome | None, Vma | None]]:
    """An error is forgotten: a signal needs a VMA that stands still. Trusting it is a what-if."""
    speculation = yield from handle_speculative_fault(t, mm, page, write=write)
    if speculation.result is Fault.DONE:
        return Outcome.SERVED_SPF, None
    if speculation.result is Fault.SIGSEGV and t.has(Switch.TRUST_SEGV):
        if speculation.vma is not None:
            yield from put_vma(t, speculation.vma)
        return Outcome.SEGV_ACCERR, None
    return None, speculation.vma


@inlined
def _classically(t: Thread, mm: Mm, page: int, found: Vma | None, *, write: bool) -> Routine[Outcome]:
    """With mmap_sem held shared; once more when it had to be dropped to wait."""
    may_wait = True
    while True:
        yield may_sleep(t)
        if not (yield from down_read_trylock(mm.mmap_sem)):
            yield from down_read(mm.mmap_sem)
        vma = None
        if found is not None:
            vma = yield from _use_again(t, found, page)
            found = None
        result = yield from _locked(t, mm, page, vma, write=write, may_wait=may_wait)
        del vma
        if result is not Fault.RETRY:
            yield from up_read(mm.mmap_sem)
            return result if isinstance(result, Outcome) else ENDS.get(result, Outcome.SERVED_CLASSIC)
        if (yield Read(t.fatal_signal)):
            return Outcome.KILLED
        may_wait = False


@inlined
def _locked(t: Thread, mm: Mm, page: int, vma: Vma | None, *, write: bool, may_wait: bool) -> Routine[Fault | Outcome]:
    """Find the VMA, test the rights, serve."""
    if vma is None:
        vma = yield from find_vma(t, mm, page)
    if vma is None:
        yield refused_rightly(t, mm, page, write=write)
        return Outcome.SEGV_MAPERR
    start: int = yield Read(vma.start)
    yield alive(vma)
    if page < start:
        vma = yield from expand_stack(t, mm, vma, page)
        if vma is None:
            yield refused_rightly(t, mm, page, write=write)
            return Outcome.SEGV_MAPERR
    del start
    flags: Flags = yield Read(vma.flags)
    yield alive(vma)
    if not permits(flags, write=write):
        yield refused_rightly(t, mm, page, write=write)
        return Outcome.SEGV_ACCERR
    del flags
    return (yield from handle_mm_fault(t, mm, vma, page, write=write, may_wait=may_wait))


@inlined
def _use_again(t: Thread, vma: Vma, page: int) -> Routine[Vma | None]:
    """``can_reuse_spf_vma`` of v7: go on with the VMA of the speculative attempt if it still reaches there."""
    linked: bool = yield Read(vma.linked)
    yield alive(vma)
    start: int = yield Read(vma.start)
    yield alive(vma)
    end: int = yield Read(vma.end)
    yield alive(vma)
    if not t.has(Switch.M28):
        yield from put_vma(t, vma)
    return vma if linked and start <= page < end else None


@inlined
def _under_vma_lock(t: Thread, mm: Mm, page: int, *, write: bool) -> Routine[Outcome | None]:
    """With the VMA read locked; None when that cannot be, or does not do."""
    vma = yield from lock_vma_under_rcu(t, mm, page)
    if vma is None:
        return None
    flags: Flags = yield Read(vma.flags)
    yield alive(vma)
    if not permits(flags, write=write):
        yield from vma_end_read(t, vma)
        return None
    del flags
    result = yield from handle_mm_fault(t, mm, vma, page, write=write, may_wait=True, by_vma_lock=True)
    if result is Fault.RETRY:
        yield Happened("vma_lock", "retry")
        return Outcome.KILLED if (yield Read(t.fatal_signal)) else None
    yield from vma_end_read(t, vma)
    yield Happened("vma_lock", "success")
    return ENDS.get(result, Outcome.SERVED_SPF)


def lock_vma_under_rcu(t: Thread, mm: Mm, page: int) -> Routine[Vma | None]:
    """Look a VMA up and read lock it (mm/memory.c of 6.4 to 6.12, mm/mmap_lock.c of 6.15)."""
    yield from rcu_read_lock(t.kernel.rcu)
    vma = yield from _lock_vma(t, mm, page)
    if vma is None:
        yield Happened("vma_lock", "abort")
    yield from rcu_read_unlock(t.kernel.rcu)
    return vma


@inlined
def _lock_vma(t: Thread, mm: Mm, page: int) -> Routine[Vma | None]:
    tests_first = t.has(Switch.V7) or not t.has(Switch.ANON_TEST_UNDER_LOCK)
    while True:
        vma = yield from _mas_walk(t, mm, page)
        if vma is None:
            return None
        if tests_first and not (yield from _is_prepared(t, vma)):
            return None
        if not (yield from vma_start_read(t, mm, vma)):
            return None
        if t.has(Switch.V3) or t.has(Switch.VMA_REFCOUNT) or not (yield from _is_detached(vma)):
            break
        yield Happened("vma_lock", "miss")
        yield from vma_end_read(t, vma)
    fits = (yield from _reaches(t, vma, page)) and (tests_first or (yield from _is_prepared(t, vma)))
    if not fits:
        yield from vma_end_read(t, vma)
        return None
    return vma


@inlined
def _mas_walk(t: Thread, mm: Mm, page: int) -> Routine[Vma | None]:
    """The VMA that the tree has for a page; the tree may change right after."""
    cells = tuple(cell for vma in t.kernel.vmas for cell in (vma.start, vma.end))
    tree, *borders = yield Look((mm.tree, *cells))
    number = next((n for n in tree if borders[2 * n] <= page < borders[2 * n + 1]), NONE)
    return None if number == NONE else t.kernel.vmas[number]


@inlined
def _is_detached(vma: Vma) -> Routine[bool]:
    detached: bool = yield Read(vma.detached)
    yield alive(vma)
    return detached


@inlined
def _reaches(t: Thread, vma: Vma, page: int) -> Routine[bool]:
    """Whether the locked VMA is at the address; X1 takes that for granted."""
    if t.has(Switch.X1):
        return True
    start: int = yield Read(vma.start)
    end: int = yield Read(vma.end)
    yield alive(vma)
    return start <= page < end


@inlined
def _is_prepared(t: Thread, vma: Vma) -> Routine[bool]:
    """Whether the fault will not have to make an anon_vma, for which it would have to look at other VMAs."""
    file: int = yield Read(vma.file)
    yield alive(vma)
    if file != NONE and t.kernel.files[file].has_ops:
        return True
    anon_vma: int = yield Read(vma.anon_vma)
    yield alive(vma)
    return anon_vma != NONE


def handle_mm_fault(
    t: Thread, mm: Mm, vma: Vma, page: int, *, write: bool, may_wait: bool = False, by_vma_lock: bool = False
) -> Routine[Fault]:
    """Serve a fault on a VMA that stands still: mmap_sem is held, or the VMA read locked.

    With ``may_wait`` the answer may be ``Fault.RETRY``: the lock was dropped, and whoever held it has to start again.
    """
    vmf = VmFault(mm, vma, page, write, may_wait=may_wait, by_vma_lock=by_vma_lock)
    return (yield from __handle_mm_fault(t, vmf))


def __handle_mm_fault(t: Thread, vmf: VmFault) -> Routine[Fault]:
    """Find the page table, or make one."""
    vmf = yield from _filled(t, vmf)
    place = vmf.mm.pmds[vmf.page // ENTRIES]
    pmd: Pmd = yield Read(place)
    if pmd.table == NONE and pmd.huge == NONE:
        yield may_sleep(t)
        if not (yield from __pte_alloc(t, vmf.mm, vmf.page // ENTRIES)):
            return Fault.OOM
        pmd = yield Read(place)
    if pmd.huge != NONE:
        return Fault.DONE
    pte: Pte = yield Read(t.kernel.tables[pmd.table].ptes[vmf.page % ENTRIES])
    vmf = vmf._replace(pmd=pmd, pte=pte)
    return (yield from handle_pte_fault(t, vmf))


@inlined
def _filled(t: Thread, vmf: VmFault) -> Routine[VmFault]:
    """The descriptor with what is read of the VMA: also the start and offset that the page's reverse map is to have."""
    vma = vmf.vma
    flags: Flags = yield Read(vma.flags)
    yield alive(vma)
    file: int = yield Read(vma.file)
    yield alive(vma)
    has_ops = file != NONE and t.kernel.files[file].has_ops
    if not has_ops and not vmf.by_vma_lock:
        return vmf._replace(flags=flags)
    start: int = yield Read(vma.start)
    pgoff: int = yield Read(vma.pgoff)
    yield alive(vma)
    yield right_index(vmf.mm, vma, pgoff - start)
    if not has_ops:
        return vmf._replace(flags=flags)
    return vmf._replace(flags=flags, file=file, file_page=pgoff + vmf.page - start)
