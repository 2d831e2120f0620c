"""From the graph of a report to tasks that take locks, each lock as far as the text tells how (rules B1 to B5).

A recorded task takes the first lock of its edges and then what they lead to. A marker is contracted: who enters it may
do what is known to be done inside, so the task that was seen inside is only a witness.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lockview.analysis.cycles import waiting_circle
from lockview.analysis.functions import acquirer_traits, is_lock_core
from lockview.analysis.kinds import acquisition_mode
from lockview.analysis.knowledge import never_waited_for
from lockview.analysis.lock_graph import LockEdge, LockGraph, LockKind, LockNode, Mode, Relation, Subject
from lockview.analysis.routine_locks import RoutineHold, holds_of
from lockview.model.stacks import EMPTY_STACK, StackTrace


class Take(NamedTuple):
    """A lock that a task takes: the node of the graph, how, from where, and the number of the edge that says so."""

    node: int
    shared: bool = False
    trylock: bool = False
    stack: StackTrace = EMPTY_STACK
    edge: int | None = None


class Role(NamedTuple):
    """A task: what it takes, section by section. Everything of a section is held to its end.

    ``known`` is what it is known to hold besides. One that ``interrupts`` (the number of another role) is an
    interrupt handler on that one's CPU, a ``soft`` one or not; ``irqs_off`` keeps such away. ``edges`` are all the
    edges that it stands for.
    """

    name: str
    sections: tuple[tuple[Take, ...], ...]
    known: tuple[RoutineHold, ...] = ()
    interrupts: int | None = None
    soft: bool = False
    irqs_off: bool = False

    @property
    def takes(self) -> tuple[Take, ...]:
        """All that it takes."""
        return tuple(take for section in self.sections for take in section)


_TRIERS = ("mutex_trylock", "ww_mutex_trylock", "rt_mutex_trylock", "_raw_spin_trylock", "_raw_write_trylock")
_CLOSING = (Relation.DEPENDENCY, Relation.INTERRUPT, Relation.PATH)


def recorded_roles(graph: LockGraph) -> tuple[Role, ...]:
    """The tasks as the report tells of them; () where no order and no waiting closes a circle."""
    if circle := waiting_circle(graph):
        return _waiters(graph, circle)
    edges = [edge for edge in graph.edges if edge.relation in _CLOSING]
    if not is_circular([(edge.tail, edge.head) for edge in edges]):
        return ()
    interrupts = any(edge.relation is Relation.INTERRUPT for edge in edges)
    roles = [_ordering(graph, group, interrupts) for group in _groups(edges)]
    for edge in edges:
        if edge.relation is Relation.INTERRUPT:
            _add_interrupt(roles, edge)
    return tuple(roles)


def contracted(graph: LockGraph, roles: Sequence[Role]) -> tuple[Role, ...]:
    """The same with markers contracted: who ends in one goes on as its witness did, and the witness is gone."""
    found = list(roles)
    place = 0
    while place < len(found):
        role = found[place]
        last = role.sections[-1][-1] if role.sections and role.sections[-1] else None
        witness = _witness(graph, found, last) if last is not None else None
        if last is None or witness is None:
            place += 1
            continue
        section, *rest = found[witness].sections
        joined = (*role.sections[:-1], (*role.sections[-1], *section[1:]), *rest)
        found[place] = role._replace(sections=joined)
        if witness != place:
            del found[witness]
            place -= witness < place
        else:
            place += 1
    return tuple(found)


def is_context(node: LockNode) -> bool:
    """Whether a node is no lock but a place in which something may be done: nobody waits to enter it."""
    return node.kind is LockKind.MARKER and never_waited_for(node)


def is_circular(pairs: Sequence[tuple[int, int]]) -> bool:
    """Whether pairs of tail and head close a circle."""
    rest = list(pairs)
    while rest:
        heads = {head for _, head in rest}
        kept = [pair for pair in rest if pair[0] in heads]
        if len(kept) == len(rest):
            return True
        rest = kept
    return False


def _witness(graph: LockGraph, roles: Sequence[Role], last: Take) -> int | None:
    """The role that begins with the marker that another one ends in."""
    if not is_context(graph.nodes[last.node]):
        return None
    for number, role in enumerate(roles):
        if role.sections and role.interrupts is None and role.sections[0][0].node == last.node:
            return number if len(role.sections[0]) > 1 else None
    return None


def _groups(edges: Sequence[LockEdge]) -> Iterator[list[LockEdge]]:
    """The edges of each task, in acquisition order; edges that are of no task come alone."""
    group: list[LockEdge] = []
    for edge in edges:
        if edge.relation is Relation.INTERRUPT:
            continue
        if group and (edge.task != group[-1].task or edge.tail != group[-1].head):
            yield group
            group = []
        group.append(edge)
    if group:
        yield group


def _ordering(graph: LockGraph, edges: Sequence[LockEdge], irqs_off: bool) -> Role:
    takes = [Take(edges[0].tail), *(_take(edge) for edge in edges)]
    number = edges[0].task
    name = graph.tasks[number].name if 0 <= number < len(graph.tasks) else f"task {edges[0].order}"
    return Role(name, (tuple(takes),), holds_of(edge.dependency.stack for edge in edges), irqs_off=irqs_off)


def _take(edge: LockEdge) -> Take:
    stack = edge.dependency.stack
    return Take(edge.head, edge.mode is Mode.SHARED, _tries(stack), stack, edge.number)


def _tries(stack: StackTrace) -> bool:
    """Whether the innermost function that takes locks only tries: what tries may take others in earnest inside."""
    for frame in stack.frames:
        function = frame.bare_function
        if acquirer_traits(function) or function in _TRIERS:
            return "trylock" in function
        if not is_lock_core(function):
            return False
    return False


def _add_interrupt(roles: list[Role], edge: LockEdge) -> None:
    """An interrupt that takes the head while somebody, with interrupts on, has the tail."""
    old = edge.evidence[0].stack if edge.evidence else EMPTY_STACK
    new = edge.evidence[-1].stack if edge.evidence else EMPTY_STACK
    title = " ".join(evidence.title for evidence in edge.evidence).lower()
    if "reclaim" in title:  # no interrupt: the task itself reclaims while it holds the lock
        roles.append(
            Role("reclaiming task", ((Take(edge.tail, stack=old), Take(edge.head, stack=new, edge=edge.number)),))
        )
        return
    holder = next(
        (number for number, role in enumerate(roles) if role.takes[-1].node == edge.tail and len(roles) > 1), None
    )
    if holder is None or any(take.node == edge.head for take in roles[holder].takes):
        holder = len(roles)
        shared = acquisition_mode(old) is Mode.SHARED
        roles.append(Role("interrupted task", ((Take(edge.tail, shared, stack=old),),)))
    roles[holder] = roles[holder]._replace(irqs_off=False)
    shared = acquisition_mode(new) is Mode.SHARED
    soft = "softirq" in title
    name = "soft interrupt" if soft else "interrupt"
    roles.append(Role(name, ((Take(edge.head, shared, stack=new, edge=edge.number),),), interrupts=holder, soft=soft))


def _waiters(graph: LockGraph, circle: tuple[LockEdge, ...]) -> tuple[Role, ...]:
    """The tasks of a circle; its edges are in turn a wait and what holds that lock."""
    waits, holds = circle[::2], circle[1::2]
    roles = []
    for index, wait in enumerate(waits):
        held = holds[index - 1]
        stack = held.evidence[0].stack if held.evidence else EMPTY_STACK
        takes = (Take(held.tail, stack=stack, edge=held.number), _take(wait))
        roles.append(Role(graph.nodes[wait.tail].name, (takes,)))
    return tuple(roles)


def lock_nodes(graph: LockGraph, roles: Sequence[Role]) -> tuple[LockNode, ...]:
    """The nodes that roles take, in the order of the graph."""
    used = {take.node for role in roles for take in role.takes}
    return tuple(node for node in graph.nodes if node.number in used and node.subject is Subject.LOCK)
