"""Mapping: mmap of files and of anonymous memory, as in mm/mmap.c of 4.13 with the patch series."""

from __future__ import annotations

from lockview.kernel.effects import Add, Atomic, Routine, Value
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rwsem import down_write, up_write
from lockview.kernel.mm.adjust import Append
from lockview.kernel.mm.allocation import kmem_cache_alloc
from lockview.kernel.mm.merge import Kind, vma_merge
from lockview.kernel.mm.mmap_lock import mmap_write_lock_killable, mmap_write_unlock
from lockview.kernel.mm.objects import NONE, File, Flags, Mm, Vma
from lockview.kernel.mm.sections import vm_write_begin, vm_write_end
from lockview.kernel.mm.tree import vma_rb_insert
from lockview.kernel.mm.vma_lock import vma_start_write
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread


def SyS_mmap(  # noqa: N802 (the kernel's name)
    t: Thread, mm: Mm, start: int, end: int, rights: Flags, file: File | None = None, *, fails: bool = False
) -> Routine[None]:
    """Map the pages from ``start`` up to ``end``, which are free. ``fails``: the file's own mmap refuses, too late."""
    yield from SyS_mmap_pgoff(t, mm, start, end, rights, file, fails=fails)


def SyS_mmap_pgoff(  # noqa: N802 (the kernel's name)
    t: Thread, mm: Mm, start: int, end: int, rights: Flags, file: File | None = None, *, fails: bool = False
) -> Routine[None]:
    """Its common part."""
    yield from vm_mmap_pgoff(t, mm, start, end, rights, file, fails=fails)


def vm_mmap_pgoff(
    t: Thread, mm: Mm, start: int, end: int, flags: Flags, file: File | None = None, *, fails: bool = False
) -> Routine[None]:
    """With mmap_sem taken for it."""
    yield from mmap_write_lock_killable(t, mm)
    yield from do_mmap(t, mm, start, end, flags, file, fails=fails)
    yield from mmap_write_unlock(t, mm)


def do_mmap(
    t: Thread, mm: Mm, start: int, end: int, flags: Flags, file: File | None = None, *, fails: bool = False
) -> Routine[Vma | None]:
    """The same with mmap_sem held exclusively."""
    return (yield from mmap_region(t, mm, start, end, flags, file, fails=fails))


def mmap_region(
    t: Thread, mm: Mm, start: int, end: int, flags: Flags, file: File | None = None, *, fails: bool = False
) -> Routine[Vma | None]:
    """Have a neighbour grow, or make a VMA and link it; None when the file refuses. What was there is unmapped."""
    from lockview.kernel.mm.unmap import do_munmap

    yield from do_munmap(t, mm, start, end)
    merged = yield from vma_merge(t, mm, start, end, Kind(flags, file.number if file else NONE))
    if merged is not None:
        return merged
    vma = yield from new_vma(t, mm, start, end, flags, file)
    if fails:
        yield from _unmap_and_free_vma(t, mm, vma)
        return None
    if not t.has(Switch.V5):
        yield from vma_start_write(t, mm, vma)
    if t.has(Switch.VMA_LOCK):
        yield from _link_inline(t, mm, vma, file)
    else:
        yield from vma_link(t, mm, vma, file)
        yield from vm_write_begin(t, vma)
        yield from vm_write_end(t, vma)
    return vma


@inlined
def _link_inline(t: Thread, mm: Mm, vma: Vma, file: File | None) -> Routine[None]:
    """Kernels of per-VMA locks link here. V5: the new VMA is locked late, by 33313a747e81, under i_mmap_rwsem."""
    if file is not None:
        yield from down_write(file.i_mmap_rwsem)
    if t.has(Switch.V5):
        yield from vma_start_write(t, mm, vma)
    yield from vma_rb_insert(t, mm, vma)
    if file is not None:
        yield from link_file(file, vma)
        yield from up_write(file.i_mmap_rwsem)


@inlined
def new_vma(t: Thread, mm: Mm, start: int, end: int, flags: Flags, file: File | None) -> Routine[Vma]:
    """A VMA that nobody else can see yet."""
    number = yield from kmem_cache_alloc(t)
    vma = t.kernel.vmas[number]
    counts_when_linked = t.has(Switch.VMA_REFCOUNT)
    values = (
        mm.number, start, end, flags, 0 if file else start, file.number if file else NONE, NONE, "",
        0 if counts_when_linked else 1, counts_when_linked, True,
    )  # fmt: skip
    yield Atomic(
        (
            vma.mm, vma.start, vma.end, vma.flags, vma.pgoff, vma.file, vma.anon_vma, vma.policy,
            vma.refs, vma.detached, vma.initialised,
        ),
        _Fill(values),
        "fill in the VMA",
    )  # fmt: skip
    if file is not None:
        yield Add(file.f_count)
    return vma


@inlined
def _unmap_and_free_vma(t: Thread, mm: Mm, vma: Vma) -> Routine[None]:
    """What the file may have mapped already is unmapped again. The counter was to be initialised at linking."""
    from lockview.kernel.mm.unmap import __free_vma, close_file, closes_at_once, unmap_region

    seen = vma
    if not t.has(Switch.INIT_AT_ALLOCATION):
        seen = vma._replace(vm_sequence=vma.vm_sequence._replace(key=""))
    yield from unmap_region(t, mm, (seen,))
    if closes_at_once(t):
        yield from close_file(t, vma)
    yield from __free_vma(t, vma)


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
        return (None, *self._values)
