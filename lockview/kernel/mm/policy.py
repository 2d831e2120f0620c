"""Where memory is to come from: mbind, as in mm/mempolicy.c and mm/shmem.c of 4.13 with the patch series."""

from __future__ import annotations

from lockview.kernel.effects import Read, Routine, Write
from lockview.kernel.mm.adjust import vm_file
from lockview.kernel.mm.allocation import kmem_cache_alloc
from lockview.kernel.mm.mmap_lock import mmap_write_lock, mmap_write_unlock
from lockview.kernel.mm.mprotect import merge_or_split
from lockview.kernel.mm.objects import Flags, Mm, Vma
from lockview.kernel.mm.sections import vm_write_begin, vm_write_end
from lockview.kernel.mm.tree import find_vma
from lockview.kernel.mm.vma_lock import vma_start_write
from lockview.kernel.system import Thread

INTERLEAVE = "interleave"
BIND = "bind"


def SyS_mbind(t: Thread, mm: Mm, start: int, end: int, *, interleave: bool = False) -> Routine[None]:  # noqa: N802 (the kernel's name)
    """Have the pages from ``start`` up to ``end`` come from chosen nodes, in turn with ``interleave``."""
    yield from do_mbind(t, mm, start, end, INTERLEAVE if interleave else BIND)


def do_mbind(t: Thread, mm: Mm, start: int, end: int, policy: str) -> Routine[None]:
    """With mmap_sem taken for it."""
    yield from mmap_write_lock(t, mm)
    yield from mbind_range(t, mm, start, end, policy)
    yield from mmap_write_unlock(t, mm)


def mbind_range(t: Thread, mm: Mm, start: int, end: int, policy: str) -> Routine[None]:
    """VMA by VMA, merged or split."""
    page = start
    while page < end:
        vma = yield from find_vma(t, mm, page)
        if vma is None:
            break
        first: int = yield Read(vma.start)
        last: int = yield Read(vma.end)
        if first >= end:
            break
        old: str = yield Read(vma.policy)
        if old != policy:
            vma = yield from merge_or_split(t, mm, vma, max(first, page), min(last, end), policy=policy)
            yield from vma_replace_policy(t, mm, vma, policy)
        page = last


def vma_replace_policy(t: Thread, mm: Mm, vma: Vma, policy: str) -> Routine[None]:
    """Inside the write section. For memory that is a file the policy goes to the file, which allocates for it."""
    yield from vma_start_write(t, mm, vma)
    yield from vm_write_begin(t, vma)
    file = yield from vm_file(t, vma)
    flags: Flags = yield Read(vma.flags)
    if file is not None and file.has_ops and flags & Flags.SHARED:
        yield from shmem_set_policy(t)
    yield Write(vma.policy, policy)
    yield from vm_write_end(t, vma)


def shmem_set_policy(t: Thread) -> Routine[None]:
    """``vm_ops->set_policy`` of files in memory."""
    yield from mpol_set_shared_policy(t)


def mpol_set_shared_policy(t: Thread) -> Routine[None]:
    """Put the policy into the tree of the inode."""
    yield from sp_alloc(t)


def sp_alloc(t: Thread) -> Routine[None]:
    """A node of that tree; what it holds is of no interest here."""
    yield from kmem_cache_alloc(t, ())
