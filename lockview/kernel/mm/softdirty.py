"""Noticing which pages are written to: /proc/PID/clear_refs, as in fs/proc/task_mmu.c of 4.13 with the patch series."""

from __future__ import annotations

from lockview.kernel.effects import Read, Routine, Write
from lockview.kernel.locks.rwsem import up_read
from lockview.kernel.mm.madvise import walk_page_range
from lockview.kernel.mm.mmap_lock import mmap_write_downgrade, mmap_write_lock_killable
from lockview.kernel.mm.objects import Flags, Mm
from lockview.kernel.mm.sections import vm_write_begin, vm_write_end
from lockview.kernel.mm.vma_lock import vma_start_write
from lockview.kernel.system import Thread


def SyS_write(t: Thread, mm: Mm) -> Routine[None]:  # noqa: N802 (the kernel's name)
    """Write "4" to the file of an address space."""
    yield from vfs_write(t, mm)


def vfs_write(t: Thread, mm: Mm) -> Routine[None]:
    """Hand it to the file."""
    yield from clear_refs_write(t, mm)


def clear_refs_write(t: Thread, mm: Mm) -> Routine[None]:
    """Take the flag from every VMA, then from every entry, with mmap_sem held shared from there on."""
    yield from mmap_write_lock_killable(t, mm)
    numbers: tuple[int, ...] = yield Read(mm.tree)
    left = numbers
    while left:
        vma = t.kernel.vmas[left[0]]
        left = left[1:]
        yield from vma_start_write(t, mm, vma)
        yield from vm_write_begin(t, vma)
        flags: Flags = yield Read(vma.flags)
        yield Write(vma.flags, flags)  # VM_SOFTDIRTY itself decides nothing here
        yield from vm_write_end(t, vma)
    yield from mmap_write_downgrade(t, mm)
    while numbers:
        start: int = yield Read(t.kernel.vmas[numbers[0]].start)
        end: int = yield Read(t.kernel.vmas[numbers[0]].end)
        numbers = numbers[1:]
        yield from walk_page_range(t, mm, start, end)
    yield from up_read(mm.mmap_sem)
