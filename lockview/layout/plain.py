"""Locks without an order between them: a column, with steps only where one lock is held inside another."""

from __future__ import annotations

from lockview.analysis.lock_graph import LockGraph, Relation
from lockview.layout.placement import Placement, Sizes
from lockview.layout.stairs import nesting_order, stairs


def plain(graph: LockGraph, sizes: Sizes) -> Placement:
    """Place any graph in a column."""
    order = nesting_order(graph, range(len(graph.nodes)))
    nested = {(edge.tail, edge.head) for edge in graph.edges if edge.relation is Relation.NESTING}
    depths: list[int] = []
    for place, node in enumerate(order):
        inside = place > 0 and (order[place - 1], node) in nested
        depths.append(depths[-1] + 1 if inside else 0)
    return stairs(graph, sizes, order, depths)
