"""Figures of plain ASCII for what is no ring: a ladder of held locks, a table of waiting tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lockview.analysis.lock_graph import LockEdge, LockGraph, Relation, Shape, Subject
from lockview.layout.ladder import ladder_order
from lockview.layout.placement import number_of
from lockview.layout.plain import plain_rows

Fit = Callable[[str, int], str]
"""(text, columns) -> ASCII that is no longer."""

WIDTH = 75
MOST_STEPS = 8
MOST_ROWS = 24
GAP = 2
LINKS = {
    Relation.DEPENDENCY: "--{}-->",
    Relation.PATH: "..{}..>",
    Relation.INTERRUPT: "~~{}~~>",
    Relation.WAITS: "waits for",
    Relation.HOLDS: "is held by",
    Relation.NESTING: "-->",
    Relation.FORBIDDEN: "--{}--X",
}


def shape_figure(graph: LockGraph, fit: Fit) -> Iterator[str]:
    """The lines of the figure of a graph that is drawn as no ring."""
    if graph.shape is Shape.WAIT_FOR:
        yield from _table(graph, fit)
    elif graph.shape in (Shape.LADDER, Shape.PLAIN):
        yield from _ladder(graph, fit)
    else:
        yield from links(graph, graph.edges, fit)
        ends = {end for edge in graph.edges for end in (edge.tail, edge.head)}
        yield from (f" {fit(node.name, WIDTH - 1)}" for node in graph.nodes if node.number not in ends)


def links(graph: LockGraph, edges: tuple[LockEdge, ...], fit: Fit) -> Iterator[str]:
    """A line for each edge; the arrow tells the relation."""
    for edge in edges:
        arrow = LINKS[edge.relation].format(number_of(edge))
        room = (WIDTH - 3 - len(arrow)) // 2
        tail, head = (fit(graph.nodes[end].name, room) for end in (edge.tail, edge.head))
        yield f" {tail} {arrow} {head}"


def _ladder(graph: LockGraph, fit: Fit) -> Iterator[str]:
    """What surrounds, then each lock inside the one before; below, what is not allowed."""
    ladder = graph.shape is Shape.LADDER
    rows = [(node, row) for row, node in enumerate(ladder_order(graph))] if ladder else plain_rows(graph)
    for number, depth in rows:
        node = graph.nodes[number]
        start = f" {'   ' * (min(depth, MOST_STEPS) - 1)}+- " if depth else " "
        types = f" {{{node.wait_types.outer}:{node.wait_types.inner}}}" if node.wait_types else ""
        note = types + ("  wanted" if node.wanted else "")
        yield start + fit(node.name, WIDTH - len(start) - len(note)) + note
    others = tuple(edge for edge in graph.edges if edge.relation is not Relation.NESTING)
    if others:
        yield ""
        yield from links(graph, others, fit)


def _table(graph: LockGraph, fit: Fit) -> Iterator[str]:
    """Three columns: who waits, for what, and who holds it. Then what is held and not waited for."""
    holders: dict[int, list[str]] = {}
    for edge in graph.edges:
        if edge.relation is Relation.HOLDS:
            holders.setdefault(edge.tail, []).append(graph.nodes[edge.head].name)
    waits = [edge for edge in graph.edges if edge.relation is Relation.WAITS]
    awaited = {edge.head for edge in waits}
    rows = []
    for edge in waits:
        unknown = "?" if graph.nodes[edge.head].subject is Subject.LOCK else "-"
        held_by = ", ".join(holders.get(edge.head, [unknown]))
        rows.append((graph.nodes[edge.tail].name, graph.nodes[edge.head].name, held_by))
    rows += [("-", graph.nodes[lock].name, ", ".join(names)) for lock, names in holders.items() if lock not in awaited]
    ends = {end for edge in graph.edges for end in (edge.tail, edge.head)}
    rows += [
        (node.name, "-", "") if node.subject is Subject.TASK else ("-", node.name, "")
        for node in graph.nodes
        if node.number not in ends
    ]
    more = len(rows) - MOST_ROWS
    rows = [("who waits", "for what", "held by"), *rows[:MOST_ROWS]]
    widths = _widths(rows, fit)
    for number, row in enumerate(rows):
        cells = [fit(cell, width).ljust(width) for cell, width in zip(row, widths, strict=True)]
        yield " " + (" " * GAP).join(cells)
        if number == 0:
            yield " " + (" " * GAP).join("-" * width for width in widths)
    if more > 0:
        yield f" and {more} more"
    others = tuple(e for e in graph.edges if e.relation not in (Relation.WAITS, Relation.HOLDS))
    if others:
        yield ""
        yield from links(graph, others, fit)


def _widths(rows: list[tuple[str, str, str]], fit: Fit) -> list[int]:
    """As wide as the longest cell of each column, the widest ones cut until all fit."""
    widths = [max(len(fit(row[column], WIDTH)) for row in rows) for column in range(3)]
    while sum(widths) > WIDTH - 1 - 2 * GAP:
        widths[widths.index(max(widths))] -= 1
    return widths
