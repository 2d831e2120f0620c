"""Loads and stores of a user thread: by its TLB, by the page table, or after a fault."""

from __future__ import annotations

from lockview.kernel.effects import Atomic, Happened, Routine, Value, Write
from lockview.kernel.handles import Cell
from lockview.kernel.inlining import inlined
from lockview.kernel.mm.checks import page_is_there
from lockview.kernel.mm.fault import fault_at
from lockview.kernel.mm.objects import ENTRIES, NONE, Entry, Mm, Pmd, Pte, Translation
from lockview.kernel.mm.outcomes import Outcome
from lockview.kernel.system import Thread


@inlined
def load(t: Thread, mm: Mm, page: int) -> Routine[Outcome | None]:
    """Read from a page; the outcome of the fault that it did not survive."""
    return (yield from _access(t, mm, page, write=False))


@inlined
def store(t: Thread, mm: Mm, page: int) -> Routine[Outcome | None]:
    """Write to a page; the outcome of the fault that it did not survive."""
    return (yield from _access(t, mm, page, write=True))


@inlined
def fault(t: Thread, mm: Mm, page: int, write: bool) -> Routine[Outcome]:
    """A fault without the access that caused it."""
    return (yield from fault_at(t, mm, page, write=write))


@inlined
def send_fatal_signal(target: Thread) -> Routine[None]:
    """Have a thread die as soon as it looks."""
    yield Write(target.fatal_signal, True)


@inlined
def _access(t: Thread, mm: Mm, page: int, *, write: bool) -> Routine[Outcome | None]:
    while True:
        frame = yield from _try_access(t, mm, page, write=write)
        if frame != NONE:
            yield Happened("store" if write else "load", f"frame:{frame}", page)
            return None
        outcome = yield from fault_at(t, mm, page, write=write)
        if not outcome.is_served:
            return outcome


@inlined
def _try_access(t: Thread, mm: Mm, page: int, *, write: bool) -> Routine[int]:
    """What the processor does in one go: translate, mark the entry as used, access. NONE asks for a fault."""
    cells: tuple[Cell, ...] = (t.tlb, mm.pmds[page // ENTRIES])
    cells += tuple(table.ptes[page % ENTRIES] for table in t.kernel.tables)
    cells += tuple(frame.writes for frame in t.kernel.frames)
    change = _Access(mm.number, page, t.number, len(t.kernel.tables), write=write)
    frame: int = yield Atomic(cells, change, "write memory" if write else "read memory")
    if frame != NONE:
        yield page_is_there(t.kernel.frames[frame])
    return frame


class _Access:
    """A translation is kept for writing only once the entry is dirty, as x86 does.

    A frame's writes are (address space, page, task, how often); they show what a copy lacks.
    """

    def __init__(self, mm: int, page: int, task: int, tables: int, *, write: bool) -> None:
        self._mm = mm
        self._page = page
        self._task = task
        self._tables = tables
        self._write = write

    def __call__(self, tlb: tuple[Translation, ...], pmd: Pmd, *values: Value) -> tuple[Value, ...]:
        ptes: tuple[Pte, ...] = values[: self._tables]
        writes = values[self._tables :]
        for kept in tlb:
            if kept.page == self._page and (kept.writable or not self._write):
                return (kept.frame, tlb, pmd, *ptes, *self._written(kept.frame, writes))
        if pmd.huge != NONE:
            return (pmd.huge, tlb, pmd, *ptes, *self._written(pmd.huge, writes))
        if pmd.table == NONE:
            return (NONE, tlb, pmd, *values)
        pte = ptes[pmd.table]
        if pte.entry is not Entry.MAP or (self._write and not pte.writable):
            return (NONE, tlb, pmd, *values)
        pte = pte._replace(young=True, dirty=pte.dirty or self._write)
        kept = Translation(self._page, pte.frame, pte.writable and pte.dirty)
        others = tuple(other for other in tlb if other.page != self._page)
        ptes = (*ptes[: pmd.table], pte, *ptes[pmd.table + 1 :])
        return (pte.frame, (*others, kept), pmd, *ptes, *self._written(pte.frame, writes))

    def _written(self, frame: int, writes: tuple[Value, ...]) -> tuple[Value, ...]:
        if not self._write:
            return writes
        mine = (self._mm, self._page, self._task)
        counts = {write[:3]: write[3] for write in writes[frame]}
        counts[mine] = counts.get(mine, 0) + 1
        changed = tuple(sorted((*write, times) for write, times in counts.items()))
        return (*writes[:frame], changed, *writes[frame + 1 :])
