"""What if? One edge of a report taken differently, and whether the tasks then still deadlock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from lockview.analysis.lock_graph import LockEdge, LockGraph, Relation
from lockview.model.locks import Primitive
from lockview.sim.bridge_roles import Role, Take, contracted, is_context, recorded_roles
from lockview.sim.bridge_scenario import Reading, describe, primitive_of
from lockview.sim.verdicts import MOST_STATES, MOST_TASKS, Answer, NamedVerdict, completion, explored


class EditKind(StrEnum):
    """What is changed."""

    SPLIT = "release the first before the second is taken"
    """The edge is gone."""
    SWAP = "take the two in the other order"
    TRY = "take the second by a trylock that gives up"
    NOFS = "allocate with GFP_NOFS there"
    """Reclaim is not entered."""
    IRQS_OFF = "turn interrupts off around the first"


class Edit(NamedTuple):
    """A change at an edge, by its number."""

    kind: EditKind
    edge: int


class WhatIf(NamedTuple):
    """A change with what was so before and what is so after it.

    ``good`` is a run of the changed tasks in words, along the order that deadlocked before as far as it goes.
    """

    edit: Edit
    before: NamedVerdict
    after: NamedVerdict
    good: tuple[str, ...] = ()

    @property
    def helps(self) -> bool:
        """Whether the change makes the deadlock impossible."""
        return self.before.answer is Answer.DEADLOCKS and self.after.answer is Answer.CANNOT


class _View(NamedTuple):
    """A way to look at the roles of a report."""

    name: str
    reading: Reading
    gates: bool


_VIEWS = (
    _View("as classified", Reading.CLASSIFIED, gates=True),
    _View("as lockdep believes", Reading.EVERY_NODE, gates=True),
    _View("as lockdep believes, without gate locks", Reading.EVERY_NODE, gates=False),
)


def possible_edits(graph: LockGraph, edge: LockEdge) -> tuple[Edit, ...]:
    """The changes that make sense at an edge: nothing is tried or swapped that is no lock."""
    if edge.relation is Relation.INTERRUPT:
        return (Edit(EditKind.IRQS_OFF, edge.number),)
    if edge.relation is not Relation.DEPENDENCY or edge.tail == edge.head:
        return (Edit(EditKind.SPLIT, edge.number),) if edge.relation is Relation.DEPENDENCY else ()
    return tuple(Edit(kind, edge.number) for kind in _fitting(graph, edge))


def _fitting(graph: LockGraph, edge: LockEdge) -> Iterator[EditKind]:
    tail, head = graph.nodes[edge.tail], graph.nodes[edge.head]
    if is_context(head):
        if head.lock_class.base == "fs_reclaim":
            yield EditKind.NOFS
        yield EditKind.SPLIT
        return
    if is_context(tail):
        yield EditKind.TRY
        return
    yield EditKind.SPLIT
    yield EditKind.SWAP
    if primitive_of(head, Reading.CLASSIFIED) is not Primitive.SEQCOUNT:
        yield EditKind.TRY


def what_if(graph: LockGraph, edit: Edit, *, most: int = MOST_STATES) -> WhatIf | None:
    """Check a change in the first reading in which the report deadlocks; None when it does in none."""
    recorded = recorded_roles(graph)
    if not recorded or len(recorded) > MOST_TASKS:
        return None
    for view in _VIEWS:
        before = _seen(graph, recorded, view, most)
        if before.answer is Answer.DEADLOCKS:
            after = _seen(graph, edited(recorded, edit), view, most)
            good = completion(graph, after, before.moves) if after.answer is Answer.CANNOT else ()
            return WhatIf(edit, before, after, good)
    return None


def edited(roles: Sequence[Role], edit: Edit) -> tuple[Role, ...]:
    """Roles with a change made; as they are where no role takes the edge."""
    interrupted = {role.interrupts for role in roles if any(take.edge == edit.edge for take in role.takes)}
    if edit.kind is EditKind.IRQS_OFF:
        return tuple(
            role._replace(irqs_off=role.irqs_off or number in interrupted) for number, role in enumerate(roles)
        )
    return tuple(_edited(role, edit) for role in roles)


def _edited(role: Role, edit: Edit) -> Role:
    for number, section in enumerate(role.sections):
        for place, take in enumerate(section):
            if take.edge != edit.edge or place == 0:
                continue
            before, after = section[:place], section[place:]
            new: tuple[tuple[Take, ...], ...]
            match edit.kind:
                case EditKind.SPLIT:
                    new = (before, after)
                case EditKind.SWAP:
                    new = ((*before[:-1], take, before[-1], *after[1:]),)
                case EditKind.TRY:
                    new = ((*before, take._replace(trylock=True), *after[1:]),)
                case _:
                    new = (before,)
            return role._replace(sections=(*role.sections[:number], *new, *role.sections[number + 1 :]))
    return role


def _seen(graph: LockGraph, recorded: Sequence[Role], view: _View, most: int) -> NamedVerdict:
    roles = contracted(graph, recorded) if view.reading is Reading.CLASSIFIED else recorded
    return explored(view.name, graph, describe(graph, roles, view.reading, gates=view.gates), most)
