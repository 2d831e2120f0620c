"""Locks without an order between them: a column, with steps only where one lock is held inside another."""

from __future__ import annotations

from lockview.analysis.lock_graph import LockGraph, Relation
from lockview.layout.ladder import ladder_order
from lockview.layout.placement import Placement, Sizes
from lockview.layout.stairs import stairs


def plain(graph: LockGraph, sizes: Sizes) -> Placement:
    """Place any graph in a column."""
    rows = plain_rows(graph)
    return stairs(graph, sizes, [node for node, _ in rows], [depth for _, depth in rows])


def plain_rows(graph: LockGraph) -> list[tuple[int, int]]:
    """The numbers of the nodes from the top down, and how deep each stands."""
    nested = {(edge.tail, edge.head) for edge in graph.edges if edge.relation is Relation.NESTING}
    rows: list[tuple[int, int]] = []
    for node in ladder_order(graph):
        inside = bool(rows) and (rows[-1][0], node) in nested
        rows.append((node, rows[-1][1] + 1 if inside else 0))
    return rows
