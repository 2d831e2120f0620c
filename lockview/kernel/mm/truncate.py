"""Cutting files: truncation and hole punching, as in mm/memory.c, mm/truncate.c and mm/shmem.c of 4.13 and 6.12.

Nothing here holds an mmap_sem. The write sections of the VMAs are opened under i_mmap_rwsem: the one way to them that
no lock of an address space guards.
"""

from __future__ import annotations

from lockview.kernel.effects import Acquire, Atomic, Look, Read, Release, Routine, Value, Write
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rwsem import down_read, down_write, up_read, up_write
from lockview.kernel.mm.checks import unmapped
from lockview.kernel.mm.objects import NONE, File, Frame, Life, Vma
from lockview.kernel.mm.unmap import tlb_finish_mmu, unmap_page_range
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread


def SyS_ftruncate(t: Thread, file: File, size: int) -> Routine[None]:  # noqa: N802 (the kernel's name)
    """Cut a file to ``size`` pages."""
    yield from do_sys_ftruncate(t, file, size)


def do_sys_ftruncate(t: Thread, file: File, size: int) -> Routine[None]:
    """Its common part."""
    yield from do_truncate(t, file, size)


def do_truncate(t: Thread, file: File, size: int) -> Routine[None]:
    """With the inode locked."""
    yield from down_write(file.i_rwsem)
    yield from notify_change(t, file, size)
    yield from up_write(file.i_rwsem)


def notify_change(t: Thread, file: File, size: int) -> Routine[None]:
    """Hand the change to the file system."""
    yield from xfs_vn_setattr(t, file, size)


def xfs_vn_setattr(t: Thread, file: File, size: int) -> Routine[None]:
    """That of XFS."""
    yield from xfs_setattr_size(t, file, size)


def xfs_setattr_size(t: Thread, file: File, size: int) -> Routine[None]:
    """Faults on the file are kept out where there is a lock for it."""
    modern = t.has(Switch.MODERN_NAMES)
    if modern:
        yield from down_write(file.invalidate_lock)
    yield from truncate_setsize(t, file, size)
    if modern:
        yield from up_write(file.invalidate_lock)


def truncate_setsize(t: Thread, file: File, size: int) -> Routine[None]:
    """The size first, so that later faults fail, then the pages."""
    yield Write(file.size, size)
    yield from truncate_pagecache(t, file, size)


def truncate_pagecache(t: Thread, file: File, size: int) -> Routine[None]:
    """Unmap, take out of the cache, and unmap once more what was copied meanwhile."""
    yield from unmap_mapping_range(t, file, size, NONE)
    yield from truncate_inode_pages(t, file, size, NONE)
    yield from unmap_mapping_range(t, file, size, NONE)


def put_aio_ring_file(t: Thread, file: File) -> Routine[None]:
    """Throw the pages of an asynchronous I/O ring away."""
    yield Write(file.size, 0)
    yield from truncate_pagecache(t, file, 0)


def worker_thread(t: Thread, file: File) -> Routine[None]:
    """A worker that frees an asynchronous I/O context, whose ring is ``file``."""
    yield from process_one_work(t, file)


def process_one_work(t: Thread, file: File) -> Routine[None]:
    """One item of its queue."""
    yield from free_ioctx(t, file)


def free_ioctx(t: Thread, file: File) -> Routine[None]:
    """The context."""
    yield from aio_free_ring(t, file)


def aio_free_ring(t: Thread, file: File) -> Routine[None]:
    """Its ring."""
    yield from put_aio_ring_file(t, file)


def shmem_fallocate(t: Thread, file: File, first: int, last: int) -> Routine[None]:
    """Punch a hole into a file in memory, of the pages from ``first`` up to ``last``; unmap all of it at once first."""
    yield from down_write(file.i_rwsem)
    if t.has(Switch.MODERN_NAMES):
        yield from down_write(file.invalidate_lock)
    yield from unmap_mapping_range(t, file, first, last)
    yield from shmem_truncate_range(t, file, first, last)
    if t.has(Switch.MODERN_NAMES):
        yield from up_write(file.invalidate_lock)
    yield from up_write(file.i_rwsem)


def shmem_truncate_range(t: Thread, file: File, first: int, last: int) -> Routine[None]:
    """The pages of the hole."""
    yield from shmem_undo_range(t, file, first, last)


def shmem_undo_range(t: Thread, file: File, first: int, last: int) -> Routine[None]:
    """One by one."""
    yield from truncate_inode_pages(t, file, first, last)


@inlined
def truncate_inode_pages(t: Thread, file: File, first: int, last: int) -> Routine[None]:
    """Take pages out of the cache, each locked meanwhile; up to the end without ``last``."""
    cache: tuple[tuple[int, int], ...] = yield Read(file.cache)
    left = tuple(item for item in cache if first <= item[0] and (last == NONE or item[0] < last))
    while left:
        index, number = left[0]
        left = left[1:]
        frame = t.kernel.frames[number]
        if not t.has(Switch.NO_PAGE_LOCK):
            yield Acquire(frame.lock)
        yield from truncate_inode_page(t, file, index, frame)
        if not t.has(Switch.NO_PAGE_LOCK):
            yield Release(frame.lock)


def truncate_inode_page(t: Thread, file: File, index: int, frame: Frame) -> Routine[None]:
    """Take one page out; one that was mapped meanwhile is unmapped first."""
    mapped: int = yield Read(frame.mapcount)
    if mapped:
        yield from unmap_mapping_range(t, file, index, index + 1)
    yield from delete_from_page_cache(file, index, frame)


@inlined
def delete_from_page_cache(file: File, index: int, frame: Frame) -> Routine[None]:
    """Drop the reference of the cache, if the page is still in it."""
    cells = (file.cache, frame.refs, frame.life)
    deleted: bool = yield Atomic(cells, _Delete(index, frame.number), "take the page out of the cache")
    if deleted:
        yield unmapped(frame)


def unmap_mapping_range(t: Thread, file: File, first: int, last: int) -> Routine[None]:
    """Take pages of a file from everybody who maps them; up to the end without ``last``."""
    shared = t.has(Switch.MODERN_NAMES)
    if shared:
        yield from down_read(file.i_mmap_rwsem)
    else:
        yield from down_write(file.i_mmap_rwsem)
    left: tuple[int, ...] = yield Read(file.vmas)
    while left:
        yield from unmap_mapping_range_vma(t, t.kernel.vmas[left[0]], first, last)
        left = left[1:]
    if shared:
        yield from up_read(file.i_mmap_rwsem)
    else:
        yield from up_write(file.i_mmap_rwsem)


@inlined
def unmap_mapping_range_vma(t: Thread, vma: Vma, first: int, last: int) -> Routine[None]:
    """The pages of the range that one VMA maps."""
    owner, start, end, pgoff = yield Look((vma.mm, vma.start, vma.end, vma.pgoff))
    start, end = max(start, start + first - pgoff), end if last == NONE else min(end, start + last - pgoff)
    del pgoff
    if owner != NONE and start < end:
        yield from zap_page_range_single(t, vma, owner, start, end)


def zap_page_range_single(t: Thread, vma: Vma, owner: int, start: int, end: int) -> Routine[None]:
    """Clear the entries inside the write section, flush, give the pages back."""
    mm = t.kernel.mms[owner]
    frames = yield from unmap_page_range(t, mm, vma, start, end, exclusive=False)
    yield from tlb_finish_mmu(t, mm, frames, ())


class _Delete:
    def __init__(self, index: int, frame: int) -> None:
        self._item = (index, frame)

    def __call__(self, cache: tuple[tuple[int, int], ...], refs: int, life: Life) -> tuple[Value, ...]:
        if self._item not in cache:
            return (False, cache, refs, life)
        rest = tuple(item for item in cache if item != self._item)
        return (True, rest, refs - 1, Life.UNBORN if refs == 1 else life)
