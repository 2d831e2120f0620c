"""Moving pages to other places in memory: compaction, as in mm/migrate.c, mm/compaction.c and mm/rmap.c of 4.13.

No write section is opened: who maps the page finds a migration entry, and the lock of the table orders both.
"""

from __future__ import annotations

from typing import NamedTuple

from lockview.kernel.effects import Acquire, Add, Atomic, Look, Read, Release, Routine, Spend, Value
from lockview.kernel.handles import Cell
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.rwsem import down_read, up_read
from lockview.kernel.locks.spinlock import spin_lock, spin_unlock
from lockview.kernel.mm.allocation import alloc_page
from lockview.kernel.mm.checks import live_anon_vma
from lockview.kernel.mm.flushing import flush_tlb_mm_range
from lockview.kernel.mm.objects import ENTRIES, NONE, AnonVma, Entry, File, Frame, Mm, Pmd, Pte, Vma
from lockview.kernel.mm.unmap import put_page
from lockview.kernel.system import Thread


class ReverseMap(NamedTuple):
    """Where those who map a page are found: by its file, whose page ``at`` it is, or by its anon_vma."""

    file: File | None = None
    at: int = 0
    anon_vma: AnonVma | None = None


def kcompactd(t: Thread, mm: Mm, page: int) -> Routine[None]:
    """The thread that compacts a node; the page it comes upon is the one mapped at ``page``."""
    yield from compact_zone(t, mm, page)


def compact_zone(t: Thread, mm: Mm, page: int) -> Routine[None]:
    """Isolate a page, then move it."""
    number, rmap = yield from isolate_migratepages(t, mm, page)
    if rmap is not None:
        yield from migrate_pages(t, t.kernel.frames[number], rmap)
        yield from put_page(t, number)


@inlined
def isolate_migratepages(t: Thread, mm: Mm, page: int) -> Routine[tuple[int, ReverseMap | None]]:
    """Take the page off its list, with a reference of its own."""
    yield Acquire(t.kernel.lru_lock)
    number, rmap = yield from _page_at(t, mm, page)
    if rmap is not None:
        held: bool = yield Atomic((t.kernel.frames[number].refs,), _get_unless_zero, "get_page_unless_zero")
        if not held:
            rmap = None
    yield Release(t.kernel.lru_lock)
    return number, rmap


@inlined
def _page_at(t: Thread, mm: Mm, page: int) -> Routine[tuple[int, ReverseMap | None]]:
    """The page mapped at an address, and its reverse map: what ``page->mapping`` says."""
    pmd: Pmd = yield Read(mm.pmds[page // ENTRIES])
    if pmd.table == NONE:
        return NONE, None
    pte: Pte = yield Read(t.kernel.tables[pmd.table].ptes[page % ENTRIES])
    fields = tuple(cell for vma in t.kernel.vmas for cell in (vma.start, vma.end, vma.file, vma.anon_vma, vma.pgoff))
    values: tuple[Value, ...] = yield Look((mm.tree, *fields))
    del fields
    owner = next((n for n in values[0] if values[1 + 5 * n] <= page < values[2 + 5 * n]), NONE)
    if pte.entry is not Entry.MAP or owner == NONE:
        return NONE, None
    start, _, file, anon_vma, pgoff = values[1 + 5 * owner : 6 + 5 * owner]
    if anon_vma != NONE:
        return pte.frame, ReverseMap(anon_vma=t.kernel.anon_vmas[anon_vma])
    if file != NONE:
        return pte.frame, ReverseMap(t.kernel.files[file], page - start + pgoff)
    return NONE, None


def migrate_pages(t: Thread, old: Frame, rmap: ReverseMap) -> Routine[None]:
    """Lock the page, put migration entries in the place of its mappings, copy, map the new page there.

    A page that somebody else still holds keeps its place.
    """
    number = yield from alloc_page(t)
    if number == NONE:
        return
    new = t.kernel.frames[number]
    yield Add(new.refs)
    yield Acquire(old.lock)
    yield from try_to_unmap(t, old, rmap)
    moved = yield from migrate_page_move_mapping(old, new, rmap)
    if moved:
        yield Atomic((old.writes, new.writes), _copied, "copy the page")
        yield Spend("copy")
    yield from remove_migration_ptes(t, old, new if moved else old, rmap)
    yield Release(old.lock)
    yield from put_page(t, number)


@inlined
def migrate_page_move_mapping(old: Frame, new: Frame, rmap: ReverseMap) -> Routine[bool]:
    """Whether nobody but the page cache and we hold the page; then the cache has the new one."""
    if rmap.file is None:
        refs: int = yield Read(old.refs)
        return refs == 1
    cells = (rmap.file.cache, old.refs, new.refs)
    return bool((yield Atomic(cells, _Move(rmap.at, old.number, new.number), "replace the page in the cache")))


def try_to_unmap(t: Thread, old: Frame, rmap: ReverseMap) -> Routine[None]:
    """Put migration entries in the place of the mappings."""
    yield from rmap_walk(t, rmap, old.number, NONE)


def remove_migration_ptes(t: Thread, old: Frame, new: Frame, rmap: ReverseMap) -> Routine[None]:
    """Put mappings of the new page in the place of the migration entries."""
    yield from rmap_walk(t, rmap, old.number, new.number)


@inlined
def rmap_walk(t: Thread, rmap: ReverseMap, old: int, new: int) -> Routine[None]:
    """Visit all VMAs of the reverse map, whose lock is held shared: make migration entries, or undo them to ``new``."""
    if rmap.file is not None:
        yield from rmap_walk_file(t, rmap.file, old, new)
    elif rmap.anon_vma is not None:
        yield from page_lock_anon_vma_read(rmap.anon_vma)
        yield from _visit_all(t, rmap.anon_vma.vmas, old, new)
        yield from up_read(rmap.anon_vma.rwsem)


def rmap_walk_file(t: Thread, file: File, old: int, new: int) -> Routine[None]:
    """For a page of a file."""
    yield from down_read(file.i_mmap_rwsem)
    yield from _visit_all(t, file.vmas, old, new)
    yield from up_read(file.i_mmap_rwsem)


def page_lock_anon_vma_read(anon_vma: AnonVma) -> Routine[None]:
    """For an anonymous page: lock its reverse map, which must still be there (I16)."""
    yield from down_read(anon_vma.rwsem)
    yield live_anon_vma(anon_vma.life)


@inlined
def _visit_all(t: Thread, vmas: Cell, old: int, new: int) -> Routine[None]:
    left: tuple[int, ...] = yield Read(vmas)
    while left:
        owner, start, end = yield Look(_extent(t.kernel.vmas[left[0]]))
        left = left[1:]
        if owner != NONE:
            yield from _visit_vma(t, t.kernel.mms[owner], start, end, old, new)


@inlined
def _visit_vma(t: Thread, mm: Mm, start: int, end: int, old: int, new: int) -> Routine[None]:
    """``page_vma_mapped_walk``: table by table. Other CPUs forget a mapping before its table is unlocked."""
    page = start
    while page < end:
        stop = min(end, (page // ENTRIES + 1) * ENTRIES)
        pmd: Pmd = yield Read(mm.pmds[page // ENTRIES])
        if pmd.table != NONE:
            table = t.kernel.tables[pmd.table]
            yield from spin_lock(table.ptl)
            frame = t.kernel.frames[old if new == NONE else new]
            cells = (frame.refs, frame.mapcount, *table.ptes[page % ENTRIES : page % ENTRIES + stop - page])
            changed: int = yield Atomic(cells, _Exchange(old, new), "exchange the entries")
            del cells
            if changed and new == NONE:
                yield from flush_tlb_mm_range(t, mm)
            yield from spin_unlock(table.ptl)
        page = stop


def _extent(vma: Vma) -> tuple[Cell, Cell, Cell]:
    return (vma.mm, vma.start, vma.end)


def _get_unless_zero(refs: int) -> tuple[Value, ...]:
    return (bool(refs), refs + bool(refs))


def _copied(old: Value, _new: Value) -> tuple[Value, ...]:
    return (None, old, old)


class _Move:
    """Replace the page in the cache unless somebody else has a reference to it: two are the cache's and ours."""

    def __init__(self, index: int, old: int, new: int) -> None:
        self._index = index
        self._old = old
        self._new = new

    def __call__(self, cache: tuple[tuple[int, int], ...], old_refs: int, new_refs: int) -> tuple[Value, ...]:
        item = (self._index, self._old)
        if item not in cache or old_refs != 2:
            return (False, cache, old_refs, new_refs)
        return (
            True,
            tuple((at, self._new) if (at, number) == item else (at, number) for at, number in cache),
            old_refs - 1,
            new_refs + 1,
        )


class _Exchange:
    """Mappings of ``old`` become migration entries, or these mappings of ``new``; answers how many."""

    def __init__(self, old: int, new: int) -> None:
        self._old = old
        self._new = new

    def __call__(self, refs: int, mapcount: int, *ptes: Pte) -> tuple[Value, ...]:
        undo = self._new != NONE
        wanted = Entry.MIGRATION if undo else Entry.MAP
        entry, frame = (Entry.MAP, self._new) if undo else (Entry.MIGRATION, self._old)
        hit = [pte.entry is wanted and pte.frame == self._old for pte in ptes]
        change = sum(hit) if undo else -sum(hit)
        after = (
            pte._replace(entry=entry, frame=frame) if is_hit else pte for pte, is_hit in zip(ptes, hit, strict=True)
        )
        return (sum(hit), refs + change, mapcount + change, *after)
