"""The invariants that page faults can break, as remarks for the steps that can break them.

Each holds in every state of a correct kernel, or is placed where it has to hold. I12 is lockdep's, I13 and I15 are for
who explores, I5 is in ``sections``, I10 in ``mremap``, I3 of a single VMA is ``sections.alive``.
"""

from __future__ import annotations

from lockview.kernel.effects import Check, Value
from lockview.kernel.handles import Cell, HolderState
from lockview.kernel.locks.seqcount import counter, is_even
from lockview.kernel.mm.descriptor import permits
from lockview.kernel.mm.objects import ENTRIES, NONE, Entry, File, Flags, Frame, Life, Mm, Pmd, Pte, Table, Vma
from lockview.kernel.system import Thread


def not_unmapped(vma: Vma, page: int) -> Check:
    """I1: no entry is made for a VMA whose entries munmap has cleared, nor for one that is nobody's by now."""
    return Check("I1", (vma.zapped, vma.life), _is_mapped, f"page {page} is mapped after vma:{vma.number} was unmapped")


def at_its_place(mm: Mm, table: Table, page: int) -> Check:
    """I1: the table does not map other pages by now."""
    return Check("I1", mm.pmds, _NotElsewhere(table.number, page), f"page {page} is mapped in a table that was moved")


def not_too_much(mm: Mm, vma: Vma, page: int) -> Check:
    """I2: no writable entry is made for a VMA that forbids writing, unless a writer inside will still visit it."""
    text = f"page {page} is mapped writable, which vma:{vma.number} does not permit"
    cells = (vma.flags, counter(vma.vm_sequence), mm.mmap_seq)
    return Check("I2", cells, _may_be_writable, text)


def nothing_too_much(t: Thread, mm: Mm, pages: tuple[int, int], flags: Flags) -> Check:
    """I2: no entry of a range of pages permits writing when all have been gone through and ``flags`` do not."""
    ptes = (pte for table in t.kernel.tables for pte in table.ptes)
    text = f"a page from {pages[0]} up to {pages[1]} can still be written"
    return Check("I2", (*mm.pmds, *ptes), _NoneWritable(len(mm.pmds), pages, flags), text)


def right_vma(mm: Mm, vma: Vma, page: int) -> Check:
    """I3: the object is the VMA that it was taken for, not another one in the same memory."""
    text = f"vma:{vma.number} is taken for one that maps page {page}"
    return Check("I3", (vma.mm, vma.start, vma.end), _Maps(mm.number, page), text)


def live_table(table: Table) -> Check:
    """I4: a page table whose memory was freed is not used."""
    return Check("I4", (table.life,), _is_live, f"table:{table.number} is used after it was freed")


def real_table(there: bool, page: int) -> Check:
    """I4: the lock of a page table is found through an entry that is a table."""
    return never("I4", not there, f"the page table lock of page {page} is looked for where no table is")


def held_file(file: File) -> Check:
    """I6: a file that a VMA maps is open."""
    return Check("I6", (file.f_count,), _is_positive, f"file:{file.number} is used after it was closed")


def cached(file: File, index: int, frame: Frame) -> Check:
    """I1: who holds the page lock maps only what is still in the page cache."""
    return Check(
        "I1", (file.cache,), _Caches(index, frame.number), f"page {index} of a file is mapped after it was cut off"
    )


def unmapped(frame: Frame) -> Check:
    """I1: a page that truncation takes out of the page cache is mapped nowhere."""
    return Check("I1", (frame.mapcount,), _is_zero, f"frame:{frame.number} is cut off a file while it is mapped")


def counted(t: Thread, frame: Frame) -> Check:
    """I8: the map count of a page is the number of entries that map it."""
    cells = (frame.mapcount, *(pte for table in t.kernel.tables for pte in table.ptes))
    return Check("I8", cells, _MapsAsOften(frame.number), f"frame:{frame.number} is not mapped as often as it counts")


def not_overwritten(entry: Entry, page: int) -> Check:
    """I8: an entry that came in between is not lost."""
    return never("I8", entry is not Entry.NONE, f"the entry of page {page} that was made meanwhile is lost")


def same_page(cleared: int, copied: Frame, page: int) -> Check:
    """I8: a copy takes the place of what was copied."""
    return never("I8", cleared != copied.number, f"a copy takes the place of another entry of page {page}")


def no_write_lost(mm: Mm, old: Frame, new: Frame) -> Check:
    """I9: a copy has every write of this address space that the original has received."""
    text = f"a write to frame:{old.number} came after it was copied, and is lost"
    return Check("I9", (old.writes, new.writes), _HasAll(mm.number), text)


def served_rightly(vma: Vma, page: int, flags: Flags, *, write: bool) -> Check:
    """I11: a fault is served only where the VMA reaches, and by rights that it had when its flags were read."""
    text = f"page {page} is served, which vma:{vma.number} does not permit"
    return Check("I11", (vma.start, vma.end), _Reaches(page, permits(flags, write=write)), text)


def refused_rightly(t: Thread, mm: Mm, page: int, *, write: bool) -> Check:
    """I11: SIGSEGV is given only where no VMA permits the access now."""
    return Check("I11", right_cells(t, mm), _Forbidden(page, write), f"page {page} is refused, which is permitted")


def had_no_right(t: Thread, page: int) -> Check:
    """I11: a refusal without mmap_sem rests on flags that forbade the access when they were read."""
    return Check("I11", (t.had_no_right,), bool, f"page {page} is refused by flags of another time")


def right_index(mm: Mm, vma: Vma, offset: int) -> Check:
    """I11: start and page offset of a VMA were read as one; ``offset`` is their difference. Growth may be half done."""
    text = f"start and page offset of vma:{vma.number} do not belong together"
    lock = Cell(mm.page_table_lock.cell, mm.page_table_lock.name)
    return Check("I11", (vma.start, vma.pgoff, lock), _HasOffset(offset), text)


def may_sleep(t: Thread) -> Check:
    """I14: who may wait has its interrupts on and holds no page table lock."""
    cells = (t.irqs, *(Cell(table.ptl.cell, table.ptl.name) for table in t.kernel.tables))
    return Check("I14", cells, _Sleeps(t.number), f"{t.comm} may sleep in atomic context")


def neighbours_stand_still(t: Thread, mm: Mm) -> Check:
    """I16: who looks at the reverse maps of neighbouring VMAs holds mmap_sem."""
    lock = Cell(mm.mmap_sem.cell, mm.mmap_sem.name)
    return Check("I16", (lock,), _Holds(t.number), f"{t.comm} looks at anon_vma of neighbours without mmap_sem")


def live_anon_vma(life: Cell) -> Check:
    """I16: the lock of a reverse map is taken only as long as that lives."""
    return Check("I16", (life,), _is_live, f"{life.name} is used after it was freed")


def page_is_there(frame: Frame) -> Check:
    """I17: no TLB leads to a page that was given back."""
    return Check("I17", (frame.life,), _is_live, f"frame:{frame.number} is reached by a TLB after it was freed")


def never(invariant: str, seen: bool, text: str) -> Check:
    """What a step has seen already."""
    return Check(invariant, (), _Unless(seen), text)


def right_cells(t: Thread, mm: Mm) -> tuple[Cell, ...]:
    """What decides about rights: the tree, then start, end and flags of every VMA."""
    return (mm.tree, *(cell for vma in t.kernel.vmas for cell in (vma.start, vma.end, vma.flags)))


def is_forbidden(page: int, write: bool, tree: tuple[int, ...], fields: tuple[Value, ...]) -> bool:
    """Whether no VMA of the tree permits an access; ``fields`` as in ``right_cells``."""
    for number in tree:
        start, end, flags = fields[3 * number : 3 * number + 3]
        if start <= page < end and permits(flags, write=write):
            return False
    return True


def _is_mapped(zapped: bool, life: Life) -> bool:
    return not zapped and life in (Life.LIVE, Life.PENDING)


def _is_live(life: Life) -> bool:
    return life is Life.LIVE


def _is_positive(value: int) -> bool:
    return value > 0


def _may_be_writable(flags: Flags, *counters: int) -> bool:
    return bool(flags & Flags.WRITE) or not all(map(is_even, counters))


def _is_zero(value: int) -> bool:
    return value == 0


class _Caches:
    def __init__(self, index: int, frame: int) -> None:
        self._page = (index, frame)

    def __call__(self, cache: tuple[tuple[int, int], ...]) -> bool:
        return self._page in cache


class _NoneWritable:
    def __init__(self, pmds: int, pages: tuple[int, int], flags: Flags) -> None:
        self._pmds = pmds
        self._pages = pages
        self._permitted = bool(flags & Flags.WRITE)

    def __call__(self, *values: Value) -> bool:
        if self._permitted:
            return True
        ptes: tuple[Pte, ...] = values[self._pmds :]
        for page in range(*self._pages):
            pmd: Pmd = values[page // ENTRIES]
            if pmd.table != NONE and ptes[ENTRIES * pmd.table + page % ENTRIES].writable:
                return False
        return True


class _NotElsewhere:
    def __init__(self, table: int, page: int) -> None:
        self._table = table
        self._place = page // ENTRIES

    def __call__(self, *pmds: Pmd) -> bool:
        return all(pmd.table != self._table or place == self._place for place, pmd in enumerate(pmds))


class _Maps:
    def __init__(self, mm: int, page: int) -> None:
        self._mm = mm
        self._page = page

    def __call__(self, mm: int, start: int, end: int) -> bool:
        return mm == self._mm and start <= self._page < end


class _MapsAsOften:
    def __init__(self, frame: int) -> None:
        self._frame = frame

    def __call__(self, mapcount: int, *ptes: Pte) -> bool:
        entries = (Entry.MAP, Entry.PROT_NONE)
        return mapcount == sum(pte.frame == self._frame and pte.entry in entries for pte in ptes)


class _HasAll:
    def __init__(self, mm: int) -> None:
        self._mm = mm

    def __call__(self, old: tuple[tuple[int, ...], ...], new: tuple[tuple[int, ...], ...]) -> bool:
        counts = {write[:3]: write[3] for write in new}
        return all(counts.get(write[:3], 0) >= write[3] for write in old if write[0] == self._mm)


class _Reaches:
    def __init__(self, page: int, permitted: bool) -> None:
        self._page = page
        self._permitted = permitted

    def __call__(self, start: int, end: int) -> bool:
        return self._permitted and start <= self._page < end


class _Forbidden:
    def __init__(self, page: int, write: bool) -> None:
        self._page = page
        self._write = write

    def __call__(self, tree: tuple[int, ...], *fields: Value) -> bool:
        return is_forbidden(self._page, self._write, tree, fields)


class _HasOffset:
    def __init__(self, offset: int) -> None:
        self._offset = offset

    def __call__(self, start: int, pgoff: int, growing: HolderState) -> bool:
        return growing.writer >= 0 or pgoff - start == self._offset


class _Sleeps:
    def __init__(self, task: int) -> None:
        self._task = task

    def __call__(self, irqs: int, *tables: HolderState) -> bool:
        return bool(irqs) and all(lock.writer != self._task for lock in tables)


class _Holds:
    def __init__(self, task: int) -> None:
        self._task = task

    def __call__(self, lock: HolderState) -> bool:
        return lock.writer == self._task or self._task in lock.readers


class _Unless:
    def __init__(self, seen: bool) -> None:
        self._seen = seen

    def __call__(self) -> bool:
        return not self._seen
