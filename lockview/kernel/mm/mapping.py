"""Mapping: mmap of files and of anonymous memory, as in mm/mmap.c of 4.13 with the patch series."""

from __future__ import annotations

from lockview.kernel.effects import Add, Atomic, Routine, Value
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rwsem import down_write, up_write
from lockview.kernel.mm.adjust import Append
from lockview.kernel.mm.allocation import kmem_cache_alloc
from lockview.kernel.mm.mmap_lock import mmap_write_lock_killable, mmap_write_unlock
from lockview.kernel.mm.objects import NONE, File, Flags, Mm, Vma
from lockview.kernel.mm.sections import vm_write_begin, vm_write_end
from lockview.kernel.mm.tree import vma_rb_insert
from lockview.kernel.system import Thread


def SyS_mmap(t: Thread, mm: Mm, start: int, end: int, flags: Flags, file: File | None = None) -> Routine[None]:  # noqa: N802 (the kernel's name)
    """The system call."""
    yield from SyS_mmap_pgoff(t, mm, start, end, flags, file)


def SyS_mmap_pgoff(t: Thread, mm: Mm, start: int, end: int, flags: Flags, file: File | None = None) -> Routine[None]:  # noqa: N802 (the kernel's name)
    """Its common part."""
    yield from vm_mmap_pgoff(t, mm, start, end, flags, file)


def vm_mmap_pgoff(t: Thread, mm: Mm, start: int, end: int, flags: Flags, file: File | None = None) -> Routine[None]:
    """Map the pages from ``start`` up to ``end``, with mmap_sem taken for it."""
    yield from mmap_write_lock_killable(t, mm)
    yield from do_mmap(t, mm, start, end, flags, file)
    yield from mmap_write_unlock(t, mm)


def do_mmap(t: Thread, mm: Mm, start: int, end: int, flags: Flags, file: File | None = None) -> Routine[Vma]:
    """The same with mmap_sem held exclusively."""
    return (yield from mmap_region(t, mm, start, end, flags, file))


def mmap_region(t: Thread, mm: Mm, start: int, end: int, flags: Flags, file: File | None = None) -> Routine[Vma]:
    """Make a VMA for a free range and link it."""
    number = yield from kmem_cache_alloc(t)
    vma = t.kernel.vmas[number]
    values = (mm.number, start, end, flags, file.number if file else NONE)
    yield Atomic(
        (vma.mm, vma.start, vma.end, vma.flags, vma.file, vma.refs, vma.detached, vma.initialised),
        _Fill(values),
        "fill in the VMA",
    )
    if file is not None:
        yield Add(file.f_count)
    yield from vma_link(t, mm, vma, file)
    yield from vm_write_begin(t, vma)
    yield from vm_write_end(t, vma)
    return vma


def vma_link(t: Thread, mm: Mm, vma: Vma, file: File | None) -> Routine[None]:
    """Link a VMA into the tree, and into its file's reverse map under i_mmap_rwsem."""
    if file is not None:
        yield from down_write(file.i_mmap_rwsem)
    yield from vma_rb_insert(t, mm, vma)
    if file is not None:
        yield from link_file(file, vma)
        yield from up_write(file.i_mmap_rwsem)


@inlined
def link_file(file: File, vma: Vma) -> Routine[None]:
    """Put a VMA on the reverse map of its file, whose lock is held."""
    yield Atomic((file.vmas,), Append(vma.number), "link into i_mmap")


class _Fill:
    """Give a VMA that nobody else can see its first values."""

    def __init__(self, values: tuple[Value, ...]) -> None:
        self._values = values

    def __call__(self, *_old: Value) -> tuple[Value, ...]:
        return (None, *self._values, 1, False, True)
