"""The lanes of a simulated run."""

from pathlib import Path

import pytest

from lockview.layout.spans import NEVER, spans_of
from lockview.model.traces import EventKind, Outcome
from lockview.sim.course import Course
from lockview.sim.lock_trace import lock_trace
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
    whole = lock_trace(course)
    assert whole.trace.outcome is Outcome.DONE
    spans = spans_of(whole.trace)
    assert all(NEVER not in (span.hold, span.release) for span in spans)
    assert {span.lock.name for span in spans} >= {"mm:0.mmap_sem", "file:0.i_mmap_rwsem", "vma:1.vm_sequence"}


def test_who_waits_waits_for_the_holder() -> None:
    whole = lock_trace(course_of("S19"))
    assert whole.trace.outcome is Outcome.DEADLOCK
    waits = [span for span in spans_of(whole.trace) if span.wait != NEVER]
    spans = spans_of(whole.trace)
    assert [(whole.trace.tasks[span.task], span.lock.name, spans[span.blocker].task) for span in waits] == [
        ("faulter/101", "i_mmap", 1),
        ("mapper/102", "vm_lock", 0),
    ]


@pytest.mark.parametrize("name", ["S01", "S02", "S19"])
def test_events_and_steps_lead_to_each_other(name: str) -> None:
    course = course_of(name)
    whole = lock_trace(course)
    assert list(whole.steps) == sorted(whole.steps)
    assert whole.events_before(0) == 0
    assert whole.events_before(len(course)) == len(whole.trace.events)
    for event, _ in enumerate(whole.trace.events, 1):
        position = whole.position_after(event)
        assert whole.events_before(position) >= event
        assert whole.events_before(position - 1) < event
    assert all(event.kind is not EventKind.END for event in whole.trace.events)
