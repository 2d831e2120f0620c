"""The pictures of every shape: each has its layout, and no graph is too strange for any of them."""

import itertools

import pytest
from hypothesis import given, settings
from lock_graphs import (
    any_graphs,
    deadlock,
    irq_graph,
    ladder_graph,
    overlapping,
    pile_up,
    plain_graph,
    ring_of,
    text_boxes,
    usage_graph,
    waiting_graph,
)

from lockview.analysis.lock_graph import LockGraph, Relation
from lockview.layout.diagrams import diagram
from lockview.layout.drawing import Path, Rectangle, Text, estimated_width
from lockview.layout.layered import layered
from lockview.layout.lines import LOOKS
from lockview.layout.picture import Marks, picture
from lockview.layout.placement import sizes_of
from lockview.layout.theme import THEMES

LONG = [f"&a_lock_with_a_long_name_{'x' * 60}{n}" for n in range(7)]
GOOD = [
    irq_graph("&base->lock", "&foo->lock"),
    irq_graph("&base->lock", "&foo->lock", "&rq->__lock", "&zone->lock"),
    irq_graph(*LONG),
    usage_graph("&port->lock"),
    usage_graph(LONG[0]),
    ladder_graph("&rq->__lock", "&p->pi_lock", "rcu_read_lock", "&mm->mmap_lock"),
    ladder_graph(*LONG),
    plain_graph(*LONG),
    plain_graph("a", "b", nested=False),
    plain_graph(*(f"lock_{n}" for n in range(48))),
    pile_up(1),
    pile_up(40),
    deadlock(0),
    deadlock(30),
    waiting_graph(*((f"task/{n}", "", f"lock{n}") for n in range(30))),
]


@pytest.mark.parametrize("graph", GOOD)
def test_nothing_lies_on_anything_else(graph: LockGraph) -> None:
    placement = diagram(graph, estimated_width)
    boxes = [box for box in placement.nodes if box.width]
    boxes += [box for route in placement.routes for box in (route.label, route.capsule) if box.width]
    for one, other in itertools.combinations(boxes, 2):
        assert not one.overlaps(other)
    assert overlapping(text_boxes(picture(graph, placement, estimated_width))) == []


@given(any_graphs())
@settings(max_examples=150, deadline=None)
def test_any_graph_of_any_shape_is_drawn(graph: LockGraph) -> None:
    for placement in (diagram(graph, estimated_width), layered(graph, sizes_of(graph, estimated_width))):
        assert (len(placement.nodes), len(placement.routes)) == (len(graph.nodes), len(graph.edges))
        drawing = picture(graph, placement, estimated_width, Marks("lock:0", "edge:0"))
        assert drawing.bounds.width > 0
        for group in drawing.groups:
            assert group.title.isprintable()
            for shape in group.shapes:
                roles = [shape.role] if isinstance(shape, Text) else [shape.style.fill, shape.style.stroke]
                assert all(role == "" or role in THEMES["light"].colours for role in roles)
                if isinstance(shape, Text):
                    assert shape.text.isprintable()


def test_each_relation_looks_different() -> None:
    looks = [(look.dash, look.head, look.waves) for look in LOOKS.values()]
    assert len(set(looks)) == len(Relation)


def test_what_may_be_taken_by_an_interrupt_stands_in_the_other_lane() -> None:
    graph = irq_graph("&base->lock", "&foo->lock", "&rq->__lock")
    base, foo, rq = diagram(graph, estimated_width).nodes
    assert foo.x == rq.x
    assert foo.bottom < rq.y
    assert base.x > foo.right
    texts = [text for text, _ in text_boxes(picture(graph, diagram(graph, estimated_width), estimated_width))]
    assert "softirq context" in texts


def test_a_ladder_goes_from_the_context_down_to_the_wanted_lock() -> None:
    boxes = diagram(ladder_graph("&rq->__lock", "&p->pi_lock", "&mm->mmap_lock"), estimated_width).nodes
    assert all(one.bottom < other.y and one.x < other.x for one, other in itertools.pairwise(boxes))


def test_a_pile_up_flows_to_the_task_that_waits_for_nobody() -> None:
    graph = pile_up(3)
    boxes = dict(zip((node.name for node in graph.nodes), diagram(graph, estimated_width).nodes, strict=True))
    way = ["writer/100", "&sb->s_umount", "kworker/u4:1/11", "&journal->j_barrier", "sync/41"]
    assert all(boxes[one].right < boxes[other].x for one, other in itertools.pairwise(way))


def test_many_waiters_are_counted() -> None:
    graph = pile_up(13)
    placement = diagram(graph, estimated_width)
    drawing = picture(graph, placement, estimated_width)
    assert sum(not box.width for box in placement.nodes) == 5
    assert "+5 more" in [text for text, _ in text_boxes(drawing)]
    assert len([group for group in drawing.groups if group.name.startswith("lock:")]) == len(graph.nodes) - 5
    assert all(box.width for box in diagram(pile_up(9), estimated_width).nodes)


def test_a_deadlock_is_a_ring_with_those_who_wait_around_it() -> None:
    graph = deadlock(4)
    boxes = dict(zip((node.name for node in graph.nodes), diagram(graph, estimated_width).nodes, strict=True))
    assert boxes["&a->lock"].centre[1] == pytest.approx(boxes["&b->lock"].centre[1])
    assert boxes["one/1"].bottom < boxes["&a->lock"].y < boxes["&a->lock"].bottom < boxes["two/2"].y
    assert boxes["reader/0"].right < min(boxes["&a->lock"].x, boxes["&b->lock"].x)


def test_a_very_long_chain_is_placed() -> None:
    rows = [(f"t/{n}", f"l{n + 1}", f"l{n}") for n in range(600)]
    assert len(diagram(waiting_graph(*rows), estimated_width).nodes) == 1201


def test_an_interrupt_is_a_wave() -> None:
    graph = usage_graph("&port->lock")
    drawing = picture(graph, diagram(graph, estimated_width), estimated_width)
    edge = next(group for group in drawing.groups if group.name == "edge:0")
    line = next(shape for shape in edge.shapes if isinstance(shape, Path))
    assert len(line.pieces) > 20
    assert any(isinstance(shape, Rectangle) for shape in edge.shapes)


def test_a_ring_stays_a_ring() -> None:
    graph = ring_of(["rtnl_mutex", "console"])
    assert diagram(graph, estimated_width).ground == ()
