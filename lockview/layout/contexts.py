"""Two lanes: what tasks do on the left, what interrupts do on the right.

The chain of locks runs down the left lane, the lock that an interrupt takes stands in the right one. So the way of the
report is seen at once: down the chain, and with the interrupt across and back to its beginning.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from lockview.analysis.lock_graph import LockEdge, LockGraph, Relation, Subject
from lockview.layout.curves import Point, bowed
from lockview.layout.drawing import Box, Curve, Line, Measure, Move, Path, Piece, Role, Shape, Style, Text
from lockview.layout.labels import Face
from lockview.layout.layered import around
from lockview.layout.placement import SMALL_SIZE, Placement, Sizes, placed

ROW_GAP = 84.0
LANE_GAP = 260.0
TRACK_GAP = 64.0
TITLE_ROOM = 44.0
LEVEL_TITLE_ROOM = 88.0
FOOT_ROOM = 20.0
LOOP_REACH = 60.0
OPENING = math.radians(14)
TASKS = "task context"
OTHER_CONTEXTS = (
    ("softirq", "softirq context"),
    ("hardirq", "hardirq context"),
    ("nmi", "NMI context"),
    ("reclaim", "memory reclaim"),
)


def contexts(graph: LockGraph, sizes: Sizes, measure: Measure) -> Placement:
    """Place any graph in two lanes; a lock that an interrupt takes while it is held itself stays on the left."""
    right = _interrupted(graph)
    left = _chain(graph, [node.number for node in graph.nodes if node.number not in right])
    boxes = _boxes(left, sorted(right), sizes)
    place = {node: row for row, node in enumerate(left)}
    border = max((boxes[node].right for node in left), default=0.0) + LANE_GAP / 2
    tracks = _tracks(graph, boxes, place)
    lines = tuple(_line(edge, boxes, place, border, tracks) for edge in graph.edges)
    inner = tuple(_inner(edge, boxes, place, border) for edge in graph.edges)
    ground, reserved = _ground(graph, boxes, border, measure)
    return placed(graph, sizes, boxes, lines, inner, ground, reserved)


def _interrupted(graph: LockGraph) -> frozenset[int]:
    """The nodes of the right lane."""
    jumps = [edge for edge in graph.edges if edge.relation is Relation.INTERRUPT]
    tails = {edge.tail for edge in jumps}
    taken = {edge.head for edge in jumps if edge.head not in tails}
    return frozenset(taken | {node.number for node in graph.nodes if node.subject is Subject.CONTEXT})


def _chain(graph: LockGraph, nodes: Sequence[int]) -> list[int]:
    """The nodes of the left lane in the order in which they are taken."""
    level = dict.fromkeys(nodes, 0)
    edges = [e for e in graph.edges if e.relation is not Relation.INTERRUPT and e.tail in level and e.head in level]
    for _ in nodes:
        for edge in edges:
            if level[edge.head] <= level[edge.tail] < len(level):
                level[edge.head] = level[edge.tail] + 1
    return sorted(nodes, key=lambda node: (level[node], node))


def _boxes(left: Sequence[int], right: Sequence[int], sizes: Sizes) -> tuple[Box, ...]:
    boxes: dict[int, Box] = {}
    start = 0.0
    height = max(_height(left, sizes), _height(right, sizes))
    for column in (left, right):
        width = max((sizes.nodes[node][0] for node in column), default=0.0)
        y = (height - _height(column, sizes)) / 2
        for node in column:
            boxes[node] = Box(start, y, width, sizes.nodes[node][1])
            y = boxes[node].bottom + ROW_GAP
        start += width + LANE_GAP
    return tuple(boxes[number] for number in range(len(boxes)))


def _height(column: Sequence[int], sizes: Sizes) -> float:
    return sum(sizes.nodes[node][1] for node in column) + ROW_GAP * max(0, len(column) - 1)


def _tracks(graph: LockGraph, boxes: Sequence[Box], place: dict[int, int]) -> dict[int, float]:
    """The x of each edge that passes by other nodes of its lane, on the outer side."""
    tracks: dict[int, float] = {}
    for edge in graph.edges:
        tail, head = boxes[edge.tail], boxes[edge.head]
        if edge.tail == edge.head or (edge.tail in place) != (edge.head in place):
            continue
        below = head.y > tail.y and (head.y - tail.bottom) <= ROW_GAP + 1
        if not below:
            reach = (1 + len(tracks)) * TRACK_GAP
            tracks[edge.number] = tail.x - reach if edge.tail in place else tail.right + reach
    return tracks


def _line(
    edge: LockEdge, boxes: Sequence[Box], place: dict[int, int], border: float, tracks: dict[int, float]
) -> tuple[Piece, ...]:
    tail, head = boxes[edge.tail], boxes[edge.head]
    if edge.tail == edge.head:
        return _loop(tail, border)
    if edge.number in tracks:
        return around(tail, head, (tracks[edge.number], 0.0, 0.0))
    if (edge.tail in place) == (edge.head in place):
        return Move(tail.centre[0], tail.bottom), Line(tail.centre[0], head.y)
    return _across(tail, head)


def _across(tail: Box, head: Box) -> tuple[Piece, ...]:
    """From lane to lane: level nodes are joined by a flat bow, others by the quarter of a ring at the right one."""
    leftwards = head.x < tail.x
    inner, outer = (head, tail) if leftwards else (tail, head)
    away = inner.centre[1] - outer.centre[1]
    if abs(away) < outer.height:
        shift = -8.0 if leftwards else 8.0
        ends = (outer.x, outer.centre[1] + shift), (inner.right, inner.centre[1] + shift)
        start, end = ends if leftwards else (ends[1], ends[0])
        # A bow bulges to the left of its direction: the way to the left must bulge upwards, the one back downwards.
        return _bow(start, end, up=leftwards)
    x, y = outer.centre[0], outer.y if away < 0 else outer.bottom
    level = inner.centre[1]
    corner = (x + inner.right) / 2
    if leftwards:
        return Move(x, y), Curve(x, (y + level) / 2, (x + corner) / 2, level, corner, level), Line(inner.right, level)
    return Move(inner.right, level), Line(corner, level), Curve((x + corner) / 2, level, x, (y + level) / 2, x, y)


def _bow(start: Point, end: Point, *, up: bool) -> tuple[Piece, ...]:
    bulges_up = start[0] < end[0]
    if bulges_up == up:
        return bowed(start, end, OPENING).pieces()
    rise = math.tan(OPENING) * abs(end[0] - start[0]) / 2 * (-1 if up else 1)
    third = (end[0] - start[0]) / 3
    return Move(*start), Curve(start[0] + third, start[1] + rise, end[0] - third, end[1] + rise, *end)


def _loop(box: Box, border: float) -> tuple[Piece, ...]:
    """Out of the node into the other lane and back."""
    x, y, far = box.right, box.centre[1], border + LOOP_REACH
    return (
        Move(x, y - 14),
        Curve(x + (border - x) * 0.6, y - 14, far, y - 70, far, y),
        Curve(far, y + 70, x + (border - x) * 0.6, y + 14, x, y + 14),
    )


def _inner(edge: LockEdge, boxes: Sequence[Box], place: dict[int, int], border: float) -> Point:
    """Labels in a lane stand at its outer side, those of what crosses the border outside of the way round."""
    if edge.tail == edge.head:
        return boxes[edge.tail].centre
    if edge.tail in place and edge.head in place:
        return 1e6, 0.0
    if edge.tail not in place and edge.head not in place:
        return -1e6, 0.0
    middle = sum(box.centre[1] for box in boxes) / len(boxes)
    return border, middle


def _ground(
    graph: LockGraph, boxes: Sequence[Box], border: float, measure: Measure
) -> tuple[tuple[Shape, ...], tuple[Box, ...]]:
    """A line between the lanes, and a title over each."""
    loops = any(edge.tail == edge.head and edge.relation is Relation.INTERRUPT for edge in graph.edges)
    if not loops and all(box.x < border for box in boxes):
        return (), ()
    # Level nodes are joined by bows, and the upper one's label needs its room below the titles.
    level = max(box.y for box in boxes) - min(box.y for box in boxes) < 1
    top = min(box.y for box in boxes) - (LEVEL_TITLE_ROOM if level else TITLE_ROOM)
    bottom = max(box.bottom for box in boxes) + FOOT_ROOM
    face = Face(measure, SMALL_SIZE, bold=True)
    line = Path((Move(border, top), Line(border, bottom)), Style(stroke=Role.LINE, width=1.5))
    texts, reserved = [], [Box(border, top, 1.0, bottom - top)]
    for words, x, anchor in ((TASKS, border - 16, "end"), (_other_context(graph), border + 16, "start")):
        width = face.width(words)
        texts.append(Text(x, top + 10, words, Role.DIM, SMALL_SIZE, bold=True, anchor=anchor, width=width))
        reserved.append(Box(x - width if anchor == "end" else x, top, width, 14.0))
    return (line, *texts), tuple(reserved)


def _other_context(graph: LockGraph) -> str:
    """What the right lane is, by the words of the evidence, else by the marks of what an interrupt takes."""
    words = [node.label for node in graph.nodes if node.subject is Subject.CONTEXT]
    words += [evidence.title for edge in graph.edges for evidence in edge.evidence]
    said = " ".join(words).lower()
    if named := next((title for word, title in OTHER_CONTEXTS if word in said), ""):
        return named
    taken = {edge.head for edge in graph.edges if edge.relation is Relation.INTERRUPT}
    # Four marks without wait types may be those of the first kernels, which had another order.
    nodes = (graph.nodes[number] for number in taken)
    marks = [node.usage for node in nodes if node.wait_types or len(node.usage) == 6]
    hard = any(mark in "-?" for usage in marks for mark in usage[:2])
    soft = any(mark in "-?" for usage in marks for mark in usage[2:4])
    return "interrupt context" if hard == soft else "hardirq context" if hard else "softirq context"
