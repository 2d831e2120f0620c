"""A scenario as its file says it. Names refer to other parts of the same file; numbers are pages."""

from __future__ import annotations

from typing import NamedTuple


class MmPart(NamedTuple):
    """An address space of that many pages."""

    name: str
    pages: int


class FilePart(NamedTuple):
    """A file; ``cached`` are the pages in its cache. ``has_ops`` False: mappings of it are like anonymous ones.

    One that is not ``open`` is kept by its mappings alone.
    """

    name: str
    size: int
    cached: tuple[int, ...] = ()
    has_ops: bool = True
    open: bool = True


class LockPart(NamedTuple):
    """A lock for lock programs. ``lock_class`` is the name that lockdep prints; locks of one ``key`` are of one class.

    ``kind`` is a ``Primitive``; ``fair`` ones queue; one that is not ``initialised`` has no class yet.
    """

    name: str
    lock_class: str
    kind: str = "mutex"
    key: str = ""
    fair: bool = False
    initialised: bool = True


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
    arrives: bool = False


class Expectation(NamedTuple):
    """What is to come of it: ``verdict`` is clean, deadlock or violation (of ``invariant``).

    ``report`` is the kind that the embedded validator prints in the recommended run, "" for none; ``chain`` its
    classes in acquisition order. ``ending`` is how that run stops, "" when the verdict says it already: one run alone
    need not show what another could. ``happens`` are words of the trace that must occur in it.
    """

    verdict: str = "clean"
    invariant: str = ""
    report: str = ""
    chain: tuple[str, ...] = ()
    ending: str = ""
    happens: tuple[str, ...] = ()

    @property
    def run_ends(self) -> str:
        """How the recommended run stops."""
        return self.ending or {"clean": "done"}.get(self.verdict, self.verdict)


class Schedule(NamedTuple):
    """The recommended run.

    ``order`` says which task goes when (``sim.scenarios.orders``), open outcomes being answered by ``choice``, or by
    what ``choices`` says about that question; ``steps`` is a run step by step instead.
    """

    order: tuple[str, ...] = ()
    steps: tuple[int, ...] = ()
    choice: int = 1
    choices: tuple[tuple[str, int], ...] = ()


class Case(NamedTuple):
    """The same tasks on another kernel, or run otherwise, and what is to come of it."""

    title: str
    variant: str
    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    schedule: Schedule = Schedule()
    expect: Expectation = Expectation()


class Description(NamedTuple):
    """A whole scenario: what is there, who does what, the recommended run, and further cases."""

    id: str
    title: str
    lesson: str = ""
    variant: str = "spf-v2"
    on: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    mms: tuple[MmPart, ...] = ()
    files: tuple[FilePart, ...] = ()
    locks: tuple[LockPart, ...] = ()
    vmas: tuple[VmaPart, ...] = ()
    pages: tuple[PagesPart, ...] = ()
    pool: Pool = Pool()
    tasks: tuple[TaskPart, ...] = ()
    schedule: Schedule = Schedule()
    expect: Expectation = Expectation()
    cases: tuple[Case, ...] = ()

    def in_case(self, case: Case) -> Description:
        """The scenario with one of its cases as the main one."""
        return self._replace(variant=case.variant, on=case.on, off=case.off, schedule=case.schedule, expect=case.expect)
