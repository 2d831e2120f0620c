"""Names for what the world holds: routines pass these around, never the values themselves."""

from __future__ import annotations

from typing import NamedTuple

from lockview.model.locks import Primitive

NO_CELL = -1
"""The cell of a lock that has no state: a lockdep map."""


class Cell(NamedTuple):
    """One field of one object of the world. ``name`` is for people: ``vma:1.vm_start``.

    ``ghost`` cells exist for checks only: no routine may decide by them.
    """

    number: int
    name: str = ""
    ghost: bool = False


class Lock(NamedTuple):
    """A lock instance. ``cell`` numbers its state, ``name`` says which instance (``mmap_sem:1``).

    ``base`` and ``key`` make its lockdep class: locks of one ``key`` are of one class; ``base`` is what lockdep prints.
    ``fair`` locks queue: who waits in front goes first. ``annotated`` tells whether lockdep sees the lock at all.
    """

    cell: int
    name: str
    base: str
    primitive: Primitive
    key: str = ""
    fair: bool = False
    annotated: bool = True


class HolderState(NamedTuple):
    """The state of every lock: the writer (a task number, NOBODY), the readers in order of arrival, and the queue.

    A reader that took the lock twice is in ``readers`` twice. ``queue`` holds (task, exclusive) in order of arrival.
    """

    writer: int = -1
    readers: tuple[int, ...] = ()
    queue: tuple[tuple[int, bool], ...] = ()


class DomainState(NamedTuple):
    """The state of an RCU or SRCU domain: the tasks in read sections, and the callbacks that wait.

    Each callback is (action, the tasks that it still waits for): readers that began before it was queued.
    """

    readers: tuple[int, ...] = ()
    callbacks: tuple[tuple[tuple[object, ...], tuple[int, ...]], ...] = ()


NOBODY = -1
FREE = HolderState()
QUIET = DomainState()
