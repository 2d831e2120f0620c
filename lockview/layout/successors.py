"""A wait-for graph as trees: what each node leads to first, and where that ends, in a task that runs or in a cycle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from lockview.analysis.lock_graph import LockGraph


class Forest(NamedTuple):
    """``children`` are the shown nodes whose successor a node is; ``folded`` counts those that are not shown.

    ``cores`` are the ends: one node that leads nowhere, or the nodes of a cycle in their order.
    """

    children: dict[int, tuple[int, ...]]
    folded: dict[int, int]
    cores: tuple[tuple[int, ...], ...]

    def leading_to(self, roots: Sequence[int]) -> list[tuple[int, int]]:
        """The shown nodes that lead to the roots and these themselves, with depths; children before parents."""
        order: list[tuple[int, int]] = []
        stack = [(root, 0) for root in roots]
        while stack:
            node, depth = stack.pop()
            order.append((node, depth))
            stack += [(child, depth + 1) for child in self.children[node]]
        return order[::-1]


def forest_of(graph: LockGraph, most: int) -> Forest:
    """The trees of a graph. Of more than ``most`` leaves under one node the first are kept, the others folded."""
    nexts = _successors(graph)
    cycles = _cycles(nexts)
    in_cycle = {node for cycle in cycles for node in cycle}
    children: dict[int, list[int]] = {node.number: [] for node in graph.nodes}
    for node, following in nexts.items():
        if node not in in_cycle:
            children[following].append(node)
    shown, folded = {}, {}
    for node, all_of_them in children.items():
        leaves = [child for child in all_of_them if not children[child]]
        hidden = set(leaves[most:]) if len(leaves) > most + 1 else set()
        shown[node] = tuple(child for child in all_of_them if child not in hidden)
        if hidden:
            folded[node] = len(hidden)
    ends = [(node.number,) for node in graph.nodes if node.number not in nexts]
    return Forest(shown, folded, (*cycles, *ends))


def _successors(graph: LockGraph) -> dict[int, int]:
    """The first head of each node's edges; one from which there is a way back before all others."""
    heads: dict[int, list[int]] = {}
    for edge in graph.edges:
        if edge.tail != edge.head:
            heads.setdefault(edge.tail, []).append(edge.head)
    return {
        node: next((head for head in found if len(found) > 1 and _leads(heads, head, node)), found[0])
        for node, found in heads.items()
    }


def _leads(heads: dict[int, list[int]], start: int, goal: int) -> bool:
    seen, stack = {start}, [start]
    while stack:
        for following in heads.get(stack.pop(), ()):
            if following == goal:
                return True
            if following not in seen:
                seen.add(following)
                stack.append(following)
    return False


def _cycles(nexts: dict[int, int]) -> list[tuple[int, ...]]:
    """The cycles of the successors, each from its lowest number on."""
    done: set[int] = set()
    cycles = []
    for start in sorted(nexts):
        way: list[int] = []
        node: int | None = start
        while node is not None and node not in done:
            done.add(node)
            way.append(node)
            node = nexts.get(node)
        if node is not None and node in way:
            cycle = way[way.index(node) :]
            first = cycle.index(min(cycle))
            cycles.append((*cycle[first:], *cycle[:first]))
    return cycles
