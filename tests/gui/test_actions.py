"""The table of actions: everything in it is reachable, unambiguous and does what it says."""

from collections import Counter
from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QMenu, QToolButton
from pytestqt.qtbot import QtBot

from lockview.gui.actions import ACTIONS, MENUS, TOOL_BAR, UiState
from lockview.gui.plain import PlainLabel
from lockview.gui.window import MainWindow

MakeWindow = Callable[..., MainWindow]
NEEDS_A_DIALOG = {"open", "open-folder", "quit", *(spec.name for spec in ACTIONS if spec.name.startswith("export-"))}


def test_names_and_shortcuts_are_unique() -> None:
    assert [name for name, count in Counter(spec.name for spec in ACTIONS).items() if count > 1] == []
    keys = [QKeySequence(key).toString() for spec in ACTIONS for key in spec.shortcuts]
    assert [key for key, count in Counter(keys).items() if count > 1] == []
    assert all(keys)


def test_rows_are_well_formed() -> None:
    names = {spec.name for spec in ACTIONS}
    assert {name for group in TOOL_BAR for name in group} <= names
    assert {spec.menu.partition("/")[0] for spec in ACTIONS} == set(MENUS)
    assert all("&" not in spec.title for spec in ACTIONS)


def test_every_row_is_in_a_menu(window: MainWindow) -> None:
    found = {action.objectName() for menu in window.findChildren(QMenu) for action in menu.actions()}
    assert {spec.name for spec in ACTIONS} <= found


def test_titles_in_a_menu_differ(window: MainWindow) -> None:
    for path in {spec.menu for spec in ACTIONS}:
        titles = [action.text() for action in window.board.menu(path).actions() if action.text()]
        assert len(titles) == len(set(titles))


def test_without_a_document_only_what_makes_sense_is_enabled(make_window: MakeWindow) -> None:
    window = make_window()
    enabled = {spec.name for spec in ACTIONS if window.board.action(spec.name).isEnabled()}
    assert {"open", "open-sample", "paste", "quit", "shortcuts", "about", "reset-layout"} <= enabled
    assert not enabled & {"close", "reload", "fit", "walk", "replay-forward", "export-svg", "copy-stack", "next-report"}


def test_predicates_take_any_state() -> None:
    for spec in ACTIONS:
        assert isinstance(spec.enabled(UiState()), bool)


@pytest.mark.parametrize("name", [spec.name for spec in ACTIONS if spec.name not in NEEDS_A_DIALOG])
def test_every_action_runs_on_the_sample(window: MainWindow, name: str) -> None:
    QApplication.clipboard().setText("text of a log")
    window.workspace.select_item("edge:2", frame=1)
    window.board.action(name).trigger()
    QApplication.processEvents()
    for dialog in window.findChildren(QDialog):
        dialog.close()
    allowed = {"reload"} if name == "reload" else set()
    assert {message.topic for message in window.messages.messages} <= allowed


def test_brackets_walk_along_the_cycle(window: MainWindow, qtbot: QtBot) -> None:
    window.graph.setFocus()
    seen = []
    for _ in range(5):
        qtbot.keyClick(window.graph.view, Qt.Key.Key_BracketRight)
        seen.append(window.workspace.selection.item)
    assert seen[:4] == ["edge:0", "edge:1", "edge:2", "edge:3"]
    assert seen[4] == "edge:0"
    qtbot.keyClick(window.graph.view, Qt.Key.Key_BracketLeft)
    assert window.workspace.selection.item == "edge:3"


def test_shortcuts_reach_their_actions_from_any_panel(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    for name in ("reports", "details", "log"):
        widget = window.docks.dock(name).widget()
        widget.setFocus()
        qtbot.keyClick(QApplication.focusWidget() or widget, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
        assert window.graph.view_name == "layered", name
        assert window.board.action("view-layered").isChecked()
        qtbot.keyClick(QApplication.focusWidget() or widget, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
        assert window.graph.view_name == "ring"


def test_paste_belongs_to_a_field_that_has_the_focus(window: MainWindow, qtbot: QtBot) -> None:
    field = QLineEdit(window)
    field.show()
    field.setFocus()
    QApplication.clipboard().setText("some words")
    qtbot.keyClick(field, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    assert field.text() == "some words"
    assert len(window.workspace.documents) == 1


def test_the_tool_bar_is_36_pixels_high_and_works(window: MainWindow, qtbot: QtBot) -> None:
    assert window.tools.height() == 36
    button = window.tools.findChild(QToolButton, "tool-view-lanes")
    assert button is not None
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert window.graph.view_name == "lanes"
    export = window.tools.export_button.menu()
    assert [action.objectName() for action in export.actions()] == [
        f"export-{name}" for name in ("png", "svg", "pdf", "dot", "mermaid", "text", "json")
    ]


def test_replay_actions_bring_the_panel_to_the_front(window: MainWindow) -> None:
    window.board.action("replay-deadlock").trigger()
    replay = window.workspace.replay
    assert replay is not None
    assert replay.position == replay.length
    assert not window.docks.dock("replay").visibleRegion().isEmpty()
    window.board.action("replay-first").trigger()
    assert window.workspace.replay is not None
    assert window.workspace.replay.position == 0


def test_the_sheet_lists_every_shortcut(window: MainWindow) -> None:
    window.show_shortcuts()
    sheet = window.findChild(QDialog, "shortcut-sheet")
    assert sheet is not None
    words = "\n".join(label.text() for label in sheet.findChildren(PlainLabel))
    for spec in ACTIONS:
        for key in spec.shortcuts:
            assert QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) in words
    sheet.close()


def test_copied_text_fits_a_mail(window: MainWindow) -> None:
    window.board.action("copy-text").trigger()
    text = QApplication.clipboard().text()
    assert "&mapping->i_mmap_rwsem" in text
    assert max(map(len, text.splitlines())) <= 75


def test_docks_can_be_shown_again_from_the_view_menu(window: MainWindow) -> None:
    window.docks.dock("log").close()
    entry = next(action for action in window.board.menu("View").actions() if action.text() == "Log")
    assert isinstance(entry, QAction)
    assert not entry.isChecked()
    entry.trigger()
    assert not window.docks.dock("log").isHidden()


def test_esc_stops_only_while_something_is_read(window: MainWindow) -> None:
    assert not window.board.action("stop").isEnabled()
