"""Traces of simulated runs, and of real ones that were imported: the values behind the lines of the trace format.

One value per line; docs/trace-format.md describes them. ``extra`` holds fields that this version does not know, as
(name, JSON value), so that writing what was read loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import EllipsisType
from typing import Any, Final, NamedTuple

FORMAT = "lockview.trace"
VERSION = (1, 0)
"""Major and minor. New kinds and fields raise the minor number; what breaks readers raises the major one."""

Json = Any
"""What JSON can say, without fractions."""
Extra = tuple[tuple[str, Json], ...]
ABSENT: Final = ...
"""Stands for a field that is not there where null would be a value."""


class Head(NamedTuple):
    """The first line: what was run, and how. ``switches`` are named as on the command line; ``no-X`` is X turned off.

    ``mode`` is step, explore, clock or import. ``scenario`` holds id, title, sha256 and params; ``scheduler`` name and
    params; ``clock`` unit and kind.
    """

    program: str
    scenario: dict[str, Json]
    variant: str
    switches: tuple[str, ...]
    mode: str
    scheduler: dict[str, Json]
    clock: dict[str, Json]
    cpus: int
    seed: int | None = None
    created: str = ""
    version: tuple[int, ...] = VERSION
    extra: Extra = ()


class TracedClass(NamedTuple):
    """A lock class, one per subclass. ``annotated``: lockdep sees it; ``has_key``: its initialiser was run."""

    id: int
    name: str
    sub: int = 0
    kind: str = ""
    annotated: bool = True
    has_key: bool = True
    extra: Extra = ()


class TracedInstance(NamedTuple):
    """A lock; ``id`` is its name, ``of`` the object that it is part of."""

    id: str
    lock_class: int
    of: str = ""
    extra: Extra = ()


class TracedThread(NamedTuple):
    """A task. ``kind`` is user, kernel or daemon."""

    id: int
    comm: str
    pid: int
    kind: str = ""
    mm: str = ""
    priority: int = 0
    extra: Extra = ()


class TracedFrame(NamedTuple):
    """A line of code that stacks share."""

    id: int
    function: str
    offset: int | None = None
    size: int | None = None
    file: str = ""
    line: int = 0
    extra: Extra = ()


class TracedStack(NamedTuple):
    """Numbers of frames, innermost first."""

    id: int
    frames: tuple[int, ...]
    extra: Extra = ()


class RunEvent(NamedTuple):
    """What happened, numbered without gaps.

    Those with ``chosen`` are steps that a scheduler chose: ``enabled`` are the tasks that could have gone, ``chosen``
    says which of them did. The others ride on the step before. ``time`` and ``length`` are nanoseconds, or counted in
    steps by a logical clock. ``object`` and ``field`` name a cell, ``old`` is what it held, ``new`` what it holds now;
    ``also`` says the same of further cells, as [object, field, old, new], without ``new`` where it was only read.
    ``nest`` is the lock that makes it right to take several of a class. ``flags`` are what a real kernel's tracer
    printed about the context.
    """

    number: int
    time: int
    length: int
    cpu: int
    task: int
    op: str
    lock: str = ""
    lock_class: int | None = None
    sub: int | None = None
    mode: str = ""
    trylock: bool | None = None
    nest: str = ""
    out: str = ""
    object: str = ""
    field: str = ""
    old: Json | EllipsisType = ABSENT
    new: Json | EllipsisType = ABSENT
    also: tuple[Json, ...] = ()
    of: str = ""
    value: Json | EllipsisType = ABSENT
    fault: int | None = None
    stack: int | None = None
    enabled: tuple[int, ...] = ()
    chosen: int | None = None
    step: str = ""
    flags: str = ""
    extra: Extra = ()


class Snapshot(NamedTuple):
    """The whole state after event ``number``, -1 for the start: the value of each cell by its name.

    ``hash`` is the SHA-256 of the state's text.
    """

    number: int
    time: int
    state: dict[str, Json]
    hash: str
    extra: Extra = ()


class Note(NamedTuple):
    """An explanation; ``ref`` says of what."""

    number: int
    text: str
    level: str = ""
    ref: str = ""
    extra: Extra = ()


class Spoken(NamedTuple):
    """A report of the embedded validator: in the kernel's words, and as in the JSON form of logs."""

    number: int
    text: str
    model: Json = None
    extra: Extra = ()


class Broken(NamedTuple):
    """An invariant does not hold any more."""

    number: int
    invariant: str
    text: str
    objects: tuple[str, ...] = ()
    tasks: tuple[int, ...] = ()
    extra: Extra = ()


class Counted(NamedTuple):
    """Sums so far. ``locks`` holds for each lock [acquired, contended, held, waited], the last two as time."""

    number: int
    faults: int
    outcomes: dict[str, int]
    aborts: dict[str, int]
    happened: dict[str, int]
    locks: dict[str, list[int]]
    extra: Extra = ()


class Index(NamedTuple):
    """Where snapshots are: [index, byte] each; bytes count from the start of the trace, unpacked."""

    snapshots: tuple[Json, ...]
    events: int
    tasks: int
    extra: Extra = ()


class End(NamedTuple):
    """The last line. ``result`` is done, deadlock, violation, bound or cancelled.

    ``hash`` is the SHA-256 of all bytes before this line.
    """

    result: str
    events: int
    hash: str = ""
    extra: Extra = ()


class Other(NamedTuple):
    """A line of a kind that this version does not know."""

    kind: str
    extra: Extra


Record = (
    Head | TracedClass | TracedInstance | TracedThread | TracedFrame | TracedStack | RunEvent | Snapshot | Note | Spoken
    | Broken | Counted | Index | End | Other
)  # fmt: skip


class RunTrace(NamedTuple):
    """A trace that was read. ``remarks`` are sentences about it: that its end is missing, that it was changed."""

    head: Head
    records: tuple[Record, ...]
    remarks: tuple[str, ...] = ()

    def of(self, kind: type[Any]) -> Iterator[Any]:
        """The records of one kind, in order."""
        return (record for record in self.records if isinstance(record, kind))

    @property
    def events(self) -> tuple[RunEvent, ...]:
        """What happened, in order."""
        return tuple(self.of(RunEvent))

    @property
    def end(self) -> End | None:
        """The last line; None when it is missing."""
        return next(self.of(End), None)

    @property
    def choices(self) -> tuple[tuple[int, int], ...]:
        """What the scheduler chose, step by step: the task, and the outcome where the step left one open."""
        return tuple(
            (event.enabled[event.chosen], event.value if event.op == "choice" else 0)
            for event in self.of(RunEvent)
            if event.chosen is not None
        )
