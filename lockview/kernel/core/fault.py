"""The write fault of the core model: speculative first, then with ``mmap_sem``. One step per row of its table."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import NamedTuple

from lockview.kernel.core.instance import (
    SEGV,
    SERVED_CLASSIC,
    SERVED_SPF,
    WRITER,
    Core,
    Pte,
    all_is_at_rest,
    file_is_open,
    mapping_is_right,
    permission_is_right,
    table_is_alive,
    vma_is_alive,
)
from lockview.kernel.effects import Add, Atomic, Check, IrqDisable, IrqEnable, Look, Read, Routine, Value
from lockview.kernel.handles import NOBODY
from lockview.kernel.switches import Switch


class Seen(NamedTuple):
    """What the look-up saw as far as it came: the counter, the right to write, the page table."""

    sequence: int | None = None
    writable: bool | None = None
    table: bool | None = None


class Ending(Enum):
    """How the speculative part ended."""

    SERVED = "served"
    GAVE_UP = "gave up"
    FOUND = "found"
    """It gave up, but the VMA that it found is used again (M28)."""


def fault(c: Core, me: int) -> Routine[None]:
    """Serve one write fault."""
    ending = yield from handle_speculative_fault(c, me)
    if ending is not Ending.SERVED:
        yield from handle_classic_fault(c, me, found=ending is Ending.FOUND)


def handle_speculative_fault(c: Core, me: int) -> Routine[Ending]:
    """Try without ``mmap_sem``."""
    seen = yield from look_up(c, me)
    if seen.table and (yield from is_unchanged_after_walk(c, seen)):
        yield Add(c.frames)
        yield file_is_open(c)  # which pages may be allocated is asked of the file
        if (yield from pte_map_lock(c, me, seen)):
            yield from install(c, me, seen)
            return Ending.SERVED
    yield Look(()) if c.has(Switch.M29) else Atomic((c.readers,), _leave(me), "abort: leave the SRCU section")
    return Ending.FOUND if c.has(Switch.M28) and seen.sequence is not None else Ending.GAVE_UP


def look_up(c: Core, me: int) -> Routine[Seen]:
    """Find the VMA, copy what is needed of it, find the page table."""
    if not (yield Atomic((c.readers, c.linked), _enter(me), "enter the SRCU section and look up")):
        return Seen()
    sequence, linked = yield Look((c.seq, c.linked))
    yield vma_is_alive(c)
    if sequence % 2 or not (linked or c.has(Switch.M6)):
        return Seen(sequence)
    del linked
    writable: bool = yield Read(c.writable)
    yield vma_is_alive(c)
    if not writable and not c.has(Switch.M12):
        return Seen(sequence, writable)
    table: bool = yield Read(c.pmd)
    return Seen(sequence, writable, table)


def is_unchanged_after_walk(c: Core, seen: Seen) -> Routine[bool]:
    """Whether the counter is what it was; the step is done even if nobody cares."""
    sequence: int = yield Read(c.seq)
    yield vma_is_alive(c)
    return sequence == seen.sequence or c.has(Switch.M8)


def pte_map_lock(c: Core, me: int, seen: Seen) -> Routine[bool]:
    """Take the page table lock with interrupts off; on failure the page that was allocated is free again."""
    yield Look(()) if c.has(Switch.M3) else IrqDisable(c.irqs[me])
    if (yield from _lock_unchanged(c, me, seen)):
        return True
    yield Atomic((c.irqs[me], c.frames), lambda _irqs, frames: (None, 1, frames - 1), "interrupts on, free the page")
    return False


def _lock_unchanged(c: Core, me: int, seen: Seen) -> Routine[bool]:
    if not (yield from is_same(c, seen, Switch.M7)):
        return False
    if not (yield from lock_is_found(c)):
        return False
    while not (yield Atomic((c.ptl,), _take_or_wait(me) if c.has(Switch.M4) else _try(me), "page table lock")):
        if not c.has(Switch.PTL_LOOP):
            return False
        yield IrqEnable(c.irqs[me])
        yield IrqDisable(c.irqs[me])
        if not (yield from is_same(c, seen, Switch.M7)):
            return False
    yield table_is_alive(c)
    return bool((yield Atomic((c.linked, c.seq, c.ptl, c.irqs[me]), _check_locked(c, seen), "check under the lock")))


def is_same(c: Core, seen: Seen, unless: Switch) -> Routine[bool]:
    """Whether the VMA is linked and the counter is what it was; the step is done even with the switch on."""
    now: tuple[Value, ...] = yield Look((c.linked, c.seq))
    yield vma_is_alive(c)
    return now == (True, seen.sequence) or c.has(unless)


def lock_is_found(c: Core) -> Routine[bool]:
    """Find the lock of the page table: by the entry saved in the walk, the live one, or after comparing both."""
    pmd: bool = yield Read(c.pmd)
    if c.has(Switch.M5):
        yield Check("I4", (c.pmd,), bool, "the lock is looked for in what is no page table")
        return True
    return pmd or c.has(Switch.PMD_SAVED)


def install(c: Core, me: int, seen: Seen) -> Routine[None]:
    """Set the entry and let go."""
    yield Atomic((c.pte, c.frames), _set(me, seen.writable), "set the entry")
    yield table_is_alive(c)
    yield permission_is_right(c)
    yield Atomic((c.ptl, c.readers, c.results[me], c.running), _unlock(me), "unlock, leave the SRCU section")
    yield from mapping_is_right(c)
    yield Check("I11", (), lambda: bool(seen.writable), "a write is served that was never allowed")
    yield from all_is_at_rest(c)


def handle_classic_fault(c: Core, me: int, *, found: bool = False) -> Routine[None]:
    """Serve it with ``mmap_sem`` held shared, through the VMA that was ``found`` before or after looking it up."""
    yield Atomic((c.mmap_sem,), lambda readers: None if readers == WRITER else (None, readers + 1), "down_read")
    cells = (c.linked, c.writable, c.mmap_sem, c.results[me], c.running)
    is_right: bool = yield Atomic(cells, _look_at_vma, "look at the VMA")
    if found:
        yield vma_is_alive(c)
    if not is_right:
        yield from all_is_at_rest(c)
        return
    yield Atomic((c.pmd, c.frames), lambda _pmd, frames: (None, True, frames + 1), "allocate")
    yield Atomic((c.ptl,), _take_or_wait(me), "page table lock")
    yield table_is_alive(c)
    yield Atomic(
        (c.pte, c.frames, c.ptl, c.mmap_sem, c.results[me], c.running), _set_and_leave(me), "set the entry, let go"
    )
    yield from mapping_is_right(c)
    yield from all_is_at_rest(c)


_Change = Callable[..., tuple[Value, ...] | None]


def _enter(me: int) -> _Change:
    return lambda readers, linked: (linked, readers | {me}, linked)


def _leave(me: int) -> _Change:
    return lambda readers: (None, readers - {me})


def _try(me: int) -> _Change:
    return lambda owner: (owner == NOBODY, me if owner == NOBODY else owner)


def _take_or_wait(me: int) -> _Change:
    return lambda owner: (True, me) if owner == NOBODY else None


def _check_locked(c: Core, seen: Seen) -> _Change:
    """B5: if all is as it was keep the lock and turn interrupts on, else give it up."""

    def change(linked: bool, seq: int, ptl: int, irqs: int) -> tuple[Value, ...]:
        if (linked and seq == seen.sequence) or c.has(Switch.M1):
            return (True, linked, seq, ptl, 1)
        return (False, linked, seq, NOBODY, irqs)

    return change


def _set(me: int, writable: bool | None) -> _Change:
    """Install the page, or free it when somebody was first."""

    def change(pte: Pte | None, frames: int) -> tuple[Value, ...]:
        return (None, Pte(me, bool(writable)), frames) if pte is None else (None, pte, frames - 1)

    return change


def _unlock(me: int) -> _Change:
    return lambda _ptl, readers, _result, running: (None, NOBODY, readers - {me}, SERVED_SPF, running - 1)


def _look_at_vma(linked: bool, writable: bool, readers: int, result: str, running: int) -> tuple[Value, ...]:
    if linked and writable:
        return (True, linked, writable, readers, result, running)
    return (False, linked, writable, readers - 1, SEGV, running - 1)


def _set_and_leave(me: int) -> _Change:
    def change(pte: Pte | None, frames: int, _ptl: int, readers: int, _result: str, running: int) -> tuple[Value, ...]:
        _, after, kept = (None, Pte(me, True), frames) if pte is None else (None, pte, frames - 1)
        return (None, after, kept, NOBODY, readers - 1, SERVED_CLASSIC, running - 1)

    return change
