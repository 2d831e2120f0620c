"""The end of an address space: exit, as in kernel/exit.c and mm/mmap.c of 4.13 and 6.12."""

from __future__ import annotations

from lockview.kernel.effects import Add, Read, Routine
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rwsem import down_read, up_read
from lockview.kernel.mm.mmap_lock import mmap_write_lock, mmap_write_unlock
from lockview.kernel.mm.objects import Mm, Vma
from lockview.kernel.mm.tree import vma_rb_erase
from lockview.kernel.mm.unmap import free_pgtables, remove_vma_list, tlb_finish_mmu, unmap_vmas
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread


def SyS_exit_group(t: Thread, mm: Mm) -> Routine[None]:  # noqa: N802 (the kernel's name)
    """End the process; here its only thread, or one of those that use the address space."""
    yield from do_group_exit(t, mm)


def do_group_exit(t: Thread, mm: Mm) -> Routine[None]:
    """Every thread of it."""
    yield from do_exit(t, mm)


def do_exit(t: Thread, mm: Mm) -> Routine[None]:
    """One thread lets its address space go."""
    yield from mmput(t, mm)


def mmput(t: Thread, mm: Mm) -> Routine[None]:
    """The last user takes it down."""
    left: int = yield Add(mm.users, -1)
    if not left:
        yield from exit_mmap(t, mm)


def exit_mmap(t: Thread, mm: Mm) -> Routine[None]:
    """Unmap everything. 4.13 takes no mmap_sem for it: nobody uses this address space but perhaps the OOM reaper."""
    numbers: tuple[int, ...] = yield Read(mm.tree)
    doomed = tuple(t.kernel.vmas[number] for number in numbers)
    if t.has(Switch.MODERN_NAMES):
        yield from down_read(mm.mmap_sem)
        frames = yield from unmap_vmas(t, mm, doomed, exclusive=False)
        yield from up_read(mm.mmap_sem)
        yield from mmap_write_lock(t, mm)
        yield from _take_down(t, mm, doomed, frames)
        yield from mmap_write_unlock(t, mm)
    else:
        frames = yield from unmap_vmas(t, mm, doomed, exclusive=False)
        yield from _take_down(t, mm, doomed, frames)


@inlined
def _take_down(t: Thread, mm: Mm, doomed: tuple[Vma, ...], frames: tuple[int, ...]) -> Routine[None]:
    """Tables, pages and VMAs, once nothing leads to them."""
    left = doomed
    while left:
        yield from vma_rb_erase(t, mm, left[0])
        left = left[1:]
    tables = yield from free_pgtables(t, mm, doomed)
    yield from tlb_finish_mmu(t, mm, frames, tables)
    yield from remove_vma_list(t, doomed)
