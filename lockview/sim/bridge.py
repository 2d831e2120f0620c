"""From a report to a scenario, in the reading that lockdep has of it: every class blocks."""

from __future__ import annotations

from lockview.analysis.cycles import has_cycle
from lockview.analysis.lock_graph import GraphTask, LockGraph, Relation
from lockview.analysis.wording import listed
from lockview.model.locks import LockClass
from lockview.model.reports import Report
from lockview.model.stacks import EMPTY_STACK, StackTrace
from lockview.sim.scenario import Acquisition, Scenario, ScenarioTask


def scenario_from_report(report: Report, graph: LockGraph) -> Scenario:
    """One task per graph task: it takes the tail of its first edge, then the head of each of its edges.

    Only dependencies count. Where they close no cycle there is nothing to run.
    """
    if not has_cycle(graph):
        return Scenario(report.title, ())
    tasks = tuple(ScenarioTask(task.name, _acquisitions(report, graph, task)) for task in graph.tasks)
    return Scenario(report.title, tasks, _assumptions(graph))


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


def _assumptions(graph: LockGraph) -> tuple[str, ...]:
    from lockview.analysis.knowledge import never_waited_for

    if not graph.tasks:
        return ()
    sentences = [
        "Every class blocks everybody, as lockdep reads it: shared acquisitions count as exclusive ones.",
        "One lock stands for each class; a real kernel may have many of them, and the tasks may use different ones.",
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
