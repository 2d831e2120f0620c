"""The search over all orders: it sees what single steps show, and counts what can be counted by hand."""

from collections.abc import Callable
from functools import partial
from itertools import permutations
from math import comb
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockview.kernel.effects import Acquire, Add, Choose, Release, Routine
from lockview.kernel.handles import Cell, Lock
from lockview.kernel.worlds import WorldPlan
from lockview.model.locks import Access, Primitive
from lockview.sim.exploring import DEADLOCK, count_executions, explore, fewest_preemptions
from lockview.sim.machine import Machine, Move, State, TaskPlan
from lockview.sim.transitions import Transitions

Program = tuple[tuple[int, bool], ...]
"""Locks to take in turn: which, and whether exclusively. They are given up in reverse."""


def nested(locks: tuple[Lock, ...], program: Program) -> Routine[None]:
    place = 0
    while place < len(program):
        number, exclusive = program[place]
        yield Acquire(locks[number], Access.EXCLUSIVE if exclusive else Access.SHARED)
        place += 1
    while place:
        place -= 1
        number, exclusive = program[place]
        yield Release(locks[number], Access.EXCLUSIVE if exclusive else Access.SHARED)


def machine_of(programs: list[Program], *, fair: bool) -> Machine:
    plan = WorldPlan()
    locks = tuple(plan.lock(name, name, Primitive.RWSEM, fair=fair) for name in "ABC")
    return Machine([TaskPlan("task", partial(nested, locks, program)) for program in programs], plan.start)


def seen_step_by_step(machine: Machine) -> tuple[set[State], bool]:
    """All states up to the depth of the first dead end, and whether there is one."""
    seen, level = {machine.start}, [machine.start]
    while level:
        if any(machine.is_deadlock(state) for state in level):
            return seen, True
        later: list[State] = []
        for state in level:
            for _, done in machine.successors(state):
                if done.state not in seen:
                    seen.add(done.state)
                    later.append(done.state)
        level = later
    return seen, False


_PROGRAMS = st.lists(
    st.lists(st.tuples(st.integers(0, 2), st.booleans()), max_size=3, unique_by=lambda step: step[0]).map(tuple),
    min_size=1,
    max_size=3,
)


@settings(max_examples=60, deadline=None)
@given(_PROGRAMS, st.booleans())
def test_it_sees_what_single_steps_show(programs: list[Program], fair: bool) -> None:
    machine = machine_of(programs, fair=fair)
    result = explore(machine)
    states, dead = seen_step_by_step(machine)
    assert (result.found is not None) is dead
    if not dead:
        assert result.states == len(states)
        return
    assert result.found is not None
    assert result.found.violation == DEADLOCK
    state = machine.start
    for move in result.found.moves:
        state = machine.step(state, move).state
    assert machine.is_deadlock(state)


@settings(max_examples=30, deadline=None)
@given(_PROGRAMS)
def test_the_order_of_tasks_changes_nothing(programs: list[Program]) -> None:
    results = [explore(machine_of(list(order), fair=False)) for order in permutations(programs)]
    assert len({result.found is None for result in results}) == 1
    if results[0].found is None:
        assert len({(result.states, result.transitions) for result in results}) == 1
    gentlest = [fewest_preemptions(machine_of(list(order), fair=False)).found for order in permutations(programs)]
    assert len({found.preemptions if found else None for found in gentlest}) == 1


def counting(cell: Cell, steps: int) -> Routine[None]:
    left = steps
    while left:
        yield Add(cell)
        left -= 1


def independent(tasks: int, steps: int) -> Machine:
    plan = WorldPlan()
    bodies: list[Callable[[], Routine[Any]]] = [
        partial(counting, plan.cell(f"cell:{number}", 0), steps) for number in range(tasks)
    ]
    return Machine([TaskPlan("task", body) for body in bodies], plan.start)


@pytest.mark.parametrize(("tasks", "steps"), [(1, 5), (2, 3), (3, 2), (4, 2)])
def test_independent_tasks(tasks: int, steps: int) -> None:
    machine = independent(tasks, steps)
    orders = 1
    for number in range(tasks):
        orders *= comb(steps * (number + 1), steps)
    assert explore(machine).states == (steps + 1) ** tasks
    assert count_executions(machine) == orders
    assert count_executions(machine, 0) == len(list(permutations(range(tasks))))


def test_states_can_be_packed_and_unpacked() -> None:
    machine = independent(2, 2)
    graph = Transitions(machine)
    state = machine.step(machine.start, Move(1)).state
    assert graph.unpack(graph.pack(state)) == state
    assert [move for move, _, _ in graph.of(graph.start)] == list(machine.moves(machine.start))


def test_open_outcomes_are_all_followed() -> None:
    def choosing() -> Routine[int]:
        answer: int = yield Choose("which", 3)
        return answer

    assert count_executions(Machine([TaskPlan("task", choosing)], ())) == 3
