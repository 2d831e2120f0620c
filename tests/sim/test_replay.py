"""Watching a run: moves are exact and leave no trace."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lockview.model.traces import EventKind, Outcome, Schedule
from lockview.sim.replay import Replay
from lockview.sim.scenario import Scenario
from lockview.sim.search import deadlock_schedule

ScenarioMaker = Callable[..., Scenario]


def test_sample_into_the_deadlock(seed: Scenario) -> None:
    schedule = deadlock_schedule(seed)
    assert schedule == Schedule((0, 0, 2, 2, 1, 1, 0))
    replay = Replay.start(seed, schedule)
    assert (replay.position, replay.length, replay.outcome) == (0, 7, Outcome.RUNNING)
    assert replay.trace.outcome is Outcome.DEADLOCK
    last = replay.last()
    assert last.outcome is Outcome.DEADLOCK
    assert {str(lock): last.tasks[task] for lock, task in last.holders.items()} == {
        "&mapping->i_mmap_rwsem": "execve",
        "&vma->vm_sequence": "execve",
        "&vma->vm_sequence/1": "mremap",
        "fs_reclaim": "khugepaged/43",
    }
    assert {last.tasks[task]: str(lock) for task, lock in last.waiters.items()} == {
        "execve": "&vma->vm_sequence/1",
        "mremap": "fs_reclaim",
        "khugepaged/43": "&mapping->i_mmap_rwsem",
    }
    assert last.enabled == ()
    assert last.next_choice is None
    assert last.edge == 1
    assert [replay.to(step).edge for step in range(8)] == [None, None, 0, None, 3, None, 2, 1]


def test_events_carry_stacks_and_what_else_could_step(seed: Scenario) -> None:
    replay = Replay.start(seed, Schedule((0, 0))).last()
    first, second = replay.events_done
    assert len(first.stack) == 0
    assert len(second.stack) == 13
    assert (second.index, second.kind, second.enabled) == (1, EventKind.ACQUIRE, (0, 1, 2))


def test_choice_off_the_schedule_drops_the_rest(scenario: ScenarioMaker) -> None:
    replay = Replay.start(scenario("AB", "BA"), Schedule((0, 1, 0, 1)))
    same = replay.choose(0)
    assert (same.position, same.length) == (1, 4)
    other = same.choose(0)
    assert other.schedule == Schedule((0, 0))
    assert (other.position, other.length) == (2, 2)
    assert replay.schedule == Schedule((0, 1, 0, 1))


def test_wrong_choices_are_refused(scenario: ScenarioMaker) -> None:
    with pytest.raises(ValueError, match="step 2: task 7 cannot step"):
        Replay.start(scenario("AB", "BA"), Schedule((0, 1, 7)))
    stuck = Replay.start(scenario("AB", "BA"), Schedule((0, 1, 0, 1))).last()
    with pytest.raises(ValueError, match="cannot step"):
        stuck.choose(0)


def test_moves_stay_inside_the_run(scenario: ScenarioMaker) -> None:
    replay = Replay.start(scenario("AB"), Schedule((0, 0)))
    assert replay.back() == replay
    assert replay.last().forward() == replay.last()
    assert replay.to(99) == replay.last()
    assert replay.to(-3) == replay.first()
    assert replay.follow(Schedule((0,))).last().outcome is Outcome.RUNNING


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(st.permutations("ABCD").map(lambda letters: "".join(letters[:3])), min_size=1, max_size=4),
    picks=st.lists(st.integers(0, 99), max_size=60),
)
def test_back_and_forward_is_the_identity(scenario: ScenarioMaker, words: list[str], picks: list[int]) -> None:
    """Choosing by hand, going back and coming again gives the same states, and the schedule alone tells the run."""
    replay = Replay.start(scenario(*words))
    states = [replay]
    for pick in picks:
        if not replay.enabled:
            break
        replay = replay.choose(replay.enabled[pick % len(replay.enabled)])
        states.append(replay)
    assert (replay.outcome is Outcome.RUNNING) == bool(replay.enabled)
    again = Replay.start(replay.scenario, replay.schedule)
    assert again.trace == replay.trace
    for position, state in enumerate(states):
        here = again.to(position)
        assert (here.world, here.holders, here.waiters, here.outcome) == (
            state.world,
            state.holders,
            state.waiters,
            state.outcome,
        )
        assert here.forward().back() == here or position == replay.length
        assert len(here.events_done) == position
    assert again.last().first() == again
