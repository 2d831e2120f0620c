"""Who can wait for whom around ``vm_sequence``: the paths of the mail reduced to their locks."""

from __future__ import annotations

from typing import NamedTuple

from lockview.kernel.effects import Acquire, Add, Await, Flush, IrqDisable, IrqEnable, Look, Release, Routine
from lockview.kernel.handles import Cell, Lock
from lockview.kernel.locks.seqcount import counter, is_even
from lockview.kernel.switches import Switch
from lockview.kernel.worlds import WorldPlan
from lockview.model.locks import Access, Primitive


class WaitModel(NamedTuple):
    """The locks of one VMA of a mapped file. ``section`` is what M23 makes of the counter: a mutex.

    ``irqs`` are the interrupts of the CPU on which the reader runs.
    """

    switches: frozenset[Switch]
    mmap_sem: Lock
    i_mmap_rwsem: Lock
    vm_sequence: Lock
    section: Lock
    irqs: Cell

    def has(self, switch: Switch) -> bool:
        """Whether a switch is on."""
        return switch in self.switches


def new_wait_model(plan: WorldPlan, switches: frozenset[Switch] = frozenset()) -> WaitModel:
    """An instance. With UNFAIR_RWSEM readers pass waiting writers."""
    fair = Switch.UNFAIR_RWSEM not in switches
    return WaitModel(
        switches,
        plan.lock("mmap_sem", "&mm->mmap_sem", Primitive.RWSEM, fair=fair),
        plan.lock("i_mmap_rwsem", "&mapping->i_mmap_rwsem", Primitive.RWSEM, fair=fair),
        plan.lock("vm_sequence", "&vma->vm_sequence", Primitive.SEQCOUNT),
        plan.lock("section", "&vma->vm_sequence", Primitive.MUTEX),
        plan.cell("reader.irqs", 1),
    )


def exec_split(c: WaitModel) -> Routine[None]:
    """Exec trims a file mapping: i_mmap_rwsem, and the section inside."""
    yield Acquire(c.mmap_sem)
    yield Acquire(c.i_mmap_rwsem)
    yield from section_begin(c)
    yield from section_end(c)
    yield Release(c.i_mmap_rwsem)
    yield Release(c.mmap_sem)


def mremap(c: WaitModel, *, reclaims: bool = True) -> Routine[None]:
    """Mremap allocates a page table inside its section, and may reclaim for it."""
    yield Acquire(c.mmap_sem)
    yield from section_begin(c)
    if reclaims:
        yield from reclaim(c)
    yield from section_end(c)
    yield Release(c.mmap_sem)


def reclaim(c: WaitModel) -> Routine[None]:
    """Reclaim walks the mappings of a file page."""
    yield Acquire(c.i_mmap_rwsem, Access.SHARED)
    yield Release(c.i_mmap_rwsem, Access.SHARED)


def truncate(c: WaitModel) -> Routine[None]:
    """Truncation zaps the pages of all mappings, without any ``mmap_sem``, and flushes the CPU of the reader."""
    yield Acquire(c.i_mmap_rwsem)
    yield from section_begin(c)
    yield Look(())
    yield from section_end(c)
    yield Flush((c.irqs,))
    yield Release(c.i_mmap_rwsem)


def reader(c: WaitModel) -> Routine[None]:
    """A reader that spins while the counter is odd: with interrupts off (M19), with i_mmap_rwsem held (M20).

    Of M21 it arrives at any time on the CPU of mremap, with a higher priority.
    """
    if c.has(Switch.M21):
        yield Look(())  # the switch to this task
        yield Look(())  # into its read section
    if c.has(Switch.M19):
        yield IrqDisable(c.irqs)
    if c.has(Switch.M20):
        yield Acquire(c.i_mmap_rwsem, Access.SHARED)
    yield Await(counter(c.vm_sequence), is_even, spins=True, what="until no writer is inside")
    if c.has(Switch.M20):
        yield Release(c.i_mmap_rwsem, Access.SHARED)
    if c.has(Switch.M19):
        yield IrqEnable(c.irqs)


def section_begin(c: WaitModel) -> Routine[None]:
    """Open a write section."""
    yield Acquire(c.section) if c.has(Switch.M23) else Add(counter(c.vm_sequence))


def section_end(c: WaitModel) -> Routine[None]:
    """Close it."""
    yield Release(c.section) if c.has(Switch.M23) else Add(counter(c.vm_sequence))
