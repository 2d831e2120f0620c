"""Charts keep inside their picture, tell their lines apart without colour, and never fail on odd values."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockview.export.as_svg import svg
from lockview.layout.charts import DASHES, Axis, Chart, Series, chart_drawing
from lockview.layout.drawing import Box, Drawing, Line, Move, Path, Rectangle, Text, estimated_width
from lockview.layout.theme import THEMES

THREE = Chart(
    "A title",
    Axis("CPUs", log=True, ticks=(1, 2, 4, 8)),
    Axis("records per second"),
    tuple(Series(f"line {n}", ((1, 10.0 * n), (2, 20.0 * n), (8, 25.0 * n))) for n in range(1, 9)),
    "model time, not measured",
    "/s",
)


def texts(drawing: Drawing) -> list[Text]:
    return [shape for group in drawing.groups for shape in group.shapes if isinstance(shape, Text)]


def assert_inside(drawing: Drawing) -> None:
    bounds = drawing.bounds.grown(0.01)
    for group in drawing.groups:
        for shape in group.shapes:
            if isinstance(shape, Text):
                width = estimated_width(shape.text, shape.size, shape.fixed, shape.bold)
                width = min(width, shape.width or width)
                left = shape.x - {"start": 0, "middle": width / 2, "end": width}[shape.anchor]
                boxes = [Box(left, shape.y - shape.size, width, shape.size)]
            elif isinstance(shape, Rectangle):
                boxes = [shape.box]
            else:
                boxes = [Box(piece.x, piece.y, 0, 0) for piece in shape.pieces]
            for box in boxes:
                assert bounds.x <= box.x
                assert box.right <= bounds.right
                assert bounds.y <= box.y
                assert box.bottom <= bounds.bottom


def test_a_chart_keeps_inside_and_says_what_it_shows() -> None:
    drawing = chart_drawing(THREE)
    assert_inside(drawing)
    shown = {text.text for text in texts(drawing)}
    assert {"A title", "CPUs", "records per second", "model time, not measured", "line 1", "line 8", "8"} <= shown
    assert "model time, not measured" in drawing.description
    line = next(group for group in drawing.groups if group.name == "line:0")
    assert line.title == "line 1: 1: 10 /s; 2: 20 /s; 8: 25 /s"


def test_lines_differ_by_dash_and_mark_not_only_by_colour() -> None:
    looks = []
    for group in chart_drawing(THREE).groups:
        if group.name.startswith("line:"):
            paths = [shape for shape in group.shapes if isinstance(shape, Path) and not shape.closed]
            mark = group.shapes[-1]
            outline = len(mark.pieces) if isinstance(mark, Path) else type(mark).__name__
            assert not isinstance(mark, Text)
            looks.append((paths[0].style.dash, outline, mark.style.fill))
    assert len(set(looks)) == len(looks) == 8
    assert len({dash for dash, *_ in looks}) == len(DASHES)


def test_names_do_not_lie_on_each_other() -> None:
    same = THREE._replace(series=tuple(Series(f"line {n}", ((1, 5.0), (8, 5.0))) for n in range(8)))
    boxes = [group.bounds for group in chart_drawing(same).groups if group.name.startswith("name:")]
    assert len(boxes) == 8
    for number, box in enumerate(boxes):
        assert not any(box.overlaps(other.grown(-0.01)) for other in boxes[number + 1 :])


@pytest.mark.parametrize("log", [False, True])
def test_positions(log: bool) -> None:
    chart = THREE._replace(series=(Series("one", ((1, 10.0), (2, 100.0), (4, 1000.0))),), up=Axis("y", log=log))
    group = next(group for group in chart_drawing(chart).groups if group.name == "line:0")
    path = next(shape for shape in group.shapes if isinstance(shape, Path) and not shape.closed)
    points = [(piece.x, piece.y) for piece in path.pieces if isinstance(piece, Move | Line)]
    (x1, y1), (x2, y2), (x3, y3) = points
    assert x2 - x1 == pytest.approx(x3 - x2)
    if log:
        assert y1 - y2 == pytest.approx(y2 - y3)
    else:
        assert y2 - y3 == pytest.approx(10 * (y1 - y2))


_values = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.floats(0.001, 1e9), st.just(0.0))


@settings(max_examples=80, deadline=None)
@given(
    lines=st.lists(st.lists(st.tuples(_values, _values), max_size=6), max_size=9),
    log=st.tuples(st.booleans(), st.booleans()),
    name=st.text(max_size=20),
)
def test_odd_values_make_no_odd_picture(
    lines: list[list[tuple[float, float]]], log: tuple[bool, bool], name: str
) -> None:
    chart = Chart(
        name,
        Axis("x", log[0]),
        Axis("y", log[1]),
        tuple(Series(f"{name}{n}", tuple(line)) for n, line in enumerate(lines)),
    )
    drawing = chart_drawing(chart)
    for group in drawing.groups:
        for shape in group.shapes:
            if isinstance(shape, Path):
                assert all(math.isfinite(piece.x) and math.isfinite(piece.y) for piece in shape.pieces)
    for theme in THEMES.values():
        assert svg(drawing, theme).startswith("<svg ")
