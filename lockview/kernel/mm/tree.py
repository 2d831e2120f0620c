"""The tree of VMAs: looking up, linking and unlinking. Writers hold mmap_sem exclusively."""

from __future__ import annotations

from lockview.kernel.effects import Acquire, Add, Atomic, Look, Read, Release, Routine, Value, Write
from lockview.kernel.handles import Cell
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.seqcount import counter, read_seqcount_begin, read_seqcount_retry
from lockview.kernel.mm.objects import NONE, Mm, Vma
from lockview.kernel.mm.sections import alive
from lockview.kernel.mm.vma_lock import vma_mark_attached, vma_mark_detached
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread


def find_vma(t: Thread, mm: Mm, address: int) -> Routine[Vma | None]:
    """The first VMA that ends behind ``address``, with mmap_sem held."""
    tree, *ends = yield Look(tree_cells(t, mm))
    number = first_behind(address, tree, tuple(ends))
    return None if number == NONE else t.kernel.vmas[number]


def find_vma_srcu(t: Thread, mm: Mm, address: int) -> Routine[Vma | None]:
    """The same without mmap_sem: walk until no writer was in the tree meanwhile."""
    while True:
        seq = yield from read_seqcount_begin(mm.mm_seq)
        tree, *ends = yield Look(tree_cells(t, mm))
        number = first_behind(address, tree, tuple(ends))
        del tree, ends
        if not (yield from read_seqcount_retry(mm.mm_seq, seq)):
            break
    if number == NONE:
        return None
    vma = t.kernel.vmas[number]
    yield alive(vma)
    return vma


@inlined
def vma_rb_insert(t: Thread, mm: Mm, vma: Vma) -> Routine[None]:
    """Link a VMA; its start must stand. Per-VMA locks: whoever may not find it yet has to have it write locked."""
    if t.has(Switch.VMA_LOCK):
        yield from vma_mark_attached(t, vma)
    yield from _begin_change(t, mm)
    yield Atomic((mm.tree, *(other.start for other in t.kernel.vmas)), _Insert(vma.number), "insert into the tree")
    yield from _end_change(t, mm)
    yield Write(vma.linked, True)


@inlined
def vma_rb_erase(t: Thread, mm: Mm, vma: Vma) -> Routine[None]:
    """Unlink a VMA and mark it dead."""
    if t.has(Switch.VMA_LOCK):
        yield from vma_mark_detached(t, vma)
    yield from _begin_change(t, mm)
    yield Atomic((mm.tree,), _Erase(vma.number), "erase from the tree")
    yield from _end_change(t, mm)
    yield Write(vma.linked, False)


@inlined
def _begin_change(t: Thread, mm: Mm) -> Routine[None]:
    """Keep those who look up without mmap_sem from trusting what they see."""
    if t.has(Switch.REF_VMAS):
        yield Acquire(mm.mm_rb_lock)
    else:
        yield Add(counter(mm.mm_seq))


@inlined
def _end_change(t: Thread, mm: Mm) -> Routine[None]:
    if t.has(Switch.REF_VMAS):
        yield Release(mm.mm_rb_lock)
    else:
        yield Add(counter(mm.mm_seq))


@inlined
def vm_next(t: Thread, mm: Mm, vma: Vma) -> Routine[Vma | None]:
    """The VMA behind this one, with mmap_sem held."""
    tree: tuple[int, ...] = yield Read(mm.tree)
    place = tree.index(vma.number) + 1 if vma.number in tree else len(tree)
    return t.kernel.vmas[tree[place]] if place < len(tree) else None


def tree_cells(t: Thread, mm: Mm) -> tuple[Cell, ...]:
    """What a walk of the tree looks at: the tree, then the end of every VMA."""
    return (mm.tree, *(vma.end for vma in t.kernel.vmas))


def first_behind(address: int, tree: tuple[int, ...], ends: tuple[int, ...]) -> int:
    """The first VMA of the tree that ends behind an address."""
    return next((number for number in tree if ends[number] > address), NONE)


class _Insert:
    def __init__(self, number: int) -> None:
        self._number = number

    def __call__(self, tree: tuple[int, ...], *starts: int) -> tuple[Value, ...]:
        return (None, tuple(sorted((*tree, self._number), key=starts.__getitem__)), *starts)


class _Erase:
    def __init__(self, number: int) -> None:
        self._number = number

    def __call__(self, tree: tuple[int, ...]) -> tuple[Value, ...]:
        return (None, tuple(number for number in tree if number != self._number))
