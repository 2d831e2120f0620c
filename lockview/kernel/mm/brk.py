"""The heap: brk, as in mm/mmap.c of 4.13 with the patch series."""

from __future__ import annotations

from lockview.kernel.effects import Read, Routine
from lockview.kernel.mm.mapping import new_vma, vma_link
from lockview.kernel.mm.merge import Kind, vma_merge
from lockview.kernel.mm.mmap_lock import mmap_write_lock_killable, mmap_write_unlock
from lockview.kernel.mm.objects import Flags, Mm
from lockview.kernel.mm.populate import __mm_populate
from lockview.kernel.mm.tree import find_vma
from lockview.kernel.mm.unmap import do_munmap
from lockview.kernel.mm.vma_lock import vma_start_write
from lockview.kernel.system import Thread

HEAP = Flags.READ | Flags.WRITE


def SyS_brk(t: Thread, mm: Mm, old: int, new: int, *, locked: bool = False) -> Routine[None]:  # noqa: N802 (the kernel's name)
    """Move the end of the heap from page ``old`` to ``new``; with ``locked`` (mlockall) the new pages are filled."""
    yield from mmap_write_lock_killable(t, mm)
    grown = False
    if new < old:
        yield from do_munmap(t, mm, new, old)
    else:
        grown = yield from do_brk_flags(t, mm, old, new, HEAP | Flags.LOCKED if locked else HEAP)
    yield from mmap_write_unlock(t, mm)
    if grown and locked:
        yield from __mm_populate(t, mm, old, new)


def do_brk_flags(t: Thread, mm: Mm, start: int, end: int, flags: Flags) -> Routine[bool]:
    """Anonymous memory behind the heap, whose VMA grows, or there is a new one. False when there is no room."""
    above = yield from find_vma(t, mm, start)
    if above is not None:
        first: int = yield Read(above.start)
        if first < end:
            return False
    if (yield from vma_merge(t, mm, start, end, Kind(flags))) is None:
        vma = yield from new_vma(t, mm, start, end, flags, None)
        yield from vma_start_write(t, mm, vma)
        yield from vma_link(t, mm, vma, None)
    return True
