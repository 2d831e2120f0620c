"""A simulated kernel: its variant, its objects, and its threads. Built before a run and the same ever after.

Everything that changes during a run is in the cells; a ``Kernel`` and its handles only say where.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from lockview.kernel.effects import Routine
from lockview.kernel.handles import Cell, Lock
from lockview.kernel.mm.objects import (
    ENTRIES,
    NO_PMD,
    NO_PTE,
    NONE,
    AnonVma,
    Entry,
    File,
    Flags,
    Frame,
    Life,
    Mm,
    Pmd,
    Pte,
    Table,
    Vma,
)
from lockview.kernel.switches import Switch
from lockview.kernel.variants import DEFAULT_VARIANT, Variant
from lockview.kernel.worlds import WorldPlan
from lockview.model.locks import Primitive


class Thread:
    """A task of the simulated kernel. Its routines get it first, as the kernel's get ``current``.

    ``irqs`` is 1 while interrupts of its CPU are on, ``softirqs`` while soft ones are, else less; ``tlb`` holds
    ``Translation`` values. ``fatal_signal`` is True once it is to die, ``had_no_right`` (ghost) when its last
    fault was forbidden at the moment it read the flags. ``may_reclaim`` opens the question whether its allocations
    have to reclaim first.
    """

    def __init__(self, kernel: Kernel, number: int, comm: str, pid: int, mm: Mm | None) -> None:
        self.kernel = kernel
        self.number = number
        self.comm = comm
        self.pid = pid
        self.mm = mm
        plan = kernel.plan
        self.irqs = plan.cell(f"{comm}.irqs", 1)
        self.softirqs = plan.cell(f"{comm}.softirqs", 1)
        self.tlb = plan.cell(f"{comm}.tlb", ())
        self.over = plan.cell(f"{comm}.grace_period_over", 0)
        self.fatal_signal = plan.cell(f"{comm}.fatal_signal_pending", False)
        self.had_no_right = plan.cell(f"{comm}.had_no_right", False, ghost=True)
        self.cpu: int | None = None
        self.priority = 0
        self.daemon = False
        self.may_reclaim = False
        self.routine: Callable[[], Routine[Any]] | None = None

    def has(self, switch: Switch) -> bool:
        """Whether a switch is on in this kernel."""
        return switch in self.kernel.switches


class Kernel:
    """The objects of one instance, with its switches: those of the variant and those turned on or off besides.

    ``zero_frame`` is what reads of untouched anonymous memory map. It is counted like any other frame, and never freed.
    """

    def __init__(
        self, variant: Variant = DEFAULT_VARIANT, on: Iterable[Switch] = (), off: Iterable[Switch] = ()
    ) -> None:
        self.variant = variant
        self.switches = (variant.switches | frozenset(on)) - frozenset(off)
        self.plan = WorldPlan()
        modern = self.has(Switch.MODERN_NAMES)
        self.mmap_base = "&mm->mmap_lock" if modern else "&mm->mmap_sem"
        plan = self.plan
        self.vma_srcu = plan.lock("vma_srcu", "vma_srcu", Primitive.SRCU)
        self.rcu = plan.lock("rcu", "rcu_read_lock", Primitive.RCU)
        self.fs_reclaim = plan.lock("fs_reclaim", "fs_reclaim", Primitive.MARKER)
        self.lru_lock = plan.lock("lru_lock", "&(&pgdat->lru_lock)->rlock", Primitive.SPINLOCK)
        self.reclaims_left = plan.cell("reclaims left", 1)
        self.mms: list[Mm] = []
        self.vmas: list[Vma] = []
        self.tables: list[Table] = []
        self.frames: list[Frame] = []
        self.files: list[File] = []
        self.anon_vmas: list[AnonVma] = []
        self.threads: list[Thread] = []
        self.zero_frame = self.new_cached_frame()

    def has(self, switch: Switch) -> bool:
        """Whether a switch is on."""
        return switch in self.switches

    def new_mm(self, pages: int = 2 * ENTRIES) -> Mm:
        """An empty address space of that many pages."""
        number = len(self.mms)
        name = f"mm:{number}"
        plan = self.plan
        mm = Mm(
            number,
            self._rwsem(f"{name}.mmap_sem", self.mmap_base),
            plan.lock(f"{name}.mm_seq", "&mm->mm_seq", Primitive.SEQCOUNT),
            plan.lock(f"{name}.mm_rb_lock", "&mm->mm_rb_lock", Primitive.RWLOCK),
            plan.lock(f"{name}.page_table_lock", "&(&mm->page_table_lock)->rlock", Primitive.SPINLOCK),
            plan.cell(f"{name}.tree", ()),
            tuple(plan.cell(f"{name}.pmd[{place}]", NO_PMD) for place in range(-(-pages // ENTRIES))),
            plan.cell(f"{name}.users", 0),
            plan.cell(f"{name}.mm_lock_seq", 1),
            plan.cell(f"{name}.mmap_seq", 0),
            plan.cell(f"{name}.cpus", ()),
        )
        self.mms.append(mm)
        return mm

    def new_vma(
        self,
        mm: Mm | None = None,
        start: int = 0,
        end: int = 0,
        flags: Flags = Flags.READ | Flags.WRITE,
        *,
        file: File | None = None,
        pgoff: int = 0,
        anon_vma: AnonVma | None = None,
    ) -> Vma:
        """A VMA that is mapped from the beginning; without ``mm`` an unborn one, for a routine to allocate."""
        number = len(self.vmas)
        name = f"vma:{number}"
        plan = self.plan
        born = mm is not None
        sequence = plan.lock(f"{name}.vm_sequence", "&vma->vm_sequence", Primitive.SEQCOUNT)
        mutex = plan.lock(f"{name}.section", "&vma->vm_sequence", Primitive.MUTEX) if self.has(Switch.M23) else sequence
        vma = Vma(
            number,
            plan.cell(f"{name}.vm_mm", mm.number if mm else NONE),
            plan.cell(f"{name}.vm_start", start),
            plan.cell(f"{name}.vm_end", end),
            plan.cell(f"{name}.vm_flags", flags),
            plan.cell(f"{name}.vm_pgoff", pgoff),
            plan.cell(f"{name}.vm_file", file.number if file else NONE),
            plan.cell(f"{name}.anon_vma", anon_vma.number if anon_vma else NONE),
            plan.cell(f"{name}.vm_policy", ""),
            plan.cell(f"{name}.memory", Life.LIVE if born else Life.UNBORN, ghost=True),
            plan.cell(f"{name}.linked", born),
            sequence,
            mutex,
            plan.cell(f"{name}.initialised", born or self.has(Switch.INIT_AT_ALLOCATION)),
            plan.cell(f"{name}.writers", (), ghost=True),
            plan.cell(f"{name}.zapped", False, ghost=True),
            plan.cell(f"{name}.refs", 1 if born else 0),
            self._rwsem(f"{name}.vm_lock", "vm_lock" if self.has(Switch.VMA_REFCOUNT) else "&vma->vm_lock->lock"),
            plan.cell(f"{name}.vm_lock_seq", 0),
            plan.cell(f"{name}.detached", not born),
        )
        self.vmas.append(vma)
        if mm is not None:
            self._link(mm, vma, start)
            if file is not None:
                self._append(file.vmas, number)
                self._set(file.f_count, self._get(file.f_count) + 1)
            if anon_vma is not None:
                self._append(anon_vma.vmas, number)
        if anon_vma is None:
            self.new_anon_vma(born=False)
        return vma

    def new_table(self, mm: Mm | None = None, place: int = 0) -> Table:
        """A page table that stands in ``mm.pmds[place]``; without ``mm`` an unborn one."""
        number = len(self.tables)
        name = f"table:{number}"
        plan = self.plan
        born = mm is not None
        ptl = "&(ptlock_ptr(page))->rlock" if not self.has(Switch.MODERN_NAMES) else "ptlock_ptr(ptdesc)"
        table = Table(
            number,
            plan.cell(f"{name}.memory", Life.LIVE if born else Life.UNBORN, ghost=True),
            plan.lock(f"{name}.ptl", ptl, Primitive.SPINLOCK),
            tuple(plan.cell(f"{name}.pte[{entry}]", NO_PTE) for entry in range(ENTRIES)),
        )
        self.tables.append(table)
        if mm is not None:
            self._set(mm.pmds[place], Pmd(number))
        return table

    def new_frame(self) -> Frame:
        """A free page."""
        number = len(self.frames)
        name = f"frame:{number}"
        plan = self.plan
        frame = Frame(
            number,
            plan.lock(f"{name}.lock", "page lock", Primitive.BIT, annotated=False),
            plan.cell(f"{name}.memory", Life.UNBORN),
            plan.cell(f"{name}.refs", 0),
            plan.cell(f"{name}.mapcount", 0),
            plan.cell(f"{name}.writes", (), ghost=True),
        )
        self.frames.append(frame)
        return frame

    def new_file(self, size: int = 4, *, has_ops: bool = True) -> File:
        """An open file of that many pages, none of them in the page cache."""
        number = len(self.files)
        name = f"file:{number}"
        plan = self.plan
        file = File(
            number,
            self._rwsem(f"{name}.i_rwsem", "&sb->s_type->i_mutex_key"),
            self._rwsem(f"{name}.invalidate_lock", "mapping.invalidate_lock"),
            self._rwsem(f"{name}.i_mmap_rwsem", "&mapping->i_mmap_rwsem"),
            plan.cell(f"{name}.memory", Life.LIVE, ghost=True),
            plan.cell(f"{name}.f_count", 1),
            plan.cell(f"{name}.vmas", ()),
            plan.cell(f"{name}.cache", ()),
            plan.cell(f"{name}.size", size),
            has_ops,
        )
        self.files.append(file)
        return file

    def new_anon_vma(self, *, born: bool = True) -> AnonVma:
        """A reverse map, in use from the beginning or for a fault to allocate: one for each VMA without is enough."""
        number = len(self.anon_vmas)
        name = f"anon_vma:{number}"
        plan = self.plan
        anon_vma = AnonVma(
            number,
            self._rwsem(f"{name}.rwsem", "&anon_vma->rwsem"),
            plan.cell(f"{name}.memory", Life.LIVE if born else Life.UNBORN, ghost=True),
            plan.cell(f"{name}.vmas", ()),
        )
        self.anon_vmas.append(anon_vma)
        return anon_vma

    def new_thread(self, comm: str, pid: int, mm: Mm | None = None) -> Thread:
        """A task, running in ``mm`` if it has one. Give it a ``routine`` before the run."""
        thread = Thread(self, len(self.threads), comm, pid, mm)
        self.threads.append(thread)
        if mm is not None:
            self._append(mm.cpus, thread.number)
            self._set(mm.users, self._get(mm.users) + 1)
        return thread

    def new_cached_frame(self) -> Frame:
        """A page that holds data of a file from the beginning."""
        frame = self.new_frame()
        self._set(frame.life, Life.LIVE)
        self._set(frame.refs, 1)
        return frame

    def map_page(self, mm: Mm, page: int, frame: Frame, *, writable: bool = True) -> None:
        """Have a page of an address space map a frame from the beginning; its table must be there."""
        pmd: Pmd = self._get(mm.pmds[page // ENTRIES])
        self._set(self.tables[pmd.table].ptes[page % ENTRIES], Pte(Entry.MAP, frame=frame.number, writable=writable))
        self._set(frame.life, Life.LIVE)
        self._set(frame.refs, self._get(frame.refs) + 1)
        self._set(frame.mapcount, self._get(frame.mapcount) + 1)

    def _rwsem(self, name: str, base: str) -> Lock:
        return self.plan.lock(name, base, Primitive.RWSEM, fair=not self.has(Switch.UNFAIR_RWSEM))

    def _link(self, mm: Mm, vma: Vma, start: int) -> None:
        numbers = (*self._get(mm.tree), vma.number)
        starts = {number: self._get(self.vmas[number].start) for number in numbers}
        starts[vma.number] = start
        self._set(mm.tree, tuple(sorted(numbers, key=starts.__getitem__)))

    def _append(self, cell: Cell, value: object) -> None:
        self._set(cell, (*self._get(cell), value))

    def _get(self, cell: Cell) -> Any:
        return self.plan.first(cell)

    def _set(self, cell: Cell, value: object) -> None:
        self.plan.begin(cell, value)
