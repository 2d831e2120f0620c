import itertools
import json
import math
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lock_graphs import overlapping, ring_of, rings, sample_graph, text_boxes

from lockview.analysis.lock_graph import LockEdge, LockGraph
from lockview.layout.curves import samples
from lockview.layout.drawing import estimated_width
from lockview.layout.graphviz import layered_by_graphviz, placement_from, request_for
from lockview.layout.layered import layered, turned_edges
from lockview.layout.picture import picture
from lockview.layout.placement import sizes_of


def with_chords(graph: LockGraph, chords: list[tuple[int, int]]) -> LockGraph:
    """The graph with more edges, given as pairs of node numbers, counted around the ring."""
    count = len(graph.nodes)
    more: list[LockEdge] = []
    for tail, head in chords:
        number = len(graph.edges) + len(more)
        base = graph.edges[0]
        dependency = replace(base.dependency, new=False)
        more.append(
            replace(base, number=number, order=number + 1, tail=tail % count, head=head % count, dependency=dependency)
        )
    return replace(graph, edges=(*graph.edges, *more))


def test_the_new_dependency_is_the_one_that_is_turned() -> None:
    assert turned_edges(sample_graph()) == {3}


def test_the_sample_stands_in_four_layers_and_its_back_edge_outside() -> None:
    graph = sample_graph()
    placement = layered(graph, sizes_of(graph, estimated_width))
    tops = [box.y for box in placement.nodes]
    assert tops == sorted(set(tops))
    right = max(box.right for box in placement.nodes)
    assert max(x for x, _ in samples(placement.routes[3].pieces)) > right
    assert all(max(x for x, _ in samples(route.pieces)) < right for route in placement.routes[:3])


@given(rings)
@settings(max_examples=40, deadline=None)
def test_layers_have_no_overlaps(graph: LockGraph) -> None:
    placement = layered(graph, sizes_of(graph, estimated_width))
    drawing = picture(graph, placement, estimated_width)
    assert overlapping(text_boxes(drawing)) == []


@given(rings, st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=8))
@settings(max_examples=30, deadline=None)
def test_any_graph_can_be_laid_out(graph: LockGraph, chords: list[tuple[int, int]]) -> None:
    graph = with_chords(graph, chords)
    sizes = sizes_of(graph, estimated_width)
    placement = layered(graph, sizes)
    for one, other in itertools.combinations([*placement.nodes, *(route.label for route in placement.routes)], 2):
        assert not one.overlaps(other)
    left = turned_edges(graph)
    kept = [(edge.tail, edge.head) for edge in graph.edges if edge.number not in left]
    level = {node.number: 0 for node in graph.nodes}
    for _ in range(len(level) + 1):
        changed = [(tail, head) for tail, head in kept if level[head] <= level[tail]]
        for tail, head in changed:
            level[head] = level[tail] + 1
    assert not changed, "a cycle is left"


def test_the_request_holds_numbers_only() -> None:
    graph = ring_of(["<img src=x>", "%s", "a"] * 3)
    text = json.dumps(request_for(graph, sizes_of(graph, estimated_width)))
    assert not set(text) - set('{}[]":,.0123456789 nodesedges')


CHILD = """
import json, sys
from lockview.layout.graphviz import layered_by_graphviz
print(json.dumps(layered_by_graphviz(json.load(sys.stdin))))
"""


def test_graphviz_lays_the_sample_out_in_a_child() -> None:
    pytest.importorskip("pygraphviz", exc_type=ImportError)
    graph = with_chords(sample_graph(), [(0, 2), (2, 2), (0, 1)])
    sizes = sizes_of(graph, estimated_width)
    request = json.dumps(request_for(graph, sizes))
    answer = subprocess.run([sys.executable, "-c", CHILD], input=request, capture_output=True, text=True, check=True)
    placement = placement_from(graph, sizes, json.loads(answer.stdout))
    tops = [box.y for box in placement.nodes]
    assert tops == sorted(set(tops))
    for edge, route in zip(graph.edges, placement.routes, strict=True):
        head = placement.nodes[edge.head]
        x, y = route.tip
        assert head.x - 0.01 <= x <= head.right + 0.01
        assert head.y - 0.01 <= y <= head.bottom + 0.01
    assert overlapping(text_boxes(picture(graph, placement, estimated_width))) == []


def good_answer() -> dict[str, Any]:
    """An answer for a ring of two nodes of the same place."""
    return {"nodes": [[0, 0], [0, 200]], "edges": [[[0, 24], [0, 80], [0, 120], [0, 176]]] * 2}


def damaged(path: tuple[str | int, ...], value: object) -> object:
    answer = json.loads(json.dumps(good_answer()))
    if not path:
        return value
    place = answer
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return answer


@pytest.mark.parametrize(
    "answer",
    [
        damaged((), None),
        damaged((), []),
        damaged(("nodes",), None),
        damaged(("nodes",), [[0, 0]]),
        damaged(("nodes", 0), [0]),
        damaged(("nodes", 0, 1), math.nan),
        damaged(("nodes", 0, 1), "1"),
        damaged(("edges", 1), []),
        damaged(("edges", 1), [[0, 0]] * 5),
        damaged(("edges", 1, 2), [math.inf, 0]),
        damaged(("edges", 0, 0), [0, 5000]),
    ],
)
def test_a_damaged_answer_is_refused(answer: object) -> None:
    graph = ring_of(["one_lock", "two_lock"])
    sizes = sizes_of(graph, estimated_width)
    placement_from(graph, sizes, good_answer())
    with pytest.raises(ValueError, match=r"layout|edge"):
        placement_from(graph, sizes, answer)


def test_more_than_dot_can_take_by_default_is_laid_out_with_less_effort() -> None:
    pytest.importorskip("pygraphviz", exc_type=ImportError)
    request = {"nodes": [[100.0, 40.0]] * 210, "edges": [[n, n + 1] for n in range(209)]}
    answer = layered_by_graphviz(request)
    assert len(answer["nodes"]) == 210
    assert all(len(points) % 3 == 1 for points in answer["edges"])
