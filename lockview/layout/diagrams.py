"""The natural picture of a graph: the layout that fits what its report is about."""

from __future__ import annotations

from lockview.analysis.lock_graph import LockGraph, Shape
from lockview.layout.drawing import Measure
from lockview.layout.placement import Placement, sizes_of


def diagram(graph: LockGraph, measure: Measure) -> Placement:
    """Place a graph by its shape: a ring, lanes of contexts, a ladder, tasks and locks, or locks alone."""
    match graph.shape:
        case Shape.RING:
            from lockview.layout.ring import ring

            return ring(graph, measure)
        case Shape.CONTEXTS:
            from lockview.layout.contexts import contexts

            return contexts(graph, sizes_of(graph, measure), measure)
        case Shape.LADDER:
            from lockview.layout.ladder import ladder

            return ladder(graph, sizes_of(graph, measure))
        case Shape.WAIT_FOR:
            from lockview.layout.wait_for import wait_for

            return wait_for(graph, sizes_of(graph, measure), measure)
        case Shape.PLAIN:
            from lockview.layout.plain import plain

            return plain(graph, sizes_of(graph, measure))
