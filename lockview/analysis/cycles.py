"""Whether a graph closes a cycle, so that tasks can be run into a deadlock, and why not where it does not.

Either dependencies alone close it, or tasks that wait for each other already.
"""

from __future__ import annotations

from lockview.analysis.lock_graph import LockEdge, LockGraph, Relation, Shape, Subject

_WHY_NOT = {
    Shape.RING: "the text shows no way back from the wanted lock to the held one",
    Shape.CONTEXTS: "this order is closed by an interrupt, not by a second task",
    Shape.LADDER: "the report is about where one task may take a lock",
    Shape.WAIT_FOR: "the tasks wait already, and the text shows no circle of them",
    Shape.PLAIN: "the report names no order of locks that closes a cycle",
}

_ENDS = {Relation.WAITS: (Subject.TASK, Subject.LOCK), Relation.HOLDS: (Subject.LOCK, Subject.TASK)}


def has_cycle(graph: LockGraph) -> bool:
    """Whether some lock is reached again from itself by dependencies, or some task by waiting.

    A lock taken while it is held counts.
    """
    return _depends_in_circle(graph) or bool(waiting_circle(graph))


def _depends_in_circle(graph: LockGraph) -> bool:
    rest = [(edge.tail, edge.head) for edge in graph.edges if edge.relation is Relation.DEPENDENCY]
    # A dependency whose tail nothing leads to is part of no cycle; when none is left to take away, the rest is.
    while rest:
        reached = {head for _, head in rest}
        kept = [(tail, head) for tail, head in rest if tail in reached]
        if len(kept) == len(rest):
            return True
        rest = kept
    return False


def waiting_circle(graph: LockGraph) -> tuple[LockEdge, ...]:
    """The shortest circle of tasks that wait for each other: in turn a task waits for a lock, and a task holds it."""
    if graph.shape is not Shape.WAIT_FOR:
        return ()
    out: dict[int, list[LockEdge]] = {}
    for edge in graph.edges:
        ends = graph.nodes[edge.tail].subject, graph.nodes[edge.head].subject
        if ends == _ENDS.get(edge.relation):
            out.setdefault(edge.tail, []).append(edge)
    tasks = [node.number for node in graph.nodes if node.subject is Subject.TASK]
    circles = (_way_back(out, task) for task in tasks)
    return min(filter(None, circles), key=len, default=())


def _way_back(out: dict[int, list[LockEdge]], start: int) -> tuple[LockEdge, ...]:
    came: dict[int, LockEdge] = {}
    queue = [start]
    for place in queue:
        for edge in out.get(place, ()):
            if edge.head not in came:
                came[edge.head] = edge
                queue.append(edge.head)
    if start not in came:
        return ()
    way = [came[start]]
    while way[-1].tail != start:
        way.append(came[way[-1].tail])
    return tuple(way[::-1])


def why_no_run(graph: LockGraph) -> str:
    """Why a report without a cycle has no run of tasks, in one sentence."""
    return f"There is nothing to replay: {_WHY_NOT[graph.shape]}."
