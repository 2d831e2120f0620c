"""The wait-for graph of a deadlock that the debugging code of mutexes found: tasks, and the locks between them."""

from __future__ import annotations

from lockview.analysis.functions import is_lock_core
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
from lockview.analysis.stacks import acquiring_function, call_path
from lockview.model.debug_reports import LockOwner, MutexDeadlockReport
from lockview.model.locks import HeldLock, LockClass
from lockview.model.reports import Dependency, HeldLocks, Report, Task
from lockview.model.stacks import EMPTY_STACK, StackTrace
from lockview.model.text import NOWHERE, Span

_NO_LOCK = LockClass("")


_MACHINERY = (
    "dump_stack",
    "show_stack",
    "schedule",
    "__schedule",
    "preempt_schedule",
    "debug_",
    "check_deadlock",
    "report_deadlock",
    "task_blocks_on",
    "rt_mutex",
    "__rt_mutex",
    "_rt_mutex",
    "rtlock",
    "rt_spin",
    "__rt_spin",
    "rwbase",
    "mutex_lock",
    "__mutex_lock",
    "_mutex_lock",
    "ww_mutex",
    "down_",
    "__down",
    "_down",
)
"""Beginnings of the names of functions between the one that wants a lock and the top of its stack."""


def wanting(stack: StackTrace) -> StackTrace:
    """The stack from the function that wants the lock on; empty when it shows nothing else than the lock's code."""
    frames = call_path(stack)
    for index, frame in enumerate(frames):
        name = frame.bare_function
        if not name.startswith(_MACHINERY) and not is_lock_core(name):
            return StackTrace(frames[index:], stack.span)
    return EMPTY_STACK


def graph(report: Report) -> LockGraph:
    """The graph of a deadlock of mutexes. Never raises."""
    if not isinstance(report, MutexDeadlockReport):
        return LockGraph((), (), ())
    made = _Making(report)
    if report.banner:
        made.unnamed()
    else:
        made.named()
    return LockGraph(tuple(made.nodes), tuple(made.edges), tuple(made.tasks), Shape.WAIT_FOR)


class _Making:
    def __init__(self, report: MutexDeadlockReport) -> None:
        self._report = report
        self.nodes: list[LockNode] = []
        self.edges: list[LockEdge] = []
        self.tasks: list[GraphTask] = []
        self._places: dict[object, int] = {}
        locks = [lock for lock in (report.wanted, report.blocked_lock) if lock]
        names = [lock.lock_class for lock in locks]
        self._twins = len(names) > len(set(names)) and len({lock.instance for lock in locks}) > 1

    def named(self) -> None:
        """Each task waits for its lock, whose owner was printed, or else is the other task of the report."""
        report = self._report
        stack = report.backtrace.stack if report.backtrace else EMPTY_STACK
        pairs = (
            (report.task, report.wanted, report.blocked_lock, stack),
            (report.blocked, report.blocked_lock, report.wanted, report.blocked_stack),
        )
        for task, lock, has, trace in pairs:
            if task:
                self._task(task)
            if task and lock:
                self._waits(task, lock, has, trace)
        owners = (
            (report.wanted, report.wanted_owner, report.blocked or report.task),
            (report.blocked_lock, report.blocked_owner, report.task),
        )
        for lock, owner, other in owners:
            if lock:
                self._owned(lock, owner, other)

    def unnamed(self) -> None:
        """The wording of newer kernels: a task asks for a lock, and the chain of owners leads back to this task."""
        report = self._report
        stack = report.backtrace.stack if report.backtrace else EMPTY_STACK
        if report.task is None:
            return
        function = acquiring_function(wanting(stack))
        label = "a lock" + (f" wanted in {function}" if function else "")
        task = self._task(report.task)
        lock = self._node("lock", LockNode(1, _NO_LOCK, LockKind.MUTEX, wanted=True, label=label))
        self._edge(task, lock, Relation.WAITS, Dependency(_NO_LOCK, _NO_LOCK, stack, span=stack.span), report.task)
        back = Dependency(_NO_LOCK, _NO_LOCK, inferred=True, span=report.span)
        self._edge(lock, task, Relation.PATH, back, None)

    # -- nodes ----------------------------------------------------------------------------------------------------

    def _node(self, key: object, node: LockNode) -> int:
        if key not in self._places:
            from dataclasses import replace

            self._places[key] = len(self.nodes)
            self.nodes.append(replace(node, number=len(self.nodes)))
        return self._places[key]

    def _task(self, task: Task) -> int:
        return self._node(task.pid, LockNode(0, _NO_LOCK, LockKind.UNKNOWN, subject=Subject.TASK, label=str(task)))

    def _lock(self, lock: HeldLock) -> int:
        label = f"{lock.lock_class} at ..{lock.instance[-5:]}" if self._twins else ""
        wanted = lock == self._report.wanted
        key = ("lock", lock.instance or lock.lock_class)
        node = LockNode(0, lock.lock_class, LockKind.MUTEX, wanted=wanted, held=not wanted, label=label)
        return self._node(key, node)

    # -- edges ----------------------------------------------------------------------------------------------------

    def _waits(self, task: Task, lock: HeldLock, has: HeldLock | None, stack: StackTrace) -> None:
        function = lock.site.bare_function if lock.site else ""
        held = has.lock_class if has else _NO_LOCK
        dependency = Dependency(held, lock.lock_class, stack, span=lock.span)
        self._edge(self._task(task), self._lock(lock), Relation.WAITS, dependency, task, acquirer=function)

    def _owned(self, lock: HeldLock, owner: LockOwner | None, other: Task | None) -> None:
        """The printed owner has the lock; without one it must be the task that keeps the other from going on."""
        task = owner.task if owner and owner.task else other
        if task is None:
            return
        printed = bool(owner and owner.task)
        site = owner.acquired_at if owner else None
        entry = _entry(self._list_of(task), lock)
        site = site or (entry.site if entry else None)
        span = owner.span if owner and owner.span else entry.span if entry else NOWHERE
        self._edge(
            self._lock(lock),
            self._task(task),
            Relation.HOLDS,
            Dependency(lock.lock_class, lock.lock_class, inferred=not printed, span=span),
            None,
            holder=site.bare_function if site else "",
            evidence=(Evidence("the lock was taken at", StackTrace((site,), site.span)),) if site else (),
        )

    def _list_of(self, task: Task) -> HeldLocks | None:
        lists = (self._report.held_locks, self._report.blocked_held)
        return next((held for held in lists if held and held.task.pid == task.pid), None)

    def _edge(
        self,
        tail: int,
        head: int,
        relation: Relation,
        dependency: Dependency,
        task: Task | None,
        *,
        acquirer: str = "",
        holder: str = "",
        evidence: tuple[Evidence, ...] = (),
    ) -> None:
        number, owner = len(self.edges), -1
        if task:
            owner = len(self.tasks)
            self.tasks.append(GraphTask(owner, str(task), (number,), reporting=task == self._report.task))
        self.edges.append(
            LockEdge(
                number,
                tail,
                head,
                number + 1,
                dependency,
                owner,
                Mode.EXCLUSIVE if relation is Relation.WAITS else Mode.UNKNOWN,
                holder=holder,
                acquirer=acquirer
                or (acquiring_function(wanting(dependency.stack)) if relation is Relation.WAITS else ""),
                relation=relation,
                evidence=evidence,
            )
        )


def _entry(held: HeldLocks | None, lock: HeldLock) -> HeldLock | None:
    """The line of a lock in the list of the locks of a task."""
    entries = held.locks if held else ()
    return next((entry for entry in entries if entry.instance and entry.instance == lock.instance), None)


def span_of(report: MutexDeadlockReport) -> tuple[Span, ...]:
    """Where the locks of a report and their owners stand."""
    parts = (report.wanted, report.wanted_owner, report.blocked_lock, report.blocked_owner)
    return tuple(part.span for part in parts if part)
