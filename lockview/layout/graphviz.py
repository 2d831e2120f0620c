"""Layers by Graphviz: numbers go to a child process, numbers come back.

``layered_by_graphviz`` runs in the child only: Graphviz holds the interpreter lock, cannot be cancelled, and dies of
some inputs. So no text of a log ever reaches it, nodes are plain boxes of fixed size named by their number, and the
features that make it crash (clusters, ranks, ports, edge labels, orthogonal lines) are not used. Its self-loops are too
small to be read; ours are drawn instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from lockview.analysis.lock_graph import LockGraph
from lockview.layout.curves import Point
from lockview.layout.drawing import Box, Curve, Move, Piece
from lockview.layout.layered import COLUMN_GAP, ROW_GAP, side_loop, turned_edges
from lockview.layout.placement import Placement, Sizes, placed

POINTS_PER_INCH = 72.0
MANY_NODES, MANY_EDGES = 200, 600
"""Beyond this dot takes a second or more by default, and is told to try less hard."""
SNAP = 24.0
"""An end of a line that lies farther from its node's border (pixels) than rounding explains is an error."""
MOST_POINTS = 3001


def request_for(graph: LockGraph, sizes: Sizes) -> dict[str, object]:
    """What the child needs: node sizes in pixels, edges as node pairs, those to be laid out upwards already turned."""
    turned = turned_edges(graph)
    edges = [[e.head, e.tail] if e.number in turned else [e.tail, e.head] for e in graph.edges]
    return {"nodes": [list(size) for size in sizes.nodes], "edges": edges}


def layered_by_graphviz(request: dict[str, Any]) -> dict[str, Any]:
    """Run dot on a request. Only for the child process.

    Result: ``nodes``: the centre (x, y) of each; ``edges``: the points of each one's Bezier curve, 3 k + 1 of them, in
    the direction of the request; y grows downwards. Raises ImportError when pygraphviz is missing.
    """
    import pygraphviz

    graph = pygraphviz.AGraph(directed=True, strict=False)
    graph.graph_attr.update(rankdir="TB", splines="spline")
    graph.graph_attr.update(ranksep=str(ROW_GAP / POINTS_PER_INCH), nodesep=str(COLUMN_GAP / POINTS_PER_INCH))
    if len(request["nodes"]) > MANY_NODES or len(request["edges"]) > MANY_EDGES:
        graph.graph_attr.update(splines="line", nslimit="1", nslimit1="1", mclimit="0.05")
    graph.node_attr.update(shape="box", fixedsize="true", label="")
    graph.edge_attr.update(dir="none")
    for number, (width, height) in enumerate(request["nodes"]):
        graph.add_node(str(number), width=str(width / POINTS_PER_INCH), height=str(height / POINTS_PER_INCH))
    for number, (tail, head) in enumerate(request["edges"]):
        graph.add_edge(str(tail), str(head), key=str(number))
    graph.layout(prog="dot")
    nodes = [_points(graph.get_node(str(number)).attr["pos"])[0] for number in range(len(request["nodes"]))]
    edges = [
        _points(graph.get_edge(str(tail), str(head), str(number)).attr["pos"])
        for number, (tail, head) in enumerate(request["edges"])
    ]
    return {"nodes": nodes, "edges": edges}


def _points(text: str) -> list[list[float]]:
    """The points of a ``pos`` attribute, with y turned downwards."""
    pairs = [pair.split(",") for pair in text.split()]
    return [[float(x), -float(y)] for x, y in pairs]


def placement_from(graph: LockGraph, sizes: Sizes, result: object) -> Placement:
    """Make a placement of the child's answer; ValueError when anything in it is missing, no number, or out of place."""
    nodes, edges = _lists(result, "nodes", len(graph.nodes)), _lists(result, "edges", len(graph.edges))
    boxes = []
    for number, (centre, (width, height)) in enumerate(zip(nodes, sizes.nodes, strict=True)):
        x, y = _point(centre, f"node {number}")
        boxes.append(Box(x - width / 2, y - height / 2, width, height))
    turned = turned_edges(graph)
    lines = []
    for edge, curve in zip(graph.edges, edges, strict=True):
        points = _curve(curve, edge.number)
        if edge.tail == edge.head:
            lines.append(side_loop(boxes[edge.tail]))
            continue
        if edge.number in turned:
            points.reverse()
        points[0] = _snapped(points[0], boxes[edge.tail], edge.number)
        points[-1] = _snapped(points[-1], boxes[edge.head], edge.number)
        lines.append(_pieces(points))
    middle = sum(box.centre[0] for box in boxes) / len(boxes) if boxes else 0.0
    inner = tuple((middle, 0.0) if edge.number in turned else (1e6, 0.0) for edge in graph.edges)
    return placed(graph, sizes, tuple(boxes), tuple(lines), inner)


def _lists(result: object, name: str, count: int) -> list[object]:
    found = result.get(name) if isinstance(result, dict) else None
    if not isinstance(found, list) or len(found) != count:
        raise ValueError(f"the layout should give {count} {name}")
    return found


def _point(value: object, what: str) -> Point:
    if isinstance(value, list | tuple) and len(value) == 2:
        x, y = value
        if isinstance(x, int | float) and isinstance(y, int | float) and math.isfinite(x) and math.isfinite(y):
            return float(x), float(y)
    raise ValueError(f"the layout of {what} should give two numbers")


def _curve(value: object, number: int) -> list[Point]:
    if not isinstance(value, list | tuple) or not 4 <= len(value) <= MOST_POINTS or len(value) % 3 != 1:
        raise ValueError(f"the layout of edge {number} should give the points of a Bezier curve")
    return [_point(point, f"edge {number}") for point in value]


def _snapped(point: Point, box: Box, number: int) -> Point:
    """The nearest point on the border: Graphviz counts in whole points and rounds."""
    x, y = min(max(point[0], box.x), box.right), min(max(point[1], box.y), box.bottom)
    sides = (
        (x - box.x, (box.x, y)),
        (box.right - x, (box.right, y)),
        (y - box.y, (x, box.y)),
        (box.bottom - y, (x, box.bottom)),
    )
    snapped = min(sides)[1]
    if math.dist(point, snapped) > SNAP:
        raise ValueError(f"edge {number} should end at its node")
    return snapped


def _pieces(points: Sequence[Point]) -> tuple[Piece, ...]:
    curves = (Curve(*points[n], *points[n + 1], *points[n + 2]) for n in range(1, len(points), 3))
    return (Move(*points[0]), *curves)
