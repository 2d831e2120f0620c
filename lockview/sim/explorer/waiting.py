"""Tasks that wait for each other in a circle while others go on."""

from __future__ import annotations

from lockview.kernel.effects import Acquire
from lockview.kernel.handles import NOBODY, HolderState
from lockview.model.locks import Access
from lockview.sim.exploring import BreadthFirst
from lockview.sim.machine import Machine, Move, State


def waits_for(machine: Machine, state: State, task: int) -> frozenset[int]:
    """The tasks that a task waits for at a lock: all that keep it from having it. Empty when it does not wait there.

    Each of them has to go on before the task can, so that a circle is one for ever.
    """
    effect = machine.effect(state, task)
    if not isinstance(effect, Acquire) or machine.can_step(state, task):
        return frozenset()
    holders: HolderState = state.cells[effect.lock.cell]
    exclusive = effect.access is Access.EXCLUSIVE
    before = {holders.writer} - {NOBODY} | (set(holders.readers) if exclusive else set())
    if before or effect.access is Access.RECURSIVE:
        return frozenset(before)
    ahead = [who for who, _ in holders.queue]
    ahead = ahead[: ahead.index(task)] if task in ahead else ahead
    writers = {who for who, wants in holders.queue if wants}
    return frozenset(who for who in ahead if exclusive or who in writers)


def circle(machine: Machine, state: State) -> tuple[int, ...]:
    """Tasks each of which waits for the next one, and the last for the first; empty when there are none."""
    waits = {task: waits_for(machine, state, task) for task in range(len(machine.tasks))}
    for start, firsts in waits.items():
        came: dict[int, int] = dict.fromkeys(firsts, start)
        queue = list(firsts)
        for task in queue:
            if task == start:
                return _way_back(came, start)
            for other in waits[task]:
                if other not in came:
                    came[other] = task
                    queue.append(other)
    return ()


def first_circle(search: BreadthFirst) -> tuple[Move, ...] | None:
    """A shortest way to such a circle among the states that a search met, None when there is none.

    Only of use where runs do not end: a circle among tasks that all others leave behind is a deadlock already.
    """
    machine = search.graph.machine
    if not _takes_locks(machine) or not _runs_for_ever(search):
        return None
    for packed in search.order:
        if circle(machine, search.graph.unpack(packed)):
            return search.way(packed)
    return None


def _takes_locks(machine: Machine) -> bool:
    """Whether some task takes a lock at a place that was met."""
    return any(
        isinstance(unrolled.place(number).effect, Acquire)
        for unrolled in machine.unrolled
        for number in range(len(unrolled))
    )


def _runs_for_ever(search: BreadthFirst) -> bool:
    """Whether the states that were met have a circle: what is left when ends are taken away again and again."""
    graph = search.graph
    comes_from: dict[bytes, list[bytes]] = {packed: [] for packed in search.order}
    left = {}
    for packed in search.order:
        after = {step.state for step in graph.of(packed)}
        left[packed] = len(after)
        for other in after:
            comes_from[other].append(packed)
    ends = [packed for packed, count in left.items() if not count]
    gone = 0
    while ends:
        gone += 1
        for packed in comes_from[ends.pop()]:
            left[packed] -= 1
            if not left[packed]:
                ends.append(packed)
    return gone < len(search.order)


def _way_back(came: dict[int, int], start: int) -> tuple[int, ...]:
    tasks = [came[start]]
    while tasks[-1] != start:
        tasks.append(came[tasks[-1]])
    return tuple(reversed(tasks))
