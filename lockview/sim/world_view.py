"""The world of a simulated kernel at one moment, as plain values: who holds and waits, what is mapped, what is freed.

For people: names instead of numbers, and only what can matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lockview.kernel.effects import Acquire, Await, Flush, GracePeriod, Step
from lockview.kernel.handles import NOBODY, DomainState, HolderState, Lock
from lockview.kernel.mm.objects import ENTRIES, NONE, Entry, Flags, Frame, Life, Mm, Pmd, Pte, Table, Vma
from lockview.kernel.worlds import Cells
from lockview.model.locks import Primitive
from lockview.sim.machine import State
from lockview.sim.scenarios.building import Built

_LETTERS = ((Flags.READ, "r"), (Flags.WRITE, "w"), (Flags.EXEC, "x"), (Flags.SHARED, "s"))
_OTHERS = ((Flags.GROWSDOWN, "stack"), (Flags.LOCKED, "mlocked"), (Flags.UFFD, "userfaultfd"), (Flags.HUGE, "huge"))


class Holder(NamedTuple):
    """A task at a lock; ``shared`` as a reader."""

    task: int
    shared: bool


class LockView(NamedTuple):
    """A lock that somebody holds or waits for. Waiters in the order of the queue, if the lock has one."""

    name: str
    lock_class: str
    primitive: Primitive
    holders: tuple[Holder, ...]
    waiters: tuple[Holder, ...]


class VmaView(NamedTuple):
    """A VMA. ``sequence`` is its counter, odd while a writer is inside; ``lock_seq`` that of per-VMA locks."""

    name: str
    mm: int
    start: int
    end: int
    rights: str
    backing: str
    sequence: int
    refs: int
    lock_seq: int
    life: Life
    linked: bool

    @property
    def odd(self) -> bool:
        """Whether a write section is open."""
        return self.sequence % 2 == 1


class MmView(NamedTuple):
    """An address space: its VMAs in the order of the tree, and the counters that are all its own."""

    name: str
    vmas: tuple[VmaView, ...]
    sequence: int
    lock_seq: int
    mmap_seq: int


class TableView(NamedTuple):
    """A page table, the pages that it covers ("" when nothing points to it), and its entries in words."""

    name: str
    covers: str
    entries: tuple[str, ...]
    life: Life


class FrameView(NamedTuple):
    """A page of memory that is in use, or was."""

    name: str
    life: Life
    refs: int
    mapcount: int


class DomainView(NamedTuple):
    """An RCU or SRCU domain: who reads, and each callback with the readers that it waits for."""

    name: str
    readers: tuple[int, ...]
    callbacks: tuple[tuple[str, tuple[int, ...]], ...]


class CpuView(NamedTuple):
    """What belongs to a task's CPU: interrupts, softirqs, and the translations it may use."""

    task: int
    irqs: bool
    softirqs: bool
    tlb: tuple[str, ...]


class WorldView(NamedTuple):
    """All of it. ``loose`` are VMAs that no tree holds and whose memory is not free: dead ones, new ones."""

    locks: tuple[LockView, ...]
    mms: tuple[MmView, ...]
    loose: tuple[VmaView, ...]
    tables: tuple[TableView, ...]
    frames: tuple[FrameView, ...]
    domains: tuple[DomainView, ...]
    cpus: tuple[CpuView, ...]


def world_view(built: Built, state: State) -> WorldView:
    """The world in a state."""
    kernel, cells = built.kernel, state.cells
    mms = tuple(_mm(mm, kernel.vmas, cells) for mm in kernel.mms)
    in_trees = {vma.name for mm in mms for vma in mm.vmas}
    vmas = (_vma(vma, cells) for vma in kernel.vmas)
    return WorldView(
        tuple(_locks(built, state)),
        mms,
        tuple(vma for vma in vmas if vma.name not in in_trees and vma.life is not Life.UNBORN),
        tuple(_table(table, kernel.mms, cells) for table in kernel.tables if _lives(table.life.number, cells)),
        tuple(_frame(frame, cells) for frame in kernel.frames if _lives(frame.life.number, cells)),
        tuple(_domains(built, cells)),
        tuple(_cpus(built, cells)),
    )


def waits_for(built: Built, state: State, task: int) -> str:
    """What keeps a task from stepping, in a few words; "" when it can step or has ended."""
    effect = built.machine.effect(state, task)
    if effect is None or task in built.machine.enabled(state):
        return ""
    return _obstacle(built, state, effect) if not built.machine.can_step(state, task) else "waits for its CPU"


def _obstacle(built: Built, state: State, effect: Step) -> str:
    match effect:
        case Acquire(lock=lock):
            holders = [built.tasks[holder.task] for holder in _holders(state.cells[lock.cell])]
            by = f", held by {' and '.join(dict.fromkeys(map(str, holders)))}" if holders else ", behind others"
            return f"waits for {lock.name}{by}"
        case Await(cell=cell, spins=spins):
            return f"{'spins on' if spins else 'waits for'} {cell.name}"
        case Flush():
            return "waits for the answer of other CPUs"
        case GracePeriod(domain=domain):
            return f"waits for a grace period of {domain.name}"
        case _:
            return "waits"


def _locks(built: Built, state: State) -> Iterator[LockView]:
    """Those that somebody holds or waits for."""
    wanted = _wanted(built, state)
    for number, lock in built.kernel.plan.locks.items():
        value = state.cells[number]
        if not isinstance(value, HolderState):
            continue
        queue = tuple(Holder(task, not exclusive) for task, exclusive in value.queue)
        waiters = (*queue, *(waiter for waiter in wanted.get(number, ()) if waiter not in queue))
        holders = _holders(value)
        if holders or waiters:
            yield LockView(lock.name, lock.base, lock.primitive, holders, waiters)


def _wanted(built: Built, state: State) -> dict[int, list[Holder]]:
    """Who would take which lock if it could: cell of the lock -> tasks."""
    wanted: dict[int, list[Holder]] = {}
    for task in range(len(built.tasks)):
        effect = built.machine.effect(state, task)
        if isinstance(effect, Acquire) and not built.machine.can_step(state, task):
            wanted.setdefault(effect.lock.cell, []).append(Holder(task, effect.access.value != "x"))
    return wanted


def _holders(state: HolderState) -> tuple[Holder, ...]:
    writer = () if state.writer == NOBODY else (Holder(state.writer, False),)
    return (*writer, *(Holder(task, True) for task in state.readers))


def _mm(mm: Mm, vmas: list[Vma], cells: Cells) -> MmView:
    inside = tuple(_vma(vmas[number], cells) for number in cells[mm.tree.number])
    return MmView(
        f"mm:{mm.number}",
        inside,
        cells[mm.mm_seq.cell],
        cells[mm.lock_seq.number],
        cells[mm.mmap_seq.number],
    )


def _vma(vma: Vma, cells: Cells) -> VmaView:
    file, anon = cells[vma.file.number], cells[vma.anon_vma.number]
    backing = f"file:{file}+{cells[vma.pgoff.number]}" if file != NONE else f"anon_vma:{anon}" if anon != NONE else ""
    return VmaView(
        f"vma:{vma.number}",
        cells[vma.mm.number],
        cells[vma.start.number],
        cells[vma.end.number],
        rights_words(cells[vma.flags.number]),
        backing,
        cells[vma.vm_sequence.cell],
        cells[vma.refs.number],
        cells[vma.lock_seq.number],
        cells[vma.life.number],
        cells[vma.linked.number],
    )


def rights_words(flags: Flags) -> str:
    """``rw-p`` as in /proc/PID/maps, and what else is set."""
    letters = "".join(letter if flags & flag else "-" for flag, letter in _LETTERS[:3])
    shared = "s" if flags & Flags.SHARED else "p"
    return " ".join((letters + shared, *(word for flag, word in _OTHERS if flags & flag)))


def _table(table: Table, mms: list[Mm], cells: Cells) -> TableView:
    covers = ""
    for mm in mms:
        for place, entry in enumerate(mm.pmds):
            pmd: Pmd = cells[entry.number]
            if pmd.table == table.number:
                covers = f"mm:{mm.number} {place * ENTRIES}-{(place + 1) * ENTRIES}"
    return TableView(
        f"table:{table.number}",
        covers,
        tuple(_pte(cells[entry.number]) for entry in table.ptes),
        cells[table.life.number],
    )


def _pte(pte: Pte) -> str:
    if pte.entry is Entry.NONE:
        return "none"
    if pte.entry is not Entry.MAP:
        return f"{pte.entry} {pte.frame}" if pte.frame != NONE else str(pte.entry)
    marks = (" dirty" if pte.dirty else "") + (" young" if pte.young else "")
    return f"frame:{pte.frame} {'rw' if pte.writable else 'r-'}{marks}"


def _frame(frame: Frame, cells: Cells) -> FrameView:
    return FrameView(
        f"frame:{frame.number}",
        cells[frame.life.number],
        cells[frame.refs.number],
        cells[frame.mapcount.number],
    )


def _lives(number: int, cells: Cells) -> bool:
    return cells[number] is not Life.UNBORN


def _domains(built: Built, cells: Cells) -> Iterator[DomainView]:
    domains: tuple[Lock, ...] = (built.kernel.vma_srcu, built.kernel.rcu)
    for lock in domains:
        state: DomainState = cells[lock.cell]
        calls = tuple((" ".join(map(_plain, action)), left) for action, left in state.callbacks)
        yield DomainView(lock.name, state.readers, calls)


def _plain(value: object) -> str:
    return str(value) if isinstance(value, (int, str)) else type(value).__name__


def _cpus(built: Built, cells: Cells) -> Iterator[CpuView]:
    for thread in built.kernel.threads:
        tlb = tuple(
            f"{entry.page}\N{RIGHTWARDS ARROW}frame:{entry.frame} {'rw' if entry.writable else 'r-'}"
            for entry in cells[thread.tlb.number]
        )
        yield CpuView(thread.number, bool(cells[thread.irqs.number]), cells[thread.softirqs.number] > 0, tlb)
