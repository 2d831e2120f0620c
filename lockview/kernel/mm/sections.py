"""Write sections of VMAs: what a reader without mmap_sem looks at, and what lockdep is told of it.

Kernels without a counter per VMA have no sections: there opening one does nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from lockview.kernel.effects import Acquire, Annotate, Atomic, Check, Happened, Read, Release, Routine, Value
from lockview.kernel.inlining import inlined
from lockview.kernel.locks.seqcount import counter, is_even, write_seqcount_begin_nested
from lockview.kernel.mm.objects import Life, Vma
from lockview.kernel.switches import Switch
from lockview.kernel.system import Thread


@inlined
def vm_write_begin(
    t: Thread, vma: Vma, subclass: int = 0, *, raw: bool = False, exclusive: bool = True, shown: bool = False
) -> Routine[None]:
    """Open the section of a VMA. ``raw`` keeps it from lockdep (``vm_raw_write_begin`` of v4).

    ``exclusive`` tells whether mmap_sem is held exclusively; without, nothing keeps other writers away. Stacks show
    the primitive only where the compiler left it a function of its own (``shown``).
    """
    if not has_section(t, exclusive=exclusive):
        return
    if t.has(Switch.M23):
        yield Acquire(vma.section, subclass=subclass)
    count = yield from _count(t, vma, enters=True)
    if raw or t.has(Switch.RAW_SECTIONS) or t.has(Switch.M23):
        yield count
    elif shown:
        yield from write_seqcount_begin_nested(vma.vm_sequence, subclass, count)
    else:
        yield Annotate(vma.vm_sequence, subclass=subclass)
        yield count
    yield Happened("seq_begin", vma.vm_sequence.name)
    yield alive(vma)
    yield _even_or_inside(vma)


@inlined
def vm_write_end(t: Thread, vma: Vma, *, raw: bool = False, exclusive: bool = True) -> Routine[None]:
    """Close it."""
    if not has_section(t, exclusive=exclusive):
        return
    if not (raw or t.has(Switch.RAW_SECTIONS) or t.has(Switch.M23)):
        yield Annotate(vma.vm_sequence, release=True)
    count = yield from _count(t, vma, enters=False)
    yield count
    yield Happened("seq_end", vma.vm_sequence.name)
    yield alive(vma)
    yield _even_or_inside(vma)
    if t.has(Switch.M23):
        yield Release(vma.section)


def has_section(t: Thread, *, exclusive: bool = True) -> bool:
    """Whether a change of a VMA opens a section in this kernel."""
    if not t.has(Switch.SPECULATION) or t.has(Switch.MM_COUNTER):
        return False
    return exclusive or not t.has(Switch.EXCLUSIVE_SECTIONS)


def alive(vma: Vma) -> Check:
    """I3: a VMA whose memory was freed is not used."""
    return Check("I3", (vma.life,), _is_there, f"vma:{vma.number} is used after it was freed")


@inlined
def _count(t: Thread, vma: Vma, *, enters: bool) -> Routine[Atomic]:
    """The step that raises the counter. It is no atomic operation of the hardware: M13 reads the old value before."""
    seen: int | None = None
    if t.has(Switch.M13):
        seen = yield Read(counter(vma.vm_sequence))
    what = "open the section" if enters else "close the section"
    return Atomic((counter(vma.vm_sequence), vma.writers), _counted(t.number, seen, enters), what)


def _even_or_inside(vma: Vma) -> Check:
    """I5: the counter is odd as long as somebody is inside, and even otherwise."""
    text = f"vma:{vma.number}: the counter does not tell whether a writer is inside"
    return Check("I5", (counter(vma.vm_sequence), vma.writers), _tells, text)


def _is_there(life: Life) -> bool:
    return life is not Life.FREED


def _tells(value: int, writers: tuple[int, ...]) -> bool:
    return is_even(value) is not bool(writers)


@cache
def _counted(task: int, seen: int | None, enters: bool) -> Callable[..., tuple[Value, ...]]:
    """Raise the counter, from ``seen`` or from what it is, and note who is inside. One value for equal arguments."""

    def change(value: int, writers: tuple[int, ...]) -> tuple[Value, ...]:
        after = (value if seen is None else seen) + 1
        if enters:
            return (after, after, tuple(sorted((*writers, task))))
        place = writers.index(task)
        return (after, after, writers[:place] + writers[place + 1 :])

    return change
