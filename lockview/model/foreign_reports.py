"""Lock reports that other programs and kernels print: ThreadSanitizer, Helgrind, BSD WITNESS, the Java machine."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace

from lockview.model.locks import LockClass
from lockview.model.reports import Dependency, Report, ReportKind
from lockview.model.stacks import EMPTY_STACK, StackTrace
from lockview.model.text import NOWHERE, Span


@dataclass(frozen=True, slots=True)
class ForeignLock:
    """One lock as its program names it, told apart by ``name``.

    ``label`` is a second name (what WITNESS prints for the instance), ``sort`` the program's word for its kind
    (``rrwlock``, ``sleep mutex``), ``place`` the file:line where it was taken, ``stack`` where it was first seen.
    """

    name: str
    address: str = ""
    label: str = ""
    sort: str = ""
    place: str = ""
    stack: StackTrace = EMPTY_STACK
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def lock_class(self) -> LockClass:
        """The lock as a node: one class per lock, since these programs do not group locks."""
        return LockClass(self.name)


@dataclass(frozen=True, slots=True)
class ForeignOrder:
    """``wanted`` was taken while ``held`` was held; both are names of locks.

    ``stack`` took ``wanted``, ``held_stack`` had taken ``held``; empty where not printed. ``thread`` is the program's
    name for who did it, ``words`` how the text calls the order (``first seen at``).
    """

    held: str
    wanted: str
    thread: str = ""
    words: str = ""
    stack: StackTrace = EMPTY_STACK
    held_stack: StackTrace = EMPTY_STACK
    span: Span = field(default=NOWHERE, compare=False)


@dataclass(frozen=True, slots=True)
class ForeignThread:
    """A thread that a report describes: ``T1``, its system id, ``running`` or ``finished``, where it was created."""

    name: str
    tid: int | None = None
    state: str = ""
    creator: str = ""
    stack: StackTrace = EMPTY_STACK
    span: Span = field(default=NOWHERE, compare=False)


def _dependency(orders: tuple[ForeignOrder, ...], held: str, wanted: str, *, new: bool = False) -> Dependency:
    """The order of two locks with its stack, or an inferred one when the text has no block for it."""
    for order in orders:
        if (order.held, order.wanted) == (held, wanted):
            return Dependency(
                LockClass(held),
                LockClass(wanted),
                order.stack,
                new=new,
                inferred=not order.stack.frames,
                span=order.span,
            )
    return Dependency(LockClass(held), LockClass(wanted), new=new, inferred=True)


@dataclass(frozen=True, slots=True)
class TsanReport(Report):
    """``lock-order-inversion (potential deadlock)``: ``locks`` are the mutexes of its cycle, in order.

    Nobody is singled out: ThreadSanitizer does not say which order is the newest.
    Source: ``PrintMutex...``, compiler-rt/lib/tsan/rtl/tsan_report.cpp.
    """

    pid: int | None = None
    locks: tuple[ForeignLock, ...] = ()
    orders: tuple[ForeignOrder, ...] = ()
    threads: tuple[ForeignThread, ...] = ()

    @property
    def kind(self) -> ReportKind:
        return ReportKind.TSAN

    @property
    def cycle(self) -> tuple[Dependency, ...]:
        """One dependency per arrow of the printed cycle."""
        names = [lock.name for lock in self.locks]
        if len(names) < 2:
            return ()
        return tuple(
            _dependency(self.orders, held, wanted) for held, wanted in zip(names, [*names[1:], names[0]], strict=True)
        )


@dataclass(frozen=True, slots=True)
class HelgrindReport(Report):
    """``lock order "A before B" violated``: ``locks`` are A and B, ``orders`` first the observed one, B then A.

    The second order is the required one, A then B; it is absent when A leads to B by way of other locks only.
    ``thread`` is the number of the thread that violated it. Source: ``HG_(pp_Error)``, helgrind/hg_errors.c.
    """

    thread: int = 0
    locks: tuple[ForeignLock, ...] = ()
    orders: tuple[ForeignOrder, ...] = ()

    @property
    def kind(self) -> ReportKind:
        return ReportKind.HELGRIND

    @property
    def cycle(self) -> tuple[Dependency, ...]:
        """The required order, and back against it the observed one, which is new."""
        if len(self.locks) != 2:
            return ()
        before, after = (lock.name for lock in self.locks)
        return (
            _dependency(self.orders, before, after),
            _dependency(self.orders, after, before, new=True),
        )


@dataclass(frozen=True, slots=True)
class WitnessReport(Report):
    """``lock order reversal``: ``locks`` are the 1st, 2nd and perhaps 3rd lock; the last of them is the wanted one.

    With three, the first and the third are of one sort, and the second stands between. ``orders`` are the blocks
    ``lock order A -> B``. Names are those of WITNESS's lock types. Source: ``witness_checkorder``,
    sys/kern/subr_witness.c of FreeBSD and OpenBSD.
    """

    locks: tuple[ForeignLock, ...] = ()
    orders: tuple[ForeignOrder, ...] = ()

    @property
    def kind(self) -> ReportKind:
        return ReportKind.WITNESS

    @property
    def cycle(self) -> tuple[Dependency, ...]:
        """From the wanted lock along the recorded orders to the held one, and back by the new one."""
        if len(self.locks) < 2:
            return ()
        held, wanted = self.locks[-2].name, self.locks[-1].name
        path = _path(self.orders, wanted, held)
        older = tuple(_dependency(self.orders, first, second) for first, second in itertools.pairwise(path))
        new = _dependency(self.orders, held, wanted, new=True)
        if self.backtrace and not new.stack.frames:
            stack = self.backtrace.stack
            new = replace(new, stack=stack, inferred=not stack.frames, span=self.locks[-1].span)
        return (*older, new)


def _path(orders: tuple[ForeignOrder, ...], start: str, goal: str) -> list[str]:
    """The shortest way along the orders; straight from start to goal when they do not join."""
    if start == goal:
        return [start]
    came: dict[str, str] = {start: start}
    queue = [start]
    for name in queue:
        for order in orders:
            if order.held == name and order.wanted not in came:
                came[order.wanted] = name
                queue.append(order.wanted)
    if goal not in came:
        return [start, goal]
    path = [goal]
    while path[-1] != start:
        path.append(came[path[-1]])
    return path[::-1]


@dataclass(frozen=True, slots=True)
class JavaThread:
    """A thread of a deadlock: ``wanted`` is the object it waits for, ``holder`` the thread that has it.

    Objects are hexadecimal numbers as printed; ``wanted_class`` is the object's class, ``held`` the objects that its
    frames have locked, innermost first. ``holder`` is None when the machine could not tell. ``waiting`` is the
    machine's wording (``waiting to lock monitor``).
    """

    name: str
    wanted: str
    wanted_class: str = ""
    holder: str | None = None
    held: tuple[str, ...] = ()
    waiting: str = ""
    stack: StackTrace = EMPTY_STACK
    span: Span = field(default=NOWHERE, compare=False)

    @property
    def lock_class(self) -> LockClass:
        """The object it waits for, as a node."""
        return LockClass(f"{self.wanted_class or 'object'} <{self.wanted}>")


@dataclass(frozen=True, slots=True)
class JavaDeadlockReport(Report):
    """``Found one Java-level deadlock``: real waiting, not an order of locks. Source: ``DeadlockCycle::print_on_with``.

    ``threads`` are in the order printed, each held up by the next. ``computed`` says that the machine did not name the
    deadlock: the circle follows from what a dump of all threads says they hold and wait for.
    """

    threads: tuple[JavaThread, ...] = ()
    computed: bool = False

    @property
    def kind(self) -> ReportKind:
        return ReportKind.JAVA

    @property
    def deadlocked(self) -> tuple[JavaThread, ...]:
        """The threads that wait in a circle, each for the one after it, the last for the first; () if none do."""
        by_name = {thread.name: thread for thread in self.threads}
        done: set[str] = set()
        for start in self.threads:
            path: dict[str, JavaThread] = {}
            thread: JavaThread | None = start
            while thread is not None and thread.name not in done and thread.name not in path:
                path[thread.name] = thread
                thread = by_name.get(thread.holder) if thread.holder is not None else None
            if thread is not None and thread.name in path:
                waiting = list(path.values())
                return tuple(waiting[list(path).index(thread.name) :])
            done.update(path)
        return ()

    @property
    def cycle(self) -> tuple[Dependency, ...]:
        """Each thread holds what the one before it waits for, and waits itself; the last dependency leads back."""
        ring = self.deadlocked
        if len(ring) < 2:
            return ()
        return tuple(
            Dependency(before.lock_class, thread.lock_class, thread.stack, span=thread.span)
            for before, thread in zip(ring, [*ring[1:], ring[0]], strict=True)
        )
