"""Whether dependencies alone close a cycle, so that tasks can be run into a deadlock, and why not where they do not."""

from __future__ import annotations

from lockview.analysis.lock_graph import LockGraph, Relation, Shape

_WHY_NOT = {
    Shape.RING: "the text shows no way back from the wanted lock to the held one",
    Shape.CONTEXTS: "this order is closed by an interrupt, not by a second task",
    Shape.LADDER: "the report is about where one task may take a lock",
    Shape.WAIT_FOR: "these tasks wait already, and the diagram shows for whom",
    Shape.PLAIN: "the report names no order of locks that closes a cycle",
}


def has_cycle(graph: LockGraph) -> bool:
    """Whether some lock is reached again from itself by dependencies; a lock taken while it is held counts."""
    rest = [(edge.tail, edge.head) for edge in graph.edges if edge.relation is Relation.DEPENDENCY]
    # A dependency whose tail nothing leads to is part of no cycle; when none is left to take away, the rest is.
    while rest:
        reached = {head for _, head in rest}
        kept = [(tail, head) for tail, head in rest if tail in reached]
        if len(kept) == len(rest):
            return True
        rest = kept
    return False


def why_no_run(graph: LockGraph) -> str:
    """Why a report without a cycle of dependencies has no run of tasks, in one sentence."""
    return f"There is nothing to replay: {_WHY_NOT[graph.shape]}."
