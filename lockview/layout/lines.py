"""Edges: a line whose style says what it stands for, its head, its number and its label.

Each relation has a dash and a head of its own, so that no colour is needed to tell them apart. The one signal colour is
for what the report is about: the new dependency, or what must not be.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from lockview.analysis.lock_graph import LockEdge, LockGraph, Mode, Relation
from lockview.layout.captions import edge_lines, edge_tag, edge_title, mode_letter
from lockview.layout.curves import Point, circle, wavy
from lockview.layout.drawing import Box, Group, Line, Measure, Move, Path, Piece, Rectangle, Role, Shape, Style, Text
from lockview.layout.labels import Face
from lockview.layout.placement import (
    CAPSULE_HEIGHT,
    LABEL_LINE,
    LABEL_PADDING,
    LETTER_SPACE,
    SMALL_SIZE,
    Route,
    number_of,
    tag_width,
)

WIDTH = 2.0
NEW_WIDTH = 3.5
HALO_WIDTH = 10.0
HEAD_WIDTH = 9.0
NEW_HEAD_WIDTH = 14.0
BAR_HEAD_WIDTH = 16.0
UNCERTAIN_DASH = (1.5, 4.0)
DASHES = {Mode.EXCLUSIVE: (), Mode.UNKNOWN: (), Mode.SHARED: (7.0, 4.0)}


class Look(NamedTuple):
    """How a relation is drawn; ``head`` is filled, open, a ball or a bar."""

    width: float = WIDTH
    dash: tuple[float, ...] = ()
    head: str = "filled"
    waves: bool = False


LOOKS = {
    Relation.DEPENDENCY: Look(),
    Relation.PATH: Look(dash=(10.0, 4.0, 2.0, 4.0)),
    Relation.INTERRUPT: Look(width=1.8, waves=True),
    Relation.WAITS: Look(width=1.6, dash=(4.0, 3.0)),
    Relation.HOLDS: Look(width=1.6, head="ball"),
    Relation.NESTING: Look(width=1.2, head="open"),
    Relation.FORBIDDEN: Look(width=2.4, dash=(2.5, 3.0), head="bar"),
}


def edge_role(graph: LockGraph, edge: LockEdge) -> str:
    """The colour of an edge: the signal for what the report is about, else that of its task, if one is known."""
    if edge.dependency.new or edge.relation is Relation.FORBIDDEN:
        return Role.SIGNAL
    if edge.relation is Relation.NESTING:
        return Role.EDGE
    if edge.relation is Relation.HOLDS:
        holder = graph.nodes[edge.head].name
        task = next((task.number for task in graph.tasks if task.name == holder), -1)
    else:
        task = edge.task
    return Role.task(task) if 0 <= task < len(graph.tasks) else Role.EDGE


def is_uncertain(edge: LockEdge) -> bool:
    """Whether the text only makes it likely who waits or who holds."""
    return edge.dependency.inferred and edge.relation in (Relation.WAITS, Relation.HOLDS)


def line_style(
    mode: Mode, role: str, *, new: bool, relation: Relation = Relation.DEPENDENCY, uncertain: bool = False
) -> Style:
    """Dashes tell the mode of a dependency and the relation of other edges; the new dependency is thick."""
    look = LOOKS[relation]
    if uncertain:
        return Style(stroke=role, width=look.width, dash=UNCERTAIN_DASH)
    dash = look.dash or (DASHES[mode] if relation is Relation.DEPENDENCY else ())
    return Style(stroke=role, width=NEW_WIDTH if new else look.width, dash=dash)


def edge_group(graph: LockGraph, edge: LockEdge, route: Route, measure: Measure, selected: str, hovered: str) -> Group:
    """Draw one edge; a selected or hovered one lies on a halo."""
    name = f"edge:{edge.number}"
    style = line_style(
        edge.mode,
        edge_role(graph, edge),
        new=edge.dependency.new,
        relation=edge.relation,
        uncertain=is_uncertain(edge),
    )
    shapes: list[Shape] = []
    if name in (selected, hovered):
        opacity = 0.35 if name == selected else 0.2
        shapes.append(Path(route.pieces, Style(stroke=Role.ACCENT, width=HALO_WIDTH, opacity=opacity)))
    shapes.append(Path(wavy(route.pieces) if LOOKS[edge.relation].waves else route.pieces, style))
    base = (route.pieces[-1].x, route.pieces[-1].y)
    shapes += head_of(edge.relation, base, route.tip, style, new=edge.dependency.new)
    if route.capsule.width:
        shapes += _capsule(edge, route.capsule, style.stroke)
    if route.label.width:
        shapes += _label(edge, route.label, measure, chosen=name == selected)
    return Group(name, edge_title(graph, edge), route.reach, tuple(shapes))


def head_of(relation: Relation, base: Point, tip: Point, style: Style, *, new: bool) -> tuple[Path, ...]:
    """The head of an edge in the shape of its relation, from the end of the line to the tip."""
    role, look = style.stroke, LOOKS[relation]
    if look.head == "filled":
        return (arrow_head(base, tip, NEW_HEAD_WIDTH if new else HEAD_WIDTH, role),)
    stem = Path((Move(*base), Line(*tip)), style._replace(dash=()))
    length = math.dist(base, tip) or 1.0
    x, y = (tip[0] - base[0]) / length, (tip[1] - base[1]) / length
    if look.head == "ball":
        reach = HEAD_WIDTH / 2 - 0.5
        ball = circle(tip[0] - x * reach, tip[1] - y * reach, reach)
        return stem, Path(ball, Style(fill=role, width=0.0), closed=True)
    if look.head == "open":
        wing = HEAD_WIDTH / 2
        back = (tip[0] - x * HEAD_WIDTH * 0.8, tip[1] - y * HEAD_WIDTH * 0.8)
        corners = (
            Move(back[0] - y * wing, back[1] + x * wing),
            Line(*tip),
            Line(back[0] + y * wing, back[1] - x * wing),
        )
        return stem, Path(corners, style._replace(dash=()))
    reach = BAR_HEAD_WIDTH / 2
    end = (tip[0] - x * 3, tip[1] - y * 3)
    bar = (Move(end[0] - y * reach, end[1] + x * reach), Line(end[0] + y * reach, end[1] - x * reach))
    return stem, Path(bar, style._replace(width=3.5, dash=()))


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
    letter = mode_letter(edge)
    number_width = box.width - (LETTER_SPACE if letter else 0.0)
    y = box.centre[1] + 4
    shapes: list[Shape] = [
        Rectangle(box, Style(Role.PILL, colour, 1.5), CAPSULE_HEIGHT / 2),
        Text(
            box.x + number_width / 2 + (1.5 if letter else 0.0),
            y,
            number_of(edge),
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
