"""The locks of a simulated run, and when a run is lost."""

import random
from collections import Counter
from pathlib import Path

import pytest

from lockview.model.traces import EventKind
from lockview.sim.course import Course
from lockview.sim.lock_changes import lock_changes
from lockview.sim.no_return import no_return
from lockview.sim.running import Ending
from lockview.sim.scenarios.building import build
from lockview.sim.scenarios.reading import read_scenario
from lockview.sim.simulation import recommended

SCENARIOS = Path(__file__).parents[2] / "resources" / "scenarios"


def course_of(name: str) -> Course:
    course = Course(build(read_scenario(next(SCENARIOS.glob(f"{name}-*.toml")).read_text())))
    course.advance(recommended(course.built), 1e9)
    return course


def test_all_that_is_taken_is_given_up() -> None:
    course = course_of("S01")
    assert course.ending is Ending.DONE
    changes = tuple(lock_changes(course))
    taken = Counter((change.task, change.lock) for change in changes if change.kind is EventKind.ACQUIRE)
    given_up = Counter((change.task, change.lock) for change in changes if change.kind is EventKind.RELEASE)
    assert taken == given_up
    assert {lock for _, lock in taken} >= {"mm:0.mmap_sem", "file:0.i_mmap_rwsem", "vma:1.vm_sequence"}


def test_who_waits_waits_for_the_holder() -> None:
    course = course_of("S19")
    assert course.ending is Ending.DEADLOCK
    changes = tuple(lock_changes(course))
    waits = [change for change in changes if change.kind is EventKind.WAIT]
    assert [(wait.task, wait.lock) for wait in waits] == [(0, "i_mmap"), (1, "vm_lock")]
    for wait in waits:
        before = [change for change in changes if change.lock == wait.lock and change.step <= wait.step]
        assert {change.task for change in before if change.kind is EventKind.ACQUIRE} == {1 - wait.task}


@pytest.mark.parametrize("name", ["S01", "S02", "S19"])
def test_changes_are_in_the_order_of_the_steps(name: str) -> None:
    course = course_of(name)
    steps = [change.step for change in lock_changes(course)]
    assert steps == sorted(steps)
    assert all(0 <= step < len(course) for step in steps)


def ends_by_dice(course: Course, position: int) -> set[bool]:
    """Whether all tasks finish, in forty runs on from a position."""
    dice, found = random.Random(1), set()
    for _ in range(40):
        state = course.states[position]
        while moves := course.machine.moves(state):
            state = course.machine.step(state, dice.choice(moves)).state
        found.add(course.machine.is_done(state))
    return found


def test_a_run_is_lost_when_both_hold_what_the_other_wants() -> None:
    course = course_of("S19")
    lost = no_return(course)
    assert lost is not None
    assert 0 < lost < len(course)
    assert ends_by_dice(course, lost) == {False}
    assert True in ends_by_dice(course, lost - 1)
    held = {change.lock for change in lock_changes(course) if change.step < lost}
    assert held >= {"i_mmap", "vm_lock"}


def test_only_deadlocks_have_a_point_of_no_return() -> None:
    assert no_return(course_of("S01")) is None


def test_what_is_not_decided_is_left_open() -> None:
    assert no_return(course_of("S19"), most=1) is None
