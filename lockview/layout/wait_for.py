"""Who waits for whom: tasks and locks from left to right, towards the task that everybody waits for in the end.

Each node but the last has one successor: what a task waits for, who holds a lock. So they form trees whose root is a
task that runs (at the right), or trees around a cycle, which is a deadlock and drawn as a ring. Links beyond that (a
second reader of a lock) are drawn between what is placed already.

Of many waiters of one lock whom nobody waits for the first ones are shown and the others counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lockview.analysis.lock_graph import LockGraph
from lockview.layout.curves import moved
from lockview.layout.drawing import Box, Curve, Measure, Move, Path, Piece, Rectangle, Role, Shape, Style, Text
from lockview.layout.labels import Face
from lockview.layout.placement import FOLDED, NO_BOX, SMALL_SIZE, Placement, Sizes, placed
from lockview.layout.ring import ring_boxes, ring_line
from lockview.layout.successors import Forest, forest_of

MOST_SHOWN = 8
COLUMN_GAP = 68.0
ROW_GAP = 16.0
MORE_HEIGHT = 24.0
GROUP_GAP = 64.0
WIDEST_SHELF = 1300.0
PORT_GAP = 9.0


class _Part(NamedTuple):
    """One tree, or a ring with its trees: where its nodes are, and how many are folded beside which node."""

    boxes: dict[int, Box]
    more: dict[int, Box]
    core: tuple[int, ...]

    def moved(self, x: float, y: float) -> _Part:
        boxes = {node: box._replace(x=box.x + x, y=box.y + y) for node, box in self.boxes.items()}
        more = {node: box._replace(x=box.x + x, y=box.y + y) for node, box in self.more.items()}
        return _Part(boxes, more, self.core)

    @property
    def bounds(self) -> Box:
        whole, *rest = (*self.boxes.values(), *self.more.values())
        for box in rest:
            whole = whole.united(box)
        return whole


def wait_for(graph: LockGraph, sizes: Sizes, measure: Measure) -> Placement:
    """Place any graph; nodes without edges stand alone."""
    forest = forest_of(graph, MOST_SHOWN)
    parts = _packed([_part(forest, core, sizes) for core in forest.cores])
    boxes = {node: box for part in parts for node, box in part.boxes.items()}
    ordered = tuple(boxes.get(node.number, NO_BOX) for node in graph.nodes)
    rings = {node: part for part in parts for node in part.core if len(part.core) > 1}
    ports = _ports(graph, ordered, rings)
    lines = tuple(
        _line(edge.tail, edge.head, ordered, rings, ports.get(edge.number, 0.0))
        if edge.tail in boxes and edge.head in boxes
        else FOLDED.pieces
        for edge in graph.edges
    )
    ground: list[Shape] = []
    reserved = []
    for part in parts:
        for node, box in part.more.items():
            words = f"+{forest.folded[node]} more"
            ground += _more(words, box, ordered[node], measure)
            reserved.append(box)
    return placed(graph, sizes, ordered, lines, ((0.0, -1e6),) * len(lines), tuple(ground), tuple(reserved))


def _part(forest: Forest, core: tuple[int, ...], sizes: Sizes) -> _Part:
    if len(core) == 1:
        return _tree(forest, core, sizes, right=False, itself=True)
    ring, _ = ring_boxes([sizes.nodes[node] for node in core])
    boxes = dict(zip(core, ring, strict=True))
    more: dict[int, Box] = {}
    whole = _Part(boxes, more, core).bounds
    for right in (False, True):
        roots = [node for node in core if (boxes[node].centre[0] > 1) == right]
        roots.sort(key=lambda node: boxes[node].centre[1])
        side = _tree(forest, roots, sizes, right=right, itself=False)
        if side.boxes:
            area = side.bounds
            x = whole.right + COLUMN_GAP - area.x if right else whole.x - COLUMN_GAP - area.right
            side = side.moved(x, whole.centre[1] - area.centre[1])
            boxes |= side.boxes
            more |= side.more
    return _Part(boxes, more, core)


def _tree(forest: Forest, roots: Sequence[int], sizes: Sizes, *, right: bool, itself: bool) -> _Part:
    """What leads to the roots, in columns, each node at the middle of its children; the roots too if ``itself``."""
    tops: dict[int, float] = {}
    more: dict[int, tuple[int, float]] = {}
    order = [(node, depth) for node, depth in forest.leading_to(roots) if depth or itself or forest.children[node]]
    y = 0.0
    for node, depth in order:
        children = forest.children[node]
        if children:
            tops[node] = (tops[children[0]] + tops[children[-1]]) / 2
        else:
            tops[node] = y
            y += sizes.nodes[node][1] + ROW_GAP
        if node in forest.folded:
            more[node] = depth + 1, y
            y += MORE_HEIGHT + ROW_GAP
    placed_ones = [(node, depth) for node, depth in order if depth or itself]
    columns = _columns(placed_ones, sizes, right=right)
    boxes = {node: Box(columns[d][0], tops[node], columns[d][1], sizes.nodes[node][1]) for node, d in placed_ones}
    counted = {node: Box(columns[d][0], top, columns[d][1], MORE_HEIGHT) for node, (d, top) in more.items()}
    return _Part(boxes, counted, tuple(roots))


def _columns(nodes: list[tuple[int, int]], sizes: Sizes, *, right: bool) -> dict[int, tuple[float, float]]:
    """For each depth the left border and the width of its column."""
    widths: dict[int, float] = {}
    for node, depth in nodes:
        widths[depth] = max(widths.get(depth, 0.0), sizes.nodes[node][0])
    columns = {}
    reach = 0.0
    for depth, width in sorted(widths.items()):
        columns[depth] = (reach if right else -reach - width, width)
        reach += width + COLUMN_GAP
    return columns


def _packed(parts: list[_Part]) -> list[_Part]:
    """Rings first, then the larger ones, on shelves from top to bottom."""
    parts = sorted(parts, key=lambda part: (len(part.core) == 1, -len(part.boxes), min(part.boxes)))
    room = max([WIDEST_SHELF, *(part.bounds.width for part in parts)])
    shelves: list[_Part] = []
    x = y = height = 0.0
    for part in parts:
        area = part.bounds
        if x and x + area.width > room:
            x, y, height = 0.0, y + height + GROUP_GAP, 0.0
        shelves.append(part.moved(x - area.x, y - area.y))
        x += area.width + GROUP_GAP
        height = max(height, area.height)
    return shelves


def _ports(graph: LockGraph, boxes: Sequence[Box], rings: dict[int, _Part]) -> dict[int, float]:
    """How far from the middle of its side an edge ends, where several end at one side of one node."""
    sides: dict[tuple[int, bool], list[tuple[float, int]]] = {}
    for edge in graph.edges:
        tail, head = boxes[edge.tail], boxes[edge.head]
        both = edge.tail in rings and rings.get(edge.head) is rings[edge.tail]
        if tail.width and head.width and edge.tail != edge.head and not both:
            sides.setdefault((edge.head, tail.x < head.x), []).append((tail.centre[1], edge.number))
    ports = {}
    for (node, _), ends in sides.items():
        gap = min(PORT_GAP, (boxes[node].height - 12) / max(1, len(ends) - 1))
        for place, (_, number) in enumerate(sorted(ends)):
            ports[number] = (place - (len(ends) - 1) / 2) * gap
    return ports


def _line(first: int, second: int, boxes: Sequence[Box], rings: dict[int, _Part], port: float) -> tuple[Piece, ...]:
    part = rings.get(first)
    if part is not None and second in part.core:
        return _ring_line(first, second, boxes, part)
    tail, head = boxes[first], boxes[second]
    if first == second:
        return Move(tail.right, tail.centre[1] + 10), Curve(
            tail.right + 70, tail.centre[1] + 36, tail.right + 70, tail.centre[1] - 36, tail.right, tail.centre[1] - 10
        )
    if tail.right <= head.x:
        start, end = (tail.right, tail.centre[1]), (head.x, head.centre[1] + port)
    elif head.right <= tail.x:
        start, end = (tail.x, tail.centre[1]), (head.right, head.centre[1] + port)
    else:
        x = max(tail.right, head.right) + COLUMN_GAP / 2
        end_y = head.centre[1] + port
        return Move(tail.right, tail.centre[1]), Curve(x, tail.centre[1], x, end_y, head.right, end_y)
    bend = (start[0] + end[0]) / 2
    return Move(*start), Curve(bend, start[1], bend, end[1], *end)


def _ring_line(first: int, second: int, boxes: Sequence[Box], part: _Part) -> tuple[Piece, ...]:
    """As on a ring around (0, 0), moved to where the part stands."""
    own, outline = ring_boxes([(boxes[node].width, boxes[node].height) for node in part.core])
    x, y = boxes[part.core[0]].x - own[0].x, boxes[part.core[0]].y - own[0].y
    return moved(ring_line(part.core.index(first), part.core.index(second), own, outline), x, y)


def _more(words: str, box: Box, target: Box, measure: Measure) -> list[Shape]:
    """A pill with the number of those that are not shown, and its line."""
    width = Face(measure, SMALL_SIZE).width(words)
    rightwards = box.right <= target.x
    start = (box.right if rightwards else box.x, box.centre[1])
    end = (target.x if rightwards else target.right, target.centre[1])
    bend = (start[0] + end[0]) / 2
    pieces: tuple[Piece, ...] = (Move(*start), Curve(bend, start[1], bend, end[1], *end))
    return [
        Path(pieces, Style(stroke=Role.BORDER, width=1.0, dash=(2.0, 3.0))),
        Rectangle(box, Style(Role.BACKGROUND, Role.BORDER, 1.0, (3.0, 3.0)), MORE_HEIGHT / 2),
        Text(box.centre[0], box.y + 16, words, Role.DIM, SMALL_SIZE, anchor="middle", width=width),
    ]
