"""Giving a VMA its reverse map of anonymous pages at its first page: ``anon_vma_prepare`` of mm/rmap.c."""

from __future__ import annotations

from lockview.kernel.effects import Atomic, Look, Read, Routine, Value, Write
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rwsem import down_write, up_write
from lockview.kernel.locks.spinlock import spin_lock, spin_unlock
from lockview.kernel.mm.checks import live_anon_vma, neighbours_stand_still
from lockview.kernel.mm.objects import NONE, AnonVma, Life, Mm, Vma
from lockview.kernel.system import Thread


@inlined
def anon_vma_prepare(t: Thread, mm: Mm, vma: Vma) -> Routine[bool]:
    """Give a VMA a reverse map unless it has one; False when there is no memory for it."""
    has: int = yield Read(vma.anon_vma)
    if has != NONE:
        return True
    return (yield from __anon_vma_prepare(t, mm, vma))


def __anon_vma_prepare(t: Thread, mm: Mm, vma: Vma) -> Routine[bool]:
    """Use that of a neighbour that could be merged with, or a new one. Another fault may be faster."""
    yield neighbours_stand_still(t, mm)
    anon_vma = yield from find_mergeable_anon_vma(t, mm, vma)
    allocated = anon_vma is None
    if anon_vma is None:
        anon_vma = yield from anon_vma_alloc(t)
    if anon_vma is None:
        return False
    yield from down_write(anon_vma.rwsem)
    yield live_anon_vma(anon_vma.life)
    yield from spin_lock(mm.page_table_lock)
    set_now: bool = yield Atomic((vma.anon_vma, anon_vma.vmas), _Join(anon_vma.number, vma.number), "set anon_vma")
    yield from spin_unlock(mm.page_table_lock)
    yield from up_write(anon_vma.rwsem)
    if allocated and not set_now:
        yield Write(anon_vma.life, Life.UNBORN)
    return True


@inlined
def find_mergeable_anon_vma(t: Thread, mm: Mm, vma: Vma) -> Routine[AnonVma | None]:
    """That of the VMA right behind or right before, if it maps with the same rights."""
    cells = tuple(cell for other in t.kernel.vmas for cell in (other.start, other.end, other.flags, other.anon_vma))
    tree, *fields = yield Look((mm.tree, *cells))
    number = _mergeable(vma.number, tree, tuple(fields))
    return None if number == NONE else t.kernel.anon_vmas[number]


@inlined
def anon_vma_alloc(t: Thread) -> Routine[AnonVma | None]:
    """A reverse map that nobody uses."""
    lives = tuple(anon_vma.life for anon_vma in t.kernel.anon_vmas)
    number: int = yield Atomic(lives, _first_unborn, "take an anon_vma from the slab")
    return None if number == NONE else t.kernel.anon_vmas[number]


def _mergeable(number: int, tree: tuple[int, ...], fields: tuple[Value, ...]) -> int:
    start, end, flags, _ = fields[4 * number : 4 * number + 4]
    for other in tree:
        its_start, its_end, its_flags, anon_vma = fields[4 * other : 4 * other + 4]
        if anon_vma != NONE and its_flags == flags and (its_start == end or its_end == start):
            return int(anon_vma)
    return NONE


def _first_unborn(*lives: Life) -> tuple[Value, ...]:
    for number, life in enumerate(lives):
        if life is Life.UNBORN:
            return (number, *lives[:number], Life.LIVE, *lives[number + 1 :])
    return (NONE, *lives)


class _Join:
    def __init__(self, anon_vma: int, vma: int) -> None:
        self._anon_vma = anon_vma
        self._vma = vma

    def __call__(self, present: int, vmas: tuple[int, ...]) -> tuple[Value, ...]:
        if present != NONE:
            return (False, present, vmas)
        return (True, self._anon_vma, (*vmas, self._vma))
