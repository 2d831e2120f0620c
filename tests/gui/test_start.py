"""The start page, the recent files, and the page of a log without a report."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMenu
from pytestqt.qtbot import QtBot

from lockview.document.recent import MOST, RecentFile, in_order, opened, with_pin, without, without_unpinned
from lockview.gui.start.nothing_found import words_for
from lockview.gui.start.page import PATH, StartPage
from lockview.gui.two_lines import MARK
from lockview.gui.window import MainWindow
from lockview.model.logs import Log, NearMiss

MakeWindow = Callable[..., MainWindow]


def _page(window: MainWindow) -> StartPage:
    page = window.central.page
    assert isinstance(page, StartPage)
    return page


def test_a_window_without_files_offers_the_sample(make_window: MakeWindow, qtbot: QtBot) -> None:
    window = make_window()
    assert window.windowTitle() == "lockview"
    qtbot.mouseClick(_page(window).sample_button, Qt.MouseButton.LeftButton)
    assert window.central.page is window.graph
    assert window.workspace.report is not None
    assert window.store.recent == ()


def test_open_asks_for_files(make_window: MakeWindow, qtbot: QtBot, sample: Path) -> None:
    window = make_window()
    qtbot.mouseClick(_page(window).open_button, Qt.MouseButton.LeftButton)
    dialog = window.findChild(QFileDialog)
    assert dialog is not None
    assert dialog.fileMode() == QFileDialog.FileMode.ExistingFiles
    dialog.filesSelected.emit([str(sample), str(sample)])
    assert len(window.workspace.documents) == 1
    dialog.reject()


def test_recent_files_are_remembered_pinned_and_marked(
    make_window: MakeWindow, qtbot: QtBot, tmp_path: Path, sample: Path
) -> None:
    kept, gone = tmp_path / "kept.log", tmp_path / "gone.log"
    for path in (kept, gone):
        path.write_bytes(sample.read_bytes())
    first = make_window(kept, gone)
    assert [file.name for file in first.store.recent] == ["gone.log", "kept.log"]
    first.close()
    gone.unlink()
    window = make_window()
    page = _page(window)
    page.pin_wanted.emit(str(gone), True)
    assert [page.recent.item(row).data(PATH) for row in range(2)] == [str(gone), str(kept)]
    assert page.recent.item(0).data(MARK) == "pinned, missing"
    item = page.recent.visualItemRect(page.recent.item(1)).center()
    qtbot.mouseClick(page.recent.viewport(), Qt.MouseButton.LeftButton, pos=item)
    assert window.workspace.document is not None
    assert window.workspace.document.path == str(kept)
    window.open_paths([str(gone)])
    assert "does not exist" in window.messages.messages[-1].text
    page.forget_wanted.emit(str(gone))
    assert [file.path for file in window.store.recent] == [str(kept)]


def test_the_recent_menu_shows_names_as_they_are(make_window: MakeWindow, tmp_path: Path, sample: Path) -> None:
    path = tmp_path / "a&b.log"
    path.write_bytes(sample.read_bytes())
    window = make_window(path)
    menu = window.findChild(QMenu, "recent")
    assert menu is not None
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions()] == ["a&&b.log", "", "Clear the list"]
    menu.actions()[-1].trigger()
    assert window.store.recent == ()


def test_the_list_of_recent_files() -> None:
    files: tuple[RecentFile, ...] = ()
    for number in range(MOST + 3):
        files = opened(files, f"/{number}")
        if number == 0:
            files = with_pin(files, "/0", True)
    assert files[0].path == f"/{MOST + 2}"
    assert len([file for file in files if not file.pinned]) == MOST
    assert in_order(files)[0] == RecentFile("/0", True)
    assert opened(files, "/0")[0] == RecentFile("/0", True)
    assert without_unpinned(files) == (RecentFile("/0", True),)
    assert "/5" not in [file.path for file in without(files, "/5")]


def test_a_log_without_a_report_says_what_was_looked_for(make_window: MakeWindow, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "quiet.log"
    path.write_text("[    1.0] nothing here\n[    2.0] WARNING: possible circular locking dependency detected\n")
    window = make_window(path)
    page = window.central.nothing
    assert page is window.central.page
    assert page is not None
    assert page.title.text() == "No lock report in quiet.log"
    assert "2 lines were searched" in page.words.text()
    assert page.near.count() == 1
    rect = page.near.visualItemRect(page.near.item(0))
    qtbot.mouseClick(page.near.viewport(), Qt.MouseButton.LeftButton, pos=rect.center())
    assert window.workspace.selection.line == 2


def test_words_about_near_misses() -> None:
    nothing = words_for(Log("x", lines=1))
    assert nothing.startswith("1 line was searched")
    assert "Nothing came close" in nothing
    one = words_for(Log("x", lines=2000, near_misses=(NearMiss(2, "a", "b"),)))
    assert "This line came close" in one


def test_a_name_that_is_no_unicode_is_not_remembered_under_another() -> None:
    known = (RecentFile("/a"),)
    assert opened(known, "/b\udcff.log") == known
