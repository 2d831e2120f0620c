"""A run over time: rows, bins and arrows, and that a view of a million events is no slower."""

import random
from itertools import pairwise
from time import perf_counter

from hypothesis import given, settings
from hypothesis import strategies as st

from lockview.layout.timeline import (
    ARROW_ROOM,
    FINE,
    MOST_ROWS,
    NOBODY,
    Arrow,
    Bar,
    Place,
    Timeline,
    TimelineMaker,
    View,
    arrows,
    bars,
    joined,
)
from lockview.model.traces import EventKind

ACQUIRE, WAIT, RELEASE = EventKind.ACQUIRE, EventKind.WAIT, EventKind.RELEASE
KINDS = (ACQUIRE, WAIT, RELEASE)


def made(*changes: tuple[int, int, EventKind, str], tasks: int = 2, end: int = 0) -> Timeline:
    maker = TimelineMaker(tuple(f"t{number}" for number in range(tasks)))
    for change in changes:
        maker.change(*change)
    return maker.made(end)


def long_run(events: int) -> Timeline:
    dice = random.Random(3)
    maker = TimelineMaker(("a", "b", "c"))
    for time in range(0, events, 2):
        task = dice.randrange(3)
        maker.change(time, task, ACQUIRE, f"lock{time % 40}")
        maker.change(time + 1, task, RELEASE, f"lock{time % 40}")
    return maker.made()


def all_bars(timeline: Timeline, view: View) -> list[Bar]:
    return [bar for lane in timeline.lanes for row in lane for bar in bars(row, view)]


def test_a_wait_and_its_hold_share_a_row_and_an_arrow_leads_to_the_holder() -> None:
    timeline = made((0, 0, ACQUIRE, "a"), (2, 1, WAIT, "a"), (5, 0, RELEASE, "a"), (6, 1, ACQUIRE, "a"), end=10)
    view = View(0, 10, 1000)
    (row,) = timeline.lanes[1]
    assert list(bars(row, view)) == [Bar(200, 400, 0, 1.0, waits=True), Bar(600, 400, 1, 1.0, waits=False)]
    assert list(arrows(timeline, view)) == [Arrow(200, Place(1, 0), Place(0, 0))]
    assert timeline.lanes[0][0].at(4) == 0
    assert timeline.lanes[0][0].at(5) == NOBODY


def test_overlapping_uses_have_rows_of_their_own_and_free_rows_are_used_again() -> None:
    timeline = made((0, 0, ACQUIRE, "a"), (1, 0, ACQUIRE, "b"), (2, 0, RELEASE, "a"), (3, 0, ACQUIRE, "c"))
    upper, lower = timeline.lanes[0]
    assert [timeline.locks[lock] for lock in upper.locks] == ["a", "c"]
    assert [timeline.locks[lock] for lock in lower.locks] == ["b"]
    assert lower.ends[0] == timeline.end == 4


def test_bins_that_look_alike_are_one() -> None:
    alike = [Bar(0, 3, NOBODY, 0.5, waits=False), Bar(3, 3, NOBODY, 0.51, waits=False)]
    others = [
        Bar(6, 3, NOBODY, 0.5, waits=True),
        Bar(9, 3, NOBODY, 1.0, waits=True),
        Bar(20, 3, NOBODY, 1.0, waits=True),
    ]
    whole = [Bar(30, 9, 4, 1.0, waits=False)]
    found = list(joined(iter([*alike, *others, *whole])))
    assert found == [Bar(0, 6, NOBODY, 0.5, waits=False), *others, *whole]


def test_what_contradicts_the_run_is_left_out() -> None:
    timeline = made((0, 0, RELEASE, "a"), (1, 0, WAIT, "a"), (2, 0, RELEASE, "a"))
    assert [len(row) for row in timeline.lanes[0]] == [1]
    assert timeline.lanes[0][0].waits[0]


def test_more_locks_than_rows_are_counted() -> None:
    timeline = made(*((number, 0, ACQUIRE, f"l{number}") for number in range(MOST_ROWS + 5)))
    assert len(timeline.lanes[0]) == MOST_ROWS
    assert timeline.hidden == (5, 0)


def test_arrows_keep_their_distance() -> None:
    changes = [(0, 0, ACQUIRE, "a")]
    for number in range(1000):
        changes += [(2 * number, 1, WAIT, "a"), (2 * number + 1, 1, ACQUIRE, "a"), (2 * number + 1, 1, RELEASE, "a")]
    found = list(arrows(made(*changes), View(0, 2000, 300)))
    assert 40 <= len(found) <= 51
    assert all(after.x - before.x >= ARROW_ROOM - 1e-6 for before, after in pairwise(found))


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 1), st.sampled_from(KINDS), st.sampled_from("abc")), max_size=60
    ),
    st.floats(0, 50),
    st.floats(1, 100),
    st.integers(20, 500),
)
@settings(max_examples=60, deadline=None)
def test_bars_are_in_order_few_and_cover_what_is_there(
    steps: list[tuple[int, int, EventKind, str]], start: float, length: float, width: int
) -> None:
    time, changes = 0, []
    for wait, task, kind, lock in steps:
        time += wait
        changes.append((time, task, kind, lock))
    timeline, view = made(*changes), View(start, start + length, width)
    for row in (row for lane in timeline.lanes for row in lane):
        assert all(end <= after for end, after in zip(row.ends, row.starts[1:], strict=False))
        found = list(bars(row, view))
        assert len(found) <= width / FINE + 2
        assert all(before.x <= after.x for before, after in pairwise(found))
        assert all(0 < bar.share <= 1 or bar.width for bar in found)
        for number in range(len(row)):
            middle = (row.starts[number] + row.ends[number]) / 2
            if view.start < middle < view.end and row.ends[number] > row.starts[number]:
                x = view.x(middle)
                assert any(bar.x - 1 <= x <= bar.x + bar.width + 1 for bar in found)


@given(st.floats(0.1, 10), st.floats(0, 500), st.floats(0, 90))
def test_zooming_stays_within_the_run(factor: float, x: float, start: float) -> None:
    view = View(start, start + 10, 500).zoomed(factor, x, 100)
    assert 0 <= view.start < view.end <= 100 + 1e-6
    assert view.end - view.start >= 4 - 1e-6


def test_a_view_of_a_million_events_costs_as_much_as_one_of_ten_thousand() -> None:
    short, long = long_run(10_000), long_run(1_000_000)

    def seconds(timeline: Timeline) -> float:
        best = 1.0
        for _ in range(5):
            begin = perf_counter()
            found = all_bars(timeline, View(0, timeline.end, 1200))
            best = min(best, perf_counter() - begin)
        assert 300 < len(found) <= 3 * (1200 / FINE + 2)
        return best

    assert seconds(long) < 4 * seconds(short)
