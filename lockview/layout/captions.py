"""The words of the picture: who has a lock, what an edge is called, and the accessible titles of both."""

from __future__ import annotations

from collections.abc import Iterable

from lockview.analysis.lock_graph import LockEdge, LockGraph, LockKind, LockNode, Mode, Relation, Shape, Subject
from lockview.layout.labels import LONGEST, elided, visible

NAME_COLUMNS = 36
CONTEXT_COLUMNS = 54
LABEL_COLUMNS = 34
ONE_LINE_COLUMNS = 28
ARROW = "\N{RIGHTWARDS ARROW}"

KINDS = {
    LockKind.MUTEX: "mutex",
    LockKind.SPINLOCK: "spinlock",
    LockKind.RWLOCK: "reader-writer spinlock",
    LockKind.RWSEM: "reader-writer semaphore",
    LockKind.SEQCOUNT: "sequence counter",
    LockKind.MARKER: "context marker, no real lock",
    LockKind.RCU: "RCU read side",
    LockKind.UNKNOWN: "kind unknown",
}
LETTERS = {Mode.EXCLUSIVE: "W", Mode.SHARED: "R", Mode.UNKNOWN: ""}
TITLES = {
    Shape.CONTEXTS: "Locks in task and interrupt context",
    Shape.LADDER: "Held locks from the outermost down",
    Shape.WAIT_FOR: "Who waits for whom",
    Shape.PLAIN: "Locks",
}
MODES = {Mode.EXCLUSIVE: "exclusively", Mode.SHARED: "shared", Mode.UNKNOWN: ""}


def shown(text: str, columns: int = LONGEST) -> str:
    """Text of a kernel, visible and at most so many characters long."""
    return elided(visible(elided(text, LONGEST)), columns)


def node_name(node: LockNode) -> str:
    """The name in the node: without the subclass, which stands on its own chip."""
    if node.label:
        return shown(node.label, CONTEXT_COLUMNS if node.subject is Subject.CONTEXT else NAME_COLUMNS)
    key = f"#{node.lock_class.key_number}" if node.lock_class.key_number > 1 else ""
    key = elided(key, NAME_COLUMNS // 3)
    return shown(node.lock_class.base, NAME_COLUMNS - len(key)) + key


def holders(graph: LockGraph, node: LockNode) -> tuple[int, ...]:
    """The tasks that hold the lock while they take the next one."""
    return _tasks(graph, (edge for edge in graph.edges if edge.tail == node.number)) if graph.tasks else ()


def takers(graph: LockGraph, node: LockNode) -> tuple[int, ...]:
    """The tasks that take the lock while they hold the one before, and are not its holders in the cycle."""
    held = holders(graph, node)
    taking = _tasks(graph, (edge for edge in graph.edges if edge.head == node.number))
    return tuple(task for task in taking if task not in held)


def _tasks(graph: LockGraph, edges: Iterable[LockEdge]) -> tuple[int, ...]:
    """The known tasks behind the dependencies among some edges."""
    ordered = (edge.task for edge in edges if edge.relation in (Relation.DEPENDENCY, Relation.PATH))
    return tuple(dict.fromkeys(task for task in ordered if 0 <= task < len(graph.tasks)))


def node_caption(graph: LockGraph, node: LockNode) -> str:
    """The second line of a node when no run is being watched: who, in this report."""
    if node.subject is not Subject.LOCK or graph.shape is not Shape.RING:
        from lockview.layout.relations import role_in_report

        if said := role_in_report(graph, node):
            return said
    if node.wanted and (wanting := takers(graph, node)):
        return f"wanted by {names(graph, wanting)}"
    if holding := holders(graph, node):
        return f"held by {names(graph, holding)}"
    if wanting := takers(graph, node):
        return f"taken by {names(graph, wanting)}"
    return KINDS[node.kind]


def state_caption(graph: LockGraph, holding: tuple[int, ...], waiting: tuple[int, ...]) -> str:
    """The second line of a node at one step of a run: the tasks that hold the lock and those that wait for it."""
    parts = []
    if holding:
        parts.append(f"held by {names(graph, holding)}")
    if waiting:
        parts.append(f"{names(graph, waiting)} {'waits' if len(waiting) == 1 else 'wait'}")
    return ", ".join(parts) if parts else "free"


def names(graph: LockGraph, tasks: tuple[int, ...]) -> str:
    """The names of tasks, one after the other."""
    return ", ".join(shown(graph.tasks[task].name, NAME_COLUMNS) for task in tasks if 0 <= task < len(graph.tasks))


def node_title(graph: LockGraph, node: LockNode) -> str:
    """The accessible name of a node: everything the picture says about the lock, in words."""
    parts = [shown(node.name), KINDS[node.kind] if node.subject is Subject.LOCK else node.subject.value]
    if node.usage:
        parts.append(f"usage {{{shown(node.usage)}}}")
    if node.subject is not Subject.LOCK or graph.shape is not Shape.RING:
        from lockview.layout.relations import role_in_report

        parts += [said] if (said := role_in_report(graph, node)) else []
    if holding := holders(graph, node):
        parts.append(f"held by {names(graph, holding)}")
    if wanting := takers(graph, node):
        parts.append(f"wanted by {names(graph, wanting)}")
    return ", ".join(dict.fromkeys(parts))


def edge_lines(edge: LockEdge) -> tuple[str, ...]:
    """The label of an edge, ``holder -> acquirer``: one line when short, else two; () for nothing to say."""
    if edge.relation is not Relation.DEPENDENCY:
        from lockview.layout.relations import relation_lines

        return relation_lines(edge)
    holder, acquirer = shown(edge.holder, LABEL_COLUMNS - 2), shown(edge.acquirer, LABEL_COLUMNS - 2)
    if not acquirer:
        return (f"{holder} {ARROW}",) if holder else ("no stack",)
    if not holder:
        return (f"{ARROW} {acquirer}",)
    if len(holder) + len(acquirer) + 3 <= ONE_LINE_COLUMNS:
        return (f"{holder} {ARROW} {acquirer}",)
    return holder, f"{ARROW} {acquirer}"


def mode_letter(edge: LockEdge) -> str:
    """How a dependency's second lock is taken, in one letter; "" when it is not told."""
    return LETTERS[edge.mode] if edge.relation is Relation.DEPENDENCY else ""


def edge_tag(edge: LockEdge) -> str:
    """The word that sets an edge apart from the others."""
    if edge.dependency.new:
        return "new"
    return "inferred" if edge.dependency.inferred and edge.relation is Relation.DEPENDENCY else ""


def edge_title(graph: LockGraph, edge: LockEdge) -> str:
    """The accessible name of an edge, as a sentence."""
    tail, head = (shown(graph.nodes[end].name) for end in (edge.tail, edge.head))
    if edge.relation is not Relation.DEPENDENCY:
        from lockview.layout.relations import relation_title

        return relation_title(edge, tail, head)
    how = f" {MODES[edge.mode]}" if MODES[edge.mode] else ""
    words = f"{edge.order}: {names(graph, (edge.task,)) or 'a task'} holds {tail} and takes {head}{how}"
    where = [f"{word} {shown(f)}" for word, f in (("held since", edge.holder), ("taken in", edge.acquirer)) if f]
    closes = "the new dependency, closes the cycle" if graph.shape is Shape.RING else "the new dependency"
    note = {"new": closes, "inferred": "inferred", "": ""}[edge_tag(edge)]
    return "; ".join([words, *where, *([note] if note else [])])


def told(graph: LockGraph) -> tuple[str, str]:
    """Title and description of the whole picture, for those who cannot see it."""
    count = len(graph.nodes)
    if graph.shape is Shape.RING:
        title = f"Cycle of {count} locks" if count != 1 else "Cycle of one lock"
        order = [shown(node.name) for node in graph.nodes]
        return (title, " -> ".join([*order, order[0]])) if graph.edges else ("Locks", " -> ".join(order))
    sentences = [edge_title(graph, edge) for edge in graph.edges] or [node_title(graph, node) for node in graph.nodes]
    return TITLES[graph.shape], ". ".join(sentences)
