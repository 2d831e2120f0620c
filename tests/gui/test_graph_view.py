"""The view of a drawing: zoom, pan, pick, hover, keyboard, hostile names."""

import math

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from lockview.gui.graph.items import Look
from lockview.gui.graph.view import GraphView
from lockview.gui.painting import system_fonts
from lockview.layout.drawing import Box, Curve, Drawing, Group, Move, Path, Rectangle, Role, Style, Text
from lockview.layout.theme import DARK, LIGHT

LEFT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton
NONE, CONTROL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier
RADIUS = 200.0


def corner(number: int) -> tuple[float, float]:
    angle = -math.pi / 2 + number * math.pi / 2
    return RADIUS * math.cos(angle), RADIUS * math.sin(angle)


def edge(number: int, stroke: str = Role.EDGE) -> Group:
    """A quarter of a circle."""
    (x, y), (to_x, to_y) = corner(number), corner(number + 1)
    k = 0.5523
    arc = (Move(x, y), Curve(x + to_x * k, y + to_y * k, to_x + x * k, to_y + y * k, to_x, to_y))
    box = Box(min(x, to_x), min(y, to_y), RADIUS, RADIUS)
    return Group(f"edge:{number}", f"edge {number}", box, (Path(arc, Style(stroke=stroke, width=2)),))


def lock(number: int, name: str = "&lock") -> Group:
    x, y = corner(number)
    box = Box(x - 80, y - 20, 160, 40)
    shapes = (
        Rectangle(box, Style(Role.NODE, Role.BORDER), 6),
        Text(x, y + 5, name, fixed=True, anchor="middle", width=140),
    )
    return Group(f"lock:{number}", name, box, shapes)


def ring(name: str = "&lock") -> Drawing:
    groups = (*(edge(number) for number in range(4)), *(lock(number, name) for number in range(4)))
    return Drawing(Box(-300, -240, 600, 480), groups, "a ring")


def shown(qtbot: QtBot, drawing: Drawing | None = None) -> GraphView:
    view = GraphView(Look(LIGHT, system_fonts()))
    qtbot.addWidget(view)
    view.resize(800, 500)
    view.show_drawing(drawing or ring())
    view.show()
    qtbot.waitExposed(view)
    return view


def place(view: GraphView, x: float, y: float) -> QPoint:
    return view.mapFromScene(QPointF(x, y))


def middle_of_edge(view: GraphView, number: int) -> QPoint:
    angle = -math.pi / 4 + number * math.pi / 2
    return place(view, RADIUS * math.cos(angle), RADIUS * math.sin(angle))


def visible_box(view: GraphView) -> tuple[float, float, float, float]:
    area = view.mapToScene(view.viewport().rect()).boundingRect()
    return area.left(), area.top(), area.right(), area.bottom()


def assert_fits(view: GraphView) -> None:
    left, top, right, bottom = visible_box(view)
    bounds = view.drawing.bounds
    assert left <= bounds.x + 1
    assert top <= bounds.y + 1
    assert right >= bounds.right - 1
    assert bottom >= bounds.bottom - 1


def turn(view: GraphView, at: QPoint, notches: int, modifiers: Qt.KeyboardModifier) -> None:
    spin = QPoint(0, 120 * notches)
    where = QPointF(view.viewport().mapToGlobal(at))
    event = QWheelEvent(
        QPointF(at), where, QPoint(), spin, Qt.MouseButton.NoButton, modifiers, Qt.ScrollPhase.NoScrollPhase, False
    )
    QApplication.sendEvent(view.viewport(), event)


def test_opens_with_the_whole_picture_in_sight_and_keeps_it_there(qtbot: QtBot) -> None:
    view = shown(qtbot)
    for size in ((800, 500), (300, 900), (1200, 200)):
        view.resize(*size)
        assert_fits(view)


def test_a_resize_after_a_zoom_keeps_the_zoom(qtbot: QtBot) -> None:
    view = shown(qtbot)
    view.zoom_at(3.0)
    before = view.scale_factor
    view.resize(400, 400)
    assert view.scale_factor == pytest.approx(before)
    view.fit()
    view.resize(500, 300)
    assert_fits(view)


@pytest.mark.parametrize("notches", [1, 3, -2])
def test_the_wheel_with_control_zooms_at_the_pointer(qtbot: QtBot, notches: int) -> None:
    view = shown(qtbot)
    at = place(view, 120, -70)
    before, scale = view.mapToScene(at), view.scale_factor
    turn(view, at, notches, CONTROL)
    assert view.scale_factor == pytest.approx(scale * 1.2**notches)
    after = view.viewportTransform().map(QPointF(before))
    assert math.hypot(after.x() - at.x(), after.y() - at.y()) <= 1.5


def test_the_plain_wheel_scrolls(qtbot: QtBot) -> None:
    view = shown(qtbot)
    scale, top = view.scale_factor, visible_box(view)[1]
    turn(view, QPoint(400, 250), -1, NONE)
    assert view.scale_factor == scale
    assert visible_box(view)[1] > top


def test_zoom_has_ends(qtbot: QtBot) -> None:
    view = shown(qtbot)
    view.zoom_at(1e9)
    assert view.scale_factor == pytest.approx(12.0)
    view.zoom_at(1e-9)
    assert view.scale_factor == pytest.approx(0.05)


def test_keys_zoom_fit_and_pan(qtbot: QtBot) -> None:
    view = shown(qtbot)
    fitted = view.scale_factor
    QTest.keyClick(view, Qt.Key.Key_Plus)
    assert view.scale_factor == pytest.approx(fitted * 1.2)
    QTest.keyClick(view, Qt.Key.Key_Minus)
    assert view.scale_factor == pytest.approx(fitted)
    left = visible_box(view)[0]
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert visible_box(view)[0] > left
    QTest.keyClick(view, Qt.Key.Key_Plus)
    QTest.keyClick(view, Qt.Key.Key_0, CONTROL)
    assert view.scale_factor == pytest.approx(fitted)
    assert_fits(view)


def test_a_click_picks_what_is_under_it(qtbot: QtBot) -> None:
    view = shown(qtbot)
    for at, name in (
        (place(view, *corner(1)), "lock:1"),
        (middle_of_edge(view, 2), "edge:2"),
        (middle_of_edge(view, 2) + QPoint(6, 0), "edge:2"),
        (place(view, 0, 0), ""),
    ):
        with qtbot.waitSignal(view.picked) as caught:
            QTest.mouseClick(view.viewport(), LEFT, NONE, at)
        assert caught.args == [name]


@pytest.mark.parametrize("button", [LEFT, MIDDLE])
def test_dragging_pans_and_picks_nothing(qtbot: QtBot, button: Qt.MouseButton) -> None:
    view = shown(qtbot)
    start, end = place(view, 0, 0), place(view, 0, 0) + QPoint(60, 30)
    under = view.mapToScene(start)
    with qtbot.assertNotEmitted(view.picked):
        QTest.mousePress(view.viewport(), button, NONE, start)
        for step in (start + QPoint(20, 10), end):
            QApplication.sendEvent(view.viewport(), _move(view, step, button))
        QTest.mouseRelease(view.viewport(), button, NONE, end)
    there = view.mapFromScene(under)
    assert (there - end).manhattanLength() <= 2


def _move(view: GraphView, at: QPoint, button: Qt.MouseButton) -> QEvent:
    where = QPointF(view.viewport().mapToGlobal(at))
    return QMouseEvent(QEvent.Type.MouseMove, QPointF(at), where, Qt.MouseButton.NoButton, button, NONE)


def test_the_picture_cannot_be_lost(qtbot: QtBot) -> None:
    view = shown(qtbot)
    view.pan(100_000, 100_000)
    left, top, right, bottom = visible_box(view)
    bounds = view.drawing.bounds
    assert Box(left, top, right - left, bottom - top).overlaps(bounds)


def test_double_click_fits(qtbot: QtBot) -> None:
    view = shown(qtbot)
    view.zoom_at(4.0)
    QTest.mouseDClick(view.viewport(), LEFT, NONE, QPoint(5, 5))
    assert_fits(view)


def test_hover_tells_what_is_under_the_pointer_once(qtbot: QtBot) -> None:
    view = shown(qtbot)
    heard: list[str] = []
    view.hovered.connect(heard.append)
    for at in (place(view, *corner(1)), place(view, *corner(1)) + QPoint(3, 3), place(view, 0, 0)):
        QTest.mouseMove(view.viewport(), at)
        QApplication.sendEvent(view.viewport(), _move(view, at, Qt.MouseButton.NoButton))
    assert heard == ["lock:1", ""]


def test_tab_goes_around_the_cycle_and_then_leaves(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    view = GraphView(Look(LIGHT, system_fonts()), window)
    view.show_drawing(ring())
    view.picked.connect(view.set_focus_item)
    window.show()
    qtbot.waitExposed(window)
    heard: list[str] = []
    view.picked.connect(heard.append)
    for _ in range(9):
        QTest.keyClick(view, Qt.Key.Key_Tab)
    assert heard == ["lock:0", "edge:0", "lock:1", "edge:1", "lock:2", "edge:2", "lock:3", "edge:3"]


def test_arrows_go_to_the_neighbour_in_that_direction(qtbot: QtBot) -> None:
    view = shown(qtbot)
    view.set_focus_item("lock:0")
    with qtbot.waitSignal(view.picked) as caught:
        QTest.keyClick(view, Qt.Key.Key_Right)
    assert caught.args == ["edge:0"]
    view.set_focus_item("lock:3")
    left = visible_box(view)[0]
    with qtbot.assertNotEmitted(view.picked):
        QTest.keyClick(view, Qt.Key.Key_Left)
    assert visible_box(view)[0] < left


def test_focus_can_be_seen(qtbot: QtBot) -> None:
    view = shown(qtbot)
    view.set_focus_item("lock:1")
    qtbot.waitUntil(view.hasFocus)
    plain = view.grab().toImage()
    view.clearFocus()
    view.setFocus(Qt.FocusReason.TabFocusReason)
    assert view.grab().toImage() != plain


def test_reveal_scrolls_to_a_thing_out_of_sight(qtbot: QtBot) -> None:
    view = shown(qtbot)
    view.zoom_at(8.0)
    left, _, right, _ = visible_box(view)
    assert not left < corner(1)[0] < right
    view.reveal("lock:1")
    left, _, right, _ = visible_box(view)
    assert left < corner(1)[0] < right


def test_only_changed_groups_are_painted_again(qtbot: QtBot) -> None:
    view = shown(qtbot)
    items = view.scene().items()
    view.show_drawing(ring()._replace(groups=(edge(0, Role.ACCENT), *ring().groups[1:])))
    assert view.scene().items() == items
    at = middle_of_edge(view, 0)
    colours = {view.grab().toImage().pixelColor(at + QPoint(dx, dy)).name() for dx in (-1, 0, 1) for dy in (-1, 0, 1)}
    assert LIGHT.colours[Role.ACCENT] in colours


def test_another_theme_repaints_everything(qtbot: QtBot) -> None:
    view = shown(qtbot)
    view.set_look(Look(DARK, system_fonts()))
    assert view.grab().toImage().pixelColor(2, 2).name() == DARK.colours[Role.BACKGROUND]


@pytest.mark.qt_log_ignore("does not support raise")
@pytest.mark.parametrize("name", ['<img src=x>"->', "<b>&amp;</b>\n%s", "\u202egpj", "", "x" * 90, "\U0001f600\ud800"])
def test_hostile_names_are_painted_and_told_as_plain_text(qtbot: QtBot, name: str) -> None:
    view = shown(qtbot, ring(name))
    at = place(view, *corner(1))
    view.grab()
    event = QHelpEvent(QEvent.Type.ToolTip, at, view.viewport().mapToGlobal(at))
    QApplication.sendEvent(view.viewport(), event)
    told = QToolTip.text()
    assert "<img" not in told
    assert "<b>" not in told
    QToolTip.hideText()


def test_an_empty_drawing_is_harmless(qtbot: QtBot) -> None:
    view = shown(qtbot, Drawing(Box(0, 0, 0, 0), ()))
    view.fit()
    view.zoom_at(2.0)
    view.reveal("lock:0")
    QTest.keyClick(view, Qt.Key.Key_Right)
    assert view.name_at(QPoint(10, 10)) == ""
