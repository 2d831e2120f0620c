"""The ladder: what surrounds, the held locks from the outermost down, what is wanted, and what is not allowed below."""

from __future__ import annotations

from lockview.analysis.lock_graph import LockGraph, LockNode, Relation, Subject
from lockview.layout.placement import Placement, Sizes
from lockview.layout.stairs import nesting_order, stairs


def ladder(graph: LockGraph, sizes: Sizes) -> Placement:
    """Place any graph as a ladder; each rung stands one step further in."""
    order = ladder_order(graph)
    return stairs(graph, sizes, order, range(len(order)))


def ladder_order(graph: LockGraph) -> list[int]:
    """The numbers of the nodes from the top down.

    Surroundings that forbid something come first, then what is held, what is wanted, and what else is no lock.
    """
    ranks: dict[int, list[int]] = {}
    for node in graph.nodes:
        ranks.setdefault(_rank(graph, node), []).append(node.number)
    return [node for rank in sorted(ranks) for node in nesting_order(graph, ranks[rank])]


def _rank(graph: LockGraph, node: LockNode) -> int:
    if node.subject is Subject.CONTEXT:
        forbids = any(edge.tail == node.number and edge.relation is Relation.FORBIDDEN for edge in graph.edges)
        return 0 if forbids else 3
    return 2 if node.wanted else 1
