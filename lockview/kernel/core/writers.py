"""The writers of the core model: munmap, mprotect to read-only, MADV_DONTNEED; and the daemon of grace periods."""

from __future__ import annotations

from collections.abc import Callable

from lockview.kernel.core.instance import (
    WRITER,
    Core,
    Pte,
    all_is_at_rest,
    mapping_is_right,
    permission_is_right,
    writer_is_announced,
)
from lockview.kernel.effects import Add, Atomic, Check, Flush, Look, Read, Routine, Value, Write
from lockview.kernel.handles import NOBODY
from lockview.kernel.switches import Switch


def munmap(c: Core, me: int) -> Routine[None]:
    """Unmap the VMA, free its page table, and have it freed after a grace period."""
    yield from down_write(c)
    yield Atomic((c.linked, c.file_open), _erase(c), "erase from the tree")
    yield Look(()) if c.has(Switch.M9) else Add(c.seq)
    yield from take_ptl(c, me)
    yield Atomic((c.pte, c.frames), _zap, "clear the entry")
    if c.has(Switch.FLUSH_UNDER_PTL):
        yield Flush(c.others(me))
    yield Atomic((c.ptl, c.zapped), lambda _ptl, _zapped: (None, NOBODY, True), "unlock")
    yield from mapping_is_right(c)
    yield Look(()) if c.has(Switch.M9) else Add(c.seq)
    yield Write(c.pmd, False)
    yield Flush(c.others(me))
    yield Write(c.table_freed, True)
    yield Check("I4", (c.pte,), lambda pte: pte is None, "a page table is freed with an entry in it")
    if c.has(Switch.M2):
        yield Atomic((c.vma_freed, c.file_open), lambda _freed, _file: (None, True, False), "free the VMA")
    else:
        yield Atomic((c.readers, c.callback), lambda readers, _callback: (None, readers, readers), "call_srcu")
    yield from up_write(c)


def mprotect(c: Core, me: int) -> Routine[None]:
    """Take the right to write away."""
    yield from down_write(c)
    yield from section_begin(c, forgotten=c.has(Switch.M11))
    yield Write(c.writable, False)
    yield from take_ptl(c, me)
    yield Atomic((c.pte, c.ptl, c.protected), _protect, "make the entry read-only, unlock")
    yield permission_is_right(c)
    yield from section_end(c, forgotten=c.has(Switch.M11))
    yield from up_write(c)


def dontneed(c: Core, me: int) -> Routine[None]:
    """Drop the page, with ``mmap_sem`` held shared."""
    with_section = not c.has(Switch.EXCLUSIVE_SECTIONS)
    yield Atomic((c.mmap_sem,), lambda readers: None if readers == WRITER else (None, readers + 1), "down_read")
    if with_section:
        yield from section_begin(c)
    yield from take_ptl(c, me)
    yield Atomic((c.pte, c.frames, c.ptl), lambda pte, frames, _ptl: (*_zap(pte, frames), NOBODY), "zap, unlock")
    if with_section:
        yield from section_end(c)
    yield Atomic((c.mmap_sem, c.running), lambda readers, running: (None, readers - 1, running - 1), "up_read")
    yield from all_is_at_rest(c)


def grace_periods(c: Core) -> Routine[None]:
    """Cross off readers that have left; free the VMA when none is left that it waits for."""
    while True:
        if (yield Atomic((c.callback, c.readers, c.vma_freed, c.file_open), _retire, "end of a read section")):
            return


def section_begin(c: Core, *, forgotten: bool = False) -> Routine[None]:
    """Raise the counter as writers do that nothing serialises: load, then store. One idle step if ``forgotten``."""
    if forgotten:
        yield Look(())
        return
    value: int = yield Read(c.seq)
    yield Atomic((c.seq, c.inside), lambda _seq, inside: (None, value + 1, inside + 1), "open the section")
    yield from writer_is_announced(c)


def section_end(c: Core, *, forgotten: bool = False) -> Routine[None]:
    """The same again."""
    if forgotten:
        yield Look(())
        return
    value: int = yield Read(c.seq)
    yield Atomic((c.seq, c.inside), lambda _seq, inside: (None, value + 1, inside - 1), "close the section")
    yield from writer_is_announced(c)


def down_write(c: Core) -> Routine[None]:
    """Take ``mmap_sem`` exclusively."""
    yield Atomic((c.mmap_sem,), lambda readers: None if readers else (None, WRITER), "down_write")


def up_write(c: Core) -> Routine[None]:
    """Give it up, as the last step of a task."""
    yield Atomic((c.mmap_sem, c.running), lambda _readers, running: (None, 0, running - 1), "up_write")
    yield from all_is_at_rest(c)


def take_ptl(c: Core, me: int) -> Routine[None]:
    """Take the page table lock."""
    yield Atomic((c.ptl,), lambda owner: (None, me) if owner == NOBODY else None, "page table lock")


def _zap(pte: Pte | None, frames: int) -> tuple[Value, ...]:
    return (None, None, frames - (pte is not None))


def _protect(pte: Pte | None, _ptl: int, _protected: bool) -> tuple[Value, ...]:
    return (None, pte and pte._replace(writable=False), NOBODY, True)


def _erase(c: Core) -> Callable[[bool, bool], tuple[Value, ...]]:
    """Unlink the VMA; with M30 its file is given back already."""
    return lambda _linked, file_open: (None, False, file_open and not c.has(Switch.M30))


def _retire(
    callback: frozenset[int] | None, readers: frozenset[int], _freed: bool, file_open: bool
) -> tuple[Value, ...] | None:
    if callback is None:
        return None
    left = callback & readers
    if not left:
        return (True, None, readers, True, False)
    return (False, left, readers, False, file_open) if left != callback else None
