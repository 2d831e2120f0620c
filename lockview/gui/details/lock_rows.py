"""The rows of a lock: what it is, who holds and wants it, what its marks say, and the links of the cycle it is part of.

Pure: report, graph and node number in, rows out.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockview.analysis.lock_graph import LockEdge, LockGraph, LockKind, LockNode, Relation, Shape, Subject
from lockview.document.visible import visible
from lockview.gui.rows.row import Kind, Row
from lockview.layout.lines import edge_role
from lockview.layout.placement import number_of
from lockview.model.locks import HeldLock
from lockview.model.reports import Report

MOST_LINKS = 100
KINDS = {
    LockKind.MUTEX: "Mutex",
    LockKind.SPINLOCK: "Spinlock",
    LockKind.RWLOCK: "Reader-writer spinlock (rwlock)",
    LockKind.RWSEM: "Reader-writer semaphore (rwsem)",
    LockKind.SEQCOUNT: "Sequence counter",
    LockKind.MARKER: "Marker: a lockdep map without a lock behind it",
    LockKind.RCU: "RCU read section",
    LockKind.UNKNOWN: "The report does not tell",
}

SUBJECTS = {
    Subject.TASK: "Task",
    Subject.CONTEXT: "Context: no lock, but what decides which locks may be taken",
}


def lock_rows(report: Report, graph: LockGraph, number: int) -> tuple[Row, ...]:
    """What the lock page shows of one node."""
    node = graph.nodes[number]
    name = visible(node.name)
    if node.subject is not Subject.LOCK:
        kind = Row(Kind.FACT, SUBJECTS[node.subject], label="Kind")
        return (Row(Kind.TITLE, name, fixed=((0, len(name)),)), kind, *_links(graph, node))
    return (
        Row(Kind.TITLE, name, fixed=((0, len(name)),)),
        *_nature(report, node),
        *_people(report, node),
        *_marks(report, node),
        *_links(graph, node),
    )


def _nature(report: Report, node: LockNode) -> Iterator[Row]:
    from lockview.analysis.documented import placement_words
    from lockview.analysis.knowledge import kind_words, known_in

    about = known_in(report, node)
    if about is None:
        yield Row(Kind.FACT, KINDS[node.kind], label="Kind")
    else:
        yield Row(Kind.FACT, kind_words(about, node), label="Kind")
        yield Row(Kind.FACT, about.text, label="What it is", detail="")
        places = placement_words(about.name)
        if places:
            yield Row(Kind.FACT, "\u2028".join(places), label="Documented order")
        yield _sources(about.sources)
    lock_class = node.lock_class
    if lock_class.subclass:
        yield Row(
            Kind.FACT, f"Subclass {lock_class.subclass}: taken while a lock of the same class is held", label="Nesting"
        )
    if lock_class.key_number > 1:
        yield Row(Kind.FACT, f"Number {lock_class.key_number} of the classes with this name", label="Class")


def _sources(sources: tuple[str, ...]) -> Row:
    """Where the facts come from, one place a line, its path in the fixed face."""
    starts = [0]
    for source in sources[:-1]:
        starts.append(starts[-1] + len(source) + 1)
    places = tuple((start, len(source.partition(",")[0])) for start, source in zip(starts, sources, strict=True))
    return Row(Kind.FACT, "\u2028".join(sources), label="Known from", fixed=places)


def _people(report: Report, node: LockNode) -> Iterator[Row]:
    """Who wants and who holds it, by the lines of the report."""
    task = visible(str(report.task)) if report.task else "The reporting task"
    if report.wanted and report.wanted.lock_class == node.lock_class:
        yield _use(report.wanted, task, "Wanted by")
    lines = [lock for lock in (report.held_locks.locks if report.held_locks else ()) if not lock.released]
    if report.held and all(lock.lock_class != report.held.lock_class for lock in lines):
        lines.insert(0, report.held)
    holder = visible(str(report.held_locks.task)) if report.held_locks else task
    for lock in lines:
        if lock.lock_class == node.lock_class:
            yield _use(lock, holder, "Held by")


def _use(lock: HeldLock, task: str, label: str) -> Row:
    site = visible(str(lock.site)) if lock.site else ""
    text = f"{task} in {site}" if site else task
    fixed = ((0, len(task)), (len(task) + 4, len(site))) if site else ((0, len(task)),)
    if lock.instance:
        text += f", lock at {visible(lock.instance)}"
    return Row(Kind.FACT, text, label=label, fixed=fixed)


def _marks(report: Report, node: LockNode) -> Iterator[Row]:
    from lockview.analysis.usage import decode_usage, decode_wait_types, has_raw_nesting

    usage = decode_usage(node.usage, report.title, report.kernel)
    if usage:
        text = "\u2028".join(visible(sentence) for sentence in usage)
        starts = [0]
        for sentence in usage[:-1]:
            starts.append(starts[-1] + len(visible(sentence)) + 1)
        yield Row(
            Kind.FACT, text, label=f"Usage {{{visible(node.usage)}}}", fixed=tuple((start, 1) for start in starts)
        )
    waits = decode_wait_types(node.wait_types, has_raw_nesting(report))
    if waits and node.wait_types:
        label = f"Wait types {{{node.wait_types.outer}:{node.wait_types.inner}}}"
        yield Row(Kind.FACT, "\u2028".join(waits), label=label)


def _links(graph: LockGraph, node: LockNode) -> Iterator[Row]:
    edges = [edge for edge in graph.edges if node.number in (edge.tail, edge.head)]
    if not edges:
        return
    ring = graph.shape in (Shape.RING, Shape.CONTEXTS)
    yield Row(Kind.HEADING, "In the cycle" if ring else "What it is linked to")
    for edge in edges[:MOST_LINKS]:
        text = f"{visible(graph.nodes[edge.tail].name)} \u2192 {visible(graph.nodes[edge.head].name)}"
        yield Row(
            Kind.LINK,
            text,
            label=number_of(edge),
            right=_right(graph, edge),
            fixed=((0, len(text)),),
            role=edge_role(graph, edge),
            item=f"edge:{edge.number}",
            line=edge.dependency.span.first or None,
        )
    if len(edges) > MOST_LINKS:
        yield Row(Kind.NOTE, f"and {len(edges) - MOST_LINKS} more", dim=True)


def _right(graph: LockGraph, edge: LockEdge) -> str:
    """The task of a dependency, or what else the edge is."""
    if edge.relation is not Relation.DEPENDENCY:
        return edge.relation.value
    if edge.dependency.new:
        return "new"
    return visible(graph.tasks[edge.task].name) if 0 <= edge.task < len(graph.tasks) else ""
