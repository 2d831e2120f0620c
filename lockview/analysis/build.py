"""From a report to its lock graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from lockview.analysis.kinds import acquisition_mode, lock_kind
from lockview.analysis.lock_graph import GraphTask, LockEdge, LockGraph, LockNode, Mode
from lockview.analysis.stacks import acquiring_function
from lockview.analysis.tasks import task_groups, task_names
from lockview.model.locks import HeldLock, LockClass
from lockview.model.reports import ChainEntry, CircularReport, Dependency, Operation, Report

_FAMILIES = {
    "InconsistentReport": "graph_irq",
    "IrqOrderReport": "graph_irq",
    "IrqInversionReport": "graph_irq",
    "TsanReport": "graph_foreign",
    "HelgrindReport": "graph_foreign",
    "WitnessReport": "graph_foreign",
    "JavaDeadlockReport": "graph_foreign",
    "WaitContextReport": "graph_tasks",
    "NestedReport": "graph_tasks",
    "UnlockReport": "graph_tasks",
    "FreedReport": "graph_tasks",
    "LeftHeldReport": "graph_tasks",
    "WorkLeakReport": "graph_tasks",
    "RcuReport": "graph_tasks",
    "ValidatorReport": "graph_tasks",
    "MutexDeadlockReport": "graph_deadlock",
    "DeptReport": "graph_dept",
    "HungTaskReport": "graph_waits",
    "LocksDumpReport": "graph_waits",
    "AtomicReport": "graph_atomic",
    "SpinReport": "graph_atomic",
    "StallReport": "graph_stalls",
}
"""The module of this package whose ``graph(report)`` draws a class of reports; others are a cycle or an edge."""


def lock_graph(report: Report) -> LockGraph:
    """Build the graph of a report of any kind. Never raises."""
    module = _FAMILIES.get(type(report).__name__)
    if module is None:
        return dependency_graph(report)
    from importlib import import_module

    graph: LockGraph = import_module(f"lockview.analysis.{module}").graph(report)
    return graph


def dependency_graph(report: Report) -> LockGraph:
    """Build the graph of a report about an order of locks.

    Shape:  nodes in ring order from the wanted lock; one edge per dependency; edges of one task are neighbours.
    Errors: never raises. A report that names only a wanted and a held lock gives the one new edge (a self-loop when
            both are one class), one that names a single lock gives a node, and one that names nothing no node.
    """
    dependencies = _dependencies(report)
    groups = task_groups(report, dependencies)
    names = task_names(report, [[dependencies[index] for index in group] for group in groups])
    nodes = _nodes(report, dependencies)
    numbers = {node.lock_class: node.number for node in nodes}
    task_of = {index: number for number, group in enumerate(groups) for index in group}
    edges = tuple(
        LockEdge(
            number=index,
            tail=numbers[dependency.held],
            head=numbers[dependency.wanted],
            order=index + 1,
            dependency=dependency,
            task=task_of[index],
            mode=_mode(report, dependency),
            holder=_holder(report, dependencies, task_of, index),
            acquirer=acquiring_function(dependency.stack),
        )
        for index, dependency in enumerate(dependencies)
    )
    tasks = tuple(
        GraphTask(number, names[number], group, reporting=any(dependencies[index].new for index in group))
        for number, group in enumerate(groups)
    )
    return LockGraph(nodes, edges, tasks)


def _dependencies(report: Report) -> tuple[Dependency, ...]:
    """The cycle, or the new dependency alone; an empty stack of the new one is taken from the backtrace."""
    dependencies = report.cycle
    if not dependencies and report.wanted and report.held:
        dependencies = (
            Dependency(
                held=report.held.lock_class,
                wanted=report.wanted.lock_class,
                new=True,
                inferred=report.backtrace is None,
                span=report.wanted.span.joined(report.held.span),
            ),
        )
    trace = report.backtrace
    if trace is None:
        return dependencies
    return tuple(
        replace(item, stack=trace.stack, inferred=not trace.stack.frames)
        if item.new and not item.stack.frames
        else item
        for item in dependencies
    )


def _nodes(report: Report, dependencies: Sequence[Dependency]) -> tuple[LockNode, ...]:
    wanted = report.wanted.lock_class if report.wanted else None
    held = report.held.lock_class if report.held else None
    ends = [lock for lock in (wanted, held) if lock]
    between = [lock for dependency in dependencies for lock in (dependency.held, dependency.wanted)]
    # A lone new dependency runs from the held to the wanted lock; the wanted one comes first all the same.
    ring = [*ends, *between] if not report.cycle else [*between, *ends]
    described = _descriptions(report)
    stacks: dict[LockClass, list[Dependency]] = {}
    for dependency in dependencies:
        stacks.setdefault(dependency.wanted, []).append(dependency)
    nodes = []
    for number, lock_class in enumerate(dict.fromkeys(ring)):
        seen = described.get(lock_class)
        usage = seen.usage if seen else ""
        wait_types = seen.wait_types if seen else None
        kind = lock_kind(lock_class, [item.stack for item in stacks.get(lock_class, ())], usage, wait_types)
        nodes.append(
            LockNode(number, lock_class, kind, usage, wait_types, wanted=lock_class == wanted, held=lock_class == held)
        )
    return tuple(nodes)


def _descriptions(report: Report) -> dict[LockClass, ChainEntry | HeldLock]:
    """For each class the first line that tells its usage: a chain entry, else a wanted or held line."""
    lines: list[ChainEntry | HeldLock] = []
    if isinstance(report, CircularReport):
        lines += report.chain
    lines += [lock for lock in (report.wanted, report.held) if lock]
    lines += _held(report)
    described: dict[LockClass, ChainEntry | HeldLock] = {}
    for line in lines:
        if line.usage:
            described.setdefault(line.lock_class, line)
    return described


def _held(report: Report) -> Iterable[HeldLock]:
    return report.held_locks.locks if report.held_locks else ()


def _mode(report: Report, dependency: Dependency) -> Mode:
    """From the stack; the printed scenario says ``rlock`` for a wanted lock that is taken shared since 6.5."""
    mode = acquisition_mode(dependency.stack)
    if mode is Mode.UNKNOWN and dependency.new and report.scenario:
        last = report.scenario[-1]
        if last.lock_class == dependency.wanted and last.operation is Operation.RLOCK:
            return Mode.SHARED
    return mode


def _holder(report: Report, dependencies: Sequence[Dependency], task_of: dict[int, int], index: int) -> str:
    """The function that took the tail: known from the edge before in the same task, or from the ``at:`` part."""
    dependency = dependencies[index]
    if index > 0 and task_of[index - 1] == task_of[index]:
        return acquiring_function(dependencies[index - 1].stack)
    if not dependency.new:
        return ""
    lines = [report.held, *_held(report)] if report.held else list(_held(report))
    sites = (line.site for line in lines if line and line.lock_class == dependency.held)
    return next((site.bare_function for site in sites if site), "")
