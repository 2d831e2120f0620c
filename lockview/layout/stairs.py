"""Stairs: nodes from top to bottom, each deeper one further to the right, as locks are held inside each other.

A nesting edge from one step to the next is an elbow at the left; every other edge runs outside on the right, the
shorter the closer.
"""

from __future__ import annotations

from collections.abc import Sequence

from lockview.analysis.lock_graph import LockEdge, LockGraph, Relation
from lockview.layout.drawing import Box, Curve, Line, Move, Piece
from lockview.layout.layered import around, side_loop
from lockview.layout.placement import Placement, Sizes, placed

WIDEST_STEP, NARROWEST_STEP = 36.0, 14.0
WIDEST_STAIRS = 360.0
ROW_GAP = 22.0
FIRST_TRACK = 44.0
TRACK_GAP = 34.0
LABEL_GAP = 150.0
BEND = 8.0
PORT_GAP = 9.0


def stairs(graph: LockGraph, sizes: Sizes, order: Sequence[int], depths: Sequence[int]) -> Placement:
    """Place a graph whose nodes stand in ``order``, each so many steps to the right as ``depths`` says."""
    deepest = max(depths, default=0)
    step = max(NARROWEST_STEP, min(WIDEST_STEP, WIDEST_STAIRS / max(1, deepest)))
    width = max((size[0] for size in sizes.nodes), default=0.0)
    boxes: dict[int, Box] = {}
    y = 0.0
    for node, depth in zip(order, depths, strict=True):
        boxes[node] = Box(depth * step, y, width, sizes.nodes[node][1])
        y = boxes[node].bottom + ROW_GAP
    place = {node: row for row, node in enumerate(order)}
    ordered = tuple(boxes[number] for number in range(len(boxes)))
    tracks = _tracks(graph, sizes, ordered, place)
    lines = tuple(_line(edge, ordered, tracks) for edge in graph.edges)
    return placed(graph, sizes, ordered, lines, ((0.0, 0.0),) * len(lines))


def _is_step(edge: LockEdge, place: dict[int, int], boxes: Sequence[Box]) -> bool:
    deeper = boxes[edge.head].x > boxes[edge.tail].x
    return edge.relation is Relation.NESTING and place[edge.head] == place[edge.tail] + 1 and deeper


def _tracks(
    graph: LockGraph, sizes: Sizes, boxes: Sequence[Box], place: dict[int, int]
) -> dict[int, tuple[float, float, float]]:
    """For each edge on the right: the x of its track, and how far its ends are from the middle of their nodes."""
    outside = [edge for edge in graph.edges if edge.tail != edge.head and not _is_step(edge, place, boxes)]
    outside.sort(key=lambda edge: (abs(place[edge.tail] - place[edge.head]), edge.number))
    x = max((box.right for box in boxes), default=0.0) + FIRST_TRACK
    ends = [node for edge in outside for node in (edge.tail, edge.head)]
    used: dict[int, int] = {}
    tracks = {}
    for edge in outside:
        shifts = []
        for node in (edge.tail, edge.head):
            count = ends.count(node)
            gap = min(PORT_GAP, (boxes[node].height - 12) / count)
            shifts.append((used.get(node, 0) - (count - 1) / 2) * gap)
            used[node] = used.get(node, 0) + 1
        tracks[edge.number] = (x, shifts[0], shifts[1])
        x += TRACK_GAP if not sizes.labels[edge.number][0] else LABEL_GAP
    return tracks


def _line(edge: LockEdge, boxes: Sequence[Box], tracks: dict[int, tuple[float, float, float]]) -> tuple[Piece, ...]:
    tail, head = boxes[edge.tail], boxes[edge.head]
    if edge.tail == edge.head:
        return side_loop(tail)
    if edge.number in tracks:
        return around(tail, head, tracks[edge.number])
    x, y = (tail.x + head.x) / 2, head.centre[1]
    bend = min(BEND, (head.x - tail.x) / 2)
    return (
        Move(x, tail.bottom),
        Line(x, y - bend),
        Curve(x, y, x, y, x + bend, y),
        Line(head.x, y),
    )


def nesting_order(graph: LockGraph, nodes: Sequence[int]) -> list[int]:
    """Nodes from the outermost to the innermost, by the nesting edges; the rest in the order of their numbers."""
    level = dict.fromkeys(nodes, 0)
    edges = [e for e in graph.edges if e.relation is Relation.NESTING and e.tail in level and e.head in level]
    for _ in nodes:
        moved = False
        for edge in edges:
            if level[edge.head] <= level[edge.tail] < len(level):
                level[edge.head] = level[edge.tail] + 1
                moved = True
        if not moved:
            break
    return sorted(nodes, key=lambda node: (level[node], node))
