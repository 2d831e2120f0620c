"""The graph of lockups and stalls: what was on the CPUs, and what they seem to spin for.

Who holds a lock is drawn only where a list of held locks says so.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockview.analysis.kinds import lock_kind
from lockview.analysis.lock_graph import (
    Evidence,
    GraphTask,
    LockEdge,
    LockGraph,
    LockKind,
    LockNode,
    Relation,
    Shape,
    Subject,
)
from lockview.analysis.spinning import Spinning, spinning
from lockview.analysis.waiting import lock_key
from lockview.model.locks import HeldLock, LockClass
from lockview.model.reports import Dependency, Report, Task
from lockview.model.stacks import EMPTY_STACK
from lockview.model.stall_reports import StallReport, StallStack

_NO_LOCK = LockClass("")
_MOST_STACKS = 40
"""So many CPUs are drawn."""


def graph(report: Report) -> LockGraph:
    """The graph of a lockup or a stall. Never raises."""
    if not isinstance(report, StallReport):
        return LockGraph((), (), ())
    made = _Making(report)
    for one in drawn(report):
        made.stack(one)
    made.holders()
    return LockGraph(tuple(made.nodes), tuple(made.edges), tuple(made.tasks), Shape.WAIT_FOR)


def drawn(report: StallReport) -> tuple[StallStack, ...]:
    """The stacks worth a node: those of stuck CPUs, and those that spin; of one task the first that tells more."""
    chosen: dict[object, StallStack] = {}
    for one in report.stacks:
        if not (is_stuck(report, one) or spinning(one.stack)):
            continue
        key = one.task.pid or f"cpu {one.cpu}" if one.task else f"cpu {one.cpu}"
        before = chosen.get(key)
        if before is None or (spinning(one.stack) and not spinning(before.stack)):
            chosen[key] = one
    return tuple(chosen.values())[:_MOST_STACKS]


def is_stuck(report: StallReport, one: StallStack) -> bool:
    """Whether a stack is of a CPU that the report is about, or of the task that the title names."""
    if report.task and one.task and one.task.pid == report.task.pid:
        return True
    if one.cpu is None or not report.cpus:
        return one is report.stacks[0] and not one.label
    return one.cpu in report.cpus


def stack_name(report: StallReport, one: StallStack) -> str:
    """``comm/pid on CPU 1``, or what is known of it."""
    number = one.cpu
    if number is None and not one.state and len(report.cpus) == 1 and is_stuck(report, one):
        number = report.cpus[0]
    cpu = "" if number is None else f"CPU {number}"
    if one.task is None:
        return cpu or "a CPU"
    return f"{one.task} on {cpu}" if cpu else str(one.task)


def wanted_entry(report: StallReport, one: StallStack, found: Spinning) -> HeldLock | None:
    """The lock that a task spins for, where its list of held locks names it.

    Lockdep notes a lock before the task has it, so the newest entry is the wanted one if it was noted in a function of
    the stack that leads to the spinning.
    """
    held = next((held for held in report.lists if one.task and held.task.pid == one.task.pid), None)
    if held is None or found.kind is None or not held.locks or len(held.locks) != held.count:
        return None
    newest = held.locks[-1]
    site = newest.site.bare_function if newest.site else ""
    return newest if not newest.released and site in (found.function, *_names(one)) and site else None


def _names(one: StallStack) -> Iterator[str]:
    return (frame.bare_function for frame in one.stack.reliable[:8])


class _Making:
    """Nodes and edges in the making."""

    def __init__(self, report: StallReport) -> None:
        self._report = report
        self.nodes: list[LockNode] = []
        self.edges: list[LockEdge] = []
        self.tasks: list[GraphTask] = []
        self._places: dict[object, int] = {}
        self._wanted: dict[int, HeldLock] = {}

    def _node(self, key: object, kind: LockKind, subject: Subject, label: str, lock: HeldLock | None = None) -> int:
        if key not in self._places:
            self._places[key] = number = len(self.nodes)
            lock_class = lock.lock_class if lock else _NO_LOCK
            usage, wait_types = (lock.usage, lock.wait_types) if lock else ("", None)
            self.nodes.append(LockNode(number, lock_class, kind, usage, wait_types, subject=subject, label=label))
        return self._places[key]

    def _task(self, one: StallStack) -> int:
        key = ("task", one.task.pid or one.cpu) if one.task else ("cpu", one.cpu)
        return self._node(key, LockKind.UNKNOWN, Subject.TASK, stack_name(self._report, one))

    def stack(self, one: StallStack) -> None:
        """What is on a CPU, and what it seems to spin for."""
        task, found = self._task(one), spinning(one.stack)
        if found is None:
            return
        lock = wanted_entry(self._report, one, found)
        head = self._goal(one, found, lock)
        number = len(self.edges)
        name = str(one.task) if one.task else stack_name(self._report, one)
        self.tasks.append(GraphTask(len(self.tasks), name, (number,), reporting=is_stuck(self._report, one)))
        self.edges.append(
            LockEdge(
                number,
                task,
                head,
                number + 1,
                Dependency(
                    _NO_LOCK, self.nodes[head].lock_class, one.stack, inferred=True, span=one.stack.span or one.span
                ),
                len(self.tasks) - 1,
                acquirer=found.function,
                relation=Relation.WAITS,
                evidence=(Evidence(f"seems to spin in {found.spinner} (a guess)", one.stack),),
            )
        )

    def _goal(self, one: StallStack, found: Spinning, lock: HeldLock | None) -> int:
        if lock:
            key = lock_key(lock) or f"?{len(self.nodes)}"
            kind = lock_kind(lock.lock_class, (one.stack,), lock.usage, lock.wait_types)
            number = self._node(("lock", key), kind, Subject.LOCK, "", lock)
            self._wanted[number] = lock
            return number
        # Two CPUs in one function may want two locks: each has a node of its own.
        if found.kind is None:
            return self._node(("goal", len(self.nodes)), LockKind.UNKNOWN, Subject.CONTEXT, found.what)
        label = f"{found.what} wanted in {found.function}" if found.function else found.what
        return self._node(("goal", len(self.nodes)), found.kind, Subject.LOCK, label)

    def holders(self) -> None:
        """Who has a wanted lock, as the lists say: those for whom it is not the newest entry."""
        for number, lock in self._wanted.items():
            for held in self._report.lists if lock_key(lock) else ():
                older = held.locks[: held.count - 1] if len(held.locks) == held.count else held.locks
                entry = next((other for other in older if lock_key(other) == lock_key(lock)), None)
                if entry:
                    self._holds(number, held.task, entry)

    def _holds(self, lock: int, task: Task, entry: HeldLock) -> None:
        number = len(self.edges)
        one = next((one for one in self._report.stacks if one.task and one.task.pid == task.pid), None)
        key = ("task", task.pid or (one.cpu if one else None))
        head = self._node(key, LockKind.UNKNOWN, Subject.TASK, stack_name(self._report, one) if one else str(task))
        stack = one.stack if one else EMPTY_STACK
        self.edges.append(
            LockEdge(
                number,
                lock,
                head,
                number + 1,
                Dependency(entry.lock_class, entry.lock_class, span=entry.span),
                -1,
                holder=entry.site.bare_function if entry.site else "",
                relation=Relation.HOLDS,
                evidence=(Evidence(f"{task} is at", stack),) if stack.frames else (),
            )
        )
