"""The graph of a report about interrupts: the order of locks, and the interrupt that turns it around."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lockview.analysis.irq_links import Link, links_of, safe_and_unsafe
from lockview.analysis.kinds import acquisition_mode, lock_kind
from lockview.analysis.lock_graph import GraphTask, LockEdge, LockGraph, LockNode, Mode, Relation, Shape
from lockview.analysis.stacks import acquiring_function
from lockview.analysis.tasks import entry_of, reporter, task_groups, task_names
from lockview.model.irq_reports import ClassMention, InconsistentReport, IrqInversionReport, IrqOrderReport
from lockview.model.locks import HeldLock, LockClass
from lockview.model.reports import Report
from lockview.model.stacks import StackTrace
from lockview.model.usages import ClassBlock

INTERRUPTED = "interrupted task"


def graph(report: Report) -> LockGraph:
    """Nodes in ring order; an INTERRUPT edge closes the cycle and carries the stacks of both uses."""
    links = links_of(report)
    nodes = _nodes(report, links)
    numbers = {node.lock_class: node.number for node in nodes}
    groups = _groups(report, links)
    task_of = {index: number for number, group in enumerate(groups) for index in group}
    edges = tuple(
        _edge(report, link, index, (numbers[link.dependency.held], numbers[link.dependency.wanted]), task_of[index])
        for index, link in enumerate(links)
    )
    names = task_names(report, [[links[index].dependency for index in group] for group in groups])
    tasks = tuple(
        GraphTask(
            number,
            _interrupted(report, links[group[0]]) or names[number],
            group,
            any(links[index].dependency.new for index in group),
        )
        for number, group in enumerate(groups)
    )
    return LockGraph(nodes, edges, tasks, Shape.CONTEXTS)


def blocks_of(report: Report) -> tuple[ClassBlock, ...]:
    """All class blocks of a report."""
    if isinstance(report, IrqOrderReport):
        return (*report.backward, *report.forward)
    return (*report.blocks, *report.other_blocks) if isinstance(report, IrqInversionReport) else ()


def mentions_of(report: Report) -> Iterator[HeldLock | ClassMention | ClassBlock]:
    """Every place of a report that tells a class's marks, the telling ones first."""
    yield from (lock for lock in (report.wanted, report.held) if lock)
    if isinstance(report, IrqOrderReport):
        yield from (named for named in (report.safe, report.unsafe, *(report.new_dependency or ())) if named)
    if isinstance(report, IrqInversionReport):
        yield from (named for named in (report.changed, report.other) if named)
    yield from blocks_of(report)
    yield from report.held_locks.locks if report.held_locks else ()


def _groups(report: Report, links: Sequence[Link]) -> tuple[tuple[int, ...], ...]:
    """Which links one task made: neighbouring dependencies by their stacks; all else stands alone."""
    groups: list[tuple[int, ...]] = []
    run: list[int] = []

    def close() -> None:
        made = task_groups(report, [links[index].dependency for index in run])
        groups.extend(tuple(run[number] for number in group) for group in made)
        run.clear()

    for index, link in enumerate(links):
        if link.relation is Relation.DEPENDENCY:
            run.append(index)
        else:
            close()
            groups.append((index,))
    close()
    return tuple(groups)


def _interrupted(report: Report, link: Link) -> str:
    """The name of the task behind an interrupt edge: the one that is interrupted, or the one that reports."""
    if link.relation is not Relation.INTERRUPT:
        return ""
    if link.dependency.new:
        return reporter(report)
    name = entry_of(link.evidence[0].stack) if link.evidence else ""
    return f"{name} (interrupted)" if name else INTERRUPTED


def _edge(report: Report, link: Link, number: int, ends: tuple[int, int], task: int) -> LockEdge:
    dependency = link.dependency
    mode, holder, acquirer = acquisition_mode(dependency.stack), "", acquiring_function(dependency.stack)
    if link.relation is Relation.INTERRUPT:
        mode = Mode.UNKNOWN
        if len(link.evidence) == 2:
            holder, acquirer = (acquiring_function(evidence.stack) for evidence in link.evidence)
    elif dependency.new and report.held and report.held.site:
        holder = report.held.site.bare_function
    return LockEdge(number, *ends, number + 1, dependency, task, mode, holder, acquirer, link.relation, link.evidence)


def _nodes(report: Report, links: Sequence[Link]) -> tuple[LockNode, ...]:
    wanted = report.wanted.lock_class if report.wanted else None
    held = report.held.lock_class if report.held else None
    ring = [lock for link in links for lock in (link.dependency.held, link.dependency.wanted)]
    ring += [lock for lock in (wanted, held) if lock]
    ring += [named.lock_class for named in _named(report)]
    told: dict[LockClass, HeldLock | ClassMention | ClassBlock] = {}
    for line in mentions_of(report):
        if line.usage:
            told.setdefault(line.lock_class, line)
    nodes = []
    for number, lock_class in enumerate(dict.fromkeys(ring)):
        seen = told.get(lock_class)
        usage, waits = (seen.usage, seen.wait_types) if seen else ("", None)
        kind = lock_kind(lock_class, list(_stacks(report, links, lock_class)), usage, waits)
        nodes.append(LockNode(number, lock_class, kind, usage, waits, lock_class == wanted, lock_class == held))
    return tuple(nodes)


def _named(report: Report) -> Iterator[ClassMention | HeldLock]:
    """What a report names even where it is cut before it says how the locks hang together."""
    if isinstance(report, IrqOrderReport):
        yield from (named for named in (report.safe, report.unsafe) if named)
    if isinstance(report, IrqInversionReport):
        yield from (named for named in (report.changed, report.other) if named)


def _stacks(report: Report, links: Sequence[Link], lock_class: LockClass) -> Iterator[StackTrace]:
    """Stacks in which a class is taken."""
    yield from (link.dependency.stack for link in links if link.dependency.wanted == lock_class)
    if isinstance(report, InconsistentReport):
        yield report.registered
    if isinstance(report, IrqOrderReport):
        safe, unsafe = safe_and_unsafe(report)
        yield from (report.safe_stack,) if safe == lock_class else ()
        yield from (report.unsafe_stack,) if unsafe == lock_class else ()
    for block in blocks_of(report):
        if block.lock_class == lock_class:
            yield from (usage.stack for usage in block.usages)
