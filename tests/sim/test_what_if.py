"""A change at an edge is checked again at once, by trying every order."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lock_graphs import irq_graph, ring_of

from lockview.analysis.build import lock_graph
from lockview.analysis.lock_graph import LockGraph, LockKind, Relation
from lockview.parsing.reader import read_file
from lockview.sim.verdicts import Answer
from lockview.sim.what_if import Edit, EditKind, WhatIf, possible_edits, what_if


@pytest.fixture(scope="module")
def seed_graph(sample: Path) -> LockGraph:
    (report,) = read_file(str(sample)).reports
    return lock_graph(report)


def checked(graph: LockGraph, kind: EditKind, edge: int) -> WhatIf:
    result = what_if(graph, Edit(kind, edge))
    assert result is not None
    assert result.before.answer is Answer.DEADLOCKS
    return result


def test_nofs_opens_the_circle_of_the_seed(seed_graph: LockGraph) -> None:
    """The bad and the good schedule are both there to be shown side by side."""
    result = checked(seed_graph, EditKind.NOFS, 2)
    assert result.helps
    assert any("waits" in step for step in result.before.steps)
    assert result.good
    assert not any("waits" in step or ("takes fs_reclaim" in step and "mremap" in step) for step in result.good)


def test_swapping_inside_the_exec_path_helps_nothing(seed_graph: LockGraph) -> None:
    """i_mmap_rwsem is then taken inside the outer section, and still outside the inner one."""
    result = checked(seed_graph, EditKind.SWAP, 0)
    assert not result.helps
    assert result.after.answer is Answer.DEADLOCKS


@pytest.mark.parametrize("kind", [EditKind.SPLIT, EditKind.SWAP, EditKind.TRY])
def test_two_locks(kind: EditKind) -> None:
    graph = ring_of(["A", "B"], tasks=2)
    assert kind in {edit.kind for edit in possible_edits(graph, graph.edges[0])}
    assert checked(graph, kind, 0).helps


def test_interrupts_off_helps() -> None:
    graph = irq_graph("A", "B", "C")
    (edge,) = [edge for edge in graph.edges if edge.relation is Relation.INTERRUPT]
    (edit,) = possible_edits(graph, edge)
    assert edit.kind is EditKind.IRQS_OFF
    assert checked(graph, edit.kind, edge.number).helps


def test_markers_are_not_swapped_or_tried(seed_graph: LockGraph) -> None:
    kinds = [{edit.kind for edit in possible_edits(seed_graph, edge)} for edge in seed_graph.edges]
    assert kinds[2] == {EditKind.NOFS, EditKind.SPLIT}
    assert kinds[3] == {EditKind.TRY}


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 5), st.data())
def test_rings_of_any_size(size: int, data: st.DataObject) -> None:
    """Each task takes its one lock and waits for the next; any of the edges given up sets all of them free."""
    ring = ring_of([f"lock {number}" for number in range(size)], tasks=size)
    graph = replace(ring, nodes=tuple(replace(node, kind=LockKind.MUTEX) for node in ring.nodes))
    edge = data.draw(st.integers(0, size - 1))
    kind = data.draw(st.sampled_from([EditKind.SPLIT, EditKind.SWAP, EditKind.TRY]))
    result = checked(graph, kind, edge)
    assert sum(" takes " in step for step in result.before.steps) == size
    assert sum(" waits " in step for step in result.before.steps) == size
    assert result.helps
    assert sum(" takes " in step for step in result.good) >= 2 * size - 1
