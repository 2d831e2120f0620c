import itertools
import math

import pytest
from hypothesis import example, given, settings
from lock_graphs import overlapping, ring_of, rings, sample_graph, text_boxes

from lockview.analysis.lock_graph import LockGraph
from lockview.layout.curves import samples
from lockview.layout.drawing import Box, estimated_width
from lockview.layout.picture import picture
from lockview.layout.placement import Placement
from lockview.layout.ring import ring

LONG = [f"&a_lock_with_a_long_name_{'x' * 60}{n}" for n in range(12)]


def on_border(point: tuple[float, float], box: Box) -> bool:
    x, y = point
    near_x = min(abs(x - box.x), abs(x - box.right)) < 1e-3 and box.y - 1e-3 <= y <= box.bottom + 1e-3
    near_y = min(abs(y - box.y), abs(y - box.bottom)) < 1e-3 and box.x - 1e-3 <= x <= box.right + 1e-3
    return near_x or near_y


def check_placement(graph: LockGraph, placement: Placement) -> None:
    """Nothing lies on anything else, and edges run from border to border past all nodes."""
    for one, other in itertools.combinations(placement.nodes, 2):
        assert not one.overlaps(other)
    labels = [route.label for route in placement.routes]
    for edge, route in zip(graph.edges, placement.routes, strict=True):
        tail, head = placement.nodes[edge.tail], placement.nodes[edge.head]
        start = (route.pieces[0].x, route.pieces[0].y)
        assert on_border(start, tail)
        assert on_border(route.tip, head)
        for box in [*placement.nodes, *labels]:
            inside = box.grown(-0.5)
            for x, y in samples(route.pieces):
                assert not (inside.x < x < inside.right and inside.y < y < inside.bottom)
    boxes = [*placement.nodes, *labels, *(route.capsule for route in placement.routes)]
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)


@given(rings)
@settings(max_examples=60, deadline=None)
@example(ring_of(LONG, LONG))
@example(ring_of(["rtnl"] * 12))
@example(ring_of([LONG[0], "rtnl", "rtnl", LONG[1]] * 3, LONG))
def test_any_ring_is_placed_without_overlaps(graph: LockGraph) -> None:
    placement = ring(graph, estimated_width)
    check_placement(graph, placement)
    drawing = picture(graph, placement, estimated_width)
    assert overlapping(text_boxes(drawing)) == []
    whole = drawing.bounds
    for _, box in text_boxes(drawing):
        assert whole.x <= box.x < box.right <= whole.right + 1e-6
        assert whole.y <= box.y < box.bottom <= whole.bottom + 1e-6


@pytest.mark.parametrize("count", range(1, 13))
def test_every_count_is_placed_without_overlaps(count: int) -> None:
    for names in (LONG[:count], ["rtnl"] * count):
        graph = ring_of(names, LONG)
        check_placement(graph, ring(graph, estimated_width))


def test_the_ring_is_the_circle_of_the_formula_while_it_is_small() -> None:
    graph = sample_graph()
    placement = ring(graph, estimated_width)
    mean = sum(box.width for box in placement.nodes) / 4
    radius = max(140, 4 * (mean + 48) / (2 * math.pi))
    expected = [(0, -radius), (radius, 0), (0, radius), (-radius, 0)]
    for box, centre in zip(placement.nodes, expected, strict=True):
        assert box.centre == pytest.approx(centre, abs=1e-9)


def test_two_locks_are_joined_by_two_arcs_that_open() -> None:
    first, second = ring(ring_of(["rtnl_mutex", "console_owner"]), estimated_width).routes
    assert first.capsule.centre[0] == pytest.approx(-second.capsule.centre[0], abs=0.5)
    assert first.capsule.centre[0] > 25


def test_a_single_lock_has_its_loop_above() -> None:
    placement = ring(ring_of(["rtnl_mutex"]), estimated_width)
    assert placement.routes[0].capsule.bottom < placement.nodes[0].y
    assert placement.routes[0].label.bottom < placement.routes[0].capsule.y


def test_many_locks_still_work() -> None:
    graph = ring_of([f"lock_number_{n}" for n in range(60)], ["function"])
    check_placement(graph, ring(graph, estimated_width))
