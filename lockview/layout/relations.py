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
    if node.subject is Subject.TASK:
        return _of_task(graph, node)
    if node.subject is Subject.CONTEXT:
        return _of_context(graph, node)
    holding, waiting = _others(graph, node, Relation.HOLDS, tail=True), _others(graph, node, Relation.WAITS, tail=False)
    parts = [f"held by {_named(holding, 'tasks')}"] if holding else []
    if waiting:
        parts.append(f"{len(waiting)} waiting" if holding or len(waiting) > 1 else f"wanted by {waiting[0]}")
    if parts:
        return ", ".join(parts)
    if graph.shape in (Shape.LADDER, Shape.PLAIN):
        return _on_ladder(graph, node)
    return ""


def _on_ladder(graph: LockGraph, node: LockNode) -> str:
    if node.wanted:
        return f"wanted by {shown(graph.tasks[0].name, LABEL_COLUMNS)}" if len(graph.tasks) == 1 else "wanted"
    relations = {edge.relation for edge in graph.edges if node.number in (edge.tail, edge.head)}
    return "held" if node.held or Relation.NESTING in relations else ""


def _of_task(graph: LockGraph, node: LockNode) -> str:
    wanted = _others(graph, node, Relation.WAITS, tail=True)
    held = _others(graph, node, Relation.HOLDS, tail=False)
    edges = (edge for edge in graph.edges if edge.tail == node.number and edge.relation is Relation.WAITS)
    place = next((shown(edge.acquirer, LABEL_COLUMNS) for edge in edges if edge.acquirer), "")
    what = f" for {_named(wanted, 'locks')}" if _waits_for_lock(graph, node) else ""
    parts = [f"waits in {place}" if place else f"waits{what}"] if wanted else []
    if held:
        parts.append(f"holds {len(held)}" if wanted else f"holds {_named(held, 'locks')}")
    return ", ".join(parts) or "task"


def _waits_for_lock(graph: LockGraph, node: LockNode) -> bool:
    """Whether what a task waits for is a lock, not an event whose name says more than fits here."""
    heads = (e.head for e in graph.edges if e.tail == node.number and e.relation is Relation.WAITS)
    return any(graph.nodes[head].subject is Subject.LOCK for head in heads)


def _of_context(graph: LockGraph, node: LockNode) -> str:
    if any(edge.head == node.number and edge.relation is Relation.FORBIDDEN for edge in graph.edges):
        return "not allowed here"
    if any(edge.tail == node.number and edge.relation is Relation.FORBIDDEN for edge in graph.edges):
        return "forbids what follows"
    if any(edge.head == node.number and edge.relation is Relation.WAITS for edge in graph.edges):
        return "no lock"
    return "context"


def _others(graph: LockGraph, node: LockNode, relation: Relation, *, tail: bool) -> list[str]:
    """Names at the other ends of the edges of one relation that start (``tail``) or end at a node."""
    edges = (edge for edge in graph.edges if edge.relation is relation)
    ends = [edge.head if tail else edge.tail for edge in edges if (edge.tail if tail else edge.head) == node.number]
    return [shown(graph.nodes[end].name, LABEL_COLUMNS) for end in dict.fromkeys(ends)]


def _named(names: list[str], many: str) -> str:
    return names[0] if len(names) == 1 else f"{len(names)} {many}"
