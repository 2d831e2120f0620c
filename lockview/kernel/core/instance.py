"""The core model: one VMA, one page table, one page. Its cells, its checks, and the instances of it to explore."""

from __future__ import annotations

from typing import NamedTuple

from lockview.kernel.effects import Check, Routine
from lockview.kernel.handles import NOBODY, Cell
from lockview.kernel.switches import Switch
from lockview.kernel.worlds import WorldPlan

SERVED_SPF = "served without mmap_sem"
SERVED_CLASSIC = "served with mmap_sem"
SEGV = "SIGSEGV"

WRITER = -1
"""``mmap_sem`` held exclusively; else it is the number of readers."""

SEQ_INSIDE = "I5"
"""The counter is odd while a writer is inside."""
SEQ_AT_REST = "I5 at rest"
"""The counter is even when all have ended."""


class Pte(NamedTuple):
    """The page table entry, when it maps something: the task whose page it is, NOBODY for that of the beginning."""

    page: int
    writable: bool


class Core(NamedTuple):
    """The cells. ``pte`` is None or a ``Pte``; ``pmd`` tells whether it points to the table.

    ``irqs`` and ``results`` (ghost) have one cell per task. ``callback`` is None, or the readers that the freeing of
    the VMA was queued behind; ``file_open`` tells whether the VMA keeps its file. Ghosts besides: ``zapped`` and
    ``protected`` (a pass over the page table is over), ``inside`` (writers in a section), ``frames`` (pages allocated
    less pages freed) and ``running`` tasks.
    """

    switches: frozenset[Switch]
    invariants: frozenset[str]
    mmap_sem: Cell
    linked: Cell
    seq: Cell
    writable: Cell
    pte: Cell
    pmd: Cell
    table_freed: Cell
    ptl: Cell
    irqs: tuple[Cell, ...]
    readers: Cell
    callback: Cell
    file_open: Cell
    vma_freed: Cell
    zapped: Cell
    protected: Cell
    inside: Cell
    frames: Cell
    running: Cell
    results: tuple[Cell, ...]

    def has(self, switch: Switch) -> bool:
        """Whether a switch is on."""
        return switch in self.switches

    def others(self, me: int) -> tuple[Cell, ...]:
        """The interrupts of the other CPUs."""
        return tuple(cell for task, cell in enumerate(self.irqs) if task != me)


def new_core(
    plan: WorldPlan,
    tasks: int,
    switches: frozenset[Switch] = frozenset(),
    *,
    writable: bool = True,
    mapped: bool = False,
    invariants: frozenset[str] = frozenset((SEQ_INSIDE, SEQ_AT_REST)),
) -> Core:
    """The cells of an instance with that many tasks besides the daemon; ``mapped`` if the page is there already."""
    return Core(
        switches,
        invariants,
        plan.cell("mmap_sem", 0),
        plan.cell("vma.linked", True),
        plan.cell("vma.vm_sequence", 0),
        plan.cell("vma.writable", writable),
        plan.cell("pte", Pte(NOBODY, writable) if mapped else None),
        plan.cell("pmd", True),
        plan.cell("table.freed", False, ghost=True),
        plan.cell("table.ptl", NOBODY),
        tuple(plan.cell(f"cpu:{task}.irqs", 1) for task in range(tasks)),
        plan.cell("srcu.readers", frozenset()),
        plan.cell("srcu.callback", None),
        plan.cell("file.open", True),
        plan.cell("vma.freed", False, ghost=True),
        plan.cell("vma.zapped", False, ghost=True),
        plan.cell("vma.protected", False, ghost=True),
        plan.cell("vma.writers", 0, ghost=True),
        plan.cell("frames", int(mapped), ghost=True),
        plan.cell("running", tasks, ghost=True),
        tuple(plan.cell(f"task:{task}.result", "", ghost=True) for task in range(tasks)),
    )


def vma_is_alive(c: Core) -> Check:
    """I3: the VMA that was just used has not been freed."""
    return Check("I3", (c.vma_freed,), _is_not, "a freed VMA is used")


def file_is_open(c: Core) -> Check:
    """I6: the file that was just reached through the VMA is still there."""
    return Check("I6", (c.file_open,), bool, "a file that was given back is used")


def table_is_alive(c: Core) -> Check:
    """I4: the page table that was just used has not been freed."""
    return Check("I4", (c.table_freed,), _is_not, "a freed page table is used")


def mapping_is_right(c: Core) -> Routine[None]:
    """What must hold of the entry whenever its lock is free (I1), and whenever it was written (I2)."""
    yield Check("I1", (c.zapped, c.pte, c.ptl), _is_not_stale, "an unmapped page is mapped again")
    yield permission_is_right(c)


def permission_is_right(c: Core) -> Check:
    """I2: after the pass of mprotect no entry allows more than the VMA."""
    return Check("I2", (c.protected, c.pte, c.writable), _allows_no_more, "a read-only page is writable")


def all_is_at_rest(c: Core) -> Routine[None]:
    """What must hold when all tasks have ended."""
    yield Check("I8", (c.running, c.frames, c.pte), _frames_add_up, "a page is lost")
    yield Check("I8", (c.running, c.readers), _is_unused_at_rest, "a reference to the VMA is kept, it is never freed")
    if SEQ_AT_REST in c.invariants:
        yield Check("I5", (c.running, c.seq), _is_even_at_rest, "the counter is odd although nobody is inside")


def writer_is_announced(c: Core) -> Routine[None]:
    """I5: while somebody is inside the counter is odd."""
    if SEQ_INSIDE in c.invariants:
        yield Check("I5", (c.inside, c.seq), _is_odd_inside, "a writer is inside and the counter is even")


def _is_not(value: bool) -> bool:
    return not value


def _is_not_stale(zapped: bool, pte: Pte | None, ptl: int) -> bool:
    return not (zapped and pte is not None and ptl == NOBODY)


def _allows_no_more(protected: bool, pte: Pte | None, writable: bool) -> bool:
    return not (protected and pte and pte.writable) or writable


def _frames_add_up(running: int, frames: int, pte: Pte | None) -> bool:
    return bool(running) or frames == (pte is not None)


def _is_unused_at_rest(running: int, readers: frozenset[int]) -> bool:
    return bool(running) or not readers


def _is_even_at_rest(running: int, seq: int) -> bool:
    return bool(running) or seq % 2 == 0


def _is_odd_inside(inside: int, seq: int) -> bool:
    return not inside or seq % 2 == 1
