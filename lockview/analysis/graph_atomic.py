"""The graphs of sleeping in atomic context, a ladder of held locks, and of spinlock complaints, who spins for whom."""

from __future__ import annotations

from lockview.analysis.kinds import lock_kind
from lockview.analysis.lock_graph import (
    Evidence,
    GraphTask,
    LockEdge,
    LockGraph,
    LockKind,
    LockNode,
    Mode,
    Relation,
    Shape,
    Subject,
)
from lockview.analysis.usage import has_raw_nesting
from lockview.model.held_reports import AtomicReport
from lockview.model.locks import HeldLock, LockClass
from lockview.model.reports import Dependency, Report
from lockview.model.stacks import EMPTY_STACK
from lockview.model.text import NOWHERE
from lockview.model.wait_reports import SpinReport

_NO_LOCK = LockClass("")
_MAGIC = {False: "dead4ead", True: "deaf1eed"}
"""SPINLOCK_MAGIC and RWLOCK_MAGIC, include/linux/spinlock_types*.h, rwlock_types.h."""


def graph(report: Report) -> LockGraph:
    """The graph of a report of these kinds. Never raises."""
    match report:
        case AtomicReport():
            return _ladder(report)
        case SpinReport():
            return _spin(report)
    return LockGraph((), (), ())


def culprits(report: AtomicReport) -> tuple[HeldLock, ...]:
    """The held locks under which no task may sleep, as far as their names and wait types tell.

    Those of unknown sort count only where no other does. In kernels with CONFIG_PROVE_RAW_LOCK_NESTING the inner type
    of every spinlock is 2 or 3, in others 2; source: enum lockdep_wait_type, include/linux/lockdep_types.h.
    """
    nesting = has_raw_nesting(report)
    spinning = (2, 3) if nesting else (2,)
    held = [lock for lock in report.held_locks.locks if not lock.released] if report.held_locks else []
    found: list[HeldLock] = []
    unknown: list[HeldLock] = []
    for lock in held:
        kind = lock_kind(lock.lock_class, (), lock.usage, lock.wait_types)
        inner = lock.wait_types.inner if lock.wait_types else 0
        srcu = "srcu" in lock.lock_class.base
        if kind in (LockKind.SPINLOCK, LockKind.RWLOCK) or inner in spinning or (kind is LockKind.RCU and not srcu):
            found.append(lock)
        elif kind is LockKind.UNKNOWN and (inner == 3 or not lock.wait_types):
            unknown.append(lock)
    return tuple(found or unknown)


def sleeping_place(report: AtomicReport) -> str:
    """What the task did that it must not: ``sleep at mm/slub.c:1595``."""
    if report.assumed:
        needs = "atomic context" if report.assumed == "atomic" else "migration off"
        return f"{needs} needed at {report.place or 'a place that is not named'}"
    return "schedule" if report.scheduling else f"sleep at {report.place or 'a place that is not named'}"


def _ladder(report: AtomicReport) -> LockGraph:
    held = [lock for lock in report.held_locks.locks if not lock.released] if report.held_locks else []
    guilty = () if report.assumed else culprits(report)
    nodes = [
        LockNode(
            number,
            lock.lock_class,
            lock_kind(lock.lock_class, (), lock.usage, lock.wait_types),
            lock.usage,
            lock.wait_types,
            held=lock in guilty,
        )
        for number, lock in enumerate(held)
    ]
    causes = [number for number, lock in enumerate(held) if lock in guilty]
    open_cause = not guilty and not report.assumed
    if open_cause and report.disabled_at and not report.disabled_at.function.startswith("0x"):
        causes = [len(nodes)]
        nodes.append(_context(len(nodes), f"preemption off since {report.disabled_at.bare_function}"))
    elif open_cause and ("irqs_disabled()", "0") not in report.facts and dict(report.facts).get("irqs_disabled()"):
        causes = [len(nodes)]
        nodes.append(_context(len(nodes), "interrupts off"))
    sleep = len(nodes)
    nodes.append(_context(sleep, sleeping_place(report)))
    stack = report.backtrace.stack if report.backtrace else EMPTY_STACK
    edges: list[LockEdge] = []
    for upper, lower in zip(range(len(held)), range(1, len(held)), strict=False):
        link = Dependency(held[upper].lock_class, held[lower].lock_class, inferred=True, span=held[lower].span)
        edges.append(_edge(len(edges), upper, lower, link, Relation.NESTING, held[upper], held[lower]))
    for cause in causes:
        lock = held[cause] if cause < len(held) else None
        link = Dependency(lock.lock_class if lock else _NO_LOCK, _NO_LOCK, stack, span=lock.span if lock else NOWHERE)
        edges.append(_edge(len(edges), cause, sleep, link, Relation.FORBIDDEN, lock, None))
    task = GraphTask(0, str(report.task), tuple(edge.number for edge in edges), reporting=True)
    return LockGraph(tuple(nodes), tuple(edges), (task,) if report.task and edges else (), Shape.LADDER)


def _context(number: int, label: str) -> LockNode:
    return LockNode(number, _NO_LOCK, LockKind.UNKNOWN, subject=Subject.CONTEXT, label=label)


def _edge(
    number: int,
    tail: int,
    head: int,
    dependency: Dependency,
    relation: Relation,
    upper: HeldLock | None,
    lower: HeldLock | None,
) -> LockEdge:
    return LockEdge(
        number,
        tail,
        head,
        number + 1,
        dependency,
        0,
        holder=upper.site.bare_function if upper and upper.site else "",
        acquirer=lower.site.bare_function if lower and lower.site else "",
        relation=relation,
    )


def sound(report: SpinReport) -> bool:
    """Whether the lock is one: the magic number of another value means memory that is no lock, or not any more."""
    return "magic" not in report.complaint and report.magic in ("", _MAGIC[report.rwlock])


def lock_label(report: SpinReport) -> str:
    """The lock as a reader knows it: ``devtree_lock``, ``init_mm+0x3c``, ``spinlock at ffff888012345678``."""
    name = report.lock.partition("/")[0].removesuffix("+0x0")
    sort = "rwlock" if report.rwlock else "spinlock"
    if not name:
        return f"the {sort}"
    return f"{sort} at {name}" if name.removeprefix("0x").strip("0123456789abcdef") == "" else name


def _spin(report: SpinReport) -> LockGraph:
    kind = LockKind.RWLOCK if report.rwlock else LockKind.SPINLOCK
    nodes = [LockNode(0, _NO_LOCK, kind, wanted=True, label=lock_label(report))]
    places: dict[int, int] = {}
    for task in (report.task, report.owner):
        if task and task.pid not in places:
            places[task.pid] = len(nodes)
            nodes.append(LockNode(len(nodes), _NO_LOCK, LockKind.UNKNOWN, subject=Subject.TASK, label=str(task)))
    edges: list[LockEdge] = []
    tasks: list[GraphTask] = []
    stack = report.backtrace.stack if report.backtrace else EMPTY_STACK
    if report.task and sound(report) and _spins(report):
        link = Dependency(_NO_LOCK, _NO_LOCK, stack, new=True, span=report.span)
        tasks.append(GraphTask(0, str(report.task), (0,), reporting=True))
        edges.append(LockEdge(0, places[report.task.pid], 0, 1, link, 0, Mode.UNKNOWN, relation=Relation.WAITS))
    if report.owner and sound(report) and report.complaint != "already unlocked":
        link = Dependency(_NO_LOCK, _NO_LOCK, span=report.span)
        own = report.task is not None and report.owner.pid == report.task.pid
        evidence = (Evidence(f"{report.task} is at", stack),) if own and stack.frames and not edges else ()
        edges.append(
            LockEdge(
                len(edges),
                0,
                places[report.owner.pid],
                len(edges) + 1,
                link,
                -1,
                relation=Relation.HOLDS,
                evidence=evidence,
            )
        )
    return LockGraph(tuple(nodes), tuple(edges), tuple(tasks), Shape.WAIT_FOR)


def _spins(report: SpinReport) -> bool:
    """Whether the task asks for the lock; the other complaints come when it releases it."""
    return any(word in report.complaint for word in ("recursion", "lockup", "trylock"))
