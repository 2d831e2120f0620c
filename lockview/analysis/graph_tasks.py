"""The graphs of reports about one task and its locks: a ladder for wait contexts, else the held locks in order.

What stands against the locks is a node without a lock: a context, an exit, a missing protection. An edge that forbids
runs from what forbids to what must not stand under it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise
from typing import Any

from lockview.analysis.kinds import acquisition_mode, lock_kind
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
from lockview.analysis.stacks import acquiring_function
from lockview.analysis.tasks import reporter
from lockview.analysis.usage import has_raw_nesting
from lockview.model.held_reports import (
    FreedReport,
    LeftHeldReport,
    NestedReport,
    RcuReport,
    UnlockReport,
    ValidatorReport,
    WaitContextReport,
    WorkLeakReport,
)
from lockview.model.locks import HeldLock, LockClass
from lockview.model.reports import Dependency, Report, ReportKind
from lockview.model.stacks import EMPTY_STACK, StackTrace
from lockview.model.text import NOWHERE, Span

_NO_LOCK = LockClass("")
_MAX_LABEL = 90


def graph(report: Report) -> LockGraph:
    """The graph of a report of these kinds. Never raises; a report that names no lock gives what it is about."""
    made = _Making(report)
    _MAKERS[type(report)](report, made)
    return made.built()


class _Making:
    """Nodes and edges in the making."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._nodes: list[LockNode] = []
        self._edges: list[LockEdge] = []
        self._of_class: dict[LockClass, int] = {}
        self._shape = Shape.PLAIN
        trace = report.backtrace
        self.stack = trace.stack if trace else EMPTY_STACK

    def ladder(self) -> None:
        self._shape = Shape.LADDER

    def lock(self, lock: HeldLock, *, wanted: bool = False, held: bool = False) -> int:
        """The node of a printed lock; one node for each class."""
        number = self._of_class.get(lock.lock_class)
        if number is None:
            number = self._of_class[lock.lock_class] = len(self._nodes)
            stacks = [self.stack] if wanted else []
            kind = lock_kind(lock.lock_class, stacks, lock.usage, lock.wait_types)
            self._nodes.append(
                LockNode(number, lock.lock_class, kind, lock.usage, lock.wait_types, wanted=wanted, held=held)
            )
        return number

    def context(self, label: str) -> int:
        """A node for what is no lock."""
        self._nodes.append(
            LockNode(len(self._nodes), _NO_LOCK, LockKind.UNKNOWN, subject=Subject.CONTEXT, label=label[:_MAX_LABEL])
        )
        return len(self._nodes) - 1

    def held(self) -> list[int]:
        """The nodes of the held locks, oldest first, joined in the order of the list."""
        return self.nested(lock for lock in (held_locks(self._report)) if not lock.released)

    def nested(self, locks: Iterable[HeldLock]) -> list[int]:
        """The nodes of locks of which each was taken under the one before it."""
        numbers = list(dict.fromkeys(self.lock(lock, held=True) for lock in locks))
        for tail, head in pairwise(numbers):
            self._edge(tail, head, Relation.NESTING)
        return numbers

    def forbid(self, tail: int, head: int, title: str, span: Span = NOWHERE) -> None:
        """The head must not stand under the tail; the backtrace shows where it does."""
        if tail != head:
            self._edge(tail, head, Relation.FORBIDDEN, self.stack, title, span)

    def _edge(
        self,
        tail: int,
        head: int,
        relation: Relation,
        stack: StackTrace = EMPTY_STACK,
        title: str = "",
        span: Span = NOWHERE,
    ) -> None:
        classes = self._nodes[tail].lock_class, self._nodes[head].lock_class
        taken = self._nodes[head].subject is Subject.LOCK and bool(stack.frames)
        number = len(self._edges)
        self._edges.append(
            LockEdge(
                number=number,
                tail=tail,
                head=head,
                order=number + 1,
                dependency=Dependency(*classes, stack=stack, span=span),
                task=0,
                mode=acquisition_mode(stack) if taken else Mode.UNKNOWN,
                holder=self._holder(classes[0]),
                acquirer=acquiring_function(stack) if taken else "",
                relation=relation,
                evidence=(Evidence(title, stack),) if stack.frames else (),
            )
        )

    def _holder(self, lock_class: LockClass) -> str:
        sites = (lock.site for lock in held_locks(self._report) if lock.lock_class == lock_class)
        return next((site.bare_function for site in sites if site), "")

    def built(self) -> LockGraph:
        """The graph; what forbids comes first among its edges, because only that is numbered in pictures."""
        ordered = sorted(self._edges, key=lambda edge: edge.relation is not Relation.FORBIDDEN)
        edges = tuple(replace(edge, number=place, order=place + 1) for place, edge in enumerate(ordered))
        tasks = (GraphTask(0, reporter(self._report), tuple(range(len(edges))), reporting=True),) if edges else ()
        return LockGraph(tuple(self._nodes), edges, tasks, self._shape)


def held_locks(report: Report) -> tuple[HeldLock, ...]:
    """The entries of the report's list of held locks."""
    return report.held_locks.locks if report.held_locks else ()


# --- Wait types ---------------------------------------------------------------------------------------------------


def outer_type(lock: HeldLock | None) -> int:
    """What a lock needs around it: its outer wait type, or its inner one where the outer is not set; 0 if unknown."""
    types = lock.wait_types if lock else None
    return (types.outer or types.inner) if types else 0


def too_strict(report: WaitContextReport) -> tuple[HeldLock, ...]:
    """The held locks that allow less than the wanted one needs, oldest first.

    Locks taken before an interrupt came do not count for lockdep, but the list does not say where it came.
    """
    needed = outer_type(report.wanted)
    return tuple(
        lock
        for lock in held_locks(report)
        if lock.wait_types and not lock.released and 0 < lock.wait_types.inner < needed
    )


def context_name(report: WaitContextReport) -> str:
    """What the context's number stands for. The numbers move by one with CONFIG_PROVE_RAW_LOCK_NESTING."""
    number = report.context.inner if report.context else 0
    raw = has_raw_nesting(report)
    names = {
        True: {2: "hardirq context", 3: "softirq or threaded interrupt context", 5: "task context"},
        False: {2: "interrupt context", 4: "task context"},
        None: {2: "interrupt context", 3: "softirq or threaded interrupt context"},
    }[raw]
    return names.get(number, "context")


def context_is_too_strict(report: WaitContextReport) -> bool:
    """Whether the context alone allows less than the wanted lock needs."""
    return report.context is not None and 0 < report.context.inner < outer_type(report.wanted)


def _wait_context(report: WaitContextReport, made: _Making) -> None:
    made.ladder()
    wanted = made.lock(report.wanted, wanted=True) if report.wanted else None
    made.held()
    if wanted is None:
        return
    title = f"takes {report.wanted.lock_class if report.wanted else ''}"
    if context_is_too_strict(report):
        made.forbid(made.context(context_name(report)), wanted, title)
    for lock in {lock.lock_class: lock for lock in too_strict(report)}.values():
        made.forbid(made.lock(lock), wanted, title, lock.span)


# --- One lock that is in the wrong state ----------------------------------------------------------------------------


def _nested(report: NestedReport, made: _Making) -> None:
    wanted = made.lock(report.wanted, wanted=True) if report.wanted else None
    made.held()
    if report.outer:
        outer = made.context(f"{report.outer} not held")
        if wanted is not None:
            made.forbid(outer, wanted, "takes the inner lock", report.wanted.span if report.wanted else NOWHERE)


def _unlock(report: UnlockReport, made: _Making) -> None:
    if report.name:
        same = next((lock for lock in held_locks(report) if lock.lock_class.base == report.name), None)
        made.lock(same or HeldLock(LockClass(report.name)), held=same is not None)
        where = f" in {report.site.bare_function}" if report.site else ""
        deed = "waited for" if report.contended else "released"
        made.context(f"{deed}{where}" + ("" if same else ", not held"))
    made.held()


def _freed(report: FreedReport, made: _Making) -> None:
    freed = made.lock(report.freed, held=True) if report.freed else None
    made.held()
    if freed is not None:
        made.forbid(freed, made.context(f"free of memory {report.first}-{report.last}"), "frees the memory")


# --- Locks that are left held ---------------------------------------------------------------------------------------


def _leaving(made: _Making, what: str, title: str) -> None:
    numbers = made.held()
    end = made.context(what)
    for number in numbers:
        made.forbid(number, end, title)


def _left_held(report: LeftHeldReport, made: _Making) -> None:
    if report.returning:
        _leaving(made, "return to user space", "returns to user space")
    else:
        _leaving(made, "task exit", "exits")


def _work_leak(report: WorkLeakReport, made: _Making) -> None:
    _leaving(made, f"end of {report.function or 'the work function'}", "the worker after the work function")


# --- RCU --------------------------------------------------------------------------------------------------------------


def rcu_complaint(report: RcuReport) -> str:
    """What is wrong with RCU at the place, in two or three words."""
    message = report.message.lower()
    if "illegal context switch" in message:
        return "context switch"
    if "used illegally" in message or "while idle" in message:
        return "RCU used where it does not watch"
    return "RCU protection missing"


def _rcu(report: RcuReport, made: _Making) -> None:
    made.held()
    complaint = rcu_complaint(report)
    place = made.context(complaint + (f" at {report.place}" if report.place else ""))
    if complaint == "context switch":
        for lock in {lock.lock_class: lock for lock in held_locks(report)}.values():
            if lock.lock_class.base.startswith("rcu_read_lock"):
                made.forbid(made.lock(lock), place, "switches")


# --- Lockdep about itself ---------------------------------------------------------------------------------------------


def _chain_locks(report: ValidatorReport) -> tuple[list[HeldLock], list[HeldLock]]:
    """The two chains of a collision: what is held, and what lockdep had stored under the same key."""
    held: list[HeldLock] = []
    cached: list[HeldLock] = []
    chain = held
    for line in report.lines:
        if line.startswith("Locks in cached chain"):
            chain = cached
        found = re.search(r" \((.{1,400})\)\{([-.+?]{3,8})\}", line) if "chain_key:" in line else None
        if found:
            chain.append(HeldLock(LockClass(found[1]), found[2]))
    return held, cached


def _validator(report: ValidatorReport, made: _Making) -> None:
    chains = _chain_locks(report)
    for chain in chains:
        made.nested(chain)
    if any(chains):
        return
    made.held()
    if report.group is ReportKind.NON_STATIC_KEY:
        function = acquiring_function(made.stack)
        made.context("lock without a static key" + (f", taken in {function}" if function else ""))
    else:
        made.context(check_words(report) or "a check of lockdep")


def check_words(report: ValidatorReport) -> str:
    """What a check is called: its sentence or condition, else the function and the line that it stands in."""
    words = report.title.removeprefix("BUG: ").removeprefix("WARNING: ")
    if not report.title.startswith("WARNING: ") or "+0x" not in words:
        return words
    if words.startswith("["):
        return words[1:].partition("] ")[0]
    parts = words.split()
    function = next((part.partition("+")[0] for part in parts if "+0x" in part), "")
    place = next((part for part in parts if ".c:" in part), "")
    return f"{function} at {place}"


_MAKERS: dict[type[Report], Callable[[Any, _Making], None]] = {
    WaitContextReport: _wait_context,
    NestedReport: _nested,
    UnlockReport: _unlock,
    FreedReport: _freed,
    LeftHeldReport: _left_held,
    WorkLeakReport: _work_leak,
    RcuReport: _rcu,
    ValidatorReport: _validator,
}
