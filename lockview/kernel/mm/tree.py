"""The tree of VMAs: looking up, linking and unlinking. Writers hold mmap_sem exclusively."""

from __future__ import annotations

from lockview.kernel.effects import Add, Atomic, Look, Read, Routine, Value, Write
from lockview.kernel.handles import Cell
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.seqcount import counter, read_seqcount_begin, read_seqcount_retry
from lockview.kernel.mm.objects import NONE, Mm, Vma
from lockview.kernel.mm.sections import alive
from lockview.kernel.system import Thread


def find_vma(t: Thread, mm: Mm, address: int) -> Routine[Vma | None]:
    """The first VMA that ends behind ``address``, with mmap_sem held."""
    tree, *ends = yield Look(_fields(t, mm))
    number = _first_behind(address, tree, tuple(ends))
    return None if number == NONE else t.kernel.vmas[number]


def find_vma_srcu(t: Thread, mm: Mm, address: int) -> Routine[Vma | None]:
    """The same without mmap_sem: walk until no writer was in the tree meanwhile."""
    while True:
        seq = yield from read_seqcount_begin(mm.mm_seq)
        tree, *ends = yield Look(_fields(t, mm))
        number = _first_behind(address, tree, tuple(ends))
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
    """Link a VMA; its start must stand."""
    yield Add(counter(mm.mm_seq))
    yield Atomic((mm.tree, *(other.start for other in t.kernel.vmas)), _Insert(vma.number), "insert into the tree")
    yield Add(counter(mm.mm_seq))
    yield Write(vma.linked, True)


@inlined
def vma_rb_erase(mm: Mm, vma: Vma) -> Routine[None]:
    """Unlink a VMA and mark it dead."""
    yield Add(counter(mm.mm_seq))
    yield Atomic((mm.tree,), _Erase(vma.number), "erase from the tree")
    yield Add(counter(mm.mm_seq))
    yield Write(vma.linked, False)


@inlined
def vm_next(t: Thread, mm: Mm, vma: Vma) -> Routine[Vma | None]:
    """The VMA behind this one, with mmap_sem held."""
    tree: tuple[int, ...] = yield Read(mm.tree)
    place = tree.index(vma.number) + 1 if vma.number in tree else len(tree)
    return t.kernel.vmas[tree[place]] if place < len(tree) else None


def _fields(t: Thread, mm: Mm) -> tuple[Cell, ...]:
    return (mm.tree, *(vma.end for vma in t.kernel.vmas))


def _first_behind(address: int, tree: tuple[int, ...], ends: tuple[int, ...]) -> int:
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
