"""Where everything of a graph lies: what every graph layout answers, and what it needs to know of the texts."""

from __future__ import annotations

from typing import NamedTuple

from lockview.analysis.lock_graph import LockEdge, LockGraph, LockNode, Relation
from lockview.analysis.lock_graph import Shape as GraphShape
from lockview.layout.captions import (
    edge_lines,
    edge_tag,
    holders,
    mode_letter,
    node_caption,
    node_name,
    state_caption,
    takers,
)
from lockview.layout.curves import Point, bounds, middle, samples, shortened
from lockview.layout.drawing import Box, Measure, Piece, Shape
from lockview.layout.labels import Face
from lockview.layout.spots import Obstacles, free_spot

NAME_SIZE = 13.0
SMALL_SIZE = 11.0
NODE_HEIGHT = 48.0
NODE_PADDING = 14.0
SYMBOL_SPACE = 26.0
COLUMN_GAP = 16.0
NARROWEST_NODE = 148.0
WIDEST_CAPTION = 190.0
WIDEST_STATE = 240.0
LABEL_LINE = 15.0
LABEL_PADDING = 8.0
CAPSULE_HEIGHT = 20.0
LETTER_SPACE = 14.0
HEAD_LENGTH = 10.0
NEW_HEAD_LENGTH = 14.0
NUMBERED = frozenset({Relation.DEPENDENCY, Relation.PATH, Relation.INTERRUPT, Relation.FORBIDDEN})
"""Relations whose edges carry their number; the others are told by their ends alone."""


class Sizes(NamedTuple):
    """Width and height of each node and of each edge's label, in pixels."""

    nodes: tuple[tuple[float, float], ...]
    labels: tuple[tuple[float, float], ...]


class Route(NamedTuple):
    """An edge. The line runs from the border of its tail to the base of the arrow head; ``tip`` is on the far border.

    ``capsule`` holds the order number and the mode letter and lies on the middle of the line; ``reach`` covers it all.
    Capsule and label are empty boxes where there is nothing to say. An edge without ``pieces`` is folded away.
    """

    pieces: tuple[Piece, ...]
    tip: Point
    capsule: Box
    label: Box
    reach: Box


class Placement(NamedTuple):
    """Boxes by node number, routes by edge number; ``bounds`` covers all of them, without a margin.

    An empty box is a node that is folded away. ``ground`` lies behind everything: lanes and their titles, what is
    folded.
    """

    nodes: tuple[Box, ...]
    routes: tuple[Route, ...]
    bounds: Box
    ground: tuple[Shape, ...] = ()


NO_BOX = Box(0.0, 0.0, 0.0, 0.0)
FOLDED = Route((), (0.0, 0.0), NO_BOX, NO_BOX, NO_BOX)


def sizes_of(graph: LockGraph, measure: Measure) -> Sizes:
    """Measure the texts of a graph. A replay changes the second line of a node, never its size."""
    return Sizes(
        tuple((_node_width(graph, node, measure), NODE_HEIGHT) for node in graph.nodes),
        tuple(_label_size(edge, measure) for edge in graph.edges),
    )


def _node_width(graph: LockGraph, node: LockNode, measure: Measure) -> float:
    small = Face(measure, SMALL_SIZE)
    first = Face(measure, NAME_SIZE, fixed=True).width(node_name(node)) + chip_width(node, measure)
    second = min(small.width(node_caption(graph, node)), WIDEST_CAPTION)
    if usage := usage_badge(graph, node):
        second += COLUMN_GAP + Face(measure, SMALL_SIZE, fixed=True).width(usage)
    state = small.width(state_caption(graph, holders(graph, node), takers(graph, node)))
    return max(NARROWEST_NODE, 2 * NODE_PADDING + SYMBOL_SPACE + max(first, second, min(state, WIDEST_STATE)))


def usage_badge(graph: LockGraph, node: LockNode) -> str:
    """The usage marks in their braces; lockdep prints 4 or 6 characters, and no node grows for more.

    On a ladder the wait types, which are what it is about.
    """
    if graph.shape is GraphShape.LADDER and (types := node.wait_types):
        return f"{{{types.outer}:{types.inner}}}"
    return f"{{{node.usage[:12]}}}" if node.usage else ""


def chip_width(node: LockNode, measure: Measure) -> float:
    """The space behind the name that the subclass takes."""
    subclass = node.lock_class.subclass
    return Face(measure, SMALL_SIZE, fixed=True).width(f"/{subclass}") + 16.0 if subclass else 0.0


def tag_width(edge: LockEdge, measure: Measure) -> float:
    """The space behind the label's first line that the edge's tag takes."""
    tag = edge_tag(edge)
    return Face(measure, SMALL_SIZE, bold=True).width(tag) + 20.0 if tag else 0.0


def _label_size(edge: LockEdge, measure: Measure) -> tuple[float, float]:
    if not (lines := edge_lines(edge)):
        return 0.0, 0.0
    face = Face(measure, SMALL_SIZE, fixed=True)
    first, *more = lines
    width = max(face.width(first) + tag_width(edge, measure), *(face.width(line) for line in more), 0.0)
    return width + 2 * LABEL_PADDING, LABEL_LINE * (1 + len(more)) + 7.0


def capsule_size(edge: LockEdge) -> tuple[float, float]:
    """A disc for the number, longer where a mode letter or a second digit stands in it too."""
    if edge.relation not in NUMBERED:
        return 0.0, 0.0
    digits = 7.0 * (len(number_of(edge)) - 1)
    return CAPSULE_HEIGHT + digits + (LETTER_SPACE if mode_letter(edge) else 0.0), CAPSULE_HEIGHT


def number_of(edge: LockEdge) -> str:
    """The number that stands on an edge and in the sentences about it."""
    return str(edge.order if edge.order > 0 else edge.number + 1)


def head_length(edge: LockEdge) -> float:
    """The length of an edge's arrow head in pixels."""
    return NEW_HEAD_LENGTH if edge.dependency.new else HEAD_LENGTH


def placed(
    graph: LockGraph,
    sizes: Sizes,
    boxes: tuple[Box, ...],
    lines: tuple[tuple[Piece, ...], ...],
    inner: tuple[Point, ...],
    ground: tuple[Shape, ...] = (),
    reserved: tuple[Box, ...] = (),
) -> Placement:
    """Complete a layout: arrow heads, capsules, and labels on the side of each line that looks away from its ``inner``.

    ``lines`` run from node border to node border; () folds an edge away. Labels avoid nodes, lines, capsules, each
    other and what is ``reserved``: the boxes that the ``ground`` needs.
    """
    middles = [middle(pieces) if pieces else ((0.0, 0.0), (1.0, 0.0)) for pieces in lines]
    capsules = [_around(point, *capsule_size(e)) for e, (point, _) in zip(graph.edges, middles, strict=True)]
    obstacles = Obstacles()
    for box in (*boxes, *capsules, *reserved):
        if box.width:
            obstacles.add_box(box)
    for pieces in lines:
        obstacles.add_points(samples(pieces, 24))
    routes = []
    for edge, pieces, capsule, (_, travel), inside in zip(graph.edges, lines, capsules, middles, inner, strict=True):
        if not pieces:
            routes.append(FOLDED)
            continue
        if sizes.labels[edge.number][0]:
            label = free_spot(capsule, sizes.labels[edge.number], _outward(capsule.centre, travel, inside), obstacles)
            obstacles.add_box(label)
        else:
            label = Box(*capsule.centre, 0.0, 0.0)
        tip = (pieces[-1].x, pieces[-1].y)
        reach = bounds(pieces).united(capsule).united(label)
        routes.append(Route(shortened(pieces, head_length(edge)), tip, capsule, label, reach))
    shown = [*(box for box in boxes if box.width), *(route.reach for route in routes if route.pieces), *reserved]
    return Placement(boxes, tuple(routes), _united(*shown), ground)


def _around(point: Point, width: float, height: float) -> Box:
    return Box(point[0] - width / 2, point[1] - height / 2, width, height)


def _outward(point: Point, travel: Point, centre: Point) -> Point:
    """The normal of the line that points away from the centre; to the right where the line aims at the centre."""
    normal = (travel[1], -travel[0])
    away = normal[0] * (point[0] - centre[0]) + normal[1] * (point[1] - centre[1])
    if abs(away) < 1e-6:
        away = normal[0]
    return normal if away >= 0 else (-normal[0], -normal[1])


def _united(*boxes: Box) -> Box:
    whole = boxes[0] if boxes else Box(0, 0, 0, 0)
    for box in boxes[1:]:
        whole = whole.united(box)
    return whole
