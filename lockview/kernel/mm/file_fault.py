"""Faults on mapped files: the page cache, the page lock, and waiting without mmap_sem (mm/filemap.c, mm/memory.c)."""

from __future__ import annotations

from lockview.kernel.effects import Acquire, Atomic, Await, Read, Release, Routine, Spend, Value
from lockview.kernel.handles import NOBODY, Cell, HolderState
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rwsem import down_read, up_read
from lockview.kernel.mm.anon_vma import anon_vma_prepare
from lockview.kernel.mm.checks import cached, held_file, may_sleep
from lockview.kernel.mm.descriptor import VmFault
from lockview.kernel.mm.objects import NONE, Entry, File, Flags, Frame, Pte
from lockview.kernel.mm.outcomes import Abort, Fault
from lockview.kernel.mm.pte_fault import alloc_pages_vma, copy_page, free_page, install
from lockview.kernel.mm.pte_lock import abort
from lockview.kernel.mm.unmap import put_page
from lockview.kernel.mm.vma_lock import vma_end_read
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread

Cache = tuple[tuple[int, int], ...]


def do_fault(t: Thread, vmf: VmFault) -> Routine[Fault]:
    """Map a page of a file: the page itself, or a copy of it for a write to a private mapping."""
    copies = vmf.write and not vmf.flags & Flags.SHARED
    copy = None
    if copies:
        number = yield from do_cow_fault(t, vmf)
        if number == NONE:
            return Fault.OOM
        copy = t.kernel.frames[number]
        del number
    file = t.kernel.files[vmf.file]
    result, page = yield from _find_page(t, vmf, file)
    made = False
    if page is not None:
        if copy is None:
            result, made = yield from _map_page(t, vmf, page)
        else:
            yield from copy_page(page, copy)
            pte = Pte(Entry.MAP, copy.number, writable=True, dirty=True, young=True)
            result, made = yield from install(t, vmf, pte, copy)
        yield Release(page.lock)
        yield from put_page(t, page.number)
    if copy is not None and not made:
        yield from free_page(copy)
    return result


def do_cow_fault(t: Thread, vmf: VmFault) -> Routine[int]:
    """The page to copy to; its number, NONE when there is none left."""
    if not (vmf.speculative or (yield from anon_vma_prepare(t, vmf.mm, vmf.vma))):
        return NONE
    return (yield from alloc_pages_vma(t))


@inlined
def _map_page(t: Thread, vmf: VmFault, page: Frame) -> Routine[tuple[Fault, bool]]:
    writable = vmf.write and bool(vmf.flags & Flags.SHARED)
    pte = Pte(Entry.MAP, page.number, writable, dirty=writable, young=True)
    result, made = yield from install(t, vmf, pte, page)
    if made:
        yield cached(t.kernel.files[vmf.file], vmf.file_page, page)
    return result, made


@inlined
def _find_page(t: Thread, vmf: VmFault, file: File) -> Routine[tuple[Fault, Frame | None]]:
    """The page, locked and with a reference; or the error, or that it takes waiting."""
    if vmf.speculative:
        return (yield from _find_cached(t, vmf, file))
    return (yield from filemap_fault(t, vmf, file))


@inlined
def _find_cached(t: Thread, vmf: VmFault, file: File) -> Routine[tuple[Fault, Frame | None]]:
    """Android: a speculative fault takes a page only if it is cached and nobody has it locked."""
    page = yield from find_get_page(t, file, vmf.file_page)
    yield held_file(file)
    if page is None:
        yield from abort(t, Abort.FAULT)
        return Fault.RETRY, None
    locked: bool = yield Acquire(page.lock, trylock=True)
    if not locked:
        yield from abort(t, Abort.FAULT)
        yield from put_page(t, page.number)
        return Fault.RETRY, None
    if not (yield from _is_cached(file, vmf.file_page, page)):
        yield from abort(t, Abort.FAULT)
        yield Release(page.lock)
        yield from put_page(t, page.number)
        return Fault.RETRY, None
    return Fault.DONE, page


def filemap_fault(t: Thread, vmf: VmFault, file: File) -> Routine[tuple[Fault, Frame | None]]:
    """Find the page or read it in. Where the fault may start again, mmap_sem is dropped before it waits."""
    while True:
        size: int = yield Read(file.size)
        yield held_file(file)
        if vmf.file_page >= size:
            return Fault.SIGBUS, None
        del size
        page = yield from find_get_page(t, file, vmf.file_page)
        if page is None:
            result = yield from _read_in(t, vmf, file)
            if result is not Fault.DONE:
                return result, None
            continue
        if not (yield from lock_page_or_retry(t, vmf, page)):
            yield from put_page(t, page.number)
            return Fault.RETRY, None
        if (yield from _is_cached(file, vmf.file_page, page)):
            return Fault.DONE, page
        yield Release(page.lock)
        yield from put_page(t, page.number)


@inlined
def _read_in(t: Thread, vmf: VmFault, file: File) -> Routine[Fault]:
    """Newer kernels keep truncation out while a page comes into the cache."""
    modern = t.has(Switch.MODERN_NAMES)
    if modern:
        yield from down_read(file.invalidate_lock)
    result = yield from page_cache_read(t, vmf, file)
    if modern:
        yield from up_read(file.invalidate_lock)
    return result


@inlined
def find_get_page(t: Thread, file: File, index: int) -> Routine[Frame | None]:
    """A page of the cache with a reference to it."""
    refs = tuple(frame.refs for frame in t.kernel.frames)
    number: int = yield Atomic((file.cache, *refs), _Get(index), "look the page up in the cache")
    return None if number == NONE else t.kernel.frames[number]


@inlined
def page_cache_read(t: Thread, vmf: VmFault, file: File) -> Routine[Fault]:
    """Put a page into the cache and have it read; its lock is held until that is done."""
    number = yield from alloc_pages_vma(t)
    if number == NONE:
        return Fault.OOM
    page = t.kernel.frames[number]
    del number
    yield Acquire(page.lock)
    added: bool = yield Atomic((file.cache, page.refs), _Cache(vmf.file_page, page.number), "add to the page cache")
    if not added:
        yield Release(page.lock)
        yield from free_page(page)
        return Fault.DONE
    if vmf.may_wait:
        yield from release_fault_lock(t, vmf)
    yield Spend("io")
    yield Release(page.lock)
    return Fault.RETRY if vmf.may_wait else Fault.DONE


@inlined
def lock_page_or_retry(t: Thread, vmf: VmFault, page: Frame) -> Routine[bool]:
    """Lock a page; False when mmap_sem had to be dropped to wait for it (``__lock_page_or_retry``)."""
    locked: bool = yield Acquire(page.lock, trylock=True)
    if locked:
        return True
    if not vmf.may_wait:
        yield may_sleep(t)
        yield Acquire(page.lock)
        return True
    yield from release_fault_lock(t, vmf)
    yield Await(Cell(page.lock.cell, page.lock.name), _is_unlocked, what="for the page to be unlocked")
    return False


@inlined
def release_fault_lock(t: Thread, vmf: VmFault) -> Routine[None]:
    """Drop what a fault holds before it waits."""
    if vmf.by_vma_lock:
        yield from vma_end_read(t, vmf.vma)
    else:
        yield from up_read(vmf.mm.mmap_sem)


@inlined
def _is_cached(file: File, index: int, page: Frame) -> Routine[bool]:
    """Whether a page that is locked now still belongs to the file: truncation may have been faster."""
    cache: Cache = yield Read(file.cache)
    return (index, page.number) in cache


def _is_unlocked(lock: HolderState) -> bool:
    return lock.writer == NOBODY


class _Get:
    def __init__(self, index: int) -> None:
        self._index = index

    def __call__(self, cache: Cache, *refs: int) -> tuple[Value, ...]:
        number = next((frame for index, frame in cache if index == self._index), NONE)
        if number == NONE:
            return (NONE, cache, *refs)
        return (number, cache, *refs[:number], refs[number] + 1, *refs[number + 1 :])


class _Cache:
    def __init__(self, index: int, frame: int) -> None:
        self._index = index
        self._frame = frame

    def __call__(self, cache: Cache, refs: int) -> tuple[Value, ...]:
        if any(index == self._index for index, _ in cache):
            return (False, cache, refs)
        return (True, (*cache, (self._index, self._frame)), 1)
