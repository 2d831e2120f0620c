"""Reclaim: looking whether a page is used, and taking it from those who map it, as in mm/vmscan.c and mm/rmap.c."""

from __future__ import annotations

from lockview.kernel.effects import Acquire, Atomic, Look, Read, Release, Routine, Value
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rwsem import down_read, down_read_trylock, up_read
from lockview.kernel.locks.spinlock import spin_lock, spin_unlock
from lockview.kernel.mm.flushing import flush_tlb_mm_range
from lockview.kernel.mm.objects import ENTRIES, NONE, Entry, File, Frame, Life, Mm, Pmd, Pte, Table, Vma
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
    referenced = yield from page_referenced(t, file, index, frame)
    if not referenced:
        yield from try_to_unmap(t, file, index, frame)
        mapped: int = yield Read(frame.mapcount)
        if not mapped:
            yield from remove_mapping(file, index, frame)
    yield Release(frame.lock)


def page_referenced(t: Thread, file: File, index: int, frame: Frame) -> Routine[bool]:
    """Whether somebody used the page since it was last asked."""
    return (yield from rmap_walk_file(t, file, index, frame, looking=True))


def try_to_unmap(t: Thread, file: File, index: int, frame: Frame) -> Routine[None]:
    """Take the page from everybody who maps it."""
    yield from rmap_walk_file(t, file, index, frame, looking=False)


def rmap_walk_file(t: Thread, file: File, index: int, frame: Frame, *, looking: bool) -> Routine[bool]:
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
            referenced = (yield from page_referenced_one(t, vma, index, frame)) or referenced
        else:
            yield from try_to_unmap_one(t, vma, index, frame)
    yield from up_read(file.i_mmap_rwsem)
    return referenced


def page_referenced_one(t: Thread, vma: Vma, index: int, frame: Frame) -> Routine[bool]:
    """Test and clear the accessed bit."""
    found = yield from page_vma_mapped_walk(t, vma, index, frame)
    if found is None:
        return False
    _, table, entry = found
    young: bool = yield Atomic((table.ptes[entry],), _test_and_clear_young, "test the accessed bit")
    yield from spin_unlock(table.ptl)
    return young


def try_to_unmap_one(t: Thread, vma: Vma, index: int, frame: Frame) -> Routine[None]:
    """Clear one entry, flush, and drop the page's reference."""
    found = yield from page_vma_mapped_walk(t, vma, index, frame)
    if found is None:
        return
    mm, table, entry = found
    yield from clear_pte(t, table.ptes[entry])
    yield from flush_tlb_mm_range(t, mm)
    yield from spin_unlock(table.ptl)
    yield from put_page(t, frame.number)


def page_vma_mapped_walk(t: Thread, vma: Vma, index: int, frame: Frame) -> Routine[tuple[Mm, Table, int] | None]:
    """The entry by which a VMA maps a page of its file, in its table, which is locked then; None without one."""
    owner, start, end, pgoff = yield Look((vma.mm, vma.start, vma.end, vma.pgoff))
    page = start + index - pgoff
    inside = owner != NONE and start <= page < end
    del start, end, pgoff
    if not inside:
        return None
    mm = t.kernel.mms[owner]
    pmd: Pmd = yield Read(mm.pmds[page // ENTRIES])
    if pmd.table == NONE:
        return None
    table = t.kernel.tables[pmd.table]
    yield from spin_lock(table.ptl)
    pte: Pte = yield Read(table.ptes[page % ENTRIES])
    if pte.entry is Entry.MAP and pte.frame == frame.number:
        return mm, table, page % ENTRIES
    yield from spin_unlock(table.ptl)
    return None


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
