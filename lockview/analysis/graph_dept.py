"""The ring of a report of DEPT: what is waited for, and the contexts that wait before they give what others want."""

from __future__ import annotations

from lockview.analysis.functions import acquirer_traits
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
)
from lockview.analysis.stacks import acquiring_function
from lockview.model.dept_reports import DeptContext, DeptPoint, DeptReport
from lockview.model.locks import LockClass
from lockview.model.reports import Dependency, Report
from lockview.model.stacks import StackTrace

_NO_LOCK_WORDS = ("wait", "event", "dept_page", "(event", "sdt_", "complete", "(unknown")
"""Beginnings of what DEPT prints as the function of something that is no lock."""


def graph(report: Report) -> LockGraph:
    """One edge per context, from what it owes to what it waits for; the newest comes last. Never raises."""
    if not isinstance(report, DeptReport):
        return LockGraph((), (), ())
    contexts = [context for context in reversed(report.contexts) if context.owed or context.wait]
    ring = [lock for context in contexts for lock in (context.owed, context.wait and context.wait.lock_class) if lock]
    first = report.contexts[0] if report.contexts else DeptContext("")
    nodes = [
        LockNode(
            number,
            lock_class,
            _kind(lock_class, report),
            wanted=first.wait is not None and lock_class == first.wait.lock_class,
            held=lock_class == first.owed,
        )
        for number, lock_class in enumerate(dict.fromkeys(ring))
    ]
    numbers = {node.lock_class: node.number for node in nodes}
    edges: list[LockEdge] = []
    tasks: list[GraphTask] = []
    for context in contexts:
        if context.owed and context.wait:
            tasks.append(GraphTask(len(edges), task_name(report, context), (len(edges),), reporting=context is first))
            index = report.contexts.index(context)
            edges.append(_edge(len(edges), context, numbers, index))
    return LockGraph(tuple(nodes), tuple(edges), tuple(tasks), Shape.RING if edges else Shape.PLAIN)


def task_name(report: DeptReport, context: DeptContext) -> str:
    """The task that DEPT stopped at makes the newest dependency; the others are known by their letters only."""
    if report.task and report.contexts and context is report.contexts[0]:
        return f"{report.task} (context {context.letter})"
    return f"context {context.letter}"


def _edge(number: int, context: DeptContext, numbers: dict[LockClass, int], index: int) -> LockEdge:
    owed, wait = context.owed, context.wait
    assert owed
    assert wait
    stack = context.stack
    return LockEdge(
        number,
        numbers[owed],
        numbers[wait.lock_class],
        number + 1,
        Dependency(
            owed,
            wait.lock_class,
            stack,
            index=index,
            new=index == 0,
            inferred=not stack.frames,
            span=context.span,
        ),
        number,
        _mode(wait, stack),
        holder=_taken_in(context.start),
        acquirer=acquiring_function(stack),
        relation=Relation.INTERRUPT if context.interrupts else Relation.DEPENDENCY,
        evidence=tuple(_evidence(context)),
    )


def _evidence(context: DeptContext) -> list[Evidence]:
    """The stacks that back a dependency, but for that of the wait."""
    found = []
    for mark, title in (("start", "starts at"), ("event", "would end at")):
        point: DeptPoint | None = getattr(context, mark)
        if point:
            found.append(Evidence(f"{point.lock_class} {title}", place(point)))
    for interrupt in context.interrupts:
        at, stack = interrupt.enabled_at, interrupt.enabled_stack
        enabled = stack if stack.frames or not at else StackTrace((at,), at.span)
        found.append(Evidence(f"{interrupt.name} was enabled at", enabled))
    return [evidence for evidence in found if evidence.stack.frames]


def place(point: DeptPoint) -> StackTrace:
    """The stack of a point; of an address alone, a stack of one frame."""
    if point.stack.frames or point.at is None:
        return point.stack
    return StackTrace((point.at,), point.at.span)


def _taken_in(point: DeptPoint | None) -> str:
    return acquiring_function(place(point)) if point else ""


def _kind(lock_class: LockClass, report: DeptReport) -> LockKind:
    """From the functions that DEPT prints; ``wait`` and ``event`` belong to what is no lock."""
    points = [point for context in report.contexts for point in (context.wait, context.start) if point]
    own = [point for point in points if point.lock_class == lock_class]
    for point in own:
        if point.function.startswith(_NO_LOCK_WORDS):
            return LockKind.MARKER
    kind = lock_kind(lock_class, [place(point) for point in own])
    if kind is not LockKind.UNKNOWN:
        return kind
    for point in own:
        traits = acquirer_traits(point.function)
        if traits:
            return traits[0]
    return kind


def _mode(wait: DeptPoint, stack: StackTrace) -> Mode:
    traits = acquirer_traits(wait.function)
    return traits[1] if traits else acquisition_mode(stack)
