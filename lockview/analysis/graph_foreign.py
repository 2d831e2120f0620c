"""The lock graphs of reports of other programs: a ring of orders, or threads that wait for each other."""

from __future__ import annotations

from collections.abc import Sequence

from lockview.analysis.foreign_code import calls, kind_of, mode_of
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
from lockview.model.foreign_reports import (
    ForeignLock,
    ForeignOrder,
    HelgrindReport,
    JavaDeadlockReport,
    JavaThread,
    TsanReport,
    WitnessReport,
)
from lockview.model.locks import LockClass
from lockview.model.reports import Dependency, Report
from lockview.model.stacks import EMPTY_STACK


def graph(report: Report) -> LockGraph:
    """The graph of a report of this family."""
    match report:
        case JavaDeadlockReport():
            return _wait_for(report)
        case TsanReport() | HelgrindReport() | WitnessReport():
            return _ring(report.cycle, report.orders, report.locks, report)
        case _:
            return LockGraph((), (), ())


def _ring(
    cycle: Sequence[Dependency], orders: Sequence[ForeignOrder], locks: Sequence[ForeignLock], report: Report
) -> LockGraph:
    threads = [_order_of(orders, item) for item in cycle]
    groups = _groups(cycle, threads)
    names = _distinct([_name([cycle[i] for i in group], threads[group[0]], n) for n, group in enumerate(groups)])
    named = [item.held for item in cycle] or [lock.lock_class for lock in locks]
    numbers = {lock_class: number for number, lock_class in enumerate(dict.fromkeys(named))}
    task_of = {index: number for number, group in enumerate(groups) for index in group}
    wanted = report.wanted.lock_class if report.wanted else None
    held = report.held.lock_class if report.held else None
    nodes = tuple(
        LockNode(number, lock, _kind(lock, cycle, locks), wanted=lock == wanted, held=lock == held)
        for lock, number in numbers.items()
    )
    edges = tuple(
        LockEdge(
            number=index,
            tail=numbers[item.held],
            head=numbers[item.wanted],
            order=index + 1,
            dependency=item,
            task=task_of[index],
            mode=mode_of(item.stack),
            holder=_first(calls(order.held_stack)) if order else "",
            acquirer=_first(calls(item.stack)),
            evidence=_evidence(order),
        )
        for index, (item, order) in enumerate(zip(cycle, threads, strict=True))
    )
    tasks = tuple(
        GraphTask(number, names[number], group, reporting=any(cycle[index].new for index in group))
        for number, group in enumerate(groups)
    )
    return LockGraph(nodes, edges, tasks, Shape.RING if edges else Shape.PLAIN)


def _order_of(orders: Sequence[ForeignOrder], item: Dependency) -> ForeignOrder | None:
    ends = item.held.base, item.wanted.base
    return next((order for order in orders if (order.held, order.wanted) == ends), None)


def _evidence(order: ForeignOrder | None) -> tuple[Evidence, ...]:
    if order is None or not order.held_stack.frames:
        return ()
    return (Evidence(f"{order.held} was taken at", order.held_stack),)


def _groups(cycle: Sequence[Dependency], orders: Sequence[ForeignOrder | None]) -> list[tuple[int, ...]]:
    """Neighbouring orders of one named thread are one task, as long as it takes no lock twice."""
    groups: list[list[int]] = []
    for index, item in enumerate(cycle):
        group = groups[-1] if groups else []
        order, before = orders[index], orders[index - 1] if index else None
        same = bool(group and order and before and order.thread and order.thread == before.thread)
        if same and item.wanted not in {cycle[group[0]].held, *(cycle[number].wanted for number in group)}:
            group.append(index)
        else:
            groups.append([index])
    return [tuple(group) for group in groups]


def _name(items: Sequence[Dependency], order: ForeignOrder | None, number: int) -> str:
    if order and order.thread:
        return order.thread
    stacks = [calls(item.stack) for item in items]
    return next((stack[-1] for stack in stacks if stack), f"task {number + 1}")


def _distinct(names: Sequence[str]) -> list[str]:
    seen: dict[str, int] = {}
    distinct = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        distinct.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return distinct


def _kind(lock_class: LockClass, cycle: Sequence[Dependency], locks: Sequence[ForeignLock]) -> LockKind:
    sort = next((lock.sort for lock in locks if lock.name == lock_class.base), "")
    kinds = [kind_of(item.stack, sort) for item in cycle if item.wanted == lock_class]
    return next((kind for kind in kinds if kind is not LockKind.UNKNOWN), kind_of(EMPTY_STACK, sort))


def _first(names: tuple[str, ...]) -> str:
    return names[0] if names else ""


def _wait_for(report: JavaDeadlockReport) -> LockGraph:
    """Threads and objects in turn: a thread waits for an object, which the next thread holds."""
    ring = report.deadlocked
    inside = {thread.name for thread in ring}
    threads = (*ring, *(thread for thread in report.threads if thread.name not in inside))
    nodes: list[LockNode] = []
    place: dict[object, int] = {}
    for thread in threads:
        place[thread.name] = len(nodes)
        nodes.append(LockNode(len(nodes), LockClass(""), LockKind.UNKNOWN, subject=Subject.TASK, label=_called(thread)))
        if thread.wanted and thread.lock_class not in place:
            place[thread.lock_class] = len(nodes)
            nodes.append(LockNode(len(nodes), thread.lock_class, LockKind.MUTEX))
    edges: list[LockEdge] = []
    tasks: list[GraphTask] = []
    joined: set[tuple[LockClass, str]] = set()
    for index, thread in enumerate(thread for thread in threads if thread.wanted):
        held = LockClass("")
        if index < len(ring):
            held = ring[index - 1].lock_class
            tasks.append(GraphTask(len(tasks), _called(thread), (len(edges),)))
        edges.append(_waits(len(edges), place, thread, held, len(tasks) - 1 if index < len(ring) else -1))
        if thread.holder is not None and thread.holder in place and (thread.lock_class, thread.holder) not in joined:
            joined.add((thread.lock_class, thread.holder))
            edges.append(_holds(len(edges), place, thread))
    return LockGraph(tuple(nodes), tuple(edges), tuple(tasks), Shape.WAIT_FOR)


def _called(thread: JavaThread) -> str:
    """A thread may have no name."""
    return thread.name or '""'


def _waits(number: int, place: dict[object, int], thread: JavaThread, held: LockClass, task: int) -> LockEdge:
    """The dependency behind it is that of the objects: what the thread holds, and what it waits for."""
    return LockEdge(
        number,
        place[thread.name],
        place[thread.lock_class],
        number + 1,
        Dependency(held, thread.lock_class, thread.stack, span=thread.span),
        task,
        Mode.EXCLUSIVE,
        acquirer=_first(calls(thread.stack)),
        relation=Relation.WAITS,
    )


def _holds(number: int, place: dict[object, int], thread: JavaThread) -> LockEdge:
    lock = thread.lock_class
    return LockEdge(
        number,
        place[lock],
        place[thread.holder],
        number + 1,
        Dependency(lock, lock, span=thread.span),
        -1,
        relation=Relation.HOLDS,
    )
