"""Opening: files, folders, pipes, pasted and dropped text, and everything that can go wrong with them."""

import errno
import gzip
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lockview.document import opening
from lockview.document.documents import Document
from lockview.document.lines import FileLines
from lockview.document.names import display_name
from lockview.gui.drops import DropHint
from lockview.gui.window import MainWindow
from lockview.model.text import Severity

MakeWindow = Callable[..., MainWindow]


def _names(window: MainWindow) -> list[str]:
    return [display_name(document) for document in window.workspace.documents]


def _said(window: MainWindow) -> str:
    return "\n".join(message.text for message in window.messages.messages)


def test_several_files_open_and_the_first_is_selected(make_window: MakeWindow, sample: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.log"
    other.write_bytes(sample.read_bytes())
    window = make_window(sample, other)
    assert _names(window) == ["khugepaged-fs-reclaim.log", "other.log"]
    assert window.workspace.selection.document == 0
    window.open_paths([str(other)])
    assert len(window.workspace.documents) == 2
    assert window.workspace.selection.document == 1


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.write_bytes(b""), "is empty"),
        (lambda path: path.write_bytes(b" \n\n"), "is empty"),
        (lambda path: path.write_bytes(bytes(range(1, 32)) * 100), "is not a text file"),
        (lambda path: path.symlink_to(path), "cannot be read"),
    ],
    ids=["missing", "empty", "blank", "binary", "endless link"],
)
def test_what_cannot_be_opened_is_said_and_nothing_is_lost(
    window: MainWindow, tmp_path: Path, make: Callable[[Path], object], words: str
) -> None:
    path = tmp_path / "bad.log"
    make(path)
    before = window.workspace.selection
    window.open_paths([str(path)])
    assert words in _said(window)
    assert str(path) in _said(window)
    assert _names(window) == ["khugepaged-fs-reclaim.log"]
    assert window.workspace.selection == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(window: MainWindow, tmp_path: Path) -> None:
    path = tmp_path / "secret.log"
    path.write_text("text")
    path.chmod(0)
    window.open_paths([str(path)])
    assert "may not be read by you" in _said(window)


def test_devices_are_refused(window: MainWindow) -> None:
    window.open_paths(["/dev/zero"])
    assert "is a device" in _said(window)


def test_messages_go_when_their_cause_is_gone_or_they_are_dismissed(
    window: MainWindow, tmp_path: Path, sample: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "late.log"
    window.open_paths([str(path)])
    window.open_paths([str(path)])
    assert len(window.messages.messages) == 1
    path.write_bytes(sample.read_bytes())
    window.open_paths([str(path)])
    assert not _said(window)
    assert window.messages.isHidden()
    window.open_paths(["/nonexistent"])
    qtbot.mouseClick(window.messages._row_widgets()[0].close_button, Qt.MouseButton.LeftButton)
    assert not _said(window)


def test_reload_shows_what_is_in_the_file_now(make_window: MakeWindow, tmp_path: Path, sample: Path) -> None:
    path = tmp_path / "grows.log"
    path.write_bytes(sample.read_bytes())
    window = make_window(path)
    window.workspace.select_item("edge:2", frame=1)
    path.write_bytes(sample.read_bytes() + sample.read_bytes().replace(b"[ 2311.", b"[ 9311."))
    window.board.action("reload").trigger()
    document = window.workspace.document
    assert document is not None
    assert len(document.reports) == 2
    assert window.workspace.selection.item == "edge:2"
    path.unlink()
    window.board.action("reload").trigger()
    assert "does not exist" in _said(window)
    assert window.workspace.document is document


def test_paste_opens_a_scratch_document(make_window: MakeWindow, sample: Path) -> None:
    window = make_window()
    QApplication.clipboard().setText(sample.read_text())
    window.board.action("paste").trigger()
    window.board.action("paste").trigger()
    assert _names(window) == ["Pasted text 1", "Pasted text 2"]
    assert window.workspace.report is not None
    assert not window.board.action("reload").isEnabled()
    QApplication.clipboard().setText(" ")
    window.board.action("paste").trigger()
    assert "no text on the clipboard" in _said(window)


def test_files_and_text_can_be_dropped_anywhere(make_window: MakeWindow, sample: Path) -> None:
    window = make_window()
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile(str(sample)), QUrl("https://example.org/x.log")])
    _enter(window, files)
    hint = window.findChild(DropHint)
    assert isinstance(hint, DropHint)
    assert _shows(hint)
    assert hint.geometry() == window.rect()
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert not _shows(hint)
    _enter(window, files)
    _drop(window, files)
    assert not _shows(hint)
    assert _names(window) == ["khugepaged-fs-reclaim.log"]
    text = QMimeData()
    text.setText(sample.read_text())
    _enter(window, text)
    _drop(window, text)
    assert _names(window)[1:] == ["Dropped text"]


def _shows(hint: DropHint) -> bool:
    return hint.isVisible()


def _enter(window: MainWindow, data: QMimeData) -> None:
    event = QDragEnterEvent(
        QPoint(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(window, event)
    assert event.isAccepted()


def _drop(window: MainWindow, data: QMimeData) -> None:
    event = QDropEvent(
        QPointF(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    )
    QApplication.sendEvent(window, event)
    assert event.isAccepted()


def test_a_pipe_opens_when_it_ends(make_window: MakeWindow, qtbot: QtBot, sample: Path, tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    writing = os.open(path, os.O_WRONLY)
    window = make_window(path)
    os.write(writing, sample.read_bytes())
    os.close(writing)
    qtbot.waitUntil(lambda: bool(window.workspace.documents))
    os.close(reading)
    assert _names(window) == [str(path)]
    assert window.workspace.report is not None


def test_a_big_file_is_read_by_the_worker(make_window: MakeWindow, qtbot: QtBot, sample: Path, tmp_path: Path) -> None:
    path = tmp_path / "big.log"
    noise = b"[    1.000000] usb 1-1: new high-speed USB device\n" * 8000
    path.write_bytes(noise + sample.read_bytes() + noise)
    window = make_window(sample, path)
    assert len(window.workspace.documents) == 1
    qtbot.waitUntil(lambda: len(window.workspace.documents) == 2, timeout=15_000)
    document = window.workspace.documents[1]
    assert window.workspace.selection.document == 0
    assert isinstance(document.lines, FileLines)
    _check_lines(document, path.read_bytes())


def test_a_packed_file_is_unpacked_by_the_worker(
    make_window: MakeWindow, qtbot: QtBot, sample: Path, tmp_path: Path
) -> None:
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress(sample.read_bytes()))
    window = make_window(path)
    qtbot.waitUntil(lambda: bool(window.workspace.documents), timeout=15_000)
    document = window.workspace.documents[0]
    assert "gzip" in document.log.wrappers
    _check_lines(document, sample.read_bytes())
    spool = window.opener._folder
    assert stat.S_IMODE(Path(spool).stat().st_mode) == 0o700
    window.close()
    assert not Path(spool).exists()
    assert document.lines[1].endswith("possible circular locking dependency detected")


def test_a_big_file_that_fails_is_a_message(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    path = tmp_path / "big.bin"
    path.write_bytes(bytes(range(1, 32)) * 20_000)
    window.open_paths([str(path)])
    qtbot.waitUntil(lambda: "is not a text file" in _said(window), timeout=15_000)
    assert _names(window) == ["khugepaged-fs-reclaim.log"]


def test_reading_can_be_stopped_and_the_next_file_is_read(
    make_window: MakeWindow, qtbot: QtBot, sample: Path, tmp_path: Path
) -> None:
    paths = [tmp_path / "one.gz", tmp_path / "two.gz"]
    for path in paths:
        path.write_bytes(gzip.compress(sample.read_bytes()))
    window = make_window(*paths)
    window.jobs.running[0].cancel()
    qtbot.waitUntil(lambda: _names(window) == ["two.gz"], timeout=15_000)
    assert window.jobs.running == ()


def test_a_report_that_is_cut_in_its_chain_is_pointed_out(window: MainWindow, sample: Path) -> None:
    lines = sample.read_text().splitlines()
    window.opener.open_text("\n".join(lines[:7]), "cut")
    assert "is cut or damaged" in _said(window)
    assert window.messages.messages[-1].severity is Severity.WARNING
    assert "cut" in _names(window)


def test_a_quick_look_at_a_path_is_enough(tmp_path: Path, sample: Path) -> None:
    assert opening.quick_to_read(str(sample), sample.stat().st_size)
    assert not opening.quick_to_read(str(sample), opening.SMALL + 1)
    packed = tmp_path / "x.gz"
    packed.write_bytes(gzip.compress(b"x"))
    assert not opening.quick_to_read(str(packed), 10)


def test_text_in_utf16_is_shown_as_text(tmp_path: Path, sample: Path) -> None:
    path = tmp_path / "notepad.log"
    path.write_bytes(sample.read_text().encode("utf-16"))
    answer = opening.read_big(str(path), str(tmp_path / "spool"), lambda done, total: None)
    _check_lines(opening.document_from(answer, str(path)), sample.read_bytes())


def _check_lines(document: Document, data: bytes) -> None:
    """The lines are those of the data, and the spans lead to the right ones."""
    lines = data.decode().split("\n")[:-1]
    assert list(document.lines) == lines
    report = document.reports[0].report
    assert "circular locking dependency" in "".join(lines[report.span.first - 1 : report.span.first + 2])


def test_packed_standard_input_is_read_by_the_worker(make_window: MakeWindow, qtbot: QtBot, sample: Path) -> None:
    window = make_window()
    window.opener.open_bytes(gzip.compress(sample.read_bytes()), "-")
    qtbot.waitUntil(lambda: bool(window.workspace.documents), timeout=15_000)
    assert _names(window) == ["standard input"]
    assert not window.state.reloadable
    assert window.store.recent == ()


def test_the_guard_names_the_missing_library(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import lockview.document.system_libraries as libraries
    from lockview import app

    monkeypatch.setattr(libraries, "missing_libraries", lambda needed_for: ("libxcb-cursor.so.0",))
    monkeypatch.setattr(libraries, "install_hint", lambda missing: "apt-get install libxcb-cursor0")
    assert not app._libraries_are_there()
    said = capsys.readouterr().err
    assert "libxcb-cursor.so.0" in said
    assert said.strip().endswith("apt-get install libxcb-cursor0")


def test_messages_never_make_the_window_grow(window: MainWindow, qtbot: QtBot) -> None:
    window.resize(900, 600)
    before = window.minimumSizeHint().height()
    for number in range(4):
        window.open_path(f"/nonexistent/{'a-long-folder/' * 12}{number}")
    bar = window.messages
    qtbot.waitUntil(lambda: bar.height() > 0)
    assert len(bar.messages) == 4
    assert window.minimumSizeHint().height() == before
    assert window.height() == 600
    assert bar.height() <= 200
    # What does not fit is scrolled to, and the newest is in sight.
    qtbot.waitUntil(lambda: bar.verticalScrollBar().maximum() > 0)
    qtbot.waitUntil(lambda: bar.verticalScrollBar().value() == bar.verticalScrollBar().maximum())


def test_a_short_message_is_seen_whole(make_window: MakeWindow, qtbot: QtBot, sample: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.log"
    cut.write_bytes(sample.read_bytes()[:800])
    window = make_window(cut)
    bar = window.messages
    qtbot.waitUntil(lambda: bar.height() > 20)
    inside = bar.widget()
    assert inside is not None
    qtbot.waitUntil(lambda: inside.height() == bar.height())
    assert bar.verticalScrollBar().maximum() == 0


def test_a_message_about_the_clipboard_goes_when_a_paste_works(window: MainWindow, sample: Path) -> None:
    clipboard = QApplication.clipboard()
    clipboard.clear()
    window.paste()
    assert len(window.messages.messages) == 1
    clipboard.setText(sample.read_text())
    window.paste()
    assert not window.messages.messages


def test_a_pipe_that_may_not_be_read_is_a_message(
    window: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def refuse(path: str, _flags: int) -> int:
        raise PermissionError(errno.EACCES, "Permission denied", path)

    monkeypatch.setattr("lockview.document.opening.os.open", refuse)
    window.open_path(str(pipe))
    monkeypatch.undo()
    assert [message.text for message in window.messages.messages] == [
        f"{pipe} may not be read by you. Change its permissions, or copy it as its owner and open the copy."
    ]


def test_without_room_for_a_copy_the_next_big_file_is_still_read(
    make_window: MakeWindow, qtbot: QtBot, sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    big = tmp_path / "big.log"
    big.write_bytes(b"a line of no interest\n" * 20_000 + sample.read_bytes())
    window = make_window()

    def refuse(prefix: str) -> str:
        raise OSError(errno.ENOSPC, "No space left on device", f"/tmp/{prefix}x")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    window.open_path(str(big))
    assert "No space left on device" in _said(window)
    window.messages.clear()
    window.opener.open_bytes(big.read_bytes(), "A pipe")
    assert "No space left on device" in _said(window)
    monkeypatch.undo()
    window.open_path(str(big))
    qtbot.waitUntil(lambda: window.workspace.report is not None, timeout=20_000)


def test_a_big_pipe_leaves_no_copy_behind(
    make_window: MakeWindow, qtbot: QtBot, sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    window = make_window()
    window.opener.open_bytes(b"a line of no interest\n" * 20_000 + sample.read_bytes(), "-")
    window.opener.open_bytes(gzip.compress(sample.read_bytes()), "packed")
    qtbot.waitUntil(lambda: len(window.workspace.documents) == 2, timeout=20_000)
    document = window.workspace.documents[0]
    assert document.lines[20_000] == sample.read_text().splitlines()[0]
    qtbot.waitUntil(lambda: not [path for path in tmp_path.glob("lockview-*/*") if path.is_file()])


def test_what_is_wrong_with_a_copy_is_said_of_what_it_is_a_copy_of(
    make_window: MakeWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    window = make_window()
    window.opener.open_bytes(bytes(range(256)) * 2000, "-")
    qtbot.waitUntil(lambda: bool(_said(window)), timeout=20_000)
    assert _said(window).startswith("Standard input is not a text file.")


def test_only_a_cycle_can_be_damaged(tmp_path: Path, sample: Path) -> None:
    cut = opening.document_of(sample.read_bytes()[:800], "cut")
    assert opening.incomplete(cut) == (
        "The report at line 2 of cut is cut or damaged: the chain of dependencies cannot be read, the rest is shown."
    )
    other = opening.document_of(
        b"INFO: task kworker/0:1:7 blocked for more than 120 seconds.\n      Not tainted 6.1.0 #1\n", "other"
    )
    assert len(other.reports) == 1
    assert opening.incomplete(other) == ""


def test_many_files_open_bit_by_bit_and_can_be_stopped(
    make_window: MakeWindow, qtbot: QtBot, sample: Path, tmp_path: Path
) -> None:
    files = [tmp_path / f"{number:02}.log" for number in range(40)]
    for file in files[1:]:
        file.write_bytes(sample.read_bytes())
    window = make_window(*files)
    assert len(window.workspace.documents) < 10
    qtbot.waitUntil(lambda: len(window.workspace.documents) == 39)
    assert _names(window) == [file.name for file in files[1:]]
    assert window.workspace.selection.document == 0
    window.open_paths([str(file) for file in files] * 50)
    qtbot.waitUntil(lambda: window.status.working)
    window.cancel_work()
    qtbot.waitUntil(lambda: not window.status.working)
    assert len(window.workspace.documents) == 39
