"""The core model of mremap: one page moves from an old VMA to a new one, while faults come in at both ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from lockview.kernel.effects import Add, Atomic, Check, Look, Read, Routine, Value, Write
from lockview.kernel.handles import NOBODY, Cell
from lockview.kernel.switches import Switch
from lockview.kernel.worlds import WorldPlan


class End(NamedTuple):
    """One of the two VMAs with its page table.

    ``table`` tells whether it is there, ``zapped`` (ghost) whether munmap has been over it.
    """

    linked: Cell
    seq: Cell
    table: Cell
    ptl: Cell
    pte: Cell
    zapped: Cell


class MremapModel(NamedTuple):
    """The cells. ``mmap_sem`` is the number of readers, or WRITER. ``overwritten`` is a ghost."""

    switches: frozenset[Switch]
    mmap_sem: Cell
    old: End
    new: End
    overwritten: Cell

    def has(self, switch: Switch) -> bool:
        """Whether a switch is on."""
        return switch in self.switches


WRITER = -1
MREMAP, FAULT_NEW, FAULT_OLD = 0, 1, 2
"""The numbers of the tasks."""


def new_mremap_model(
    plan: WorldPlan, switches: frozenset[Switch] = frozenset(), *, table_present: bool = True
) -> MremapModel:
    """An instance whose old VMA has its page; the new one is not linked yet and has a page table or not."""
    return MremapModel(
        switches,
        plan.cell("mmap_sem", 0),
        _end(plan, "old", linked=True, table=True),
        _end(plan, "new", linked=False, table=table_present),
        plan.cell("overwritten", False, ghost=True),
    )


def _end(plan: WorldPlan, name: str, *, linked: bool, table: bool) -> End:
    return End(
        plan.cell(f"{name}.linked", linked),
        plan.cell(f"{name}.vm_sequence", 0),
        plan.cell(f"{name}.table", table),
        plan.cell(f"{name}.ptl", NOBODY),
        plan.cell(f"{name}.pte", linked),
        plan.cell(f"{name}.zapped", False, ghost=True),
    )


def mremap(c: MremapModel) -> Routine[None]:
    """Move the page, unmap the old VMA."""
    yield Atomic((c.mmap_sem,), lambda readers: None if readers else (None, WRITER), "down_write")
    if c.has(Switch.OPEN_BEFORE_LINK):
        yield from _open_sections(c)
        yield Write(c.new.linked, True)
    else:
        yield Write(c.new.linked, True)
        yield from _open_sections(c)
    if c.has(Switch.M27):
        cells = (c.old.table, c.new.table, c.old.pte, c.new.pte)
        yield Atomic(cells, lambda _from, _to, old, _new: (None, False, True, False, old), "move the page table")
    else:
        yield from move_ptes(c)
    if not c.has(Switch.M16):
        yield Add(c.new.seq)
        yield Add(c.old.seq)
    yield from unmap_old(c)
    yield Write(c.mmap_sem, 0)


def move_ptes(c: MremapModel) -> Routine[None]:
    """Move the entry with both page tables locked."""
    yield Atomic((c.old.ptl, c.new.table), _take_and_allocate, "allocate the table, take the old one's lock")
    yield from _lock(c.new, MREMAP)
    yield Atomic((c.old.pte, c.new.pte, c.overwritten), _move, "move the entry")
    yield Check("I10", (c.overwritten,), lambda overwritten: not overwritten, "an entry is overwritten")
    yield Write(c.new.ptl, NOBODY)
    yield Write(c.old.ptl, NOBODY)
    yield _not_mapped_again(c.old)


def unmap_old(c: MremapModel) -> Routine[None]:
    """Unlink the old VMA and clear what is left of it."""
    yield Write(c.old.linked, False)
    yield Add(c.old.seq)
    yield from _lock(c.old, MREMAP)
    yield Write(c.old.pte, False)
    yield Atomic((c.old.ptl, c.old.zapped), lambda _ptl, _zapped: (None, NOBODY, True), "unlock")
    yield Add(c.old.seq)


def fault(c: MremapModel, end: End, me: int) -> Routine[None]:
    """Serve one fault at an end."""
    if not (yield from speculative_fault(end, me)):
        yield from classic_fault(c, end, me)


def speculative_fault(end: End, me: int) -> Routine[bool]:
    """Try without ``mmap_sem``."""
    if not (yield Read(end.linked)):
        return False
    sequence, linked = yield Look((end.seq, end.linked))
    if sequence % 2 or not linked:
        return False
    if not (yield Read(end.table)):
        return False
    yield Look(())
    if not (yield Atomic((end.ptl,), lambda owner: (owner == NOBODY, me if owner == NOBODY else owner), "trylock")):
        return False
    if not (yield Atomic((end.linked, end.seq, end.ptl), _check_locked(sequence), "check under the lock")):
        return False
    yield Write(end.pte, True)
    yield Check("I4", (end.table,), bool, "the page table that is written to maps another address now")
    yield Write(end.ptl, NOBODY)
    yield _not_mapped_again(end)
    return True


def classic_fault(c: MremapModel, end: End, me: int) -> Routine[None]:
    """Serve it with ``mmap_sem`` held shared."""
    yield Atomic((c.mmap_sem,), lambda readers: None if readers == WRITER else (None, readers + 1), "down_read")
    if (yield Read(end.linked)):
        yield Write(end.table, True)
        yield from _lock(end, me)
        yield Atomic((end.pte, end.ptl), lambda _pte, _ptl: (None, True, NOBODY), "set the entry, unlock")
        yield _not_mapped_again(end)
    yield Add(c.mmap_sem, -1)


def _open_sections(c: MremapModel) -> Routine[None]:
    if not c.has(Switch.M16):
        yield Add(c.old.seq)
        yield Add(c.new.seq)


def _lock(end: End, me: int) -> Routine[None]:
    yield Atomic((end.ptl,), lambda owner: (None, me) if owner == NOBODY else None, "page table lock")


def _take_and_allocate(owner: int, _table: bool) -> tuple[Value, ...] | None:
    return (None, MREMAP, True) if owner == NOBODY else None


def _move(old: bool, new: bool, overwritten: bool) -> tuple[Value, ...]:
    if not old:
        return (None, False, new, overwritten)
    return (None, False, True, overwritten or new)


def _check_locked(sequence: int) -> Callable[[bool, int, int], tuple[Value, ...]]:
    """Keep the lock if the VMA is linked and its counter has not changed."""

    def change(linked: bool, seq: int, owner: int) -> tuple[Value, ...]:
        same = linked and seq == sequence
        return (same, linked, seq, owner if same else NOBODY)

    return change


def _not_mapped_again(end: End) -> Check:
    cells = (end.zapped, end.pte, end.ptl)
    return Check("I1", cells, _is_not_stale, "an unmapped page is mapped again")


def _is_not_stale(zapped: bool, pte: bool, ptl: int) -> bool:
    return not (zapped and pte and ptl == NOBODY)
