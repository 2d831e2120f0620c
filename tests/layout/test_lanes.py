from hypothesis import given, settings
from hypothesis import strategies as st
from lock_graphs import WORDS, overlapping, text_boxes

from lockview.layout.drawing import Drawing, Group, Rectangle, Text, estimated_width
from lockview.layout.lanes import lanes
from lockview.layout.spans import NEVER, spans_of
from lockview.model.locks import LockClass
from lockview.model.traces import Event, EventKind, Outcome, Trace

A, B = LockClass("&mapping->i_mmap_rwsem"), LockClass("fs_reclaim")
TAKE, WAIT, RELEASE, END = EventKind.ACQUIRE, EventKind.WAIT, EventKind.RELEASE, EventKind.END


def trace_of(*steps: tuple[int, EventKind, LockClass | None], outcome: Outcome = Outcome.RUNNING) -> Trace:
    events = tuple(Event(index, task, kind, lock) for index, (task, kind, lock) in enumerate(steps))
    return Trace(("execve", "khugepaged/43"), events, outcome)


DEADLOCK = trace_of((0, TAKE, A), (1, TAKE, B), (1, WAIT, A), (0, WAIT, B), outcome=Outcome.DEADLOCK)
DONE = trace_of(
    (0, TAKE, A), (1, WAIT, A), (0, RELEASE, A), (1, TAKE, A), (0, END, None), (1, RELEASE, A), (1, END, None)
)


def group(drawing: Drawing, name: str) -> Group:
    return next(found for found in drawing.groups if found.name == name)


def test_spans_know_their_times_and_what_blocks_them() -> None:
    first, second = spans_of(DONE)
    assert (first.hold, first.release, first.wait) == (0, 2, NEVER)
    assert (second.wait, second.hold, second.release, second.blocker) == (1, 3, 5, 0)
    assert [(span.row, span.blocker) for span in spans_of(DEADLOCK)] == [(0, NEVER), (0, NEVER), (1, 0), (1, 1)]


def test_events_and_tasks_are_groups_with_titles() -> None:
    drawing = lanes(DEADLOCK, estimated_width)
    assert group(drawing, "task:1").title == "Task khugepaged/43"
    assert group(drawing, "event:2").title == "Step 3: khugepaged/43 waits for &mapping->i_mmap_rwsem"
    assert group(drawing, "event:2").bounds.y > group(drawing, "event:0").bounds.bottom


def test_waits_are_hatched_and_holds_are_not() -> None:
    drawing = lanes(DEADLOCK, estimated_width)
    for name, waiting in (("event:0", False), ("event:2", True)):
        hatched = [s.style.hatch for s in group(drawing, name).shapes if isinstance(s, Rectangle)]
        assert any(hatched) == waiting


def test_the_point_of_no_return_and_the_cursor_stand_between_steps() -> None:
    drawing = lanes(DEADLOCK, estimated_width, position=2, no_return=3)
    titles = {found.title: found.bounds for found in drawing.groups if found.name == ""}
    cursor = titles["After step 2"].centre[0]
    line = titles["Point of no return: after step 3 every continuation deadlocks"].centre[0]
    first, second = (group(drawing, f"event:{n}").bounds.x for n in (1, 2))
    assert first < cursor < second < line


def test_what_has_not_happened_yet_is_dimmed() -> None:
    drawing = lanes(DEADLOCK, estimated_width, position=1)
    opacity = [[s.opacity for s in group(drawing, f"event:{n}").shapes if isinstance(s, Text)] for n in (0, 1)]
    assert opacity[0] == [1.0]
    assert opacity[1][0] < 1.0


def test_a_long_run_is_wider_than_asked() -> None:
    steps = [(0, kind, A) for _ in range(200) for kind in (TAKE, RELEASE)]
    drawing = lanes(trace_of(*steps), estimated_width, width=600)
    assert drawing.bounds.width > 400 * 30
    assert overlapping(text_boxes(drawing)) == []


def test_an_empty_trace_is_drawn() -> None:
    assert lanes(Trace(()), estimated_width).bounds.width > 0
    assert lanes(Trace(("alone",)), estimated_width, position=0, no_return=0).groups


steps = st.tuples(
    st.integers(0, 3), st.sampled_from(EventKind), st.sampled_from([A, B, LockClass("x" * 80), LockClass("rtnl")])
)


@given(
    st.lists(WORDS, min_size=4, max_size=4),
    st.lists(steps, max_size=24),
    st.one_of(st.none(), st.integers(0, 24)),
    st.one_of(st.none(), st.integers(0, 24)),
)
@settings(max_examples=60, deadline=None)
def test_any_events_are_drawn_and_no_text_lies_on_another(
    tasks: list[str], found: list[tuple[int, EventKind, LockClass | None]], position: int | None, no_return: int | None
) -> None:
    events = tuple(Event(index, task, kind, lock) for index, (task, kind, lock) in enumerate(found))
    drawing = lanes(Trace(tuple(tasks), events, Outcome.DEADLOCK), estimated_width, position, no_return)
    assert overlapping(text_boxes(drawing)) == []
    assert len({g.name for g in drawing.groups if g.name}) == 4 + len(events)
    for text, box in text_boxes(drawing):
        assert text.isprintable()
        assert drawing.bounds.x <= box.x
        assert box.right <= drawing.bounds.right + 1e-6
