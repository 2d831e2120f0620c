"""A small address space with tasks that fault and tasks that change it, and a way to drive them step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from lockview.kernel.effects import Acquire, Flush, Happened, IrqDisable, Read, Step
from lockview.kernel.handles import Cell, Lock
from lockview.kernel.locks.seqcount import counter
from lockview.kernel.mm.access import fault, load, store
from lockview.kernel.mm.mapping import SyS_mmap
from lockview.kernel.mm.mprotect import SyS_mprotect
from lockview.kernel.mm.objects import Entry, Flags, Frame, Life, Mm, Pte
from lockview.kernel.mm.outcomes import Outcome
from lockview.kernel.mm.unmap import SyS_munmap, grace_periods
from lockview.kernel.routines import one_after_the_other
from lockview.kernel.switches import Switch
from lockview.kernel.system import Kernel, Thread
from lockview.kernel.variants import VARIANTS
from lockview.sim.machine import Done, Machine, Move, State, TaskPlan, Violation

READ = Flags.READ
WRITE = Flags.READ | Flags.WRITE

Call = Callable[[Thread], Any]


def faults(page: int = 0, *, write: bool = True) -> Call:
    return lambda t: partial(fault, t, _mm(t), page, write)


def loads(page: int = 0) -> Call:
    return lambda t: partial(load, t, _mm(t), page)


def stores(page: int = 0) -> Call:
    return lambda t: partial(store, t, _mm(t), page)


def munmaps(start: int, end: int) -> Call:
    return lambda t: partial(SyS_munmap, t, _mm(t), start, end)


def mmaps(start: int, end: int, flags: Flags = WRITE) -> Call:
    return lambda t: partial(SyS_mmap, t, _mm(t), start, end, flags)


def mprotects(start: int, end: int, flags: Flags) -> Call:
    return lambda t: partial(SyS_mprotect, t, _mm(t), start, end, flags)


def _mm(t: Thread) -> Mm:
    assert t.mm is not None
    return t.mm


class Faulting:
    """One address space of four pages; VMA 0 maps pages from 0 to ``end``, ``mapped`` ones are there already."""

    def __init__(
        self,
        variant: str = "spf-v4",
        on: Iterable[Switch] = (),
        off: Iterable[Switch] = (),
        *,
        end: int = 1,
        flags: Flags = WRITE,
        mapped: Iterable[int] = (),
        prepared: bool = True,
        table: bool = True,
        frames: int = 2,
        file_pages: int | None = None,
        spare_vmas: int = 0,
    ) -> None:
        self.kernel = Kernel(VARIANTS[variant], on, off)
        kernel = self.kernel
        self.mm: Mm = kernel.new_mm(4)
        self.file = None if file_pages is None else kernel.new_file(file_pages)
        self.anon_vma = kernel.new_anon_vma() if prepared else None
        self.vma = kernel.new_vma(self.mm, 0, end, flags, file=self.file, anon_vma=self.anon_vma)
        for place in range(2 if table else 0):
            kernel.new_table(self.mm, place)
        kernel.new_table()
        kernel.new_table()
        for page in mapped:
            kernel.map_page(self.mm, page, kernel.new_frame())
        self.frames = [kernel.new_frame() for _ in range(frames)]
        for _ in range(spare_vmas):
            kernel.new_vma()
        self._plans: list[TaskPlan] = []
        self._machine: Machine | None = None

    def task(
        self,
        *calls: Call,
        mm: Mm | None = None,
        may_reclaim: bool = False,
        cpu: int | None = None,
        priority: int = 0,
    ) -> int:
        """A thread that does the calls one after the other; its number."""
        thread = self.kernel.new_thread(f"task{len(self._plans)}", 100 + len(self._plans), mm or self.mm)
        thread.may_reclaim = may_reclaim
        routine = partial(one_after_the_other, tuple(call(thread) for call in calls))
        self._plans.append(TaskPlan(thread.comm, routine, cpu, priority))
        return thread.number

    def daemon(self) -> int:
        """The thread that ends grace periods."""
        thread = self.kernel.new_thread("kworker", 5)
        self._plans.append(TaskPlan("kworker", partial(grace_periods, thread), daemon=True))
        return thread.number

    def begin(self, cell: Cell, value: Any) -> None:
        self.kernel.plan.begin(cell, value)

    def first_pte(self, page: int) -> Cell:
        return self.kernel.tables[page // 2].ptes[page % 2]

    @property
    def machine(self) -> Machine:
        if self._machine is None:
            self._machine = Machine(self._plans, self.kernel.plan.start)
        return self._machine


class Drive:
    """Steps of a machine, chosen by hand."""

    def __init__(self, faulting: Faulting) -> None:
        self.faulting = faulting
        self.machine = faulting.machine
        self.state: State = self.machine.start
        self.told: list[tuple[int, str, str]] = [
            (task, remark.what, remark.value)
            for task, remarks in enumerate(self.machine.first_remarks)
            for remark, _ in remarks
            if isinstance(remark, Happened)
        ]
        self.violation: Violation | None = None

    def step(self, task: int, choice: int = 0) -> Done:
        done = self.machine.step(self.state, Move(task, choice))
        self.told += [(task, remark.what, remark.value) for remark, _ in done.remarks if isinstance(remark, Happened)]
        self.violation = self.violation or done.violation
        self.state = done.state
        return done

    def until(self, task: int, stop: Callable[[Step], bool], times: int = 1) -> Drive:
        """Step a task up to just before a step; the ``times``-th of that kind."""
        while True:
            effect = self.machine.effect(self.state, task)
            assert effect is not None, "the task has ended"
            if stop(effect):
                times -= 1
                if not times:
                    return self
            self.step(task)

    def on(self, task: int) -> Drive:
        """Step a task until it has ended or has to wait."""
        while self.violation is None and task in self.machine.enabled(self.state):
            self.step(task)
        return self

    def all(self) -> Drive:
        """Everybody, in the order of their numbers, until nobody can go on."""
        while self.violation is None and (able := self.machine.enabled(self.state)):
            self.on(able[0])
        return self

    def value(self, cell: Cell) -> Any:
        return self.state.cells[cell.number]

    def value_of_lock(self, lock: Lock) -> Any:
        return self.state.cells[lock.cell]

    def outcomes(self, task: int) -> list[str]:
        return [value for who, what, value in self.told if who == task and what == "fault_end"]

    def aborts(self, task: int = 0) -> list[tuple[str, str]]:
        """The trace point and the reason of each time that speculation gave up."""
        points = [value for who, what, value in self.told if who == task and what == "spf_abort"]
        reasons = [value for who, what, value in self.told if who == task and what == "spf_abort_reason"]
        return list(zip(points, reasons, strict=True))


def reads(cell: Cell) -> Callable[[Step], bool]:
    return lambda effect: isinstance(effect, Read) and effect.cell.number == cell.number


def reads_counter(lock: Lock) -> Callable[[Step], bool]:
    return reads(counter(lock))


def takes(lock: Lock) -> Callable[[Step], bool]:
    return lambda effect: isinstance(effect, Acquire) and effect.lock == lock


def disables_interrupts(effect: Step) -> bool:
    return isinstance(effect, IrqDisable)


def flushes(effect: Step) -> bool:
    return isinstance(effect, Flush)


def wrong_at_rest(faulting: Faulting, state: State) -> list[str]:
    """What is left over when all have ended: locks, odd counters, pages that are counted wrongly (I5, I7, I8)."""
    kernel = faulting.kernel
    cells = state.cells
    wrong = [lock.name for number, lock in kernel.plan.locks.items() if _is_busy(cells[number])]
    ptes: list[Pte] = [cells[pte.number] for table in kernel.tables for pte in table.ptes]
    for frame in kernel.frames:
        if cells[frame.mapcount.number] != sum(_maps(pte, frame) for pte in ptes):
            wrong.append(f"map count of frame:{frame.number}")
        if (cells[frame.life.number] is Life.LIVE) is not (cells[frame.refs.number] > 0):
            wrong.append(f"life of frame:{frame.number}")
    reachable = {cells[pmd.number].table for mm in kernel.mms for pmd in mm.pmds}
    alive = {table.number for table in kernel.tables if cells[table.life.number] is Life.LIVE}
    wrong += [f"table:{number} is lost" for number in alive - reachable]
    for vma in kernel.vmas:
        linked = any(vma.number in cells[mm.tree.number] for mm in kernel.mms)
        if not linked and cells[vma.life.number] in (Life.LIVE, Life.PENDING):
            wrong.append(f"vma:{vma.number} is never freed")
    return wrong


def _maps(pte: Pte, frame: Frame) -> bool:
    return pte.entry in (Entry.MAP, Entry.PROT_NONE) and pte.frame == frame.number


def _is_busy(value: Any) -> bool:
    if isinstance(value, int):
        return value % 2 == 1
    return bool(getattr(value, "readers", ()) or getattr(value, "callbacks", ())) or getattr(value, "writer", -1) >= 0


SERVED = {Outcome.SERVED_SPF, Outcome.SERVED_CLASSIC}
