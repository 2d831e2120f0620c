"""What a kernel routine does to the world, one atomic step at a time, as plain data.

A routine is a generator that yields effects and is sent the answer to each; it never knows who runs it. Its chain of
``yield from`` is its call stack, so routines carry the names of the kernel's functions. Three rules keep it replayable:

- all that outlasts a step is in the world or in the routine's local variables, and those are hashable;
- loops keep their place in local variables: no ``yield`` inside a ``for`` whose items repeat, none inside an
  expression that still has operands to come;
- nothing is decided by ghost cells, random numbers, the clock or module state.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any, NamedTuple, TypeVar

from lockview.kernel.handles import Cell, Lock
from lockview.model.locks import Access

_T = TypeVar("_T")

Value = Any
"""What a cell holds: any hashable value."""


class Acquire(NamedTuple):
    """Take a lock, waiting until it can be had; with ``trylock`` never wait, and answer whether it was got."""

    lock: Lock
    access: Access = Access.EXCLUSIVE
    subclass: int = 0
    nest: Lock | None = None
    trylock: bool = False


class Release(NamedTuple):
    """Give up a lock that this task holds."""

    lock: Lock
    access: Access = Access.EXCLUSIVE


class Downgrade(NamedTuple):
    """Turn an exclusive hold into a shared one."""

    lock: Lock


class Read(NamedTuple):
    """Answers the value of a cell."""

    cell: Cell


class Look(NamedTuple):
    """Answers the values of several cells, all of one moment."""

    cells: tuple[Cell, ...]


class Write(NamedTuple):
    """Store a value."""

    cell: Cell
    value: Value


class Add(NamedTuple):
    """Add to a number in one step; answers the sum."""

    cell: Cell
    amount: int = 1


class Atomic(NamedTuple):
    """One step on several cells: ``change(*values)`` gives ``(answer, *new values)``, or None to wait.

    ``change`` is a pure function. For compound hardware operations, and for models whose step is coarser.
    ``what`` says in a few words what the step does.
    """

    cells: tuple[Cell, ...]
    change: Callable[..., tuple[Value, ...] | None]
    what: str = ""


class Await(NamedTuple):
    """Wait until ``ready(value)``; answers the value. With ``spins`` the task keeps its CPU busy meanwhile."""

    cell: Cell
    ready: Callable[[Value], bool]
    spins: bool = False
    what: str = ""


class IrqDisable(NamedTuple):
    """Turn the interrupts of this task's CPU off; answers what they were, 1 for on."""

    irqs: Cell


class IrqEnable(NamedTuple):
    """Turn the interrupts of this task's CPU on."""

    irqs: Cell


class Flush(NamedTuple):
    """Send an interrupt to other CPUs and wait until all have answered: each must have its interrupts on.

    ``irqs`` are their interrupt states, ``tlbs`` what is emptied when they answer.
    """

    irqs: tuple[Cell, ...]
    tlbs: tuple[Cell, ...] = ()


class ReadLock(NamedTuple):
    """Enter a read section of an RCU or SRCU domain."""

    domain: Lock


class ReadUnlock(NamedTuple):
    """Leave it; callbacks stop waiting for this task."""

    domain: Lock


class Defer(NamedTuple):
    """``call_rcu``, ``call_srcu``: queue ``action`` until all present readers have left."""

    domain: Lock
    action: tuple[Value, ...]


class GracePeriod(NamedTuple):
    """Wait for a callback whose readers have all left; takes it off the queue and answers its action."""

    domain: Lock


class Choose(NamedTuple):
    """Answers a number below ``options``: the outcome of what the model leaves open. ``of`` names the question."""

    of: str
    options: int = 2


class Annotate(NamedTuple):
    """Tell lockdep, and nobody else, that a map is acquired (or, with ``release``, released). No step of its own."""

    lock: Lock
    access: Access = Access.EXCLUSIVE
    subclass: int = 0
    trylock: bool = False
    release: bool = False
    nest: Lock | None = None


class Context(NamedTuple):
    """The CPU enters or leaves an interrupt, or lets none in or in again, right after the step before.

    ``of`` is ``hardirq`` or ``softirq``; ``change`` is ``enter``, ``exit``, ``disable`` or ``enable``. For lockdep:
    what it means for others is in the step. No step of its own.
    """

    of: str
    change: str


class Check(NamedTuple):
    """An invariant that must hold right after the step before: ``holds(*values)``. No step of its own.

    ``invariant`` is its name (``I1``), ``text`` what is wrong when it does not hold.
    """

    invariant: str
    cells: tuple[Cell, ...]
    holds: Callable[..., bool]
    text: str = ""


class Happened(NamedTuple):
    """Something to be told and counted: ``what`` is the trace's word, ``value`` its outcome. No step of its own."""

    what: str
    value: str = ""
    number: int = 0


class Spend(NamedTuple):
    """Work that touches nothing shared; takes time on the clock (``cost`` names it) and is no step elsewhere."""

    cost: str
    times: int = 1


Step = (
    Acquire | Release | Downgrade | Read | Look | Write | Add | Atomic | Await | IrqDisable | IrqEnable | Flush
    | ReadLock | ReadUnlock | Defer | GracePeriod | Choose
)  # fmt: skip
"""The effects that others can see or be seen by: one each per step."""
Remark = Annotate | Context | Check | Happened | Spend
"""The effects that ride on the step before them."""
Effect = Step | Remark
REMARKS = (Annotate, Context, Check, Happened, Spend)

Routine = Generator[Effect, Any, _T]
"""A kernel routine that returns a ``_T``."""
