"""Getting memory: pages, page tables and slab objects, and the marker that says reclaim may happen here."""

from __future__ import annotations

from lockview.kernel.effects import Add, Annotate, Atomic, Check, Choose, Happened, Read, Routine, Spend, Value
from lockview.kernel.handles import Cell
from lockview.kernel.inlining import inlined
from lockview.kernel.mm.objects import NONE, Life
from lockview.kernel.system import Thread


def fs_reclaim_acquire(t: Thread) -> Routine[None]:
    """Tell lockdep that reclaim may be entered, or has been."""
    yield Annotate(t.kernel.fs_reclaim)


def fs_reclaim_release(t: Thread) -> Routine[None]:
    """Tell lockdep that it is over."""
    yield Annotate(t.kernel.fs_reclaim, release=True)


def __alloc_pages_nodemask(t: Thread, pool: tuple[Cell, ...], *, may_reclaim: bool = True) -> Routine[int]:
    """Memory for one object of a pool, given by the cells of its lives: its number, NONE when all are in use.

    With ``may_reclaim`` (GFP_KERNEL) lockdep is told so, and the task may have to reclaim pages itself first.
    """
    if may_reclaim:
        yield from fs_reclaim_acquire(t)
        yield from fs_reclaim_release(t)
        if (yield from has_to_reclaim(t)):
            yield from __alloc_pages_slowpath(t)
    number: int = yield Atomic(pool, _first_unborn, "take free memory")
    yield Happened("alloc", "", number)
    return number


@inlined
def alloc_page(t: Thread, *, may_reclaim: bool = True) -> Routine[int]:
    """A page: the number of a frame that nobody else has; NONE when all are in use."""
    frame = yield from __alloc_pages_nodemask(t, tuple(f.life for f in t.kernel.frames), may_reclaim=may_reclaim)
    yield Spend("page")
    return frame


def __alloc_pages_slowpath(t: Thread) -> Routine[None]:
    """Direct reclaim, entered from the allocator."""
    from lockview.kernel.mm.reclaim import try_to_free_pages

    yield from fs_reclaim_acquire(t)
    yield Happened("reclaim_enter")
    yield from try_to_free_pages(t)
    yield Happened("reclaim_exit")
    yield from fs_reclaim_release(t)


@inlined
def has_to_reclaim(t: Thread) -> Routine[bool]:
    """Whether memory is short for this allocation: left open, as long as the run's budget of reclaims lasts."""
    if not t.may_reclaim:
        return False
    left: int = yield Read(t.kernel.reclaims_left)
    if left == 0:
        return False
    short: int = yield Choose("reclaim")
    if not short:
        return False
    yield Add(t.kernel.reclaims_left, -1)
    return True


def kmem_cache_alloc(t: Thread, pool: tuple[Cell, ...] | None = None, *, may_reclaim: bool = True) -> Routine[int]:
    """The number of an unborn VMA, now alive and reachable by nobody else; NONE when the pool is empty.

    ``pool`` are the lives of other objects to take from; an empty one stands for objects that are not modelled.
    """
    if may_reclaim:
        yield from fs_reclaim_acquire(t)
        yield from fs_reclaim_release(t)
    lives = tuple(vma.life for vma in t.kernel.vmas) if pool is None else pool
    if not lives:
        return NONE
    number: int = yield Atomic(lives, _first_unborn, "take an object from the slab")
    yield enough(number, "VMA")
    return number


def pte_alloc_one(t: Thread, *, may_reclaim: bool = True) -> Routine[int]:
    """The number of an unborn page table, now alive and empty; NONE when the pool is empty."""
    pool = tuple(table.life for table in t.kernel.tables)
    number = yield from __alloc_pages_nodemask(t, pool, may_reclaim=may_reclaim)
    yield enough(number, "page table")
    return number


def enough(number: int, what: str) -> Check:
    """A run goes no further when the scenario has too few objects: what the kernel does then is not modelled."""
    return Check("pool", (), _Is(number != NONE), f"no {what} is left in the pool: the scenario needs more")


def _first_unborn(*lives: Life) -> tuple[Value, ...]:
    """Bring the first unborn object of a pool to life; its number comes first."""
    for number, life in enumerate(lives):
        if life is Life.UNBORN:
            return (number, *lives[:number], Life.LIVE, *lives[number + 1 :])
    return (NONE, *lives)


class _Is:
    def __init__(self, holds: bool) -> None:
        self._holds = holds

    def __call__(self) -> bool:
        return self._holds
