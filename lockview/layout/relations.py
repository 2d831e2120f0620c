"""The words of edges that are no dependencies, and of the nodes between them."""

from __future__ import annotations

from lockview.analysis.lock_graph import LockEdge, LockGraph, LockNode, Relation, Shape, Subject
from lockview.layout.captions import ARROW, LABEL_COLUMNS, edge_tag, shown

FIRST_WORDS = {
    Relation.PATH: "through other locks",
    Relation.INTERRUPT: "interrupt",
}
SENTENCES = {
    Relation.DEPENDENCY: "{tail} is held and {head} is taken",
    Relation.PATH: "{head} is reached from {tail} through locks that the text does not name",
    Relation.INTERRUPT: "an interrupt that comes while {tail} is held may take {head}",
    Relation.WAITS: "{tail} waits for {head}",
    Relation.HOLDS: "{tail} is held by {head}",
    Relation.NESTING: "{head} was listed right after {tail}",
    Relation.FORBIDDEN: "{head} is not allowed under {tail}",
}
SAMPLES = {
    Relation.PATH: "reached through locks that are not named",
    Relation.INTERRUPT: "an interrupt may take it meanwhile",
    Relation.WAITS: "waits for",
    Relation.HOLDS: "is held by",
    Relation.NESTING: "then held",
    Relation.FORBIDDEN: "is not allowed under it",
}
"""What the legend says of each."""


def relation_lines(edge: LockEdge) -> tuple[str, ...]:
    """The label of an edge that needs a word, and the function that it is known from.

    What a task waits for, holds or may not take is told by the shape of the edge; its function stands in the node.
    """
    if edge.relation not in FIRST_WORDS:
        return ()
    function = shown(edge.acquirer or edge.holder, LABEL_COLUMNS - 2)
    words = FIRST_WORDS[edge.relation]
    return (words, f"{ARROW} {function}") if function else (words,)


def relation_title(edge: LockEdge, tail: str, head: str) -> str:
    """The accessible name of an edge between two shown names, as a sentence."""
    words = SENTENCES[edge.relation].format(tail=tail, head=head)
    parts = [f"{edge.order}: {words}" if edge.order > 0 and edge.relation not in _UNNUMBERED else words]
    parts += [f"{word} {shown(name)}" for word, name in (("held since", edge.holder), ("in", edge.acquirer)) if name]
    parts += [shown(evidence.title) for evidence in edge.evidence if evidence.title]
    if edge.dependency.inferred and edge.relation in (Relation.WAITS, Relation.HOLDS):
        parts.append("probably; the text does not say so")
    return "; ".join([*parts, *(["what the report is about"] if edge_tag(edge) == "new" else [])])


_UNNUMBERED = frozenset({Relation.WAITS, Relation.HOLDS, Relation.NESTING})


def role_in_report(graph: LockGraph, node: LockNode) -> str:
    """What the edges of other relations say of a node, in a few words; "" when they say nothing."""
    number = node.number
    near = [edge for edge in graph.edges if number in (edge.tail, edge.head)]
    out = {relation: [e for e in near if e.tail == number and e.relation is relation] for relation in _TELLING}
    into = {relation: [e for e in near if e.head == number and e.relation is relation] for relation in _TELLING}
    if node.subject is Subject.TASK:
        return _of_task(graph, out[Relation.WAITS], into[Relation.HOLDS])
    if node.subject is Subject.CONTEXT:
        if into[Relation.FORBIDDEN]:
            return "not allowed here"
        if out[Relation.FORBIDDEN]:
            return "forbids what follows"
        return "no lock" if into[Relation.WAITS] else "context"
    if said := _of_lock(graph, out[Relation.HOLDS], into[Relation.WAITS]):
        return said
    if graph.shape not in (Shape.LADDER, Shape.PLAIN):
        return ""
    if node.wanted:
        return f"wanted by {shown(graph.tasks[0].name, LABEL_COLUMNS)}" if len(graph.tasks) == 1 else "wanted"
    return "held" if node.held or out[Relation.NESTING] or into[Relation.NESTING] else ""


_TELLING = (Relation.WAITS, Relation.HOLDS, Relation.FORBIDDEN, Relation.NESTING)


def _of_lock(graph: LockGraph, holds: list[LockEdge], waits: list[LockEdge]) -> str:
    parts = []
    if holders := list(dict.fromkeys(edge.head for edge in holds)):
        sure = "" if any(not edge.dependency.inferred for edge in holds) else "probably "
        parts.append(f"{sure}held by {_named(graph, holders, 'tasks')}")
    if waiters := list(dict.fromkeys(edge.tail for edge in waits)):
        told = holders or len(waiters) > 1
        parts.append(f"{len(waiters)} waiting" if told else f"wanted by {_named(graph, waiters, 'tasks')}")
    return ", ".join(parts)


def _of_task(graph: LockGraph, waits: list[LockEdge], holds: list[LockEdge]) -> str:
    """What it waits for: the place if that is known, the lock otherwise, and of events only that it waits."""
    parts = []
    place = next((edge.acquirer for edge in waits if edge.acquirer), "")
    locks = [edge.head for edge in waits if graph.nodes[edge.head].subject is Subject.LOCK]
    if place:
        parts.append(f"waits in {shown(place, LABEL_COLUMNS)}")
    elif locks:
        parts.append(f"waits for {_named(graph, list(dict.fromkeys(locks)), 'locks')}")
    elif waits:
        parts.append("waits")
    if held := list(dict.fromkeys(edge.tail for edge in holds)):
        parts.append(f"holds {len(held)}" if waits else f"holds {_named(graph, held, 'locks')}")
    return ", ".join(parts) or "task"


def _named(graph: LockGraph, nodes: list[int], many: str) -> str:
    return shown(graph.nodes[nodes[0]].name, LABEL_COLUMNS) if len(nodes) == 1 else f"{len(nodes)} {many}"
