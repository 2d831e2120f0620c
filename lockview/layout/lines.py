"""Edges: a line whose style says how the lock is taken, its arrow head, its number and its label."""

from __future__ import annotations

import math

from lockview.analysis.lock_graph import LockEdge, LockGraph, Mode
from lockview.layout.captions import LETTERS, edge_lines, edge_tag, edge_title
from lockview.layout.curves import Point
from lockview.layout.drawing import Box, Group, Line, Measure, Move, Path, Piece, Rectangle, Role, Shape, Style, Text
from lockview.layout.labels import Face
from lockview.layout.placement import (
    CAPSULE_HEIGHT,
    LABEL_LINE,
    LABEL_PADDING,
    LETTER_SPACE,
    SMALL_SIZE,
    Route,
    tag_width,
)

WIDTH = 2.0
NEW_WIDTH = 3.5
HALO_WIDTH = 10.0
HEAD_WIDTH = 9.0
NEW_HEAD_WIDTH = 14.0
DASHES = {Mode.EXCLUSIVE: (), Mode.UNKNOWN: (), Mode.SHARED: (7.0, 4.0)}


def line_style(mode: Mode, task: int, *, new: bool) -> Style:
    """Dashes tell the mode, the colour the task; the new dependency is thick and in the one signal colour."""
    colour = Role.SIGNAL if new else Role.task(task)
    return Style(stroke=colour, width=NEW_WIDTH if new else WIDTH, dash=DASHES[mode])


def edge_group(graph: LockGraph, edge: LockEdge, route: Route, measure: Measure, selected: str, hovered: str) -> Group:
    """Draw one edge; a selected or hovered one lies on a halo."""
    name = f"edge:{edge.number}"
    style = line_style(edge.mode, edge.task, new=edge.dependency.new)
    shapes: list[Shape] = []
    if name in (selected, hovered):
        opacity = 0.35 if name == selected else 0.2
        shapes.append(Path(route.pieces, Style(stroke=Role.ACCENT, width=HALO_WIDTH, opacity=opacity)))
    shapes.append(Path(route.pieces, style))
    base = (route.pieces[-1].x, route.pieces[-1].y)
    shapes.append(arrow_head(base, route.tip, NEW_HEAD_WIDTH if edge.dependency.new else HEAD_WIDTH, style.stroke))
    shapes += _capsule(edge, route.capsule, style.stroke)
    shapes += _label(edge, route.label, measure, chosen=name == selected)
    return Group(name, edge_title(graph, edge), route.reach, tuple(shapes))


def arrow_head(base: Point, tip: Point, width: float, role: str) -> Path:
    """A filled triangle from the end of a line to its tip; it starts a little early to leave no seam."""
    length = math.dist(base, tip) or 1.0
    x, y = (tip[0] - base[0]) / length, (tip[1] - base[1]) / length
    start = (base[0] - x, base[1] - y)
    left = Line(start[0] - y * width / 2, start[1] + x * width / 2)
    right = Line(start[0] + y * width / 2, start[1] - x * width / 2)
    pieces: tuple[Piece, ...] = (Move(*tip), left, right)
    return Path(pieces, Style(fill=role, width=0.0), closed=True)


def _capsule(edge: LockEdge, box: Box, colour: str) -> list[Shape]:
    letter = LETTERS[edge.mode]
    number_width = box.width - (LETTER_SPACE if letter else 0.0)
    y = box.centre[1] + 4
    shapes: list[Shape] = [
        Rectangle(box, Style(Role.PILL, colour, 1.5), CAPSULE_HEIGHT / 2),
        Text(
            box.x + number_width / 2 + (1.5 if letter else 0.0),
            y,
            str(edge.order),
            size=SMALL_SIZE,
            bold=True,
            anchor="middle",
            width=number_width - 6,
        ),
    ]
    if letter:
        middle = box.right - LETTER_SPACE / 2 - 2.5
        shapes.append(
            Text(middle, y, letter, Role.DIM, SMALL_SIZE, fixed=True, anchor="middle", width=LETTER_SPACE - 5)
        )
    return shapes


def _label(edge: LockEdge, box: Box, measure: Measure, *, chosen: bool) -> list[Shape]:
    face = Face(measure, SMALL_SIZE, fixed=True)
    border = Style(Role.PILL, Role.ACCENT, 2.0) if chosen else Style(Role.PILL, Role.LINE, 1.0)
    shapes: list[Shape] = [Rectangle(box, border, 4.0)]
    room = box.width - 2 * LABEL_PADDING
    tag_room = tag_width(edge, measure)
    for number, line in enumerate(edge_lines(edge)):
        width = room - (tag_room if number == 0 else 0.0)
        y = box.y + 15 + number * LABEL_LINE
        shapes.append(
            Text(box.x + LABEL_PADDING, y, face.fitted(line, width), size=SMALL_SIZE, fixed=True, width=width)
        )
    if tag := edge_tag(edge):
        shapes += _tag(tag, box, tag_room, new=edge.dependency.new)
    return shapes


def _tag(tag: str, box: Box, room: float, *, new: bool) -> list[Shape]:
    spot = Box(box.right - LABEL_PADDING - room + 8, box.y + 4, room - 8, 15)
    style = Style(Role.SIGNAL, width=0.0) if new else Style(stroke=Role.BORDER, width=1.0, dash=(2.0, 2.0))
    role = Role.BACKGROUND if new else Role.DIM
    text = Text(spot.centre[0], spot.y + 11.5, tag, role, SMALL_SIZE, bold=True, anchor="middle", width=room - 12)
    return [Rectangle(spot, style, 3.0), text]
