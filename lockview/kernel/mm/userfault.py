"""Faults that user space serves: registering a range, as in fs/userfaultfd.c of 4.13 with the patch series."""

from __future__ import annotations

from lockview.kernel.effects import Read, Routine, Write
from lockview.kernel.mm.mmap_lock import mmap_write_lock, mmap_write_unlock
from lockview.kernel.mm.mprotect import merge_or_split
from lockview.kernel.mm.objects import Flags, Mm
from lockview.kernel.mm.sections import vm_write_begin, vm_write_end
from lockview.kernel.mm.tree import find_vma
from lockview.kernel.mm.vma_lock import vma_start_write
from lockview.kernel.system import Thread


def SyS_ioctl(t: Thread, mm: Mm, start: int, end: int, *, register: bool) -> Routine[None]:  # noqa: N802 (the kernel's name)
    """``UFFDIO_REGISTER`` for missing pages, or ``UFFDIO_UNREGISTER``."""
    yield from do_vfs_ioctl(t, mm, start, end, register=register)


def do_vfs_ioctl(t: Thread, mm: Mm, start: int, end: int, *, register: bool) -> Routine[None]:
    """Hand it to the file."""
    yield from userfaultfd_ioctl(t, mm, start, end, register=register)


def userfaultfd_ioctl(t: Thread, mm: Mm, start: int, end: int, *, register: bool) -> Routine[None]:
    """Change the VMAs of the range: merge or split each, then its flag inside the write section."""
    yield from mmap_write_lock(t, mm)
    page = start
    while page < end:
        vma = yield from find_vma(t, mm, page)
        if vma is None:
            break
        first: int = yield Read(vma.start)
        last: int = yield Read(vma.end)
        if first >= end:
            break
        old: Flags = yield Read(vma.flags)
        flags = old | Flags.UFFD if register else old & ~Flags.UFFD
        if flags != old:
            vma = yield from merge_or_split(t, mm, vma, max(first, page), min(last, end), flags=flags)
            yield from vma_start_write(t, mm, vma)
            yield from vm_write_begin(t, vma)
            yield Write(vma.flags, flags)
            yield from vm_write_end(t, vma)
        page = last
    yield from mmap_write_unlock(t, mm)
