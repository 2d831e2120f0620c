"""The legend: what line styles and colours of one picture mean; only what occurs in it."""

from __future__ import annotations

from lockview.analysis.lock_graph import LockEdge, LockGraph, Mode, Relation, Subject
from lockview.analysis.lock_graph import Shape as GraphShape
from lockview.layout.captions import NAME_COLUMNS, shown
from lockview.layout.curves import moved, wavy
from lockview.layout.drawing import Box, Group, Line, Measure, Move, Path, Piece, Rectangle, Role, Shape, Style, Text
from lockview.layout.labels import Face
from lockview.layout.lines import LOOKS, edge_role, head_of, is_uncertain, line_style
from lockview.layout.placement import HEAD_LENGTH, NEW_HEAD_LENGTH, SMALL_SIZE

ROW = 20.0
ITEM_GAP = 24.0
SAMPLE = 34.0
SWATCH = 10.0
TEXT_GAP = 8.0
WORDS = {
    Mode.EXCLUSIVE: "W  taken exclusively (write)",
    Mode.SHARED: "R  taken shared (read)",
    Mode.UNKNOWN: "mode not told by the stack",
}


def legend(graph: LockGraph, measure: Measure, x: float, y: float, width: float) -> Group:
    """Rows of samples and words from (x, y) downwards, no wider than ``width``: first the tasks, then the lines."""
    face = Face(measure, SMALL_SIZE)
    rows = _Rows(x, y, width, face)
    shown_tasks = {node.name for node in graph.nodes if node.subject is Subject.TASK}
    acting = {edge.task for edge in graph.edges if edge.relation in (Relation.DEPENDENCY, Relation.INTERRUPT)}
    for task in graph.tasks:
        if task.name not in shown_tasks and task.number in acting:
            words = shown(task.name, NAME_COLUMNS) + (" (reported this)" if task.reporting else "")
            rows.add(_swatch(task.number), SWATCH, words)
    rows.new_row()
    orders = [edge for edge in graph.edges if edge.relation is Relation.DEPENDENCY]
    old = [edge.mode for edge in orders if not edge.dependency.new]
    for mode in Mode:
        if mode in old:
            rows.add(_sample(mode, new=False), SAMPLE, WORDS[mode])
    closes = "new dependency, closes the cycle" if graph.shape is GraphShape.RING else "new dependency"
    for mode in dict.fromkeys(edge.mode for edge in orders if edge.dependency.new):
        rows.add(_sample(mode, new=True), SAMPLE, closes + _how(mode, old))
    _add_relations(graph, rows)
    return Group("", "Legend", Box(x, y, rows.reached - x, rows.y + ROW - y), tuple(rows.shapes))


def _add_relations(graph: LockGraph, rows: _Rows) -> None:
    """What is no dependency, each sort once."""
    first: dict[tuple[Relation, bool], LockEdge] = {}
    for edge in graph.edges:
        if edge.relation is not Relation.DEPENDENCY:
            first.setdefault((edge.relation, is_uncertain(edge)), edge)
    if not first:
        return
    from lockview.layout.relations import SAMPLES

    for relation, uncertain in sorted(first, key=lambda key: (list(Relation).index(key[0]), key[1])):
        seen = first[relation, uncertain]
        role = Role.SIGNAL if edge_role(graph, seen) == Role.SIGNAL else Role.EDGE
        sample = _sample(seen.mode, new=seen.dependency.new, relation=relation, role=role, uncertain=uncertain)
        rows.add(sample, SAMPLE, SAMPLES[relation] + (", probably" if uncertain else ""))


def _how(mode: Mode, explained: list[Mode]) -> str:
    """A mode that only the new dependency has is explained with it."""
    if mode in explained or mode is Mode.UNKNOWN:
        return ""
    return ", W: taken exclusively" if mode is Mode.EXCLUSIVE else ", R: taken shared"


class _Rows:
    """Items from left to right, wrapped."""

    def __init__(self, x: float, y: float, width: float, face: Face) -> None:
        self.left, self.x, self.y, self.right = x, x, y, x + width
        self.reached = x
        self.face = face
        self.shapes: list[Shape] = []

    def new_row(self) -> None:
        if self.x > self.left:
            self.x, self.y = self.left, self.y + ROW

    def add(self, sample: tuple[Shape, ...], sample_width: float, words: str) -> None:
        room = self.right - self.left - sample_width - TEXT_GAP
        words = self.face.fitted(words, room)
        width = sample_width + TEXT_GAP + self.face.width(words)
        if self.x + width > self.right:
            self.new_row()
        self.shapes += [_shifted(shape, self.x, self.y) for shape in sample]
        text_x = self.x + sample_width + TEXT_GAP
        text_width = self.face.width(words)
        self.shapes.append(Text(text_x, self.y + 14, words, Role.DIM, SMALL_SIZE, width=text_width))
        self.reached = max(self.reached, self.x + width)
        self.x += width + ITEM_GAP


def _swatch(task: int) -> tuple[Shape, ...]:
    return (Rectangle(Box(0, ROW / 2 - SWATCH / 2, SWATCH, SWATCH), Style(Role.task(task), width=0.0), 2.0),)


def _sample(
    mode: Mode,
    *,
    new: bool,
    relation: Relation = Relation.DEPENDENCY,
    role: str = Role.EDGE,
    uncertain: bool = False,
) -> tuple[Shape, ...]:
    """A short horizontal edge."""
    style = line_style(mode, Role.SIGNAL if new else role, new=new, relation=relation, uncertain=uncertain)
    base = SAMPLE - (NEW_HEAD_LENGTH if new else HEAD_LENGTH)
    pieces: tuple[Piece, ...] = (Move(0, ROW / 2), Line(base, ROW / 2))
    line = Path(wavy(pieces) if LOOKS[relation].waves else pieces, style)
    return line, *head_of(relation, (base, ROW / 2), (SAMPLE, ROW / 2), style, new=new)


def _shifted(shape: Shape, x: float, y: float) -> Shape:
    if isinstance(shape, Rectangle):
        return shape._replace(box=shape.box._replace(x=shape.box.x + x, y=shape.box.y + y))
    if isinstance(shape, Path):
        return shape._replace(pieces=moved(shape.pieces, x, y))
    return shape._replace(x=shape.x + x, y=shape.y + y)
