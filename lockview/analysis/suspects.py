"""Which edge is the wrong one? Edges ranked by what speaks against each, and the sets that open all circles.

Evidence never proves: it is listed, so that whoever reads can weigh it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from lockview.analysis.documented import Verdict, order_words, verdicts
from lockview.analysis.knowledge import never_waited_for
from lockview.analysis.lock_graph import LockEdge, LockGraph, LockKind, Relation

MOST_TOGETHER = 3
"""Sets of more edges than these are not looked for."""
MOST_EDGES = 40
"""With more edges only single ones are tried."""
_CLOSING = (Relation.DEPENDENCY, Relation.INTERRUPT, Relation.PATH)
_CAN_TRY = (LockKind.MUTEX, LockKind.RWSEM, LockKind.SPINLOCK, LockKind.RWLOCK)


class Evidence(NamedTuple):
    """One thing that speaks against an edge, or with a negative ``weight`` for it."""

    weight: int
    text: str


class Suspect(NamedTuple):
    """An edge and what speaks against it; ``score`` is the sum of the weights."""

    edge: LockEdge
    score: int
    evidence: tuple[Evidence, ...]


class Cuts(NamedTuple):
    """Sets of edge numbers that open every circle, none of them part of another. ``bound`` is the largest tried."""

    sets: tuple[tuple[int, ...], ...]
    bound: int


def suspects(graph: LockGraph) -> tuple[Suspect, ...]:
    """The edges of circles, the most suspicious first; edges of equal standing in the order of the circle."""
    alone = {cut[0] for cut in cuts(graph, most=1).sets}
    documented = {verdict.edge.number: verdict for verdict in verdicts(graph)}
    found = []
    for edge in circular_edges(graph):
        evidence = tuple(_evidence(graph, edge, edge.number in alone, documented.get(edge.number)))
        found.append(Suspect(edge, sum(one.weight for one in evidence), evidence))
    return tuple(sorted(found, key=lambda suspect: (-suspect.score, suspect.edge.order, suspect.edge.number)))


def cuts(graph: LockGraph, most: int = MOST_TOGETHER) -> Cuts:
    """Every smallest set of edges without which no circle is left, up to ``most`` edges together."""
    edges = circular_edges(graph)
    bound = min(most, len(edges)) if len(edges) <= MOST_EDGES else min(most, 1)
    found: list[tuple[int, ...]] = []
    for size in range(1, bound + 1):
        for gone in combinations([edge.number for edge in edges], size):
            if any(set(cut) <= set(gone) for cut in found):
                continue
            if not _left([edge for edge in edges if edge.number not in gone]):
                found.append(gone)
    return Cuts(tuple(found), bound)


def circular_edges(graph: LockGraph) -> list[LockEdge]:
    """The edges that can be part of a circle of orders."""
    return _left([edge for edge in graph.edges if edge.relation in _CLOSING])


def _left(edges: Sequence[LockEdge]) -> list[LockEdge]:
    """What is left when edges are taken away that nothing leads to, or that lead nowhere; () without a circle."""
    left = list(edges)
    while True:
        heads, tails = {edge.head for edge in left}, {edge.tail for edge in left}
        kept = [edge for edge in left if edge.tail in heads and edge.head in tails]
        if len(kept) == len(left):
            return left
        left = kept


def _evidence(graph: LockGraph, edge: LockEdge, alone: bool, documented: Verdict | None) -> Iterator[Evidence]:
    tail, head = graph.nodes[edge.tail], graph.nodes[edge.head]
    if alone:
        yield Evidence(2, "without it no circle is left")
    if documented is not None and not documented.follows:
        yield Evidence(3, f"it goes against the documented order, {order_words(graph, documented)}")
    if documented is not None and documented.follows:
        yield Evidence(-3, f"it follows the documented order, {order_words(graph, documented)}")
    idle = [node.name for node in (tail, head) if never_waited_for(node)]
    if idle:
        yield Evidence(2, f"nobody waits for {' or '.join(idle)}: it is an order, not a waiting")
    if edge.dependency.new:
        yield Evidence(1, "it is the rarest: it was seen for the first time when the report was printed")
    if edge.dependency.inferred:
        yield Evidence(-1, "the text has no stack for it; other locks may lie between")
    if edge.relation is Relation.DEPENDENCY and head.kind in _CAN_TRY and not never_waited_for(head):
        yield Evidence(1, f"{head.name} could be taken by a trylock that gives up")
