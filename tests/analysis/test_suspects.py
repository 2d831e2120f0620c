"""Edges are ranked by evidence, and the sets that open all circles are all of the smallest."""

from pathlib import Path

from hypothesis import given, settings
from lock_graphs import any_graphs, irq_graph, ring_of

from lockview.analysis.build import lock_graph
from lockview.analysis.lock_graph import LockGraph
from lockview.analysis.suspects import cuts, suspects
from lockview.model.reports import Report
from lockview.parsing.reader import read_file

_CLOSING = ("dependency", "interrupt", "path")


def test_edges_of_the_seed(seed: Report) -> None:
    found = suspects(lock_graph(seed))
    assert [suspect.edge.order for suspect in found] == [1, 2, 3, 4]
    assert all(suspect.evidence[0].text == "without it no circle is left" for suspect in found)
    last = [evidence.text for evidence in found[-1].evidence]
    assert any("follows the documented order" in text for text in last)
    assert any("the rarest" in text for text in last)
    assert "nobody waits for &vma->vm_sequence/1 or fs_reclaim: it is an order, not a waiting" in {
        evidence.text for evidence in found[2].evidence
    }


def test_every_edge_opens_a_ring() -> None:
    assert cuts(ring_of(["A", "B", "C"])).sets == ((0,), (1,), (2,))


def test_interrupts_close_circles_too() -> None:
    graph = irq_graph("A", "B", "C")
    assert cuts(graph).sets
    assert len(suspects(graph)) == len(graph.edges)


@settings(max_examples=60, deadline=None)
@given(any_graphs())
def test_cuts_are_smallest_and_open_everything(graph: LockGraph) -> None:
    found = cuts(graph, most=2)
    for cut in found.sets:
        assert not circular(graph, cut)
        assert all(circular(graph, tuple(edge for edge in cut if edge != kept)) for kept in cut)
        assert len(cut) <= found.bound


def circular(graph: LockGraph, gone: tuple[int, ...]) -> bool:
    """Whether some node is reached from itself, by brute force."""
    pairs = {(e.tail, e.head) for e in graph.edges if e.relation in _CLOSING and e.number not in gone}
    reached = set(pairs)
    for _ in graph.nodes:
        reached |= {(a, d) for a, b in reached for c, d in pairs if b == c}
    return any(a == b for a, b in reached)


def test_real_reports(shared: Path) -> None:
    for path in sorted((shared / "corpus").glob("circular-*.log"))[:40]:
        for report in read_file(str(path)).reports[:1]:
            graph = lock_graph(report)
            scores = [suspect.score for suspect in suspects(graph)]
            assert scores == sorted(scores, reverse=True), path.name
