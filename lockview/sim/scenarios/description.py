"""A scenario as its file says it. Names refer to other parts of the same file; numbers are pages."""

from __future__ import annotations

from typing import NamedTuple


class MmPart(NamedTuple):
    """An address space of that many pages."""

    name: str
    pages: int


class FilePart(NamedTuple):
    """A file; ``cached`` are the pages in its cache. ``has_ops`` False: mappings of it are like anonymous ones."""

    name: str
    size: int
    cached: tuple[int, ...] = ()
    has_ops: bool = True


class VmaPart(NamedTuple):
    """A mapping that is there from the beginning. ``anon`` names the reverse map that it shares with others."""

    mm: str
    start: int
    end: int
    rights: str = "rw"
    file: str = ""
    pgoff: int = 0
    anon: str = ""


class PagesPart(NamedTuple):
    """Pages of an address space that have page tables; ``mapped`` of them are mapped, ``writable`` or not."""

    mm: str
    start: int
    end: int
    mapped: tuple[int, ...] = ()
    writable: bool = True


class Pool(NamedTuple):
    """Objects that routines may allocate."""

    vmas: int = 3
    tables: int = 2
    frames: int = 4


class CallPart(NamedTuple):
    """A routine that a task calls, with its arguments as the file gives them. ``line`` is where."""

    routine: str
    arguments: tuple[tuple[str, object], ...] = ()
    line: int = 0


class TaskPart(NamedTuple):
    """A task and its calls, one after the other. ``mm`` is "" for a kernel thread."""

    name: str
    pid: int
    calls: tuple[CallPart, ...]
    mm: str = ""
    may_reclaim: bool = False
    cpu: int | None = None
    priority: int = 0
    daemon: bool = False


class Expectation(NamedTuple):
    """What is to come of it: ``verdict`` is clean, deadlock or violation (of ``invariant``).

    ``report`` is the kind that the embedded validator prints in the recommended run, "" for none; ``chain`` its
    classes in acquisition order.
    """

    verdict: str = "clean"
    invariant: str = ""
    report: str = ""
    chain: tuple[str, ...] = ()


class Description(NamedTuple):
    """A whole scenario.

    ``order`` is the recommended run: each task as far as it gets, in that order, open outcomes answered by ``choice``;
    ``schedule`` is a run step by step instead.
    """

    id: str
    title: str
    lesson: str = ""
    variant: str = "spf-v2"
    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    mms: tuple[MmPart, ...] = ()
    files: tuple[FilePart, ...] = ()
    vmas: tuple[VmaPart, ...] = ()
    pages: tuple[PagesPart, ...] = ()
    pool: Pool = Pool()
    tasks: tuple[TaskPart, ...] = ()
    order: tuple[str, ...] = ()
    schedule: tuple[int, ...] = ()
    choice: int = 1
    expect: Expectation = Expectation()
