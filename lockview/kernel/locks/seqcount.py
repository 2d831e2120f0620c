"""Sequence counters, as in include/linux/seqlock.h. A writer never waits; readers look, and look again.

The annotated forms tell lockdep that a write section is an exclusive acquisition and a read section a recursive one
that is given up at once; the raw forms tell it nothing.
"""

from __future__ import annotations

from lockview.kernel.effects import Add, Annotate, Await, Read, Routine, Step
from lockview.kernel.handles import Cell, Lock
from lockview.kernel.inlining import inlined
from lockview.model.locks import Access


def counter(seq: Lock) -> Cell:
    """The cell of the counter itself."""
    return Cell(seq.cell, seq.name)


def is_even(value: int) -> bool:
    """Whether no writer is inside."""
    return value % 2 == 0


def write_seqcount_begin_nested(seq: Lock, subclass: int, count: Step | None = None) -> Routine[None]:
    """Open a write section; lockdep takes it for an exclusive lock of that subclass.

    ``count`` is the step that raises the counter where more than it changes in that step.
    """
    yield Annotate(seq, subclass=subclass)
    yield Add(counter(seq)) if count is None else count


@inlined
def write_seqcount_begin(seq: Lock) -> Routine[None]:
    """Open a write section."""
    yield from write_seqcount_begin_nested(seq, 0)


@inlined
def write_seqcount_end(seq: Lock) -> Routine[None]:
    """Close a write section."""
    yield Annotate(seq, release=True)
    yield Add(counter(seq))


@inlined
def raw_write_seqcount_begin(seq: Lock) -> Routine[None]:
    """Open a write section behind lockdep's back."""
    yield Add(counter(seq))


@inlined
def raw_write_seqcount_end(seq: Lock) -> Routine[None]:
    """Close it."""
    yield Add(counter(seq))


@inlined
def raw_read_seqcount(seq: Lock) -> Routine[int]:
    """Read the counter, odd or not, without waiting."""
    value: int = yield Read(counter(seq))
    return value


@inlined
def raw_seqcount_begin(seq: Lock) -> Routine[int]:
    """Read the counter without waiting, so that ``read_seqcount_retry`` says yes if a writer is inside."""
    value: int = yield Read(counter(seq))
    return value & ~1


@inlined
def read_seqcount_begin(seq: Lock) -> Routine[int]:
    """Spin until no writer is inside."""
    yield Annotate(seq, Access.RECURSIVE)
    yield Annotate(seq, Access.RECURSIVE, release=True)
    value: int = yield Await(counter(seq), is_even, spins=True, what="until no writer is inside")
    return value


@inlined
def read_seqcount_retry(seq: Lock, start: int) -> Routine[bool]:
    """Whether a writer was inside since ``start`` was read."""
    value: int = yield Read(counter(seq))
    return value != start
