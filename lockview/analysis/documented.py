"""The order of locks that the kernel's own documents give, and which dependencies of a graph go against it.

A documented order is what a comment or a text of the kernel says, or what code teaches lockdep at boot. It is no proof
that a dependency is wrong: documents are old, and names stand for more than one lock.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import NamedTuple

from lockview.analysis.knowledge import contents, entries, known_of
from lockview.analysis.lock_graph import LockEdge, LockGraph, Relation
from lockview.analysis.wording import listed


class Step(NamedTuple):
    """``outer`` is taken before ``inner``, says ``source``; both are names of entries."""

    outer: str
    inner: str
    source: str


class Verdict(NamedTuple):
    """What documents say about an edge: it follows them or goes against them, by ``steps`` from outer to inner."""

    edge: LockEdge
    follows: bool
    steps: tuple[Step, ...]


@cache
def steps() -> dict[str, tuple[Step, ...]]:
    """The documented pairs by their outer class, in the order of the file."""
    found: dict[str, dict[str, Step]] = {}
    for order in contents()["orders"]:
        for chain in order["chains"]:
            for outer, inner in pairwise(chain):
                found.setdefault(outer, {}).setdefault(inner, Step(outer, inner, order["source"]))
    return {outer: tuple(inner.values()) for outer, inner in found.items()}


@cache
def documented_order(outer: str, inner: str) -> tuple[Step, ...]:
    """The shortest way from an outer to an inner class over documented pairs; () when none is documented."""
    ways: dict[str, tuple[Step, ...]] = {outer: ()}
    front = [outer]
    while front:
        following = []
        for name in front:
            for step in steps().get(name, ()):
                if step.inner not in ways:
                    ways[step.inner] = (*ways[name], step)
                    following.append(step.inner)
        front = following
    return ways.get(inner, ())


def placement_words(name: str) -> tuple[str, ...]:
    """Where an entry stands by the documents, one sentence for what is directly around it and one for what is in it."""
    pairs = [step for found in steps().values() for step in found if name in (step.outer, step.inner)]
    around = dict.fromkeys(entries()[step.outer].names[0] for step in pairs if step.inner == name)
    inside = dict.fromkeys(entries()[step.inner].names[0] for step in pairs if step.outer == name)
    said = []
    if around:
        said.append(f"Taken inside {listed(list(around))}")
    if inside:
        said.append(f"Taken outside {listed(list(inside))}")
    return tuple(said)


def verdicts(graph: LockGraph) -> tuple[Verdict, ...]:
    """The dependencies of a graph of which documents say something, in the order of the edges."""
    found = []
    for edge in graph.edges:
        held, taken = known_of(graph.nodes[edge.tail]), known_of(graph.nodes[edge.head])
        if edge.relation is not Relation.DEPENDENCY or held is None or taken is None or held is taken:
            continue
        follows = documented_order(held.name, taken.name)
        against = documented_order(taken.name, held.name)
        if follows or against:
            found.append(Verdict(edge, bool(follows), follows or against))
    return tuple(found)


def order_words(graph: LockGraph, verdict: Verdict) -> str:
    """``A outside B (source)``, with what lies between: ``A outside x outside B (source; source)``."""
    edge = verdict.edge
    outer, inner = (edge.tail, edge.head) if verdict.follows else (edge.head, edge.tail)
    between = [entries()[step.inner].names[0] for step in verdict.steps[:-1]]
    names = [graph.nodes[outer].name, *between, graph.nodes[inner].name]
    return f"{' outside '.join(names)} ({'; '.join(dict.fromkeys(step.source for step in verdict.steps))})"


def verdict_words(graph: LockGraph, verdict: Verdict) -> str:
    """What documents say about one edge, in a sentence."""
    said = order_words(graph, verdict)
    if verdict.follows:
        return f"Edge {verdict.edge.order} follows the documented order, {said}."
    return f"Edge {verdict.edge.order} goes against the documented order, {said}: by that it is the odd one."
