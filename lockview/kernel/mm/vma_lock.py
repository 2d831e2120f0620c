"""Locks of single VMAs: a semaphore in 6.4 to 6.14, a reference count from 6.15 on (include/linux/mm.h, mmap_lock.h).

A reader only ever tries. A writer holds mmap_lock exclusively, waits for the readers of the VMA, marks it with the
present ``mm_lock_seq`` and lets go at once: as long as the two numbers are equal the VMA is write locked.
"""

from __future__ import annotations

from lockview.kernel.effects import Add, Annotate, Atomic, Await, Happened, Look, Read, Routine, Value, Write
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rwsem import down_read_trylock, down_write, down_write_trylock, up_read, up_write
from lockview.kernel.mm.objects import Mm, Vma
from lockview.kernel.mm.sections import alive
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread
from lockview.model.locks import Access

WRITER = 1 << 30
"""What a writer adds to the reference count (``VMA_LOCK_OFFSET``)."""


@inlined
def vma_start_read(t: Thread, mm: Mm, vma: Vma) -> Routine[bool]:
    """Try to read lock a VMA: test, try, and test again, since a writer may have come and gone in between."""
    if (yield from _is_write_locked(mm, vma)):
        return False
    if t.has(Switch.VMA_REFCOUNT):
        return (yield from _get_reference(t, mm, vma))
    got = yield from down_read_trylock(vma.vm_lock)
    yield alive(vma)
    if not got:
        return False
    if not t.has(Switch.V2) and (yield from _is_write_locked(mm, vma)):
        yield from up_read(vma.vm_lock)
        return False
    yield Happened("vma_lock_read", vma.vm_lock.name)
    return True


@inlined
def vma_end_read(t: Thread, vma: Vma) -> Routine[None]:
    """Give the read lock up."""
    if t.has(Switch.VMA_REFCOUNT):
        yield Annotate(vma.vm_lock, Access.SHARED, release=True)
        yield Add(vma.refs, -1)
    else:
        yield from up_read(vma.vm_lock)
    yield alive(vma)


def vma_start_write(t: Thread, mm: Mm, vma: Vma) -> Routine[None]:
    """Write lock a VMA until ``vma_end_write_all``. mmap_lock is held exclusively. Nothing without per-VMA locks."""
    if not t.has(Switch.VMA_LOCK):
        return
    seq: int = yield Read(mm.lock_seq)
    mine: int = yield Read(vma.lock_seq)
    if seq == mine:
        return
    if t.has(Switch.VMA_REFCOUNT):
        attached = yield from _enter_locked(vma, 1)
        yield Write(vma.lock_seq, seq)
        if attached:
            yield from _exit_locked(vma)
    else:
        yield from down_write(vma.vm_lock)
        yield Write(vma.lock_seq, seq)
        yield from up_write(vma.vm_lock)
    yield Happened("vma_lock_write", vma.vm_lock.name)
    yield alive(vma)


@inlined
def vma_try_start_write(t: Thread, mm: Mm, vma: Vma) -> Routine[bool]:
    """The same without waiting for readers: False when there are any. Of 6.4, for those who hold i_mmap_rwsem."""
    if not t.has(Switch.VMA_LOCK):
        return True
    seq: int = yield Read(mm.lock_seq)
    if t.has(Switch.VMA_REFCOUNT):
        return bool((yield Atomic((vma.refs, vma.lock_seq), _MarkUnread(seq), "write lock the VMA if nobody reads")))
    if not (yield from down_write_trylock(vma.vm_lock)):
        return False
    yield Write(vma.lock_seq, seq)
    yield from up_write(vma.vm_lock)
    return True


@inlined
def vma_end_write_all(mm: Mm) -> Routine[None]:
    """End the write locks of all VMAs of an address space."""
    yield Add(mm.lock_seq)


@inlined
def vma_mark_attached(t: Thread, vma: Vma) -> Routine[None]:
    """Let readers find a VMA that is linked now."""
    if t.has(Switch.VMA_REFCOUNT):
        yield Write(vma.refs, 1)
    yield Write(vma.detached, False)


@inlined
def vma_mark_detached(t: Thread, vma: Vma) -> Routine[None]:
    """Let no reader in any more; with a reference count wait for those that came in although it is write locked."""
    if not t.has(Switch.VMA_REFCOUNT):
        yield Write(vma.detached, True)
        return
    left: int = yield Atomic((vma.refs, vma.detached), _drop_own, "drop the reference of the tree")
    if left and not t.has(Switch.X2):
        yield from _enter_locked(vma, 0)
        yield from _exit_locked(vma)


@inlined
def _is_write_locked(mm: Mm, vma: Vma) -> Routine[bool]:
    vma_seq, mm_seq = yield Look((vma.lock_seq, mm.lock_seq))
    yield alive(vma)
    return bool(vma_seq == mm_seq)


@inlined
def _get_reference(t: Thread, mm: Mm, vma: Vma) -> Routine[bool]:
    """The reader's side of the reference count. The object may be another VMA by now: its memory is reused at once."""
    raise_count = _raise_any if t.has(Switch.X3) else _raise_count
    got: bool = yield Atomic((vma.refs,), raise_count, "take a reference unless it is detached or write locked")
    yield alive(vma)
    if not got:
        return False
    yield Annotate(vma.vm_lock, Access.SHARED, trylock=True)
    if not t.has(Switch.X1):
        owner: int = yield Read(vma.mm)
        if owner != mm.number:
            yield from vma_end_read(t, vma)
            return False
    if not (t.has(Switch.X4) or t.has(Switch.V2)) and (yield from _is_write_locked(mm, vma)):
        yield from vma_end_read(t, vma)
        return False
    yield Happened("vma_lock_read", vma.vm_lock.name)
    return True


@inlined
def _enter_locked(vma: Vma, own: int) -> Routine[bool]:
    """Keep new readers out and wait until ``own`` references are left; False when the VMA is detached already."""
    entered: bool = yield Atomic((vma.refs,), _KeepOut(own), "keep readers out")
    if not entered:
        return False
    yield Annotate(vma.vm_lock)
    yield Await(vma.refs, _ReadersGone(own), what="for the readers of the VMA")
    return True


@inlined
def _exit_locked(vma: Vma) -> Routine[None]:
    yield Annotate(vma.vm_lock, release=True)
    yield Add(vma.refs, -WRITER)


def _raise_count(refs: int) -> tuple[Value, ...]:
    able = 0 < refs < WRITER
    return (able, refs + able)


def _raise_any(refs: int) -> tuple[Value, ...]:
    able = refs < WRITER
    return (able, refs + able)


def _drop_own(refs: int, _detached: bool) -> tuple[Value, ...]:
    return (refs - 1, refs - 1, True)


class _MarkUnread:
    def __init__(self, seq: int) -> None:
        self._seq = seq

    def __call__(self, refs: int, lock_seq: int) -> tuple[Value, ...]:
        unread = refs == 1 or lock_seq == self._seq
        return (unread, refs, self._seq if unread else lock_seq)


class _KeepOut:
    def __init__(self, own: int) -> None:
        self._own = own

    def __call__(self, refs: int) -> tuple[Value, ...]:
        if self._own and not refs:
            return (False, refs)
        return (True, refs + WRITER)


class _ReadersGone:
    def __init__(self, own: int) -> None:
        self._own = own

    def __call__(self, refs: int) -> bool:
        return refs == WRITER + self._own
