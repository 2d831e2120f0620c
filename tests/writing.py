"""An address space with a bit of everything, a task that changes it, and what must hold when it is done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from lockview.kernel.handles import FREE, QUIET, Cell
from lockview.kernel.mm.objects import ENTRIES, NONE, Entry, Flags, Life, Mm, Pmd
from lockview.kernel.mm.unmap import grace_periods
from lockview.kernel.routines import ROUTINES, one_after_the_other
from lockview.kernel.switches import Switch
from lockview.kernel.system import Kernel, Thread
from lockview.kernel.variants import VARIANTS
from lockview.model.locks import Primitive
from lockview.sim.machine import Machine, State, TaskPlan
from lockview.sim.running import Ending, Hear, in_order, run

RW = Flags.READ | Flags.WRITE


class Writing:
    """One address space of ten pages, another one that is empty, and one task.

    Anonymous memory from 0 to 4, of which 0, 1 and 3 are there; a private mapping of pages 0 and 1 of file 0 from 4 to
    6; a shared one of pages 0 and 1 of file 1, in memory, from 6 to 8, of which 6 is there; a stack from 9 to 10.
    """

    def __init__(self, variant: str = "spf-v2", on: Iterable[Switch] = (), off: Iterable[Switch] = ()) -> None:
        self.kernel = Kernel(VARIANTS[variant], on, off)
        kernel = self.kernel
        self.mm = kernel.new_mm(10)
        self.other = kernel.new_mm(10)
        self.anon_vma = kernel.new_anon_vma()
        self.file = kernel.new_file(2)
        self.shared = kernel.new_file(2)
        self.anonymous = kernel.new_vma(self.mm, 0, 4, RW, anon_vma=self.anon_vma)
        self.private = kernel.new_vma(self.mm, 4, 6, Flags.READ, file=self.file)
        self.in_memory = kernel.new_vma(self.mm, 6, 8, RW | Flags.SHARED, file=self.shared)
        self.stack = kernel.new_vma(self.mm, 9, 10, RW | Flags.GROWSDOWN)
        for place in (0, 1, 3):
            kernel.new_table(self.mm, place)
        for page in (0, 1, 3):
            kernel.map_page(self.mm, page, kernel.new_frame())
        for file in (self.file, self.shared):
            kernel.plan.begin(file.cache, tuple((at, kernel.new_cached_frame().number) for at in range(2)))
        cache = kernel.plan.first(self.shared.cache)
        kernel.map_page(self.mm, 6, kernel.frames[cache[0][1]])
        for _ in range(14):
            kernel.new_vma()
        for _ in range(5):
            kernel.new_table()
        for _ in range(6):
            kernel.new_frame()
        self.thread = kernel.new_thread("worker", 101, self.mm)
        self.daemon = kernel.new_thread("kworker", 5)
        self._named = {"child": self.other, "new": self.other, "mm": self.mm}

    def run(self, *calls: tuple[str, dict[str, Any]], hear: Hear | None = None, reclaims: bool = False) -> State:
        """Do calls one after the other, then all grace periods; must come to an end without a violation."""
        self.thread.may_reclaim = reclaims
        machine = self.machine(*calls)
        result = run(machine, in_order([0, 1], choice=int(reclaims)), hear=hear)
        assert result.ending is Ending.DONE, (result.ending, result.steps[-1])
        return result.state(machine)

    def machine(self, *calls: tuple[str, dict[str, Any]]) -> Machine:
        """The task, and a daemon that ends grace periods."""
        started = tuple(self._start(name, arguments) for name, arguments in calls)
        task = TaskPlan("worker/101", partial(one_after_the_other, started))
        return Machine([task, TaskPlan("kworker/5", partial(grace_periods, self.daemon), daemon=True)], self.start)

    def resolved(self, call: tuple[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
        """The call with the file in the place of its number."""
        name, arguments = call
        return name, {key: self.kernel.files[value] if key == "file" else value for key, value in arguments.items()}

    def together(self, first: tuple[str, dict[str, Any]], second: tuple[str, dict[str, Any]]) -> Machine:
        """Two tasks of the address space, and the daemon."""
        other = self.kernel.new_thread("second", 102, self.mm)
        self.thread.may_reclaim = other.may_reclaim = True
        starts = (self._start(*first), self._start(*second, thread=other))
        tasks = [
            TaskPlan("worker/101", starts[0]),
            TaskPlan("kworker/5", partial(grace_periods, self.daemon), daemon=True),
        ]
        return Machine([*tasks, TaskPlan("second/102", starts[1])], self.start)

    @property
    def start(self) -> tuple[Any, ...]:
        return self.kernel.plan.start

    def _start(self, name: str, arguments: dict[str, Any], thread: Thread | None = None) -> Callable[[], Any]:
        spec = ROUTINES[name]
        values = {parameter.name: parameter.default for parameter in spec.parameters} | arguments
        missing = [name for name, value in values.items() if value is ...]
        return spec.start(thread or self.thread, values | {name: self._named[name] for name in missing})


class After:
    """What is left."""

    def __init__(self, writing: Writing, state: State) -> None:
        self.writing = writing
        self.kernel = writing.kernel
        self.cells = state.cells

    def get(self, cell: Cell) -> Any:
        return self.cells[cell.number]

    def mappings(self, mm: Mm) -> list[tuple[int, int, Flags]]:
        """Start, end and flags of each VMA."""
        vmas = [self.kernel.vmas[number] for number in self.get(mm.tree)]
        return [(self.get(vma.start), self.get(vma.end), self.get(vma.flags)) for vma in vmas]

    def entry(self, mm: Mm, page: int) -> Any:
        """The page table entry of a page, None without a table."""
        pmd: Pmd = self.get(mm.pmds[page // ENTRIES])
        return None if pmd.table == NONE else self.get(self.kernel.tables[pmd.table].ptes[page % ENTRIES])

    def check(self) -> None:
        """Locks are free, counters even, and nothing is lost or counted wrongly."""
        self._check_locks()
        self._check_frames()
        self._check_tables()
        self._check_vmas()

    def _check_locks(self) -> None:
        for number, lock in self.kernel.plan.locks.items():
            if lock.primitive is Primitive.SEQCOUNT:
                assert self.cells[number] % 2 == 0, lock.name
            elif lock.primitive in (Primitive.RCU, Primitive.SRCU):
                assert self.cells[number] == QUIET, lock.name
            else:
                assert self.cells[number] == FREE, lock.name
        assert all(self.get(vma.writers) == () for vma in self.kernel.vmas)
        assert all(self.get(mm.mmap_seq) % 2 == 0 for mm in self.kernel.mms)

    def _check_frames(self) -> None:
        pmds = [self.get(pmd) for mm in self.kernel.mms for pmd in mm.pmds]
        ptes = [self.get(pte) for table in self.kernel.tables for pte in table.ptes]
        cached = [number for file in self.kernel.files for _, number in self.get(file.cache)]
        for frame in self.kernel.frames:
            entries = [pte for pte in ptes if pte.frame == frame.number and pte.entry in (Entry.MAP, Entry.PROT_NONE)]
            mapped = len(entries) + [pmd.huge for pmd in pmds].count(frame.number)
            held = mapped + cached.count(frame.number) + (frame is self.kernel.zero_frame)
            assert self.get(frame.mapcount) == mapped, frame
            assert self.get(frame.refs) == held, frame
            assert (self.get(frame.life) is Life.LIVE) == bool(held), frame
        assert not any(pte.entry is Entry.MIGRATION for pte in ptes)

    def _check_tables(self) -> None:
        pmds = [self.get(pmd) for mm in self.kernel.mms for pmd in mm.pmds]
        used = [number for pmd in pmds for number in (pmd.table, pmd.deposited) if number != NONE]
        for table in self.kernel.tables:
            alive = self.get(table.life) is Life.LIVE
            assert used.count(table.number) == alive, table
            assert alive or all(self.get(pte).entry is Entry.NONE for pte in table.ptes)

    def _check_vmas(self) -> None:
        linked = [number for mm in self.kernel.mms for number in self.get(mm.tree)]
        for vma in self.kernel.vmas:
            assert (self.get(vma.life) is Life.LIVE) == (vma.number in linked), vma
            assert (vma.number not in linked) or self.get(vma.linked), vma
        for file in self.kernel.files:
            of = [number for number in linked if self.get(self.kernel.vmas[number].file) == file.number]
            assert sorted(self.get(file.vmas)) == sorted(of)
            assert self.get(file.f_count) == 1 + len(of)
        for anon_vma in self.kernel.anon_vmas:
            of = [number for number in linked if self.get(self.kernel.vmas[number].anon_vma) == anon_vma.number]
            assert sorted(self.get(anon_vma.vmas)) == sorted(of), anon_vma
            assert (self.get(anon_vma.life) is Life.LIVE) == bool(of), anon_vma
