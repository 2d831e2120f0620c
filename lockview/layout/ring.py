"""The ring: a cycle drawn clockwise from the wanted lock at twelve o'clock.

The radius is ``max(140, n * (w + 48) / (2 pi))`` with w the mean node width, and node k stands at -90 deg + k * 360/n.
Two things bend that formula, both because nodes are wide and low and no text may touch another:

- The ring is a circle up to a radius of 240; beyond, only its width follows the formula and its height stays, so that a
  long ring is a wide ellipse, which fits screens and pages. Angles are those of the circle it is squeezed from.
- Nodes that would still come too close are pushed apart by growing the one axis that has to grow less.

Neighbours that stand side by side are joined by a flat arc between the sides that face each other: the ring itself
would graze their corners. Where the ring meets a node close to a corner, its line is moved away from it a little.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from lockview.analysis.lock_graph import LockGraph
from lockview.layout.curves import Arc, Point, bowed, samples
from lockview.layout.drawing import Box, Curve, Measure, Move, Piece
from lockview.layout.placement import Placement, placed, sizes_of

SMALLEST_RADIUS = 140.0
TALLEST_CIRCLE = 240.0
SPACING = 48.0
GAP_X = 88.0
GAP_Y = 64.0
PAIR_OPENING = math.radians(28)
CORNER_X, CORNER_Y = 28.0, 14.0
LEVEL_OPENING = math.radians(12)
CHORD_OPENING = math.radians(16)
LOOP_HEIGHT = 84.0
LOOP_FOOT = 30.0


def ring(graph: LockGraph, measure: Measure) -> Placement:
    """Place a graph on a ring around (0, 0). Any graph is placed; one that is no single cycle gets chords and loops."""
    sizes = sizes_of(graph, measure)
    boxes, outline = ring_boxes(sizes.nodes)
    lines = tuple(ring_line(edge.tail, edge.head, boxes, outline) for edge in graph.edges)
    return placed(graph, sizes, boxes, lines, ((0.0, 0.0),) * len(lines))


def ring_boxes(sizes: Sequence[tuple[float, float]]) -> tuple[tuple[Box, ...], Arc]:
    """Boxes of these sizes on a ring around (0, 0), and the ellipse that their centres lie on."""
    count = len(sizes)
    angles = [-math.pi / 2 + number * 2 * math.pi / count for number in range(count)]
    radius_x, radius_y = _radii(angles, sizes) if count > 1 else (0.0, 0.0)
    boxes = tuple(
        Box(radius_x * math.cos(angle) - width / 2, radius_y * math.sin(angle) - height / 2, width, height)
        for angle, (width, height) in zip(angles, sizes, strict=True)
    )
    return boxes, Arc(0, 0, radius_x, radius_y, -math.pi / 2, 1.5 * math.pi)


def _radii(angles: list[float], sizes: Sequence[tuple[float, float]]) -> tuple[float, float]:
    count = len(angles)
    mean = sum(width for width, _ in sizes) / count
    radius_x = max(SMALLEST_RADIUS, count * (mean + SPACING) / (2 * math.pi))
    radius_y = min(radius_x, TALLEST_CIRCLE)
    for one in range(count):
        for other in range(one):
            apart_x = abs(math.cos(angles[one]) - math.cos(angles[other]))
            apart_y = abs(math.sin(angles[one]) - math.sin(angles[other]))
            (width, height), (width2, height2) = sizes[one], sizes[other]
            need_x = _needed((width + width2) / 2 + GAP_X, apart_x)
            need_y = _needed((height + height2) / 2 + GAP_Y, apart_y)
            if radius_x >= need_x or radius_y >= need_y:
                continue
            if need_x - radius_x < need_y - radius_y:
                radius_x = need_x
            else:
                radius_y = need_y
    return radius_x, radius_y


def _needed(distance: float, apart: float) -> float:
    return distance / apart if apart > 1e-9 else math.inf


def ring_line(first: int, second: int, boxes: tuple[Box, ...], outline: Arc) -> tuple[Piece, ...]:
    """The line from one node of a ring to another."""
    tail, head = boxes[first], boxes[second]
    count = len(boxes)
    if first == second:
        return _loop(tail)
    if count == 2:
        return bowed(tail.centre, head.centre, PAIR_OPENING).between(tail, head).pieces()
    if second == (first + 1) % count:
        if feet := _facing_sides(tail, head):
            return bowed(*feet, LEVEL_OPENING).pieces()
        step = 2 * math.pi / count
        start = outline.start + first * step
        return _clear_of_corners(outline._replace(start=start, end=start + step).between(tail, head), tail, head)
    return bowed(tail.centre, head.centre, CHORD_OPENING).between(tail, head).pieces()


def _facing_sides(tail: Box, head: Box) -> tuple[Point, Point] | None:
    """The middles of the sides that look at each other, for neighbours so level that the ring would graze them."""
    if abs(tail.centre[1] - head.centre[1]) >= tail.height:
        return None
    if tail.right < head.x:
        return (tail.right, tail.centre[1]), (head.x, head.centre[1])
    if head.right < tail.x:
        return (tail.x, tail.centre[1]), (head.right, head.centre[1])
    return None


def _clear_of_corners(arc: Arc, tail: Box, head: Box) -> tuple[Piece, ...]:
    """The arc, or one like it between points farther from the corners, where a line seems to miss its node."""
    ring_ends = arc.at(arc.start), arc.at(arc.end)
    ends = _off_corner(ring_ends[0], tail), _off_corner(ring_ends[1], head)
    if ends == ring_ends:
        return arc.pieces()
    pieces = bowed(*ends, (arc.end - arc.start) / 2).pieces()
    crosses = any(_holds(box.grown(-0.5), point) for point in samples(pieces) for box in (tail, head))
    return arc.pieces() if crosses else pieces


def _off_corner(point: Point, box: Box) -> Point:
    x, y = point
    if min(y - box.y, box.bottom - y) < 1e-6:
        return min(max(x, box.x + CORNER_X), box.right - CORNER_X), y
    return x, min(max(y, box.y + CORNER_Y), box.bottom - CORNER_Y)


def _holds(box: Box, point: Point) -> bool:
    return box.x < point[0] < box.right and box.y < point[1] < box.bottom


def _loop(box: Box) -> tuple[Piece, ...]:
    """A loop above the node, clockwise like the ring."""
    x, y = box.centre[0], box.y
    return (
        Move(x - LOOP_FOOT, y),
        Curve(x - 2.6 * LOOP_FOOT, y - LOOP_HEIGHT, x + 2.6 * LOOP_FOOT, y - LOOP_HEIGHT, x + LOOP_FOOT, y),
    )
