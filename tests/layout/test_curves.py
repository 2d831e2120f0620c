import math

import pytest

from lockview.layout.curves import Arc, bounds, bowed, middle, samples, shortened
from lockview.layout.drawing import Box, Line, Move


def test_an_arc_as_pieces_stays_on_its_ellipse() -> None:
    arc = Arc(10, 20, 300, 120, -1.0, 2.5)
    for x, y in samples(arc.pieces()):
        assert math.hypot((x - 10) / 300, (y - 20) / 120) == pytest.approx(1, abs=1e-5)


def test_an_arc_is_cut_at_the_borders_of_its_boxes() -> None:
    tail, head = Box(-50, -160, 100, 40), Box(80, -20, 120, 40)
    arc = Arc(0, 0, 140, 140, -math.pi / 2, 0).between(tail, head)
    x, y = arc.at(arc.start)
    assert x == pytest.approx(tail.right) or y == pytest.approx(tail.bottom)
    x, y = arc.at(arc.end)
    assert y == pytest.approx(head.y)


def test_a_bowed_arc_opens_as_told_and_bulges_to_the_left() -> None:
    arc = bowed((0, -100), (0, 100), math.radians(28))
    assert arc.at(arc.start) == pytest.approx((0, -100))
    assert arc.at(arc.end) == pytest.approx((0, 100))
    x, y = arc.at((arc.start + arc.end) / 2)
    assert (x, y) == pytest.approx((100 * math.tan(math.radians(14)), 0))


def test_the_middle_of_a_path_is_half_its_length_away() -> None:
    assert middle((Move(0, 0), Line(30, 0), Line(30, 10))) == ((20, 0), (1, 0))


def test_a_shortened_path_ends_the_length_before_the_old_end() -> None:
    pieces = Arc(0, 0, 200, 200, 0, 1.5).pieces()
    end, cut = pieces[-1], shortened(pieces, 12)[-1]
    assert math.dist((end.x, end.y), (cut.x, cut.y)) == pytest.approx(12)
    assert math.hypot(cut.x, cut.y) == pytest.approx(200, abs=0.01)


def test_bounds_hold_all_points() -> None:
    box = bounds(Arc(0, 0, 100, 50, 0, 2 * math.pi).pieces())
    assert (box.x, box.y, box.width, box.height) == pytest.approx((-100, -50, 200, 100), abs=1)
