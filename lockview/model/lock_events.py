"""What a tracer saw tasks do to locks: ftrace, trace-cmd and perf script."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from lockview.model.stacks import EMPTY_STACK, StackTrace
from lockview.model.text import NOWHERE, Span


class LockEventKind(StrEnum):
    """The events of include/trace/events/lock.h."""

    ACQUIRE = "lock_acquire"
    ACQUIRED = "lock_acquired"
    CONTENDED = "lock_contended"
    RELEASE = "lock_release"
    CONTENTION_BEGIN = "contention_begin"
    CONTENTION_END = "contention_end"


@dataclass(frozen=True, slots=True)
class LockEvent:
    """One event. ``task`` indexes ``EventStream.tasks``; ``time`` is the text of the seconds.

    ``pointer`` is the printed address, perhaps hashed: of lockdep's map for lock events, of the lock itself for
    contention events. ``name`` is bare, without key number and subclass; "" for contention events. ``detail`` is
    what stands in the brackets of contention events (``SPIN|WRITE``, ``0``). ``flags`` are the letters that ftrace
    prints about the context, irqs-off first (``d.h2.``), "" where there are none.
    """

    kind: LockEventKind
    task: int
    cpu: int
    time: str
    pointer: str = ""
    name: str = ""
    trylock: bool = False
    shared: bool = False
    detail: str = ""
    stack: StackTrace = EMPTY_STACK
    flags: str = ""
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class LostEvents:
    """``count`` events of a CPU are missing before event ``before``: since the last one of that CPU before it."""

    before: int
    cpu: int
    count: int


@dataclass(frozen=True, slots=True)
class SeenOrder:
    """``wanted`` was taken ``count`` times while the same task held ``held``; names as in events.

    Not across the border of an interrupt, and not for trylocks. ``line`` is the first of them.
    """

    held: str
    wanted: str
    count: int = 1
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class TracedLock:
    """A lock that a task still held, or waited for, when the trace ended."""

    pointer: str
    name: str
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class TracedTask:
    """A task of a trace; idle tasks are one per CPU. ``held`` is its stack of locks at the end, outermost first.

    ``waiting`` is the lock whose acquisition never finished in the trace.
    """

    name: str
    pid: int
    cpu: int | None = None
    held: tuple[TracedLock, ...] = ()
    waiting: TracedLock | None = None


@dataclass(frozen=True, slots=True)
class EventStream:
    """The lock events of a trace, in order, and what follows from them.

    ``count`` is their number; ``events`` may be fewer, the first ones of a long trace. ``lost`` counts events that the
    tracer dropped; what was known of the held locks of that CPU is forgotten there. ``gaps`` says where.
    """

    tasks: tuple[TracedTask, ...] = ()
    events: tuple[LockEvent, ...] = ()
    orders: tuple[SeenOrder, ...] = ()
    count: int = 0
    lost: int = 0
    gaps: tuple[LostEvents, ...] = ()
    span: Span = field(default=NOWHERE, compare=False)
