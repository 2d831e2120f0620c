"""The Reports panel: its tree, and selecting both ways."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from lockview.document.opening import document_of
from lockview.document.selection import Selection
from lockview.gui.reports.model import ReportsModel
from lockview.gui.reports.panel import CROSS, ReportsPanel
from lockview.gui.two_lines import MARK, SECOND
from lockview.gui.window import MainWindow

MakeWindow = Callable[..., MainWindow]


@pytest.fixture
def two(make_window: MakeWindow, sample: Path, tmp_path: Path) -> MainWindow:
    """The sample, and a document with two reports of which the second is cut."""
    text = sample.read_text()
    other = tmp_path / "other.log"
    other.write_text(text + "\n" + text[: len(text) // 2])
    return make_window(sample, other)


def _panel(window: MainWindow) -> ReportsPanel:
    panel = window.docks.dock("reports").widget()
    assert isinstance(panel, ReportsPanel)
    return panel


def test_rows_say_lock_kind_task_time_and_damage(two: MainWindow) -> None:
    model = _panel(two).model
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    assert [model.index(row, 0).data() for row in range(model.rowCount())] == ["khugepaged-fs-reclaim.log", "other.log"]
    report = model.index_of(1, 0)
    assert report.data() == "&mapping->i_mmap_rwsem"
    assert report.data(SECOND) == "circular · khugepaged/43 · 2311.315401"
    assert model.index_of(1, 1).data(MARK) == "incomplete"


def test_a_click_selects_the_report_everywhere(two: MainWindow, qtbot: QtBot) -> None:
    panel = _panel(two)
    place = panel.view.visualRect(panel.model.index_of(1, 1)).center()
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert two.workspace.selection == Selection(document=1, report=1)
    two.workspace.select(Selection(document=0, report=0))
    assert panel.view.currentIndex() == panel.model.index_of(0, 0)


def test_the_keyboard_walks_over_headings(two: MainWindow, qtbot: QtBot) -> None:
    panel = _panel(two)
    panel.view.setFocus()
    for expected in (Selection(document=0, report=0), Selection(document=1, report=0), Selection(document=1, report=1)):
        qtbot.keyClick(panel.view, Qt.Key.Key_Down)
        assert two.workspace.selection == expected
    qtbot.keyClick(panel.view, Qt.Key.Key_Up)
    assert two.workspace.selection == Selection(document=1, report=0)


def test_a_heading_leads_to_its_first_report_and_its_cross_closes(two: MainWindow, qtbot: QtBot) -> None:
    panel = _panel(two)
    row = panel.view.visualRect(panel.model.index_of(1, -1))
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=row.center())
    assert two.workspace.selection == Selection(document=1, report=0)
    row = panel.view.visualRect(panel.model.index_of(0, -1))
    cross = QPoint(row.right() - CROSS // 2, row.center().y())
    qtbot.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=cross)
    assert [document.path.rpartition("/")[2] for document in two.workspace.documents] == ["other.log"]
    assert two.workspace.selection == Selection(document=0, report=0)
    assert two.workspace.report is not None


def test_closing_a_document_that_is_not_selected_keeps_the_selection(two: MainWindow) -> None:
    two.workspace.select(Selection(document=1, report=1, item="edge:0"))
    two.close_document(0)
    assert two.workspace.selection == Selection(document=0, report=1, item="edge:0")
    assert _panel(two).view.currentIndex() == _panel(two).model.index_of(0, 1)


def test_closing_the_last_document_leads_to_the_start(window: MainWindow) -> None:
    window.board.action("close").trigger()
    assert window.workspace.selection == Selection()
    assert window.central.page is window.central.start
    assert window.windowTitle() == "lockview"


def test_delete_and_the_menu_close_too(two: MainWindow, qtbot: QtBot) -> None:
    panel = _panel(two)
    place = panel.view.visualRect(panel.model.index_of(1, 0)).center()
    panel.view.customContextMenuRequested.emit(place)
    menu = panel.view.findChild(QMenu)
    assert menu is not None
    assert [action.text() for action in menu.actions()] == ["Reload", "Close"]
    menu.actions()[1].trigger()
    menu.close()
    assert len(two.workspace.documents) == 1
    panel.view.setCurrentIndex(panel.model.index_of(0, 0))
    qtbot.keyClick(panel.view, Qt.Key.Key_Delete)
    assert two.workspace.documents == []


def test_the_model_keeps_the_rules_of_qt(qapp: object, sample: Path) -> None:
    text = sample.read_bytes()
    three = text + text.replace(b"[ 2311.", b"[ 2312.") + text.replace(b"[ 2311.", b"[ 2313.")
    model = ReportsModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    model.set_documents([document_of(three, "three"), document_of(b"nothing\n", "none"), document_of(text, "one")])
    assert [model.rowCount(model.index(row, 0)) for row in range(model.rowCount())] == [3, 0, 1]


def test_documents_that_are_added_leave_the_other_rows_alone(qapp: object, sample: Path) -> None:
    text = sample.read_bytes()
    one, two, three = (document_of(text, name) for name in ("one", "two", "three"))
    model = ReportsModel()
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal, model)
    resets: list[bool] = []
    model.modelReset.connect(lambda: resets.append(True))
    kept = [model.set_documents(documents) for documents in ([one], [one, two, three], [one, three], [])]
    assert kept == [0, 1, 0, 0]
    assert len(resets) == 3
    assert model.rowCount() == 0
