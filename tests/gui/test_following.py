"""Following: a log grows, is cut or rotated, or comes through a pipe, while the user looks at it."""

import gzip
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from lockview.document.growing import GONE, GrowingLines
from lockview.document.names import display_name
from lockview.document.selection import Selection
from lockview.gui.log.view import LogView
from lockview.gui.messages import MessageRow
from lockview.gui.reports.panel import ReportsView
from lockview.gui.start.nothing_found import NothingFoundPage
from lockview.gui.window import MainWindow

MakeWindow = Callable[..., MainWindow]
PATIENCE = 20_000
NOISE = b"".join(b"[ 2400.%06d] usb 1-1: new device\n" % number for number in range(400))


def _append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def _later(sample: Path, second: int) -> bytes:
    return sample.read_bytes().replace(b"[ 2311.", b"[ %d." % second)


def _said(window: MainWindow) -> str:
    return "\n".join(message.text for message in window.messages.messages)


def _log(window: MainWindow) -> LogView:
    view = window.docks.dock("log").findChild(LogView)
    assert isinstance(view, LogView)
    return view


def _rows(window: MainWindow) -> list[list[str]]:
    """What the list of reports shows: for each document its name and the names of its reports."""
    view = window.docks.dock("reports").findChild(ReportsView)
    assert isinstance(view, ReportsView)
    model = view.model()
    tops = [model.index(row, 0) for row in range(model.rowCount())]
    below = [[model.index(row, 0, top).data() for row in range(model.rowCount(top))] for top in tops]
    return [[top.data(), *names] for top, names in zip(tops, below, strict=True)]


def _buttons(window: MainWindow) -> list[QPushButton]:
    return [button for row in window.messages.findChildren(MessageRow) for button in row.way_buttons]


@pytest.fixture
def growing(make_window: MakeWindow, sample: Path, tmp_path: Path, qtbot: QtBot) -> tuple[MainWindow, Path]:
    """A window that follows a log with one report."""
    path = tmp_path / "kern.log"
    path.write_bytes(NOISE + sample.read_bytes() + NOISE)
    window = make_window(path)
    assert window.status.following.isHidden()
    window.board.action("follow").trigger()
    assert window.board.action("follow").isChecked()
    assert not window.status.following.isHidden()
    following = window.opener.following_of(window.workspace.document)
    assert following is not None
    qtbot.waitUntil(lambda: following._lines is not None, timeout=PATIENCE)
    return window, path


def test_a_new_report_is_added_and_announced_and_nothing_jumps(
    growing: tuple[MainWindow, Path], sample: Path, qtbot: QtBot
) -> None:
    window, path = growing
    window.workspace.select_item("edge:2", frame=1)
    before, place = window.workspace.selection, _log(window).verticalScrollBar().value()
    lines = len(window.workspace.document.lines)  # type: ignore[union-attr]
    _append(path, _later(sample, 9000) + NOISE)
    qtbot.waitUntil(lambda: "New report" in _said(window), timeout=PATIENCE)
    document = window.workspace.document
    assert document is not None
    assert len(document.reports) == 2
    assert len(_rows(window)[0]) == 3
    assert window.workspace.selection == before
    assert _log(window).verticalScrollBar().value() == place
    assert f"kern.log, line {lines + 2:,}" in _said(window)
    assert list(document.lines) == path.read_text().splitlines()
    assert _log(window).verticalScrollBar().maximum() > lines
    (button,) = _buttons(window)
    assert button.text() == "Show"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert window.workspace.selection == Selection(0, 1)
    assert not window.messages.messages
    assert window.status.following.text() == f"\N{BLACK CIRCLE} Following, {len(document.lines) - lines:,} new lines"


def test_reports_that_nobody_looked_at_are_counted(
    growing: tuple[MainWindow, Path], sample: Path, qtbot: QtBot
) -> None:
    window, path = growing
    _append(path, _later(sample, 9000) + NOISE)
    qtbot.waitUntil(lambda: "New report" in _said(window), timeout=PATIENCE)
    _append(path, _later(sample, 9100) + NOISE)
    qtbot.waitUntil(lambda: "2 new reports, the last" in _said(window), timeout=PATIENCE)
    assert len(window.messages.messages) == 1
    assert window.workspace.selection.report == 0


@pytest.mark.parametrize("how", ["cut", "renamed"])
def test_a_rotated_log_is_followed_on(growing: tuple[MainWindow, Path], sample: Path, qtbot: QtBot, how: str) -> None:
    window, path = growing
    document = window.workspace.document
    assert document is not None
    before = list(document.lines)
    if how == "cut":
        os.truncate(path, 0)
        qtbot.waitUntil(lambda: len(document.lines) > len(before), timeout=PATIENCE)
        _append(path, _later(sample, 9000) + NOISE)
    else:
        path.rename(path.with_name("kern.log.1"))
        path.write_bytes(_later(sample, 9000) + NOISE)
    qtbot.waitUntil(lambda: len(document.reports) == 2, timeout=PATIENCE)
    assert "was cut" in _said(window) or "was replaced by a new file" in _said(window)
    lines = list(document.lines)
    assert lines[: len(before)] == before
    assert lines[len(before)].startswith(f"--- {path} was ")
    assert lines[len(before) + 1 :] == path.read_text().splitlines()
    assert "circular locking" in lines[document.reports[1].report.span.first - 1]


def test_lines_of_a_big_file_that_was_cut_are_called_gone(
    make_window: MakeWindow, sample: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    """They are read from the file when they are looked at, and it holds other lines now."""
    path = tmp_path / "kern.log"
    path.write_bytes(NOISE * 30 + sample.read_bytes())
    window = make_window(path)
    qtbot.waitUntil(lambda: window.workspace.report is not None, timeout=PATIENCE)
    document = window.workspace.documents[0]
    known = len(document.lines)
    window.board.action("follow").trigger()
    qtbot.waitUntil(lambda: isinstance(document.lines, GrowingLines), timeout=PATIENCE)
    os.truncate(path, 0)
    qtbot.waitUntil(lambda: "was cut" in _said(window), timeout=PATIENCE)
    _append(path, NOISE * 30)
    qtbot.waitUntil(lambda: len(document.lines) == known + 1 + 400 * 30, timeout=PATIENCE)
    assert document.lines[0] == GONE
    assert document.lines[known + 1] == NOISE.decode().splitlines()[0]
    assert len(document.reports) == 1


def test_a_report_that_was_cut_off_becomes_whole_in_its_place(
    make_window: MakeWindow, sample: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "kern.log"
    data = sample.read_bytes()
    path.write_bytes(NOISE + data[:3000])
    window = make_window(path)
    window.activateWindow()
    QApplication.processEvents()
    panel = window.docks.dock("reports").widget()
    panel.setFocus()
    qtbot.keyClick(QApplication.focusWidget() or panel, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert window.board.action("follow").isChecked()
    _append(path, data[3000:] + NOISE)
    document = window.workspace.document
    assert document is not None
    qtbot.waitUntil(lambda: document.reports[0].report.reading.complete, timeout=PATIENCE)
    assert len(document.reports) == 1
    assert window.workspace.selection.report == 0
    assert window.workspace.report is document.reports[0]


def _is_left(window: MainWindow) -> bool:
    chip, action = window.status.following, window.board.action("follow")
    return chip.isHidden() and not action.isChecked() and not window.jobs.running


def test_the_chip_and_closing_end_it(growing: tuple[MainWindow, Path], qtbot: QtBot) -> None:
    window, _ = growing
    assert "press to stop" in window.status.following.accessibleName()
    qtbot.mouseClick(window.status.following, Qt.MouseButton.LeftButton)
    assert _is_left(window)
    window.board.action("follow").trigger()
    assert not _is_left(window)
    window.close_document()
    assert _is_left(window)


def test_an_empty_file_can_be_waited_for(window: MainWindow, sample: Path, tmp_path: Path, qtbot: QtBot) -> None:
    path = tmp_path / "serial.log"
    path.touch()
    window.open_path(str(path))
    (button,) = _buttons(window)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert _waiting(window).title.text().startswith("Waiting for lock reports")
    _append(path, sample.read_bytes())
    qtbot.waitUntil(lambda: window.workspace.report is not None, timeout=PATIENCE)
    assert window.workspace.selection == Selection(1, 0)
    assert list(window.workspace.documents[1].lines) == sample.read_text().splitlines()


def test_what_does_not_grow_is_refused_with_a_reason(
    make_window: MakeWindow, sample: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "old.gz"
    path.write_bytes(gzip.compress(sample.read_bytes()))
    window = make_window(path)
    qtbot.waitUntil(lambda: bool(window.workspace.documents), timeout=PATIENCE)
    window.board.action("follow").trigger()
    assert "is compressed or no plain text" in _said(window)
    assert not window.board.action("follow").isChecked()
    window.opener.open_text(sample.read_text())
    assert not window.board.action("follow").isEnabled()


def test_a_file_that_is_gone_says_so(window: MainWindow, tmp_path: Path, sample: Path) -> None:
    path = tmp_path / "gone.log"
    path.write_bytes(sample.read_bytes())
    window.open_path(str(path))
    window.workspace.select_document(1)
    path.unlink()
    window.board.action("follow").trigger()
    assert f"{path} cannot be followed: No such file or directory." in _said(window)


# -- pipes


def _waiting(window: MainWindow) -> NothingFoundPage:
    page = window.central.page
    assert isinstance(page, NothingFoundPage)
    return page


def test_a_live_pipe_waits_and_shows_the_first_report(make_window: MakeWindow, sample: Path, qtbot: QtBot) -> None:
    reading, writing = os.pipe()
    window = make_window()
    window.opener.read_stream(reading, "")
    qtbot.waitUntil(lambda: bool(window.workspace.documents), timeout=PATIENCE)
    assert _waiting(window).title.text() == "Waiting for lock reports\N{HORIZONTAL ELLIPSIS}"
    assert window.board.action("follow").isChecked()
    os.write(writing, NOISE)
    qtbot.waitUntil(lambda: "400 lines read from standard input" in _waiting(window).words.text(), timeout=PATIENCE)
    assert not window.messages.messages
    os.write(writing, sample.read_bytes())
    qtbot.waitUntil(lambda: window.workspace.report is not None, timeout=PATIENCE)
    assert window.central.page is window.graph
    assert "New report" in _said(window)
    assert not _buttons(window)
    os.write(writing, _later(sample, 9000))
    qtbot.waitUntil(lambda: len(_buttons(window)) == 1, timeout=PATIENCE)
    assert window.workspace.selection.report == 0
    os.close(writing)
    qtbot.waitUntil(lambda: window.status.following.isHidden(), timeout=PATIENCE)
    document = window.workspace.document
    assert document is not None
    assert not document.growing
    assert len(document.reports) == 2
    assert list(document.lines) == (NOISE + sample.read_bytes() + _later(sample, 9000)).decode().splitlines()
    assert not list(Path(window.opener._folder).iterdir())


def test_a_live_pipe_without_a_report_ends_with_the_page_that_says_so(make_window: MakeWindow, qtbot: QtBot) -> None:
    reading, writing = os.pipe()
    window = make_window()
    window.opener.read_stream(reading, "")
    os.write(writing, NOISE)
    qtbot.waitUntil(lambda: bool(window.workspace.documents), timeout=PATIENCE)
    os.close(writing)
    qtbot.waitUntil(lambda: "No lock report" in _waiting(window).title.text(), timeout=PATIENCE)
    assert "400" in _waiting(window).words.text()


def test_a_packed_pipe_that_starts_late_is_read_at_its_end(make_window: MakeWindow, sample: Path, qtbot: QtBot) -> None:
    reading, writing = os.pipe()
    window = make_window()
    window.opener.read_stream(reading, "")
    qtbot.waitUntil(lambda: bool(window.workspace.documents), timeout=PATIENCE)
    packed = gzip.compress(sample.read_bytes())
    os.write(writing, packed[:1000])
    qtbot.waitUntil(lambda: not window.workspace.documents, timeout=PATIENCE)
    os.write(writing, packed[1000:])
    os.close(writing)
    qtbot.waitUntil(lambda: window.workspace.report is not None, timeout=PATIENCE)
    assert [display_name(document) for document in window.workspace.documents] == ["standard input"]


def nobody_reads(pipe: int) -> bool:
    """Whether the other end of a pipe is closed; the thread that reads it closes it in its own time."""
    try:
        os.write(pipe, b"more")
    except BrokenPipeError:
        return True
    return False


def test_a_live_pipe_can_be_left_and_closed(make_window: MakeWindow, sample: Path, qtbot: QtBot) -> None:
    reading, writing = os.pipe()
    window = make_window()
    window.opener.read_stream(reading, "")
    qtbot.waitUntil(lambda: bool(window.workspace.documents), timeout=PATIENCE)
    os.write(writing, sample.read_bytes())
    qtbot.waitUntil(lambda: bool(window.workspace.documents[0].log.lines), timeout=PATIENCE)
    window.board.action("follow").trigger()
    qtbot.waitUntil(lambda: not window.workspace.documents[0].growing, timeout=PATIENCE)
    assert len(window.workspace.documents[0].reports) == 1
    qtbot.waitUntil(lambda: nobody_reads(writing), timeout=PATIENCE)
    os.close(writing)
    again, other = os.pipe()
    window.opener.read_stream(again, "a pipe")
    qtbot.waitUntil(lambda: len(window.workspace.documents) == 2, timeout=PATIENCE)
    assert window.workspace.selection.document == 0
    window.close_document(1)
    assert window.jobs.running == ()
    qtbot.waitUntil(lambda: nobody_reads(other), timeout=PATIENCE)
    os.close(other)


def test_the_program_shows_a_pipe_that_goes_on(sample: Path, tmp_path: Path) -> None:
    """``dmesg -w | lockview -``, as a process: the window tells when it has the report, while the pipe is open."""
    code = (
        "import os; from lockview import app; import lockview.gui.late as late\n"
        "finish = late.finish_window\n"
        "def watch(window):\n"
        "    finish(window)\n"
        "    window.workspace.selection_changed.connect(lambda _: window.workspace.report and os._exit(7))\n"
        "late.finish_window = watch\n"
        "app.main(['-'])\n"
    )
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen", "LOCKVIEW_CONFIG_HOME": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, env=environment) as process:
        assert process.stdin is not None
        time.sleep(1)
        process.stdin.write(sample.read_bytes())
        process.stdin.flush()
        try:
            assert process.wait(30) == 7
        finally:
            process.kill()
