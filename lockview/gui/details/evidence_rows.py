"""The rows of an edge that is no dependency: what it says, and the stacks that back it under their titles.

Pure: graph, edge and open folds in, rows out.
"""

from __future__ import annotations

from collections.abc import Iterator

from lockview.analysis.lock_graph import LockEdge, LockGraph, Relation
from lockview.document.visible import visible
from lockview.gui.details.frames import stack_part
from lockview.gui.rows.row import Kind, Row
from lockview.layout.lines import edge_role

_SAID = {
    Relation.PATH: "The second lock is reached from the first through locks that the text does not name.",
    Relation.INTERRUPT: "An interrupt that comes while the first lock is held may take the second.",
    Relation.WAITS: "The task waits for the lock.",
    Relation.HOLDS: "The lock is held by the task.",
    Relation.NESTING: "The second stood right after the first in a list of held locks. That is no proof of an order: "
    "a lock that was only tried, or an interrupt, may lie between.",
    Relation.FORBIDDEN: "The second is not allowed under the first.",
}
_NO_STACK = "The log holds no stack for this."


def relation_rows(graph: LockGraph, edge: LockEdge, opened: frozenset[str]) -> Iterator[Row]:
    """Everything about an edge that is no dependency."""
    yield edge_heading(graph, edge)
    yield Row(Kind.NOTE, _SAID[edge.relation], dim=True)
    yield from _functions(edge)
    shown = any(evidence.stack.frames for evidence in edge.evidence)
    if edge.dependency.stack.frames and all(evidence.stack != edge.dependency.stack for evidence in edge.evidence):
        shown = True
        yield Row(Kind.HEADING, "Where it happens", role=edge_role(graph, edge))
        frames = range(len(edge.dependency.stack))
        yield from stack_part(graph, edge, edge.dependency.stack, frames, opened, chosen=True)
    yield from evidence_rows(graph, edge, opened)
    if not shown:
        yield Row(Kind.NOTE, _NO_STACK, dim=True)


def edge_heading(graph: LockGraph, edge: LockEdge) -> Row:
    """Both ends of an edge."""
    tail, head = (visible(graph.nodes[end].name) for end in (edge.tail, edge.head))
    return Row(Kind.TITLE, f"{tail} \u2192 {head}", fixed=((0, len(tail)), (len(tail) + 3, len(head))))


def evidence_rows(graph: LockGraph, edge: LockEdge, opened: frozenset[str]) -> Iterator[Row]:
    """The stacks that back an edge. Only the frames of its own can be selected one by one.

    A dependency shows its own stack elsewhere.
    """
    for number, evidence in enumerate(edge.evidence):
        if edge.relation is Relation.DEPENDENCY and evidence.stack == edge.dependency.stack:
            continue
        title = visible(evidence.title) or "Seen at"
        yield Row(Kind.HEADING, f"{title[:1].upper()}{title[1:]}", role=edge_role(graph, edge))
        own = evidence.stack == edge.dependency.stack
        frames = range(len(evidence.stack))
        if evidence.stack.frames:
            yield from stack_part(graph, edge, evidence.stack, frames, opened, chosen=own, part=f"{number}:")
        else:
            yield Row(Kind.NOTE, _NO_STACK, dim=True)


def _functions(edge: LockEdge) -> Iterator[Row]:
    known = edge.dependency.stack.frames or any(evidence.stack.frames for evidence in edge.evidence)
    for label, name in (("Held since", edge.holder), ("In", edge.acquirer)):
        if name and not known:
            text = visible(name)
            yield Row(Kind.FACT, text, label=label, fixed=((0, len(text)),))
