"""Automata, the world, and single steps."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lockview.kernel.nesting import Acquire, Effect, Release, Routine, nest
from lockview.model.traces import EventKind, Outcome
from lockview.sim.automaton import START, Automaton
from lockview.sim.scenario import Scenario
from lockview.sim.stepper import Program
from lockview.sim.world import NOBODY

ScenarioMaker = Callable[..., Scenario]


def test_nesting_releases_in_reverse() -> None:
    assert list(nest([Acquire(3), Acquire(5)])) == [Acquire(3), Acquire(5), Release(5), Release(3)]


def test_automaton_learns_each_state_once() -> None:
    runs = []

    def routine() -> Routine:
        runs.append(1)
        yield from nest([Acquire(0), Acquire(1)])

    automaton = Automaton(routine)
    state, effects = START, []
    while (effect := automaton.effect(state)) is not None:
        effects.append(effect)
        state = automaton.after(state, None)
    assert effects == [Acquire(0), Acquire(1), Release(1), Release(0)]
    assert automaton.after(START, None) == 1
    assert len(runs) == 1


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.integers(0, 2), max_size=5), min_size=1, max_size=8))
def test_automaton_follows_answers(histories: list[list[int]]) -> None:
    """A routine that branches on what it is told behaves in the table as in a fresh run, whatever was asked before."""

    def routine() -> Routine:
        answer = yield Acquire(9)
        while answer:
            answer = yield Acquire(answer) if answer > 1 else Release(answer)

    automaton = Automaton(routine)
    for history in histories:
        fresh = routine()
        expected: Effect | None = next(fresh)
        state = START
        for answer in history:
            assert automaton.effect(state) == expected
            if expected is None:
                break
            state = automaton.after(state, answer)
            try:
                expected = fresh.send(answer)
            except StopIteration:
                expected = None
        assert automaton.effect(state) == expected


def test_blocked_acquisition_waits_once(scenario: ScenarioMaker) -> None:
    program = Program(scenario("AB", "BA"))
    world = program.start
    kinds = []
    for index, task in enumerate((0, 1, 0, 1)):
        world, event = program.step(world, task, index)
        kinds.append(event.kind)
    assert kinds == [EventKind.ACQUIRE, EventKind.ACQUIRE, EventKind.WAIT, EventKind.WAIT]
    assert program.enabled(world) == ()
    assert program.outcome(world) is Outcome.DEADLOCK
    with pytest.raises(ValueError, match="step 4: task 0 cannot step; these can: \\[\\]"):
        program.step(world, 0, 4)


def test_waiter_gets_the_lock_when_it_is_free(scenario: ScenarioMaker) -> None:
    program = Program(scenario("A", "A"))
    world = program.start
    events = []
    for index, task in enumerate((0, 1, 0, 1, 0, 1, 1)):
        world, event = program.step(world, task, index)
        events.append((event.task, event.kind))
    assert events == [
        (0, EventKind.ACQUIRE),
        (1, EventKind.WAIT),
        (0, EventKind.RELEASE),
        (1, EventKind.ACQUIRE),
        (0, EventKind.END),
        (1, EventKind.RELEASE),
        (1, EventKind.END),
    ]
    assert program.outcome(world) is Outcome.DONE
    assert world.owners == (NOBODY,)
