"""The window as a whole: what it shows, how it starts and ends, and that nothing in it reads text as HTML."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMargins, QRect, QSize, Qt
from PySide6.QtGui import QFont, QPalette
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDockWidget,
    QLabel,
    QMenuBar,
    QTextBrowser,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from lockview.document.errors import UserError
from lockview.document.selection import Selection
from lockview.gui.actions import ActionSpec
from lockview.gui.plain import PlainLabel, menu_text, shown, tip
from lockview.gui.room import room_in
from lockview.gui.settings_store import SettingsStore
from lockview.gui.theme import Appearance, contrast, palette_for, style_sheet, with_neutrals
from lockview.gui.window import MainWindow
from lockview.layout.theme import DARK, LIGHT, THEMES

HOSTILE = '<img src=x onerror="x">&rq->__lock %s \u202egnp.exe \x1b[31m'
MakeWindow = Callable[..., MainWindow]


def test_the_sample_fills_every_panel(window: MainWindow) -> None:
    assert window.windowTitle() == "khugepaged-fs-reclaim.log — lockview"
    assert window.central.page is window.graph
    assert [dock.objectName() for dock in window.docks.all] == ["reports", "details", "log", "replay"]
    assert all(type(dock.widget()).__name__.endswith("Panel") for dock in window.docks.all)
    assert "1 report" in window.status.facts.text()
    report = window.workspace.report
    assert report is not None
    assert [node.lock_class.name for node in report.graph.nodes] == [
        "&mapping->i_mmap_rwsem",
        "&vma->vm_sequence",
        "&vma->vm_sequence/1",
        "fs_reclaim",
    ]


def first_places(window: MainWindow, qtbot: QtBot, sample: Path) -> tuple[QRect, QRect]:
    """Where the picture is when it is first painted, and where it is when everything is there."""
    qtbot.addWidget(window)
    painted: list[QRect] = []
    finish = window.finish

    def note_and_finish() -> None:
        assert not window.findChildren(QMenuBar)
        assert not window.findChildren(QDockWidget)
        painted.append(window.central.geometry())
        finish()
        heads = [dock.titleBarWidget().objectName() for dock in window.docks.all]
        assert heads == ["dock-head", "dock-head", "", ""]

    window.finish = note_and_finish  # type: ignore[method-assign]
    window.open_paths([str(sample)])
    with qtbot.waitSignal(window.finished):
        window.show()
    QApplication.processEvents()
    return painted[0], window.central.geometry()


@pytest.fixture
def dressed(qapp: QApplication) -> Iterator[Appearance]:
    """A light appearance in force, as the program has it."""
    appearance = Appearance("light")
    appearance.install()
    yield appearance
    qapp.setStyleSheet("")
    qapp.setPalette(QPalette())


def test_the_picture_stays_where_it_was_first_painted(dressed: Appearance, qtbot: QtBot, sample: Path) -> None:
    window = MainWindow(SettingsStore(), dressed)
    before, after = first_places(window, qtbot, sample)
    assert before == after
    window.docks.dock("reports").hide()
    window.resizeDocks([window.docks.dock("log")], [200], Qt.Orientation.Vertical)
    window.resize(780, 600)
    QApplication.processEvents()
    last = window.central.geometry()
    window.close()
    again = MainWindow(SettingsStore(), dressed)
    assert first_places(again, qtbot, sample) == (last, last)


def test_room_that_does_not_fit_is_not_kept() -> None:
    window, font = QSize(800, 600), QFont()
    first = room_in(window, font, None)
    assert room_in(window, font, QMargins(10, 20, 30, 40)) == QMargins(10, 20, 30, 40)
    for large in (QMargins(400, 0, 350, 0), QMargins(0, 99_999, 0, 0)):
        assert room_in(window, font, large) == first
    assert first.left() + first.right() < 400


def test_a_window_that_goes_before_it_is_finished_forgets_no_layout(make_window: MakeWindow, sample: Path) -> None:
    make_window(sample).close()
    docks = SettingsStore().docks
    MainWindow(SettingsStore(), Appearance("light")).close()
    assert SettingsStore().docks == docks
    assert not docks.isEmpty()


def test_heavy_modules_wait_for_the_first_paint() -> None:
    """Each of these costs milliseconds before the user sees anything."""
    code = (
        "import sys; import lockview.gui.window, lockview.parsing.reader; "
        "print(sorted(set(sys.modules) & {'json', 'argparse', 'networkx', 'pygraphviz', 'multiprocessing', "
        "'lockview.gui.details.panel', 'lockview.gui.replay.panel', 'lockview.gui.log.panel', 'lockview.gui.help', "
        "'lockview.export.as_json', 'lockview.worker', 'lockview.gui.messages', 'lockview.gui.start.page'} "
        "- loaded_by_qt))"
    )
    code = f"import sys, PySide6.QtWidgets; loaded_by_qt = set(sys.modules); {code}"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())
    assert out.stdout.strip() == "[]"


def test_layout_and_geometry_come_back(make_window: MakeWindow, sample: Path) -> None:
    first = make_window(sample)
    first.docks.dock("reports").hide()
    first.resize(780, 600)
    first.close()
    second = make_window(sample)
    assert second.docks.dock("reports").isHidden()
    assert second.size() == first.size()
    second.reset_layout()
    assert not second.docks.dock("reports").isHidden()


def test_a_damaged_settings_file_gives_the_defaults(make_window: MakeWindow, config_home: Path) -> None:
    config_home.mkdir()
    (config_home / "lockview.ini").write_bytes(b"\x00\xff[window\ngeometry=@ByteArray(nonsense\ntheme=@Invalid()\n[[[")
    window = make_window()
    assert window.appearance.choice == "light"
    assert window.store.theme == "system"
    assert window.store.recent == ()
    assert window.size().width() == 1280


def test_the_tabs_at_the_bottom_have_no_second_head(window: MainWindow, qtbot: QtBot) -> None:
    log, reports = window.docks.dock("log"), window.docks.dock("reports")
    qtbot.waitUntil(lambda: log.titleBarWidget().objectName() != "dock-head")
    assert reports.titleBarWidget().objectName() == "dock-head"
    log.setFloating(True)
    qtbot.waitUntil(lambda: log.titleBarWidget().objectName() == "dock-head")


@pytest.mark.parametrize("size", [(1280, 800), (1000, 700)])
def test_the_picture_keeps_the_largest_part(make_window: MakeWindow, sample: Path, size: tuple[int, int]) -> None:
    window = make_window(sample)
    window.resize(*size)
    window.docks.proportion()
    QApplication.processEvents()
    assert window.graph.width() > 0.45 * size[0]
    assert window.graph.height() > 0.4 * size[1]


def test_a_refusal_becomes_a_message(window: MainWindow) -> None:
    def refuse(_: MainWindow) -> None:
        raise UserError("There is no such lock. Choose another.")

    window.run(ActionSpec("refused", "File", "Refused", refuse))
    assert [message.text for message in window.messages.messages] == ["There is no such lock. Choose another."]


def test_a_bug_is_offered_as_text_and_the_window_stays(window: MainWindow, qtbot: QtBot) -> None:
    from lockview.gui.crash import CrashDialog, CrashReporter

    reporter = CrashReporter(window)
    try:
        raise RuntimeError("<b>no</b>")
    except RuntimeError as error:
        reporter.hook(type(error), error, error.__traceback__)
    qtbot.waitUntil(lambda: bool(window.findChildren(CrashDialog)))
    dialog = window.findChildren(CrashDialog)[0]
    assert "RuntimeError: <b>no</b>" in dialog.text.toPlainText()
    assert not dialog.isModal()
    qtbot.mouseClick(dialog.copy_button, Qt.MouseButton.LeftButton)
    assert "RuntimeError: <b>no</b>" in QApplication.clipboard().text()
    assert window.isVisible()


def test_the_theme_follows_the_choice_and_is_remembered(window: MainWindow) -> None:
    window.board.action("theme-dark").trigger()
    assert window.appearance.theme.name == "dark"
    assert window.store.theme == "dark"
    assert window.board.action("theme-dark").isChecked()
    assert not window.board.action("theme-light").isChecked()


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_palettes_can_be_read(theme: object, qapp: QApplication) -> None:
    palette = palette_for(theme)  # type: ignore[arg-type]
    role = type(palette).ColorRole
    for ground, ink in ((role.Window, role.WindowText), (role.Base, role.Text), (role.Highlight, role.HighlightedText)):
        assert contrast(palette.color(ground), palette.color(ink)) >= 4.5
    assert contrast(palette.color(role.Base), palette.color(role.PlaceholderText)) >= 4.5
    assert "%(" not in style_sheet(theme)  # type: ignore[arg-type]


def test_the_desktops_greys_are_taken_only_when_they_fit(qapp: QApplication) -> None:
    palette = palette_for(DARK)
    assert with_neutrals(LIGHT, palette) is LIGHT
    assert with_neutrals(DARK, palette).colours["background"] == DARK.colours["background"]
    assert with_neutrals(DARK, palette).colours["signal"] == DARK.colours["signal"]


def test_hostile_text_is_shown_letter_by_letter(qtbot: QtBot) -> None:
    label = PlainLabel(HOSTILE)
    qtbot.addWidget(label)
    assert label.textFormat() == Qt.TextFormat.PlainText
    assert label.text().startswith("<img src=x")
    assert "\u202e" not in label.text()
    assert "\x1b" not in label.text()
    assert menu_text("&rq->__lock") == "&&rq->__lock"
    assert "<img" not in tip(HOSTILE)
    assert "&lt;img" in tip(HOSTILE)
    assert tip("plain -> text") == "plain -> text"
    assert shown("two\nlines") == "two\nlines"


def test_no_widget_guesses_whether_text_is_html(make_window: MakeWindow, tmp_path: Path, sample: Path) -> None:
    """Walks all widgets of a window whose every name is hostile."""
    hostile = tmp_path / "<b>&x<img src=a>.log"
    hostile.write_text(sample.read_text().replace("fs_reclaim", "&<img-src=x>").replace("khugepaged", "<b>x"))
    window = make_window(hostile, tmp_path / "<i>missing</i>", tmp_path)
    window.workspace.select_item("edge:2")
    window.show_shortcuts()
    window.show_about()
    QApplication.processEvents()
    for widget in window.findChildren(QWidget):
        if isinstance(widget, QLabel):
            assert widget.textFormat() == Qt.TextFormat.PlainText or not Qt_may_be_rich(widget.text()), widget.text()
        assert not isinstance(widget, QTextBrowser)
        assert not (isinstance(widget, QTextEdit) and widget.acceptRichText())
        for words in (widget.toolTip(), widget.statusTip(), widget.whatsThis()):
            assert "<img" not in words
            assert "<b>" not in words
        if isinstance(widget, QAbstractButton):
            assert "&x" not in re.sub("&&", "", widget.text())


def Qt_may_be_rich(text: str) -> bool:  # noqa: N802
    from PySide6.QtGui import Qt as GuiQt

    return GuiQt.mightBeRichText(text)


def test_everything_that_can_be_used_has_a_name(window: MainWindow) -> None:
    from PySide6.QtGui import QAccessible

    nameless = []
    for widget in window.findChildren(QWidget):
        if widget.focusPolicy() == Qt.FocusPolicy.NoFocus or not widget.isVisible() or widget.focusProxy():
            continue
        interface = QAccessible.queryAccessibleInterface(widget)
        name = interface.text(QAccessible.Text.Name) if interface else widget.accessibleName()
        if not name and not widget.objectName().startswith("qt_"):
            nameless.append(f"{type(widget).__name__} {widget.objectName()} in {type(widget.parent()).__name__}")
    assert nameless == []


def test_reports_of_all_documents_are_stepped_through(make_window: MakeWindow, sample: Path, tmp_path: Path) -> None:
    twice = tmp_path / "twice.log"
    twice.write_text(sample.read_text() + "\n" + sample.read_text().replace("[ 2311.", "[ 2312."))
    window = make_window(sample, twice)
    assert window.workspace.selection == Selection(document=0, report=0)
    for place in ((1, 0), (1, 1)):
        window.board.action("next-report").trigger()
        assert (window.workspace.selection.document, window.workspace.selection.report) == place
    assert not window.board.action("next-report").isEnabled()
    window.board.action("previous-report").trigger()
    assert window.workspace.selection.report == 0


def test_what_was_saved_or_copied_is_said_in_the_status_bar(window: MainWindow) -> None:
    window.copy_as("text")
    assert window.status.currentMessage() == "Copied the Text figure."


def test_the_keyboard_never_goes_behind_a_tab(window: MainWindow, qtbot: QtBot) -> None:
    seen = set()
    window.docks.bring_up("log")
    window.graph.setFocus()
    for _ in range(40):
        focused = QApplication.focusWidget()
        if focused is not None:
            seen.add(focused)
            middle = focused.mapTo(window, focused.rect().center())
            assert window.rect().contains(middle), focused.accessibleName()
        qtbot.keyClick(focused or window, Qt.Key.Key_Tab)
    assert len(seen) > 5
    window.docks.bring_up("replay")
    assert window.replay.transport.button("forward").isEnabled()
    window.docks.bring_up("log")
    window.replay.transport.button("forward").click()
    assert window.workspace.replay is not None
