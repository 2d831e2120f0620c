"""The lanes of a long run as the user meets them: clicked, scrubbed, zoomed, and painted in time."""

import random
from time import perf_counter

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lockview.gui.theme import Appearance
from lockview.gui.timeline.paint import round_step
from lockview.gui.timeline.stops import Stops
from lockview.gui.timeline.view import TimelineView
from lockview.layout.timeline import Timeline, TimelineMaker
from lockview.model.traces import EventKind

HOSTILE = '<img src=x>"->&%n\u202e'


def long_run(events: int) -> Timeline:
    dice = random.Random(3)
    maker = TimelineMaker(tuple(f"task {number}/{number}" for number in range(6)))
    for time in range(0, events - 3, 4):
        task, other = dice.sample(range(6), 2)
        maker.change(time, task, EventKind.ACQUIRE, f"lock{time % 40}")
        maker.change(time + 1, other, EventKind.WAIT, f"lock{time % 40}")
        maker.change(time + 2, task, EventKind.RELEASE, f"lock{time % 40}")
        maker.change(time + 3, other, EventKind.ACQUIRE, f"lock{time % 40}")
        maker.change(time + 3, other, EventKind.RELEASE, f"lock{time % 40}")
    return maker.made(events)


def short_run() -> Timeline:
    maker = TimelineMaker(("one", HOSTILE))
    maker.change(0, 0, EventKind.ACQUIRE, "a")
    maker.change(2, 1, EventKind.WAIT, "a")
    return maker.made(10)


@pytest.fixture
def view(qtbot: QtBot) -> TimelineView:
    view = TimelineView(Appearance("light"))
    view.resize(1000, 400)
    qtbot.addWidget(view)
    view.show()
    qtbot.waitExposed(view)
    return view


def point(view: TimelineView, time: float, y: int) -> QPoint:
    left = view.viewport().width() - view.view.width
    return QPoint(round(left + view.view.x(time)), y)


def test_a_click_chooses_the_step_under_it_and_dragging_scrubs(qtbot: QtBot, view: TimelineView) -> None:
    view.show_timeline(short_run())
    chosen: list[int] = []
    view.position_chosen.connect(chosen.append)
    QTest.mousePress(view.viewport(), Qt.MouseButton.LeftButton, pos=point(view, 3.5, 60))
    QTest.mouseMove(view.viewport(), point(view, 6.5, 60))
    QTest.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=point(view, 6.5, 60))
    assert chosen[0] == 4
    assert set(chosen) <= {4, 7}


def test_keys_step_and_zoom(view: TimelineView) -> None:
    view.show_timeline(long_run(10_000))
    chosen: list[int] = []
    view.position_chosen.connect(chosen.append)
    view.show_position(5)
    QTest.keyClick(view, Qt.Key.Key_Right)
    QTest.keyClick(view, Qt.Key.Key_Left)
    assert chosen == [6, 4]
    QTest.keyClick(view, Qt.Key.Key_0)
    assert (view.view.start, view.view.end) == (0, 10_000)
    QTest.keyClick(view, Qt.Key.Key_Plus)
    assert view.view.end < 10_000


def test_the_wheel_comes_closer_to_where_it_is(view: TimelineView) -> None:
    view.show_timeline(long_run(10_000))
    view.show_all()
    at = point(view, 5_000, 60)
    wheel = QWheelEvent(
        QPointF(at), QPointF(view.viewport().mapToGlobal(at)), QPoint(), QPoint(0, 480), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ControlModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view.viewport(), wheel)
    assert view.view.end - view.view.start < 5_000
    assert abs(point(view, 5_000, 60).x() - at.x()) <= 2


def test_the_cursor_stays_in_sight(view: TimelineView) -> None:
    view.show_timeline(long_run(10_000))
    view.show_position(9_000)
    assert view.view.start <= 9_000 <= view.view.end


def test_a_bar_offers_to_stop_at_its_lock(qtbot: QtBot, view: TimelineView) -> None:
    view.show_timeline(short_run())
    assert view.lock_at(point(view, 1, 42)) == "a"
    assert view.lock_at(QPoint(2, 42)) == ""
    menu = view.menu_for("a&b")
    assert [action.text() for action in menu.actions()][:2] == ["Stop at a&&b", "Next step at a&&b"]
    with qtbot.waitSignal(view.stop_toggled) as toggled:
        menu.actions()[0].trigger()
    assert toggled.args == ["a&b"]


def test_nothing_to_show_is_no_trouble(view: TimelineView) -> None:
    view.show_timeline(None)
    view.zoom(2)
    view.show_all()
    view.grab()
    view.show_timeline(TimelineMaker(()).made())
    view.grab()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(300, 50))


@pytest.mark.parametrize("theme", ["light", "dark", "high-contrast"])
def test_hostile_names_are_painted_as_they_are(qtbot: QtBot, theme: str) -> None:
    view = TimelineView(Appearance(theme))
    qtbot.addWidget(view)
    view.resize(600, 200)
    view.show_timeline(short_run(), 3)
    view.show_stops(frozenset("a"))
    view.show_position(5)
    assert not view.grab().isNull()


def seconds_of_frame(view: TimelineView, *, moved: bool) -> float:
    """The median of painting a frame: a step of playing, or one in which all of the picture is another."""
    taken = []
    for number in range(11):
        begin = perf_counter()
        if moved:
            view.zoom(1.02 if number % 2 else 0.98)
        view.show_position(number)
        view.viewport().repaint()
        taken.append(perf_counter() - begin)
    return sorted(taken)[5]


def test_a_million_events_are_as_smooth_as_ten_thousand(view: TimelineView) -> None:
    seconds = []
    for events in (10_000, 1_000_000):
        view.show_timeline(long_run(events))
        view.show_all()
        seconds.append((seconds_of_frame(view, moved=False), seconds_of_frame(view, moved=True)))
    (step, moved), (long_step, long_moved) = seconds
    assert step < 1 / 60
    assert long_step < 1 / 60
    assert long_moved < 4 * moved + 1 / 60


def test_ticks_are_round() -> None:
    assert [round_step(least) for least in (0.2, 1, 3, 7, 30, 600_000)] == [1, 1, 5, 10, 50, 1_000_000]


def test_stops_know_the_next_use() -> None:
    stops = Stops()
    stops.show_uses([(0, "a"), (3, "b"), (3, "a")])
    assert stops.next_use("a", 1) == 4
    assert stops.next_use("a", 4) is None
    assert not stops.stops_after(1)
    stops.toggle("a")
    assert [stops.stops_after(position) for position in range(6)] == [False, True, False, False, True, False]
