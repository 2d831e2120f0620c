"""Lanes: a trace over time, one lane per task, holds as bars, waits hatched, an arrow from a wait to what blocks it."""

from __future__ import annotations

import itertools
from typing import NamedTuple

from lockview.layout.captions import shown
from lockview.layout.drawing import (
    Box,
    Drawing,
    Group,
    Line,
    Measure,
    Move,
    Path,
    Rectangle,
    Role,
    Shape,
    Style,
    Text,
)
from lockview.layout.labels import Face
from lockview.layout.lines import arrow_head
from lockview.layout.spans import NEVER, LockSpan, spans_of
from lockview.model.traces import Event, EventKind, Outcome, Trace

NAME_SIZE = 13.0
SMALL_SIZE = 11.0
ROW = 28.0
BAR = 22.0
LANE_PADDING = 9.0
AXIS = 26.0
LABEL_ROW = 22.0
MARGIN = 16.0
WIDEST_HEADER = 220.0
NARROWEST_COLUMN = 34.0
TAIL = 150.0
SHORT_TAIL = 72.0
SHORTEST_TEXT = 44.0
FUTURE = 0.35
VERBS = {EventKind.ACQUIRE: "takes", EventKind.WAIT: "waits for", EventKind.RELEASE: "releases", EventKind.END: "ends"}


class _Grid(NamedTuple):
    """Where times and rows lie. ``tops`` are the upper borders of the lanes and, last, the bottom of the lowest."""

    left: float
    column: float
    right: float
    axis: float
    tops: tuple[float, ...]

    def before(self, position: int) -> float:
        """The x between two steps: after ``position`` of them."""
        return self.left + position * self.column

    def at(self, index: int) -> float:
        """The x at which a step happens."""
        return self.left + (index + 0.5) * self.column

    def bar(self, span: LockSpan, start: float, end: float) -> Box:
        """A bar in the span's row."""
        y = self.tops[span.task] + LANE_PADDING + span.row * ROW + (ROW - BAR) / 2
        return Box(start, y, end - start, BAR)


class _Arrow(NamedTuple):
    """An upright arrow between two bars, and the heights it crosses."""

    x: float
    top: float
    bottom: float
    shapes: tuple[Shape, ...] = ()


def lanes(
    trace: Trace,
    measure: Measure,
    position: int | None = None,
    no_return: int | None = None,
    width: float = 900.0,
) -> Drawing:
    """Draw a trace. ``position`` and ``no_return`` count steps done; later steps are dimmed.

    The drawing is ``width`` pixels wide, more where a step would become too narrow to be hit. Groups: ``task:N``, then
    ``event:I`` for each event, then arrows, the point of no return and the cursor.
    """
    spans = spans_of(trace)
    grid = _grid(trace, spans, measure, width, no_return is not None)
    groups = [_axis(trace, grid, measure)]
    groups += [_lane(trace, task, grid, measure) for task in range(len(trace.tasks))]
    arrows = _arrows(spans, grid, position)
    crossings = list(arrows)
    if no_return is not None:
        crossings.append(_Arrow(grid.before(no_return), grid.axis, grid.tops[-1]))
    groups += _events(trace, spans, grid, measure, position, crossings)
    groups.append(Group("", "", Box(grid.left, grid.axis, 0, 0), tuple(s for arrow in arrows for s in arrow.shapes)))
    if no_return is not None:
        groups.append(_no_return(grid, no_return, measure))
    if position is not None:
        groups.append(_cursor(grid, position))
    whole = Box(0, 0, grid.right, grid.tops[-1])
    return Drawing(whole.grown(MARGIN), tuple(groups), f"Run of {len(trace.tasks)} tasks", _told(trace))


def _grid(trace: Trace, spans: tuple[LockSpan, ...], measure: Measure, width: float, labelled: bool) -> _Grid:
    face = Face(measure, NAME_SIZE, fixed=True)
    header = max((face.width(shown(name)) for name in trace.tasks), default=0.0)
    left = 24.0 + min(header, WIDEST_HEADER) + 24.0
    count = max(1, len(trace.events))
    # What is open at the end stays so; its bar goes on far enough to be read.
    tail = TAIL if any(span.release == NEVER for span in spans) else SHORT_TAIL
    column = max(NARROWEST_COLUMN, (width - 2 * MARGIN - left - tail) / count)
    axis = LABEL_ROW if labelled else 0.0
    tops = [axis + AXIS]
    for task in range(len(trace.tasks)):
        rows = 1 + max((span.row for span in spans if span.task == task), default=0)
        tops.append(tops[-1] + 2 * LANE_PADDING + rows * ROW)
    return _Grid(left, column, left + count * column + tail, axis, tuple(tops))


def _axis(trace: Trace, grid: _Grid, measure: Measure) -> Group:
    """Step numbers, as many as fit without touching, and how the run ended."""
    face = Face(measure, SMALL_SIZE)
    y = grid.axis + 16
    shapes: list[Shape] = [Text(grid.left - 24, y, "step", Role.DIM, SMALL_SIZE, anchor="end", width=60)]
    every = int((face.width(str(len(trace.events))) + 8) // grid.column) + 1
    for event in trace.events:
        if event.index % every == 0:
            number = str(event.index + 1)
            x = grid.at(event.index)
            shapes.append(Text(x, y, number, Role.DIM, SMALL_SIZE, anchor="middle", width=grid.column * every - 6))
    if trace.outcome is not Outcome.RUNNING:
        word = "deadlock" if trace.outcome is Outcome.DEADLOCK else "done"
        shapes.append(Text(grid.right, y, word, Role.TEXT, SMALL_SIZE, bold=True, anchor="end", width=SHORT_TAIL))
    shapes.append(_level(grid, grid.tops[0]))
    return Group("", "", Box(0, grid.axis, grid.right, AXIS), tuple(shapes))


def _level(grid: _Grid, y: float) -> Path:
    return Path((Move(0, y), Line(grid.right, y)), Style(stroke=Role.LINE, width=1.0))


def _lane(trace: Trace, task: int, grid: _Grid, measure: Measure) -> Group:
    top, bottom = grid.tops[task], grid.tops[task + 1]
    name = Face(measure, NAME_SIZE, fixed=True).fitted(trace.tasks[task], WIDEST_HEADER)
    middle = (top + bottom) / 2
    swatch = Box(0, top + LANE_PADDING, 4, bottom - top - 2 * LANE_PADDING)
    shapes: tuple[Shape, ...] = (
        Rectangle(swatch, Style(Role.task(task), width=0.0), 2.0),
        Text(16, middle + 4.5, name, Role.TEXT, NAME_SIZE, fixed=True, width=grid.left - 40),
        _level(grid, bottom),
    )
    return Group(f"task:{task}", f"Task {shown(trace.tasks[task])}", Box(0, top, grid.right, bottom - top), shapes)


def _end(grid: _Grid, index: int) -> float:
    return grid.at(index) if index != NEVER else grid.right


def _arrows(spans: tuple[LockSpan, ...], grid: _Grid, position: int | None) -> list[_Arrow]:
    """One for each wait with a known blocker."""
    arrows = []
    for span in spans:
        if span.blocker == NEVER:
            continue
        x = grid.at(span.wait) + 8
        mine, other = grid.bar(span, x, x), grid.bar(spans[span.blocker], x, x)
        start, end = (mine.bottom, other.y) if other.y > mine.y else (mine.y, other.bottom)
        way = 1.0 if end > start else -1.0
        opacity = FUTURE if position is not None and span.wait >= position else 1.0
        base = end - way * min(8.0, abs(end - start) * 0.8)
        colour = Role.task(span.task)
        line = Path((Move(x, start), Line(x, base)), Style(stroke=colour, width=2.0, opacity=opacity))
        head = arrow_head((x, base), (x, end), 9.0, colour)
        head = head._replace(style=head.style._replace(opacity=opacity))
        dot = Rectangle(Box(x - 3, start - 3, 6, 6), Style(fill=colour, width=0.0, opacity=opacity), 3.0)
        arrows.append(_Arrow(x, min(start, end), max(start, end), (line, head, dot)))
    return arrows


def _events(
    trace: Trace,
    spans: tuple[LockSpan, ...],
    grid: _Grid,
    measure: Measure,
    position: int | None,
    crossings: list[_Arrow],
) -> list[Group]:
    bars: dict[int, tuple[Box, tuple[Shape, ...]]] = {}
    for span in spans:
        if span.wait != NEVER:
            box = grid.bar(span, grid.at(span.wait), _end(grid, span.hold))
            bars[span.wait] = box, _bar(span, box, measure, crossings, waiting=True)
        if span.hold != NEVER:
            box = grid.bar(span, grid.at(span.hold), _end(grid, span.release))
            bars[span.hold] = box, _bar(span, box, measure, crossings, waiting=False)
        if span.release != NEVER:
            bars[span.release] = grid.bar(span, grid.at(span.release) - 6, grid.at(span.release) + 6), ()
    groups = []
    for event in trace.events:
        if not 0 <= event.task < len(trace.tasks):
            continue
        box, shapes = bars.get(event.index) or _mark(event, grid)
        if position is not None and event.index >= position:
            shapes = tuple(_dimmed(shape) for shape in shapes)
        groups.append(Group(f"event:{event.index}", event_title(trace, event), box, shapes))
    return groups


def _dimmed(shape: Shape) -> Shape:
    if isinstance(shape, Text):
        return shape._replace(opacity=shape.opacity * FUTURE)
    if isinstance(shape, Rectangle):
        return shape._replace(style=shape.style._replace(opacity=shape.style.opacity * FUTURE))
    return shape._replace(style=shape.style._replace(opacity=shape.style.opacity * FUTURE))


def _bar(span: LockSpan, box: Box, measure: Measure, crossings: list[_Arrow], *, waiting: bool) -> tuple[Shape, ...]:
    colour = Role.task(span.task)
    shapes: list[Shape] = []
    if waiting:
        shapes.append(Rectangle(box, Style(colour, hatch=True, width=0.0, opacity=0.6), 3.0))
        shapes.append(Rectangle(box, Style(stroke=colour, width=1.0, dash=(3.0, 2.0)), 3.0))
    else:
        shapes.append(Rectangle(box, Style(colour, width=0.0, opacity=0.2), 3.0))
        shapes.append(Rectangle(box, Style(stroke=colour, width=1.0), 3.0))
    shapes += _bar_text(span, box, measure, crossings, waiting=waiting)
    return tuple(shapes)


def _bar_text(span: LockSpan, box: Box, measure: Measure, crossings: list[_Arrow], *, waiting: bool) -> list[Shape]:
    """The lock's name, in the first stretch of the bar that is long enough and that no line crosses."""
    face = Face(measure, SMALL_SIZE, fixed=True)
    start = box.x + (14.0 if waiting and span.blocker != NEVER else 0.0)
    cuts = sorted(a.x for a in crossings if start < a.x < box.right and a.top < box.bottom and box.y < a.bottom)
    edges = [start, *cuts, box.right]
    stretches = [(a + 6, b - 6) for a, b in itertools.pairwise(edges)]
    needed = face.width(shown(span.lock.name))
    left, right = next(
        (stretch for stretch in stretches if stretch[1] - stretch[0] >= needed),
        max(stretches, key=lambda stretch: stretch[1] - stretch[0]),
    )
    if right - left < SHORTEST_TEXT:
        return []
    name = face.fitted(span.lock.name, right - left)
    text = Text(left, box.y + 15, name, Role.TEXT, SMALL_SIZE, fixed=True, width=right - left)
    if not waiting:
        return [text]
    plate = Box(left - 3, box.y + 3, face.width(name) + 6, BAR - 6)
    return [Rectangle(plate, Style(Role.BACKGROUND, width=0.0), 2.0), text]


def _mark(event: Event, grid: _Grid) -> tuple[Box, tuple[Shape, ...]]:
    """The end of a task: a short stroke across its lane."""
    x, top, bottom = grid.at(event.index), grid.tops[event.task], grid.tops[event.task + 1]
    if event.kind is not EventKind.END:
        return Box(x - 6, top, 12, bottom - top), ()
    stroke = Style(stroke=Role.task(event.task), width=3.0)
    path = Path((Move(x, top + LANE_PADDING), Line(x, bottom - LANE_PADDING)), stroke)
    return Box(x - 6, top, 12, bottom - top), (path,)


def _no_return(grid: _Grid, steps: int, measure: Measure) -> Group:
    face = Face(measure, SMALL_SIZE, bold=True)
    x, words = grid.before(steps), "point of no return"
    width = face.width(words)
    left = min(max(0.0, x - width / 2), grid.right - width)
    line = Path((Move(x, LABEL_ROW - 4), Line(x, grid.tops[-1])), Style(stroke=Role.TEXT, width=1.5, dash=(6.0, 3.0)))
    text = Text(left, 12, words, Role.TEXT, SMALL_SIZE, bold=True, width=width)
    title = f"Point of no return: after step {steps} every continuation deadlocks"
    return Group("", title, Box(left, 0, width, LABEL_ROW), (line, text))


def _cursor(grid: _Grid, position: int) -> Group:
    x, top = grid.before(position), grid.tops[0]
    line = Path((Move(x, top - 4), Line(x, grid.tops[-1])), Style(stroke=Role.ACCENT, width=2.0))
    handle = Path(
        (Move(x - 5, top - 10), Line(x + 5, top - 10), Line(x, top - 2)), Style(Role.ACCENT, width=0.0), closed=True
    )
    return Group("", f"After step {position}", Box(x - 5, top - 10, 10, grid.tops[-1] - top + 10), (line, handle))


def event_title(trace: Trace, event: Event) -> str:
    """A step as a sentence."""
    task = shown(trace.tasks[event.task])
    lock = f" {shown(event.lock.name)}" if event.lock else ""
    return f"Step {event.index + 1}: {task} {VERBS[event.kind]}{lock}"


def _told(trace: Trace) -> str:
    """The whole run in words, for those who cannot see it."""
    steps = [event_title(trace, event) for event in trace.events if 0 <= event.task < len(trace.tasks)]
    return ". ".join([*steps, f"Outcome: {trace.outcome.value}"])
