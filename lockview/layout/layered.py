"""Layers from top to bottom: who is held stands above who is taken; the dependency that closes the cycle runs back up.

Ours, deterministic and without dummy nodes, because report graphs are small: layers by longest path once the new
dependency is turned round, eight sweeps that sort each layer by the mean place of its neighbours. An edge to the next
layer is a curve, a longer one runs outside on the left, one that goes back runs outside on the right.
"""

from __future__ import annotations

from collections.abc import Iterable

from lockview.analysis.lock_graph import LockEdge, LockGraph
from lockview.layout.curves import Point
from lockview.layout.drawing import Box, Curve, Line, Move, Piece
from lockview.layout.placement import Placement, Sizes, placed

ROW_GAP = 76.0
COLUMN_GAP = 56.0
TRACK_GAP = 56.0
CORNER = 14.0
PORT_GAP = 24.0
SWEEPS = 8


def layered(graph: LockGraph, sizes: Sizes) -> Placement:
    """Place a graph in layers, centred around x = 0, the first layer at y = 0."""
    back = turned_edges(graph)
    layers = _layers(graph, back)
    _sort(layers, graph)
    boxes = _boxes(layers, sizes)
    layer_of = {node: number for number, layer in enumerate(layers) for node in layer}
    joined = [edge for edge in graph.edges if edge.tail != edge.head]
    outside = {e.number for e in joined if e.number in back or layer_of[e.head] != layer_of[e.tail] + 1}
    tracks = _tracks(graph, boxes, outside, back)
    ports = _ports(graph, boxes, outside)
    lines: list[tuple[Piece, ...]] = []
    inner: list[Point] = []
    middle = boxes[0].centre[0] if boxes else 0.0
    for edge in graph.edges:
        if edge.tail == edge.head:
            lines.append(side_loop(boxes[edge.tail]))
            inner.append((middle, 0.0))
        elif edge.number in tracks:
            lines.append(around(boxes[edge.tail], boxes[edge.head], tracks[edge.number]))
            inner.append((middle, 0.0))
        else:
            lines.append(_between(boxes[edge.tail], boxes[edge.head], *ports[edge.number]))
            inner.append((1e6, 0.0))
    return placed(graph, sizes, boxes, tuple(lines), tuple(inner))


def turned_edges(graph: LockGraph) -> frozenset[int]:
    """The numbers of the edges to turn round so that no cycle is left: new ones, loops, and what depth-first finds."""
    turned = {edge.number for edge in graph.edges if edge.dependency.new or edge.tail == edge.head}
    out: dict[int, list[LockEdge]] = {node.number: [] for node in graph.nodes}
    for edge in graph.edges:
        if edge.number not in turned:
            out[edge.tail].append(edge)
    done: set[int] = set()
    for node in graph.nodes:
        open_nodes = {node.number}
        stack = [(node.number, iter(out[node.number]))] if node.number not in done else []
        while stack:
            here, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                done.add(here)
                open_nodes.discard(here)
                stack.pop()
            elif following.head in open_nodes:
                turned.add(following.number)
            elif following.head not in done:
                open_nodes.add(following.head)
                stack.append((following.head, iter(out[following.head])))
    return frozenset(turned)


def _layers(graph: LockGraph, back: frozenset[int]) -> list[list[int]]:
    """Longest path: each node one layer below the lowest of those that lead to it."""
    level = {node.number: 0 for node in graph.nodes}
    forward = [edge for edge in graph.edges if edge.number not in back]
    for _ in graph.nodes:
        moved = False
        for edge in forward:
            if level[edge.head] <= level[edge.tail]:
                level[edge.head] = level[edge.tail] + 1
                moved = True
        if not moved:
            break
    used = sorted(set(level.values()))
    return [[number for number in level if level[number] == layer] for layer in used]


def _sort(layers: list[list[int]], graph: LockGraph) -> None:
    neighbours: dict[int, list[int]] = {node.number: [] for node in graph.nodes}
    for edge in graph.edges:
        neighbours[edge.tail].append(edge.head)
        neighbours[edge.head].append(edge.tail)
    place = {node: position - len(layer) / 2 for layer in layers for position, node in enumerate(layer)}
    for sweep in range(SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            means = {node: _mean((place[other] for other in neighbours[node]), place[node]) for node in layer}
            layer.sort(key=lambda node: (means[node], node))
            for position, node in enumerate(layer):
                place[node] = position - len(layer) / 2


def _mean(values: Iterable[float], without: float) -> float:
    found = list(values)
    return sum(found) / len(found) if found else without


def _boxes(layers: list[list[int]], sizes: Sizes) -> tuple[Box, ...]:
    boxes: dict[int, Box] = {}
    y = 0.0
    for layer in layers:
        x = -(sum(sizes.nodes[node][0] for node in layer) + COLUMN_GAP * (len(layer) - 1)) / 2
        for node in layer:
            boxes[node] = Box(x, y, *sizes.nodes[node])
            x = boxes[node].right + COLUMN_GAP
        y += max(sizes.nodes[node][1] for node in layer) + ROW_GAP
    return tuple(boxes[number] for number in range(len(boxes)))


def _tracks(
    graph: LockGraph, boxes: tuple[Box, ...], outside: set[int], back: frozenset[int]
) -> dict[int, tuple[float, float, float]]:
    """For each edge that runs outside: the x of its track and its ends' distances from the middle of their nodes.

    Shorter edges run on inner tracks, so that tracks do not cross more than they must.
    """
    left, right = min((box.x for box in boxes), default=0.0), max((box.right for box in boxes), default=0.0)
    tracks: dict[int, tuple[float, float, float]] = {}
    by_length = sorted(outside, key=lambda n: (abs(graph.edges[n].tail - graph.edges[n].head), n))
    used: dict[tuple[int, bool], int] = {}
    counts = {True: 0, False: 0}
    for number in by_length:
        edge, side = graph.edges[number], number in back
        counts[side] += 1
        reach = counts[side] * TRACK_GAP
        shifts = []
        for node in (edge.tail, edge.head):
            used[node, side] = used.get((node, side), 0) + 1
            count = used[node, side]
            shifts.append((count // 2) * 9.0 * (1 if count % 2 else -1))
        tracks[number] = (right + reach if side else left - reach, shifts[0], shifts[1])
    return tracks


def around(tail: Box, head: Box, track: tuple[float, float, float]) -> tuple[Piece, ...]:
    """Out of the side of the tail, along the track, into the same side of the head, with round corners."""
    x, tail_shift, head_shift = track
    outward = 1.0 if x > tail.x else -1.0
    start = (tail.right if outward > 0 else tail.x, tail.centre[1] + tail_shift)
    end = (head.right if outward > 0 else head.x, head.centre[1] + head_shift)
    way = 1.0 if end[1] > start[1] else -1.0
    bend = min(CORNER, abs(end[1] - start[1]) / 2)
    near = x - outward * bend
    return (
        Move(*start),
        Line(near, start[1]),
        Curve(x, start[1], x, start[1], x, start[1] + way * bend),
        Line(x, end[1] - way * bend),
        Curve(x, end[1], x, end[1], near, end[1]),
        Line(*end),
    )


def side_loop(box: Box) -> tuple[Piece, ...]:
    """A loop at the right side of a node."""
    x, y = box.right, box.centre[1]
    return Move(x, y + 12), Curve(x + 96, y + 40, x + 96, y - 40, x, y - 12)


def _ports(graph: LockGraph, boxes: tuple[Box, ...], outside: set[int]) -> dict[int, tuple[float, float]]:
    """Where on the lower and upper borders the edges between neighbouring layers end, spread so that none coincide."""
    inside = [edge for edge in graph.edges if edge.number not in outside and edge.tail != edge.head]
    starts: dict[int, float] = {}
    ends: dict[int, float] = {}
    for node in range(len(boxes)):
        below = sorted((e for e in inside if e.tail == node), key=lambda e: (boxes[e.head].centre[0], e.number))
        above = sorted((e for e in inside if e.head == node), key=lambda e: (boxes[e.tail].centre[0], e.number))
        starts |= _spread(boxes[node], below)
        ends |= _spread(boxes[node], above)
    return {edge.number: (starts[edge.number], ends[edge.number]) for edge in inside}


def _spread(box: Box, edges: list[LockEdge]) -> dict[int, float]:
    gap = min(PORT_GAP, box.width / (len(edges) + 1))
    first = box.centre[0] - gap * (len(edges) - 1) / 2
    return {edge.number: first + position * gap for position, edge in enumerate(edges)}


def _between(tail: Box, head: Box, start: float, end: float) -> tuple[Piece, ...]:
    bend = (head.y - tail.bottom) / 2
    return (
        Move(start, tail.bottom),
        Curve(start, tail.bottom + bend, end, head.y - bend, end, head.y),
    )
