"""Every order of the steps of a machine, each state visited once: the shortest and the gentlest way to a mistake."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from heapq import heappop, heappush
from typing import NamedTuple, TypeVar

from lockview.sim.machine import Machine, Move, Violation
from lockview.sim.transitions import Packed, Transitions

DEADLOCK = Violation("I13", "nobody can go on")

_Key = TypeVar("_Key", bound=Hashable)
_Node = tuple[Packed, int | None]
"""A state and the task that stepped last."""
_Place = tuple[Packed, int | None, int | None]
"""The same, and the preemptions that are left."""


class _Waiting(NamedTuple):
    """A step to be taken, in the order of the first three: preemptions, length, first come."""

    preemptions: int
    length: int
    number: int
    node: _Node
    origin: tuple[_Node, Move] | None = None
    violation: Violation | None = None


class Found(NamedTuple):
    """A way to something that must not be, ``DEADLOCK`` when nobody can go on."""

    violation: Violation
    moves: tuple[Move, ...]
    preemptions: int | None = None
    """Counted only by ``fewest_preemptions``."""


class Exploration(NamedTuple):
    """What a search saw. Without ``found`` and when ``complete`` there is nothing to find."""

    states: int
    transitions: int
    found: Found | None = None
    complete: bool = True


MOST_STATES = 1_000_000


class Progress(NamedTuple):
    """How far a search is. ``executions`` are finished runs, ``bound`` the preemptions that it allows at the moment."""

    states: int
    transitions: int
    executions: int = 0
    bound: int | None = None


Watch = Callable[[Progress], bool]
"""Is told now and then how far a search is; False stops it."""
TELL_EVERY = 1_000
"""States, or executions, between two words to a ``Watch``."""


class BreadthFirst:
    """A search of all states, nearest first. It can be left and gone on with: what it knows is all in its fields.

    ``order`` are the states as they were met, ``came`` how; those before ``head`` were looked at.
    """

    def __init__(self, machine: Machine) -> None:
        self.graph = Transitions(machine)
        self.came: dict[Packed, tuple[Packed, Move] | None] = {self.graph.start: None}
        self.order = [self.graph.start]
        self.head = 0
        self.transitions = 0

    def search(self, most: int = MOST_STATES, watch: Watch | None = None) -> Exploration:
        """Go on until something is found, all was seen, there are more states than ``most``, or ``watch`` stops it."""
        graph, came, order = self.graph, self.came, self.order
        while self.head < len(order):
            if len(came) > most or not self._may_go_on(watch):
                return Exploration(len(came), self.transitions, complete=False)
            packed = order[self.head]
            steps = graph.of(packed)
            self.head += 1
            self.transitions += len(steps)
            if not steps and not graph.is_done(packed):
                return self._found(DEADLOCK, packed)
            for move, after, violation in steps:
                if violation is not None:
                    return self._found(violation, packed, move)
                if after not in came:
                    came[after] = (packed, move)
                    order.append(after)
        return Exploration(len(came), self.transitions)

    def way(self, packed: Packed) -> tuple[Move, ...]:
        """A shortest way to a state that was met."""
        return _way(self.came, packed)

    def _may_go_on(self, watch: Watch | None) -> bool:
        if watch is None or self.head % TELL_EVERY:
            return True
        return watch(Progress(len(self.came), self.transitions))

    def _found(self, violation: Violation, packed: Packed, *last: Move) -> Exploration:
        return Exploration(len(self.came), self.transitions, Found(violation, (*self.way(packed), *last)))


def explore(machine: Machine, *, most: int = MOST_STATES) -> Exploration:
    """Visit every state, nearest first, until something is broken: what is found is a shortest way to it.

    Gives up, incomplete, when there are more states than ``most``. With a find, the figures are those up to it.
    """
    return BreadthFirst(machine).search(most)


def fewest_preemptions(
    machine: Machine, *, most: int = MOST_STATES, bound: int | None = None, watch: Watch | None = None
) -> Exploration:
    """Search by preemptions first: what is found takes as few as anything does, and is shortest among those.

    A preemption takes the CPU from a task that could have gone on. Letting a daemon in, and going on after it as
    before, is none. States are counted once for each task that can have stepped last. Incomplete when there are more
    states than ``most``, when more preemptions than ``bound`` would be needed to go on, or when ``watch`` stops it.
    """
    graph = Transitions(machine)
    daemons = frozenset(task for task, plan in enumerate(machine.tasks) if plan.daemon)
    came: dict[_Node, tuple[_Node, Move] | None] = {}
    queue: list[_Waiting] = [_Waiting(0, 0, 0, (graph.start, None))]
    pushed, transitions = 1, 0
    while queue:
        preemptions, length, _, node, origin, violation = heappop(queue)
        if violation is not None and origin is not None:
            moves = (*_way(came, origin[0]), origin[1])
            return Exploration(len(came), transitions, Found(violation, moves, preemptions))
        if node in came:
            continue
        told = Progress(len(came), transitions, bound=preemptions)
        if len(came) > most or (bound is not None and preemptions > bound) or not _goes_on(watch, told):
            return Exploration(len(came), transitions, complete=False)
        came[node] = origin
        state, last = node
        steps = graph.of(state)
        transitions += len(steps)
        if not steps and not graph.is_done(state):
            return Exploration(len(came), transitions, Found(DEADLOCK, _way(came, node), preemptions))
        goes_on = graph.goes_on(state, last)
        for move, after, broken in steps:
            who = last if move.task in daemons else move.task
            cost = preemptions + (goes_on and who != last)
            heappush(queue, _Waiting(cost, length + 1, pushed, (after, who), (node, move), broken))
            pushed += 1
    return Exploration(len(came), transitions)


def count_executions(machine: Machine, preemptions: int | None = None) -> int:
    """How many complete runs there are, with at most so many preemptions; daemons are tasks like others here.

    Counted over the graph of states, never one by one. Raises ValueError when runs can go round in a circle.
    """
    graph = Transitions(machine)
    known: dict[_Place, int | None] = {}
    start: _Place = (graph.start, None, preemptions)
    stack = [start]
    while stack:
        place = stack[-1]
        after = _runs_on(graph, place)
        open_ones = [other for other in after if other not in known]
        if place not in known and open_ones:
            known[place] = None
            stack.extend(open_ones)
            continue
        stack.pop()
        if known.get(place) is None:
            known[place] = _total(known, after)
    return known[start] or 0


def _runs_on(graph: Transitions, place: _Place) -> list[_Place]:
    """Where a run with so many preemptions left can go."""
    state, last, left = place
    steps = graph.of(state)
    if left is None:
        return [(step.state, None, None) for step in steps]
    goes_on = graph.goes_on(state, last)
    costs = [(step, goes_on and step.move.task != last) for step in steps]
    return [(step.state, step.move.task, left - cost) for step, cost in costs if cost <= left]


def _total(known: dict[_Place, int | None], after: list[_Place]) -> int:
    total = 0
    for place in after:
        count = known[place]
        if count is None:
            raise ValueError("runs can go round in a circle: there is no number of them")
        total += count
    return total if after else 1


def _goes_on(watch: Watch | None, told: Progress) -> bool:
    return watch is None or told.states % TELL_EVERY != 0 or watch(told)


def _way(came: dict[_Key, tuple[_Key, Move] | None], end: _Key) -> tuple[Move, ...]:
    """The moves that led to a node."""
    moves = []
    step = came[end]
    while step is not None:
        end, move = step
        moves.append(move)
        step = came[end]
    return tuple(reversed(moves))
