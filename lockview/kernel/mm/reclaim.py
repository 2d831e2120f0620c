"""Reclaim: looking whether a page is used, and taking it from those who map it, as in mm/vmscan.c and mm/rmap.c."""

from __future__ import annotations

from lockview.kernel.effects import Acquire, Atomic, Look, Read, Release, Routine, Value
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rwsem import down_read, down_read_trylock, up_read
from lockview.kernel.locks.spinlock import spin_lock, spin_unlock
from lockview.kernel.mm.flushing import flush_tlb_mm_range
from lockview.kernel.mm.objects import ENTRIES, NONE, File, Frame, Life, Mm, Pmd, Pte, Vma
from lockview.kernel.mm.unmap import clear_pte, put_page
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread


def try_to_free_pages(t: Thread) -> Routine[None]:
    """Reclaim one page of a file's cache, if there is one."""
    yield from shrink_node(t)


def shrink_node(t: Thread) -> Routine[None]:
    """The pages of one node."""
    yield from shrink_node_memcg(t)


def shrink_node_memcg(t: Thread) -> Routine[None]:
    """The pages of one memory cgroup."""
    yield from shrink_inactive_list(t)


def shrink_inactive_list(t: Thread) -> Routine[None]:
    """Isolate pages that have not been used for long."""
    yield Acquire(t.kernel.lru_lock)
    caches: tuple[tuple[tuple[int, int], ...], ...] = yield Look(tuple(file.cache for file in t.kernel.files))
    yield Release(t.kernel.lru_lock)
    number = next((number for number, cache in enumerate(caches) if cache), NONE)
    if number != NONE:
        index, frame = caches[number][0]
        yield from shrink_page_list(t, t.kernel.files[number], index, t.kernel.frames[frame])


def shrink_page_list(t: Thread, file: File, index: int, frame: Frame) -> Routine[None]:
    """Try to free one page."""
    locked: bool = yield Acquire(frame.lock, trylock=True)
    if not locked:
        return
    referenced = yield from page_referenced(t, file, index)
    if not referenced:
        yield from try_to_unmap(t, file, index)
        mapped: int = yield Read(frame.mapcount)
        if not mapped:
            yield from remove_mapping(file, index, frame)
    yield Release(frame.lock)


def page_referenced(t: Thread, file: File, index: int) -> Routine[bool]:
    """Whether somebody used the page since it was last asked."""
    return (yield from rmap_walk_file(t, file, index, looking=True))


def try_to_unmap(t: Thread, file: File, index: int) -> Routine[None]:
    """Take the page from everybody who maps it."""
    yield from rmap_walk_file(t, file, index, looking=False)


def rmap_walk_file(t: Thread, file: File, index: int, *, looking: bool) -> Routine[bool]:
    """Visit every page table entry that may map a page of a file; with ``looking`` only ask whether it was used."""
    if looking and t.has(Switch.RMAP_TRYLOCK):
        if not (yield from down_read_trylock(file.i_mmap_rwsem)):
            return True
    else:
        yield from down_read(file.i_mmap_rwsem)
    referenced = False
    left: tuple[int, ...] = yield Read(file.vmas)
    while left:
        vma = t.kernel.vmas[left[0]]
        left = left[1:]
        if looking:
            referenced = (yield from page_referenced_one(t, vma, index)) or referenced
        else:
            yield from try_to_unmap_one(t, vma, index)
    yield from up_read(file.i_mmap_rwsem)
    return referenced


def page_referenced_one(t: Thread, vma: Vma, index: int) -> Routine[bool]:
    """Test and clear the accessed bit."""
    place = yield from page_vma_mapped_walk(t, vma, index)
    if place is None:
        return False
    mm, page = place
    pmd: Pmd = yield Read(mm.pmds[page // ENTRIES])
    if pmd.table == NONE:
        return False
    table = t.kernel.tables[pmd.table]
    yield from spin_lock(table.ptl)
    young: bool = yield Atomic((table.ptes[page % ENTRIES],), _test_and_clear_young, "test the accessed bit")
    yield from spin_unlock(table.ptl)
    return young


def try_to_unmap_one(t: Thread, vma: Vma, index: int) -> Routine[None]:
    """Clear one entry, flush, and drop the page's reference."""
    place = yield from page_vma_mapped_walk(t, vma, index)
    if place is None:
        return
    mm, page = place
    pmd: Pmd = yield Read(mm.pmds[page // ENTRIES])
    if pmd.table == NONE:
        return
    table = t.kernel.tables[pmd.table]
    yield from spin_lock(table.ptl)
    frame = yield from clear_pte(t, table.ptes[page % ENTRIES])
    if frame != NONE:
        yield from flush_tlb_mm_range(t, mm)
    yield from spin_unlock(table.ptl)
    if frame != NONE:
        yield from put_page(t, frame)


@inlined
def page_vma_mapped_walk(t: Thread, vma: Vma, index: int) -> Routine[tuple[Mm, int] | None]:
    """The address space and page at which a VMA maps a page of its file; None when it does not."""
    owner, start, end, pgoff = yield Look((vma.mm, vma.start, vma.end, vma.pgoff))
    page = start + index - pgoff
    return (t.kernel.mms[owner], page) if owner != NONE and start <= page < end else None


@inlined
def remove_mapping(file: File, index: int, frame: Frame) -> Routine[None]:
    """Take a page out of the page cache."""
    yield Atomic((file.cache, frame.refs, frame.life), _Uncache(index), "take the page out of the cache")


def _test_and_clear_young(pte: Pte) -> tuple[Value, ...]:
    return (pte.young, pte._replace(young=False))


class _Uncache:
    def __init__(self, index: int) -> None:
        self._index = index

    def __call__(self, cache: tuple[tuple[int, int], ...], refs: int, life: Life) -> tuple[Value, ...]:
        rest = tuple(item for item in cache if item[0] != self._index)
        if len(rest) == len(cache):
            return (None, cache, refs, life)
        return (None, rest, refs - 1, Life.UNBORN if refs == 1 else life)
