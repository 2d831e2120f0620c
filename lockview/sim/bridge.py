"""From a report to a scenario, in the reading that lockdep has of it: every class blocks."""

from __future__ import annotations

from collections.abc import Iterator

from lockview.analysis.cycles import has_cycle, waiting_circle
from lockview.analysis.lock_graph import GraphTask, LockEdge, LockGraph, LockNode, Relation
from lockview.analysis.wording import listed
from lockview.model.locks import LockClass
from lockview.model.reports import Report, ReportKind
from lockview.model.stacks import EMPTY_STACK, StackTrace
from lockview.sim.scenario import Acquisition, Scenario, ScenarioTask


def scenario_from_report(report: Report, graph: LockGraph) -> Scenario:
    """One task per graph task: it takes the tail of its first edge, then the head of each of its edges.

    Of tasks that wait for each other already, each takes what the one before it waits for, and then asks for what it
    waits for itself. Where neither dependencies nor waiting close a cycle there is nothing to run.
    """
    if circle := waiting_circle(graph):
        return Scenario(report.title, _waiters(graph, circle), _found_waiting(circle))
    if not has_cycle(graph):
        return Scenario(report.title, ())
    tasks = tuple(ScenarioTask(task.name, _acquisitions(report, graph, task)) for task in graph.tasks)
    return Scenario(report.title, tasks, _assumptions(graph, report.kind))


def _acquisitions(report: Report, graph: LockGraph, task: GraphTask) -> tuple[Acquisition, ...]:
    edges = [edge for edge in map(graph.edges.__getitem__, task.edges) if edge.relation is Relation.DEPENDENCY]
    if not edges:
        return ()
    first = edges[0].dependency.held
    stack = _held_at(report, first) if task.reporting else EMPTY_STACK
    taken = [Acquisition(first, stack)]
    taken += [Acquisition(edge.dependency.wanted, edge.dependency.stack, edge.number) for edge in edges]
    return tuple(taken)


def _held_at(report: Report, lock_class: LockClass) -> StackTrace:
    """The one frame that is known of a held lock: its ``at:`` part."""
    lines = [report.held] if report.held else []
    lines += report.held_locks.locks if report.held_locks else ()
    for line in lines:
        if line.lock_class == lock_class and line.site:
            return StackTrace((line.site,), line.span)
    return EMPTY_STACK


def _waiters(graph: LockGraph, circle: tuple[LockEdge, ...]) -> tuple[ScenarioTask, ...]:
    """The tasks of a circle; its edges are in turn a wait and what holds that lock."""
    waits, holds = circle[::2], circle[1::2]
    tasks = []
    for index, wait in enumerate(waits):
        held = holds[index - 1]
        stack = held.evidence[0].stack if held.evidence else EMPTY_STACK
        taken = Acquisition(_lock(graph.nodes[held.tail]), stack, held.number)
        asked = Acquisition(_lock(graph.nodes[wait.head]), wait.dependency.stack, wait.number)
        tasks.append((wait.task, ScenarioTask(graph.nodes[wait.tail].name, (taken, asked))))
    return tuple(task for _, task in sorted(tasks, key=lambda item: item[0]))


def _lock(node: LockNode) -> LockClass:
    """The lock as a class of its own: a label tells locks of one class apart, or names one that the text does not."""
    return LockClass(node.label) if node.label else node.lock_class


def _found_waiting(circle: tuple[LockEdge, ...]) -> tuple[str, ...]:
    sentences = [
        "These tasks do wait for each other in the text; the run is one way in which they can have got there.",
        "Each task takes the lock that another one waits for and then asks for its own; other locks are left out.",
        "Locks do not queue: a lock that comes free goes to whoever steps next.",
    ]
    if any(edge.dependency.inferred for edge in circle):
        sentences.append("Who holds or wants some of the locks is not certain; the text only makes it likely.")
    return tuple(sentences)


_ONE_BY_ONE = (ReportKind.TSAN, ReportKind.HELGRIND)
"""What comes from programs that do not group locks."""


def _reading(kind: ReportKind) -> Iterator[str]:
    """What the reporting program takes for granted about locks."""
    if kind in _ONE_BY_ONE:
        yield "Every lock blocks everybody: shared acquisitions count as exclusive ones."
        return
    reader = "WITNESS" if kind is ReportKind.WITNESS else "lockdep"
    yield f"Every class blocks everybody, as {reader} reads it: shared acquisitions count as exclusive ones."
    yield "One lock stands for each class; a real kernel may have many of them, and the tasks may use different ones."


def _assumptions(graph: LockGraph, kind: ReportKind) -> tuple[str, ...]:
    from lockview.analysis.knowledge import never_waited_for

    if not graph.tasks:
        return ()
    sentences = [
        *_reading(kind),
        "Each task takes its locks in the order of its edges, holds them all, and releases them in reverse order.",
        "No other lock keeps the tasks apart: locks that the report does not list are left out.",
        "Locks do not queue: a lock that comes free goes to whoever steps next.",
    ]
    idle = [node.name for node in graph.nodes if never_waited_for(node)]
    if idle:
        verb = "blocks" if len(idle) == 1 else "block"
        sentences.append(f"{listed(idle)} {verb} nobody in a real kernel, which may be unable to get stuck this way.")
    if any(edge.dependency.inferred for edge in graph.edges):
        sentences.append("Some dependencies have no stack in the text; other locks and tasks may stand between.")
    return tuple(sentences)
