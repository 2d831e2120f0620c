"""A run that goes on step by step, and what is seen of its world."""

from pathlib import Path

import pytest

from lockview.kernel.handles import DomainState
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


@pytest.mark.parametrize("length", [0, 1, 90, 144, 145, 158])
def test_cutting_takes_back_what_was_said(course: Course, length: int) -> None:
    """And the same steps again bring it out again."""
    moves, reports = list(course.moves), course.reports
    course.cut(length)
    assert len(course) == length
    assert len(course.states) == length + 1
    assert bool(course.reports) == (length > 144)
    for move in moves[length:]:
        course.step(move)
    assert course.reports == reports


def test_it_goes_on_by_choice(course: Course) -> None:
    course.cut(138)
    course.step(Move(2, 0))
    assert not course.advance(in_order([2]), FOREVER)
    assert course.reports == ()
    assert course.ending is Ending.DONE


def test_a_task_that_has_ended_cannot_step(course: Course) -> None:
    with pytest.raises(ValueError, match="has ended"):
        course.step(Move(0))


def test_what_happened_is_counted(course: Course) -> None:
    opened = course.counts(85)[("seq_begin", "vma:1.vm_sequence")]
    assert opened == 1
    assert not course.counts(0)


def test_the_world_in_the_middle_of_mremap(course: Course) -> None:
    """After 86 steps mremap holds mmap_sem and both sections are open."""
    world = world_view(course.built, course.states[86])
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


def test_callbacks_wait_for_readers(course: Course) -> None:
    world = world_view(course.built, course.states[70])
    srcu = world.domains[0]
    assert srcu.name == "vma_srcu"
    assert srcu.callbacks == (("free-vma 3", ()),)
    cell = course.built.kernel.vma_srcu.cell
    state = course.states[70].cells[cell]
    assert isinstance(state, DomainState)


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
