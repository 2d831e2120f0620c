"""Charts: lines over a number of CPUs or the like, as a drawing. Every line has a dash and a mark of its own.

Names stand at the right ends of the lines, joined to them where they had to be moved apart, so nobody has to go by
colour. Both axes may be logarithmic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from lockview.layout.drawing import (
    Box,
    Drawing,
    Group,
    Line,
    Measure,
    Move,
    Path,
    Piece,
    Rectangle,
    Role,
    Shape,
    Style,
    Text,
    estimated_width,
)

WIDTH, HEIGHT = 760.0, 440.0
MARGIN = 16.0
SIZE, SMALL, TITLE_SIZE = 12.0, 11.0, 15.0
_SAMPLE = 30.0
_NAME_STEP = 17.0
_MARK = 3.6
_GAP = 8.0
_MOST = 1e15
"""Values beyond it, and on logarithmic axes below its inverse, are not shown."""
_TICKS = 6

DASHES: tuple[tuple[float, ...], ...] = (
    (), (7, 3), (2, 3), (9, 3, 2, 3), (12, 4), (4, 2, 1, 2, 1, 2), (1.5, 2), (14, 3, 4, 3),
)  # fmt: skip


class Axis(NamedTuple):
    """An axis: its title, whether it is logarithmic, and where ticks must be; () leaves them to the chart."""

    title: str
    log: bool = False
    ticks: tuple[float, ...] = ()


class Series(NamedTuple):
    """A line: its name and its points from left to right."""

    name: str
    points: tuple[tuple[float, float], ...]


class Chart(NamedTuple):
    """What is to be drawn. ``note`` stands below, ``unit`` behind values in tooltips."""

    title: str
    across: Axis
    up: Axis
    series: tuple[Series, ...]
    note: str = ""
    unit: str = ""


def chart_drawing(
    chart: Chart, measure: Measure = estimated_width, width: float = WIDTH, height: float = HEIGHT
) -> Drawing:
    """The chart in a picture of that size. Points that a logarithmic axis has no place for are left out."""
    series = tuple(_shown(line, chart) for line in chart.series)
    across = _Scale.around(chart.across, [x for line in series for x, _ in line.points], from_zero=False)
    up = _Scale.around(chart.up, [y for line in series for _, y in line.points], from_zero=True)
    labels = [_number(tick) for tick in up.ticks]
    left = MARGIN + SIZE + 10 + max((measure(label, SMALL, False, False) for label in labels), default=0.0)
    names = max((measure(line.name, SIZE, False, False) for line in series), default=0.0)
    plot = Box(left, MARGIN + 48, 0, 0)
    plot = plot._replace(
        width=max(60.0, width - left - names - _SAMPLE - 3 * _GAP - MARGIN - 14),
        height=max(60.0, height - plot.y - 48 - (18 if chart.note else 0) - MARGIN),
    )
    place = _Place(plot, across, up)
    groups = [_frame(chart, place, measure, width)]
    groups += [_line(number, line, chart, place) for number, line in enumerate(series)]
    groups += _names(series, place, measure)
    return Drawing(Box(0, 0, width, height), tuple(groups), chart.title, _description(chart, series))


class _Scale(NamedTuple):
    """From values to 0..1."""

    low: float
    high: float
    log: bool
    ticks: tuple[float, ...]

    @staticmethod
    def around(axis: Axis, values: Sequence[float], *, from_zero: bool) -> _Scale:
        inside = [*values, *axis.ticks] or [1.0]
        low, high = min(inside), max(inside)
        if axis.log:
            ticks = axis.ticks or _decades(low, high)
            return _Scale(min(low, *ticks), max(high, *ticks), True, ticks)
        low = min(0.0, low) if from_zero else low
        ticks = axis.ticks or _even(low, _widened(low, high))
        return _Scale(min(low, *ticks), max(high, *ticks), False, ticks)

    def part(self, value: float) -> float:
        """How far along the axis a value is."""
        low, high = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        if high <= low:
            return 0.5
        return ((math.log(value) if self.log else value) - low) / (high - low)


class _Place(NamedTuple):
    """From values to the picture."""

    plot: Box
    across: _Scale
    up: _Scale

    def at(self, x: float, y: float) -> tuple[float, float]:
        plot = self.plot
        return plot.x + plot.width * self.across.part(x), plot.bottom - plot.height * self.up.part(y)


def _shown(line: Series, chart: Chart) -> Series:
    points = tuple((x, y) for x, y in line.points if _fits(x, chart.across) and _fits(y, chart.up))
    return line._replace(points=points)


def _fits(value: float, axis: Axis) -> bool:
    """Whether a value can be shown: a logarithmic axis has none at or below 0."""
    return abs(value) <= _MOST and (not axis.log or value >= 1 / _MOST)


def _widened(low: float, high: float) -> float:
    """``high``, or where values lie as good as on each other, far enough above ``low`` to tell ticks apart."""
    least = max(abs(low), abs(high), 1 / _MOST) * 1e-9
    return high if high - low > least else low + max(abs(low) * 1e-3, 1)


def _even(low: float, high: float) -> tuple[float, ...]:
    """Round values from at most ``low`` to at least ``high``."""
    rough = (high - low) / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
    first, last = math.floor(low / step), math.ceil(high / step - 1e-9)
    return tuple(step * number for number in range(first, last + 1))


def _decades(low: float, high: float) -> tuple[float, ...]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    return tuple(10.0**power for power in range(first, max(last, first + 1) + 1))


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.4g}"


def _frame(chart: Chart, place: _Place, measure: Measure, width: float) -> Group:
    plot = place.plot
    shapes: list[Shape] = []
    grid = Style(stroke=Role.LINE)
    for tick in place.up.ticks:
        y = place.at(place.across.low, tick)[1]
        shapes += [
            Path((Move(plot.x, y), Line(plot.right, y)), grid),
            Text(plot.x - 6, y + 4, _number(tick), Role.DIM, SMALL, anchor="end"),
        ]
    shapes += _ticks_across(place, measure)
    shapes.append(Path((Move(plot.x, plot.y), Line(plot.x, plot.bottom), Line(plot.right, plot.bottom)), _AXIS))
    middle = plot.x + plot.width / 2
    shapes += [
        Text(MARGIN, MARGIN + TITLE_SIZE - 2, chart.title, Role.TEXT, TITLE_SIZE, bold=True, width=width - 2 * MARGIN),
        Text(MARGIN, MARGIN + 30, chart.up.title, Role.DIM, SIZE, width=width - 2 * MARGIN),
        Text(middle, plot.bottom + 38, chart.across.title, Role.DIM, SIZE, anchor="middle"),
    ]
    if chart.note:
        shapes.append(Text(MARGIN, plot.bottom + 60, chart.note, Role.DIM, SMALL, width=width - 2 * MARGIN))
    return Group("axes", chart.title, plot, tuple(shapes))


_AXIS = Style(stroke=Role.EDGE, width=1.2)


def _ticks_across(place: _Place, measure: Measure) -> list[Shape]:
    """Labels where they do not run into each other."""
    shapes: list[Shape] = []
    free = -math.inf
    for tick in place.across.ticks:
        x = place.at(tick, place.up.ticks[0])[0]
        shapes.append(Path((Move(x, place.plot.bottom), Line(x, place.plot.bottom + 4)), _AXIS))
        label = _number(tick)
        half = measure(label, SMALL, False, False) / 2
        if x - half > free:
            shapes.append(Text(x, place.plot.bottom + 18, label, Role.DIM, SMALL, anchor="middle"))
            free = x + half + 4
    return shapes


def _line(number: int, line: Series, chart: Chart, place: _Place) -> Group:
    points = [place.at(x, y) for x, y in line.points]
    shapes: list[Shape] = []
    if len(points) > 1:
        pieces: tuple[Piece, ...] = (Move(*points[0]), *(Line(x, y) for x, y in points[1:]))
        shapes.append(Path(pieces, _pen(number)))
    shapes += [_mark(number, *point) for point in points]
    unit = f" {chart.unit}" if chart.unit else ""
    values = "; ".join(f"{_number(x)}: {_number(y)}{unit}" for x, y in line.points)
    return Group(f"line:{number}", f"{line.name}: {values}", place.plot, tuple(shapes))


def _pen(number: int) -> Style:
    return Style(stroke=Role.task(number), width=2.0, dash=DASHES[number % len(DASHES)])


def _mark(number: int, x: float, y: float) -> Shape:
    """A mark of the line's own shape; hollow from the seventh line on, where colours begin again."""
    style = Style(fill=Role.task(number) if number < 6 else Role.BACKGROUND, stroke=Role.task(number), width=1.5)
    size = _MARK
    if number % 6 == 0:
        return Rectangle(Box(x - size, y - size, 2 * size, 2 * size), style, radius=size)
    if number % 6 == 1:
        return Rectangle(Box(x - size, y - size, 2 * size, 2 * size), style)
    corners = {
        2: ((0, -1.3), (1.2, 0.9), (-1.2, 0.9)),
        3: ((0, -1.4), (1.4, 0), (0, 1.4), (-1.4, 0)),
        4: ((0, 1.3), (1.2, -0.9), (-1.2, -0.9)),
        5: ((-1.4, -0.5), (1.4, -0.5), (1.4, 0.5), (-1.4, 0.5)),
    }[number % 6]
    first, *rest = [(x + dx * size, y + dy * size) for dx, dy in corners]
    return Path((Move(*first), *(Line(dx, dy) for dx, dy in rest)), style, closed=True)


def _names(series: Sequence[Series], place: _Place, measure: Measure) -> list[Group]:
    """The names at the ends of their lines, moved apart where they would lie on each other."""
    ends = [(place.at(*line.points[-1]), number) for number, line in enumerate(series) if line.points]
    ends.sort(key=lambda end: end[0][1])
    spread = _apart([y for (_, y), _ in ends], place.plot.y, place.plot.bottom)
    groups = []
    left = place.plot.right + 14
    for ((x, y), number), lower in zip(ends, spread, strict=True):
        name = series[number].name
        leader = Path((Move(x + _MARK + 2, y), Line(left - 2, lower)), Style(stroke=Role.BORDER, width=0.8))
        sample = Path((Move(left, lower), Line(left + _SAMPLE, lower)), _pen(number))
        mark = _mark(number, left + _SAMPLE / 2, lower)
        text = Text(left + _SAMPLE + _GAP, lower + 4, name, Role.TEXT, SIZE)
        box = Box(left, lower - _NAME_STEP / 2, _SAMPLE + _GAP + measure(name, SIZE, False, False), _NAME_STEP)
        groups.append(Group(f"name:{number}", name, box, (leader, sample, mark, text)))
    return groups


def _apart(wanted: Sequence[float], top: float, bottom: float) -> list[float]:
    """Heights in the same order, at least a step apart, as near to those wanted as one pass down and one up gets."""
    heights: list[float] = []
    for height in wanted:
        heights.append(max(height, heights[-1] + _NAME_STEP if heights else top))
    limit = bottom
    for number in range(len(heights) - 1, -1, -1):
        heights[number] = min(heights[number], limit)
        limit = heights[number] - _NAME_STEP
    return heights


def _description(chart: Chart, series: Sequence[Series]) -> str:
    lines = ", ".join(line.name for line in series)
    return f"{chart.up.title} by {chart.across.title}: {lines}. {chart.note}".strip()
