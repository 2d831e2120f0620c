"""Splitting a VMA and moving its borders, as in mm/mmap.c of 4.13 with the patch series."""

from __future__ import annotations

from lockview.kernel.effects import Add, Atomic, Read, Routine, Value, Write
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rwsem import down_write, up_write
from lockview.kernel.mm.allocation import kmem_cache_alloc
from lockview.kernel.mm.objects import NONE, AnonVma, File, Mm, Vma
from lockview.kernel.mm.sections import vm_write_begin, vm_write_end
from lockview.kernel.mm.tree import vm_next, vma_rb_erase, vma_rb_insert
from lockview.kernel.mm.vma_lock import vma_start_write
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread

SINGLE_DEPTH_NESTING = 1


def __split_vma(t: Thread, mm: Mm, vma: Vma, address: int, *, new_below: bool) -> Routine[Vma]:
    """Cut a VMA in two at ``address``; answers the new half. mmap_sem is held exclusively."""
    number = yield from kmem_cache_alloc(t)
    new = t.kernel.vmas[number]
    yield from copy_vma_fields(t, vma, new)
    start: int = yield Read(vma.start)
    if new_below:
        yield Write(new.end, address)
    else:
        yield Write(new.start, address)
        yield Add(new.pgoff, address - start)
    yield from vma_start_write(t, mm, vma)
    yield from vma_start_write(t, mm, new)
    file = yield from vm_file(t, vma)
    if file is not None:
        yield Add(file.f_count)
    anon_vma = yield from vm_anon_vma(t, vma)
    if anon_vma is not None:
        yield from anon_vma_clone(anon_vma, new)
    if new_below:
        yield from __vma_adjust(t, mm, vma, address, NONE, insert=new)
    else:
        yield from __vma_adjust(t, mm, vma, NONE, address, insert=new)
    return new


def __vma_adjust(
    t: Thread,
    mm: Mm,
    vma: Vma,
    start: int,
    end: int,
    insert: Vma | None = None,
    *,
    next_start: int = NONE,
    remove: bool = False,
) -> Routine[None]:
    """Move the borders of a VMA (NONE leaves one where it is) and link ``insert`` beside it.

    ``next_start`` moves the lower border of the VMA behind it. ``remove`` has that one swallowed; with both, the VMA
    itself is swallowed by the one behind (case 8 of ``vma_merge``).
    """
    after = yield from vm_next(t, mm, vma)
    gone = None if not remove else vma if next_start != NONE else after
    yield from vma_start_write(t, mm, vma)
    if after is not None and (remove or next_start != NONE):
        yield from vma_start_write(t, mm, after)
        yield from dup_anon_vma(t, *((after, vma) if gone is vma else (vma, after)))
    file = yield from vm_file(t, vma)
    anon_vma = yield from vm_anon_vma(t, vma)
    yield from _lock(t, vma, after, file, anon_vma)
    yield from _move_borders(vma, start, end)
    if insert is not None:
        yield from vma_rb_insert(t, mm, insert)
        if file is not None:
            yield Atomic((file.vmas,), Append(insert.number), "link into i_mmap")
    if gone is not None:
        yield from _swallow(t, mm, gone, file, anon_vma)
    if after is not None and next_start != NONE:
        yield from _move_borders(after, next_start, NONE)
    yield from _unlock(t, vma, after, file, anon_vma)
    if gone is not None:
        from lockview.kernel.mm.unmap import remove_vma

        yield from remove_vma(t, gone)


@inlined
def _lock(t: Thread, vma: Vma, after: Vma | None, file: File | None, anon_vma: AnonVma | None) -> Routine[None]:
    """The reverse maps and the sections, in the order of the version."""
    if t.has(Switch.COUNTER_FIRST):
        yield from _begin(t, vma, after)
    if file is not None:
        yield from down_write(file.i_mmap_rwsem)
    if not t.has(Switch.COUNTER_FIRST):
        yield from _begin(t, vma, after)
    if anon_vma is not None:
        yield from down_write(anon_vma.rwsem)


@inlined
def _unlock(t: Thread, vma: Vma, after: Vma | None, file: File | None, anon_vma: AnonVma | None) -> Routine[None]:
    if anon_vma is not None:
        yield from up_write(anon_vma.rwsem)
    if file is not None:
        yield from up_write(file.i_mmap_rwsem)
    if after is not None:
        yield from vm_write_end(t, after, raw=t.has(Switch.RAW_ADJUST))
    yield from vm_write_end(t, vma, raw=t.has(Switch.RAW_ADJUST))


@inlined
def _begin(t: Thread, vma: Vma, after: Vma | None) -> Routine[None]:
    raw = t.has(Switch.RAW_ADJUST)
    yield from vm_write_begin(t, vma, raw=raw, shown=True)
    if after is not None:
        yield from vm_write_begin(t, after, SINGLE_DEPTH_NESTING, raw=raw, shown=True)


@inlined
def _move_borders(vma: Vma, start: int, end: int) -> Routine[None]:
    if start != NONE:
        before: int = yield Read(vma.start)
        yield Write(vma.start, start)
        yield Add(vma.pgoff, start - before)
    if end != NONE:
        yield Write(vma.end, end)


@inlined
def _swallow(t: Thread, mm: Mm, gone: Vma, file: File | None, anon_vma: AnonVma | None) -> Routine[None]:
    """Take a VMA out of everything that leads to it."""
    yield from vma_rb_erase(t, mm, gone)
    if file is not None:
        yield Atomic((file.vmas,), Without(gone.number), "unlink from i_mmap")
    if anon_vma is not None:
        yield Atomic((anon_vma.vmas,), Without(gone.number), "unlink from anon_vma")


@inlined
def dup_anon_vma(t: Thread, vma: Vma, after: Vma) -> Routine[None]:
    """A VMA that takes over pages of its neighbour has to be found through the neighbour's reverse map."""
    mine: int = yield Read(vma.anon_vma)
    theirs = yield from vm_anon_vma(t, after)
    if mine == NONE and theirs is not None:
        yield Write(vma.anon_vma, theirs.number)
        yield from anon_vma_clone(theirs, vma)


def anon_vma_clone(anon_vma: AnonVma, new: Vma) -> Routine[None]:
    """Have ``new`` share the reverse map."""
    yield from down_write(anon_vma.rwsem)
    yield Atomic((anon_vma.vmas,), Append(new.number), "link into anon_vma")
    yield from up_write(anon_vma.rwsem)


@inlined
def copy_vma_fields(t: Thread, old: Vma, new: Vma) -> Routine[None]:
    """``*new = *old`` for a VMA that nobody else can see yet; one that is counted (6.15) counts when it is linked."""
    yield Atomic(
        (
            old.mm, old.start, old.end, old.flags, old.pgoff, old.file, old.anon_vma, old.policy,
            new.mm, new.start, new.end, new.flags, new.pgoff, new.file, new.anon_vma, new.policy,
            new.initialised, new.detached, new.refs,
        ),
        _copy_detached if t.has(Switch.VMA_REFCOUNT) else _copy_fields,
        "copy the VMA",
    )  # fmt: skip


@inlined
def vm_file(t: Thread, vma: Vma) -> Routine[File | None]:
    """The file that a VMA maps."""
    number: int = yield Read(vma.file)
    return None if number == NONE else t.kernel.files[number]


@inlined
def vm_anon_vma(t: Thread, vma: Vma) -> Routine[AnonVma | None]:
    """The reverse map of a VMA's anonymous pages."""
    number: int = yield Read(vma.anon_vma)
    return None if number == NONE else t.kernel.anon_vmas[number]


def _copy_fields(*values: Value) -> tuple[Value, ...]:
    fields = values[:8]
    return (None, *fields, *fields, True, False, 1)


def _copy_detached(*values: Value) -> tuple[Value, ...]:
    fields = values[:8]
    return (None, *fields, *fields, True, True, 0)


class Append:
    """Add a number to a cell that holds a tuple of them."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __call__(self, numbers: tuple[int, ...]) -> tuple[Value, ...]:
        return (None, (*numbers, self._number))


class Without:
    """Take a number out of a cell that holds a tuple of them."""

    def __init__(self, number: int) -> None:
        self._number = number

    def __call__(self, numbers: tuple[int, ...]) -> tuple[Value, ...]:
        return (None, tuple(number for number in numbers if number != self._number))
