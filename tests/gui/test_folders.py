"""Folders in the window: the reports of all logs below, rotated ones in order, with progress and a way to stop."""

import gzip
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from lockview.document.names import display_name
from lockview.document.selection import Selection
from lockview.gui.window import MainWindow
from lockview.model.text import Severity

MakeWindow = Callable[..., MainWindow]
PATIENCE = 30_000
NOISE = b"".join(b"[ 2400.%06d] usb 1-1: new device\n" % number for number in range(400))


def _said(window: MainWindow) -> str:
    return "\n".join(message.text for message in window.messages.messages)


def _names(window: MainWindow) -> list[str]:
    return [display_name(document) for document in window.workspace.documents]


def _later(sample: Path, second: int) -> bytes:
    return sample.read_bytes().replace(b"[ 2311.", b"[ %d." % second)


@pytest.fixture
def folder(tmp_path: Path, sample: Path) -> Path:
    """A log in three pieces, one below, one without reports, one that is no text and a hidden one."""
    folder = tmp_path / "logs"
    (folder / "host").mkdir(parents=True)
    (folder / "kern.log.2.gz").write_bytes(gzip.compress(_later(sample, 1000) + NOISE))
    (folder / "kern.log.1").write_bytes(NOISE + _later(sample, 2000))
    (folder / "kern.log").write_bytes(NOISE + _later(sample, 3000) + NOISE)
    (folder / "host" / "console").write_bytes(sample.read_bytes())
    (folder / "boot").write_bytes(NOISE)
    (folder / "core").write_bytes(bytes(range(256)) * 100)
    (folder / ".hidden").write_bytes(sample.read_bytes())
    return folder


def _read(window: MainWindow, folder: Path, qtbot: QtBot) -> None:
    window.open_paths([f"{folder}/"])
    qtbot.waitUntil(lambda: str(folder) in _said(window), timeout=PATIENCE)


def test_the_reports_of_all_logs_are_listed_rotated_ones_in_order(
    make_window: MakeWindow, folder: Path, qtbot: QtBot
) -> None:
    window = make_window()
    _read(window, folder, qtbot)
    assert _names(window) == ["host/console", "kern.log"]
    assert window.workspace.selection == Selection(0, 0)
    rotated = window.workspace.documents[1]
    assert [opened.report.reading.time[:4] for opened in rotated.reports] == ["1000", "2000", "3000"]
    for opened in rotated.reports:
        assert "circular locking" in rotated.lines[opened.report.span.first - 1]
    assert _said(window) == f"4 reports in 2 of 4 logs below {folder}."
    assert window.messages.messages[0].severity is Severity.NOTE


def test_a_rotated_log_is_read_anew_and_followed_as_one(
    make_window: MakeWindow, folder: Path, sample: Path, qtbot: QtBot
) -> None:
    window = make_window()
    _read(window, folder, qtbot)
    window.workspace.select(Selection(1, 2))
    before = window.workspace.documents[1]
    window.board.action("reload").trigger()
    qtbot.waitUntil(lambda: window.workspace.documents[1] is not before, timeout=PATIENCE)
    again = window.workspace.documents[1]
    assert [opened.report.span for opened in again.reports] == [opened.report.span for opened in before.reports]
    assert list(again.lines) == list(before.lines)
    assert _names(window) == ["host/console", "kern.log"]
    window.board.action("follow").trigger()
    with (folder / "kern.log").open("ab") as file:
        file.write(_later(sample, 4000) + NOISE)
    qtbot.waitUntil(lambda: len(again.reports) == 4, timeout=PATIENCE)
    assert window.workspace.selection == Selection(1, 2)
    assert list(again.lines)[: len(before.lines)] == list(before.lines)
    assert "circular locking" in again.lines[again.reports[3].report.span.first - 1]
    assert len(again.lines) == len(before.lines) + (_later(sample, 4000) + NOISE).count(b"\n")


def test_a_folder_is_chosen_in_a_dialog(make_window: MakeWindow, folder: Path, qtbot: QtBot) -> None:
    window = make_window()
    window.board.action("open-folder").trigger()
    dialog = window.findChild(QFileDialog)
    assert isinstance(dialog, QFileDialog)
    assert dialog.fileMode() == QFileDialog.FileMode.Directory
    dialog.filesSelected.emit([str(folder)])
    dialog.reject()
    qtbot.waitUntil(lambda: len(window.workspace.documents) == 2, timeout=PATIENCE)


def test_what_holds_nothing_says_so(window: MainWindow, tmp_path: Path, qtbot: QtBot) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    _read(window, folder, qtbot)
    assert "is a folder without files" in _said(window)
    (folder / "boot").write_bytes(NOISE)
    _read(window, folder, qtbot)
    qtbot.waitUntil(lambda: _said(window) == f"No lock report in 1 log below {folder}.", timeout=PATIENCE)
    assert len(window.workspace.documents) == 1


def test_the_user_stays_where_they_went_meanwhile(window: MainWindow, folder: Path, sample: Path, qtbot: QtBot) -> None:
    window.open_paths([str(folder)])
    window.workspace.select_item("edge:1")
    qtbot.waitUntil(lambda: len(window.workspace.documents) == 3, timeout=PATIENCE)
    assert window.workspace.selection.document == 0
    assert window.workspace.selection.item == "edge:1"


def _children(pid: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == pid and fields[0] != "Z":
                found.append(int(entry.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
def test_reading_a_folder_is_shown_can_be_stopped_and_leaves_no_process(
    make_window: MakeWindow, tmp_path: Path, sample: Path, qtbot: QtBot
) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(1500):
        (folder / f"{number:04}.log").write_bytes(sample.read_bytes())
    window = make_window()
    window.open_paths([str(folder)])
    qtbot.waitUntil(lambda: window.status.working and len(window.workspace.documents) > 3, timeout=PATIENCE)
    child = int(window.jobs.running[0]._process.processId())
    readers = _children(child)
    window.cancel_work()
    qtbot.waitUntil(lambda: "was stopped" in _said(window), timeout=PATIENCE)
    assert not window.status.working
    assert 3 < len(window.workspace.documents) < 1500
    assert window.workspace.selection == Selection(0, 0)
    end = time.monotonic() + 10
    while any(_is_there(pid) for pid in (child, *readers)) and time.monotonic() < end:
        qtbot.wait(50)
    assert not [pid for pid in (child, *readers) if _is_there(pid)]


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIG_DFL)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
