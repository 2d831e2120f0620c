"""A run that goes on step by step, and what is seen of its world."""

from pathlib import Path

import pytest

from lockview.kernel.effects import Choose, Step
from lockview.sim.course import Course
from lockview.sim.machine import Move
from lockview.sim.running import Ending, in_order
from lockview.sim.scenarios.building import build
from lockview.sim.scenarios.reading import read_scenario
from lockview.sim.simulation import recommended, simulate
from lockview.sim.world_view import Holder, waits_for, world_view

SCENARIOS = Path(__file__).parents[2] / "resources" / "scenarios"
SEED = read_scenario((SCENARIOS / "S01-seed-2017.toml").read_text())
FOREVER = 1e9


def effect_of(course: Course, position: int, task: int) -> Step | None:
    return course.machine.effect(course.states[position], task)


def position_after(course: Course, what: str, value: str) -> int:
    """The position right after something first happened."""
    return next(number for number in range(len(course) + 1) if course.counts(number)[(what, value)])


@pytest.fixture
def course() -> Course:
    """The seed, run to its end."""
    course = Course(build(SEED))
    assert not course.advance(recommended(course.built), FOREVER)
    return course


def test_it_is_the_run_that_simulate_makes(course: Course) -> None:
    whole = simulate(SEED)
    assert tuple(course.moves) == whole.moves
    assert tuple(course.states) == whole.states
    assert course.reports == whole.reports
    assert course.spoke == whole.spoke
    assert course.ending is Ending.DONE


def test_in_slices_it_is_the_same(course: Course) -> None:
    sliced = Course(build(SEED))
    choose = recommended(sliced.built)
    while sliced.advance(choose, 1e-6):
        assert sliced.ending is None or not sliced.machine.enabled(sliced.states[-1])
    assert sliced.moves == course.moves
    assert sliced.reports == course.reports


@pytest.mark.parametrize("back", [0, 1, 2, 60, FOREVER])
@pytest.mark.parametrize("ahead", [0, 1])
def test_cutting_takes_back_what_was_said(course: Course, back: float, ahead: int) -> None:
    """And the same steps again bring it out again."""
    moves, reports, spoke = list(course.moves), course.reports, min(course.spoke)
    length = max(0, int(spoke - back)) + ahead
    course.cut(length)
    assert len(course) == length
    assert len(course.states) == length + 1
    assert bool(course.reports) == (length > spoke)
    for move in moves[length:]:
        course.step(move)
    assert course.reports == reports


def test_it_goes_on_by_choice(course: Course) -> None:
    asked = (number for number in range(len(course)) if isinstance(effect_of(course, number, 2), Choose))
    course.cut(next(number for number in asked if course.moves[number].task == 2))
    course.step(Move(2, 0))
    assert not course.advance(in_order([2]), FOREVER)
    assert course.reports == ()
    assert course.ending is Ending.DONE


def test_a_task_that_has_ended_cannot_step(course: Course) -> None:
    with pytest.raises(ValueError, match="has ended"):
        course.step(Move(0))


def test_what_happened_is_counted(course: Course) -> None:
    told = ("seq_begin", "vma:1.vm_sequence")
    assert course.counts(position_after(course, *told))[told] == 1
    assert course.counts(len(course))[told] == 2
    assert not course.counts(0)


def test_the_world_in_the_middle_of_mremap(course: Course) -> None:
    """It holds mmap_sem, and both sections are open."""
    world = world_view(course.built, course.states[position_after(course, "seq_begin", "vma:4.vm_sequence")])
    (lock,) = world.locks
    assert (lock.name, lock.lock_class, lock.holders, lock.waiters) == (
        "mm:1.mmap_sem", "&mm->mmap_sem", (Holder(1, False),), (),
    )  # fmt: skip
    assert [(vma.name, vma.start, vma.end, vma.rights, vma.odd) for vma in world.mms[1].vmas] == [
        ("vma:1", 0, 2, "rw-p", True),
        ("vma:4", 4, 6, "rw-p", True),
    ]
    assert [(vma.name, str(vma.life), vma.backing) for vma in world.loose] == [("vma:3", "pending", "file:0+2")]
    assert world.tables[0].covers == "mm:1 0-2"
    assert world.tables[0].entries == ("frame:2 rw", "none")


def test_callbacks_are_listed(course: Course) -> None:
    """The VMA that exec unmapped is freed by nobody here; nobody reads either."""
    srcu = world_view(course.built, course.states[-1]).domains[0]
    assert srcu.name == "vma_srcu"
    assert srcu.readers == ()
    assert srcu.callbacks[0] == ("free-vma 3", ())


def test_waiting_is_put_into_words() -> None:
    described = read_scenario(next(SCENARIOS.glob("S19-*.toml")).read_text())
    course = Course(build(described))
    course.advance(recommended(course.built), FOREVER)
    assert course.ending is Ending.DEADLOCK
    state = course.states[-1]
    assert waits_for(course.built, state, 0) == "waits for i_mmap, held by mapper/102"
    assert waits_for(course.built, state, 1) == "waits for vm_lock, held by faulter/101"
    waiters = {lock.name: lock.waiters for lock in world_view(course.built, state).locks}
    assert waiters["i_mmap"] == (Holder(0, True),)
    assert waiters["vm_lock"] == (Holder(1, False),)
