from collections.abc import Sequence
from pathlib import Path
from typing import overload

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lockview.document.documents import Document
from lockview.gui.log.marks import LONG_PROBLEM, problem_signs
from lockview.gui.log.panel import LogPanel
from lockview.gui.log.view import MOST_COPIED, LogView
from lockview.gui.theme import Appearance
from lockview.gui.workspace import Workspace
from lockview.model.logs import Log
from lockview.model.text import Problem, Severity, Span
from lockview.parsing.reader import read_bytes

# Only the offscreen platform says so, of every window that has a smallest size.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")


class Endless(Sequence[str]):
    """Millions of lines that exist only when they are asked for."""

    def __init__(self, count: int) -> None:
        self._length, self.asked = count, 0

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        assert isinstance(index, int)
        assert 0 <= index < self._length
        self.asked += 1
        return f"line {index + 1}"


def document_of(data: bytes) -> Document:
    return Document(read_bytes(data, "test"), data.decode().splitlines())


@pytest.fixture
def workspace() -> Workspace:
    return Workspace()


@pytest.fixture
def panel(qtbot: QtBot, workspace: Workspace, sample: Path) -> LogPanel:
    panel = LogPanel(workspace, Appearance("light"))
    qtbot.addWidget(panel)
    panel.resize(900, 260)
    workspace.add(document_of(sample.read_bytes()))
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def click_line(qtbot: QtBot, view: LogView, line: int, shift: bool = False) -> None:
    height = view.viewport().fontMetrics().height()
    view.reveal(Span(line, line))
    top = view.verticalScrollBar().value()
    row = round(height * 1.2)
    place = QPoint(200, (line - 1 - top) * row + row // 2)
    modifier = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, modifier, place)


def line_of(panel: LogPanel, text: str, after: int = 0) -> int:
    """The first line after another that holds a text."""
    for line in range(after + 1, 200):
        if text in panel.view.visible_text(line):
            return line
    raise AssertionError(text)


def test_a_frame_line_selects_its_edge_and_frame(qtbot: QtBot, panel: LogPanel, workspace: Workspace) -> None:
    """The way from the raw text to the picture is broken."""
    header = line_of(panel, "-> #2 ")
    click_line(qtbot, panel.view, line_of(panel, "do_munmap", header))
    assert (workspace.selection.item, workspace.selection.frame) == ("edge:1", 3)
    click_line(qtbot, panel.view, header)
    assert (workspace.selection.item, workspace.selection.frame) == ("edge:1", None)


def test_a_lock_line_selects_the_lock(qtbot: QtBot, panel: LogPanel, workspace: Workspace) -> None:
    """Wanted, held and scenario lines name a lock."""
    click_line(qtbot, panel.view, line_of(panel, "(&mapping->i_mmap_rwsem){++++}, at:"))
    assert workspace.selection.item == "lock:0"
    click_line(qtbot, panel.view, line_of(panel, "lock(&vma->vm_sequence/1)"))
    assert workspace.selection.item == "lock:2"


def test_a_backtrace_line_selects_the_same_frame_of_the_new_edge(
    qtbot: QtBot, panel: LogPanel, workspace: Workspace
) -> None:
    """The backtrace repeats the stack of the new dependency."""
    start = line_of(panel, "Call Trace")
    click_line(qtbot, panel.view, line_of(panel, "page_referenced+0x11c", start))
    assert (workspace.selection.item, workspace.selection.frame) == ("edge:3", 3)


def test_the_selection_is_marked_and_in_view(panel: LogPanel, workspace: Workspace) -> None:
    """The raw text must follow the picture."""
    workspace.select_item("edge:3")
    header = line_of(panel, "-> #0 ")
    top = panel.view.verticalScrollBar().value()
    assert top < header <= top + 14
    workspace.select_item("edge:3", 2)
    assert panel.view.cursor_line == line_of(panel, "rmap_walk_file", header)


def test_the_keyboard_walks_and_selects(qtbot: QtBot, panel: LogPanel, workspace: Workspace) -> None:
    """Everything can be done from the keyboard."""
    click_line(qtbot, panel.view, line_of(panel, "-> #3 "))
    QTest.keyClick(panel.view, Qt.Key.Key_Down)
    assert (workspace.selection.item, workspace.selection.frame) == ("edge:2", 0)
    QTest.keyClick(panel.view, Qt.Key.Key_Home)
    assert panel.view.cursor_line == 1
    QTest.keyClick(panel.view, Qt.Key.Key_End)
    assert panel.view.cursor_line == len(workspace.document.lines if workspace.document else ())
    QTest.keyClick(panel.view, Qt.Key.Key_PageUp)
    assert 1 < panel.view.cursor_line < 120


def test_shift_selects_lines_and_copy_takes_them(qtbot: QtBot, panel: LogPanel) -> None:
    """Lines are copied as they are shown."""
    click_line(qtbot, panel.view, 5)
    QTest.keyClick(panel.view, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    QTest.keyClick(panel.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QApplication.clipboard().text().split("\n")
    assert len(copied) == 2
    assert copied[0].endswith("khugepaged/43 is trying to acquire lock:")


def test_only_the_lines_in_view_are_fetched(qtbot: QtBot, workspace: Workspace) -> None:
    """A log of millions of lines would stop the window."""
    lines = Endless(5_000_000)
    panel = LogPanel(workspace, Appearance("light"))
    qtbot.addWidget(panel)
    panel.resize(600, 300)
    workspace.add(Document(Log("long"), lines))
    panel.show()
    qtbot.waitExposed(panel)
    panel.grab()
    QTest.keyClick(panel.view, Qt.Key.Key_End)
    panel.grab()
    assert panel.view.cursor_line == 5_000_000
    assert lines.asked < 200


def test_a_copy_too_large_says_so(qtbot: QtBot) -> None:
    """Cutting silently would be a lie."""
    view = LogView(Appearance("light"))
    qtbot.addWidget(view)
    view.set_lines(Endless(MOST_COPIED + 5))
    view.select_all()
    view.copy()
    assert QApplication.clipboard().text().endswith("... 5 more lines were not copied")


def test_hostile_lines_are_painted_as_text(qtbot: QtBot) -> None:
    """Markup, controls, right-to-left and combining characters and very long lines do no harm."""
    view = LogView(Appearance("dark"))
    qtbot.addWidget(view)
    view.resize(600, 300)
    view.set_lines(
        ['<img src=x>"->', "\x1b[31m\u202eabc\x00", "e" + "\u0301" * 500, "\u05d0" * 70_000, "x" * 3_000_000]
    )
    view.grab()
    view.horizontalScrollBar().setValue(view.horizontalScrollBar().maximum())
    view.grab()
    assert view.visible_text(1) == '<img src=x>"->'
    assert view.visible_text(2) == r"\x1b[31m\u202eabc\x00"
    assert view.visible_text(5).endswith("more characters")


def test_problems_get_a_sign_on_their_lines() -> None:
    """What was repaired must be seen where it was repaired, and a problem of a whole report must not mark all of it."""
    signs = problem_signs(
        [
            Problem(Severity.NOTE, "a", "repaired", Span(3, 4)),
            Problem(Severity.WARNING, "b", "cut", Span(4, 4)),
            Problem(Severity.NOTE, "c", "long", Span(10, 11 + LONG_PROBLEM)),
            Problem(Severity.NOTE, "d", "nowhere"),
        ]
    )
    assert signs == {3: ("~", "repaired"), 4: ("!", "repaired\ncut"), 10: ("~", "long")}


def test_an_empty_workspace_shows_a_hint(qtbot: QtBot, workspace: Workspace) -> None:
    """Keys and painting without any text must not crash."""
    panel = LogPanel(workspace, Appearance("light"))
    qtbot.addWidget(panel)
    panel.show()
    panel.grab()
    for key in (Qt.Key.Key_Down, Qt.Key.Key_End, Qt.Key.Key_A):
        QTest.keyClick(panel.view, key)
    panel.copy()
    assert panel.view.cursor_line == 0


def test_closing_the_document_empties_the_log(panel: LogPanel, workspace: Workspace) -> None:
    """The text of a closed document must go."""
    workspace.close(0)
    assert panel.view.visible_text(1) == ""


def test_tip_of_a_line_says_what_its_tokens_mean(panel: LogPanel, workspace: Workspace) -> None:
    document = workspace.document
    assert document is not None
    lines = document.lines
    marked = next(number for number, line in enumerate(lines, 1) if "(fs_reclaim){+.+.}" in line)
    assert panel.view.tip_of(marked).splitlines()[0] == "+ hard interrupts, exclusive: taken with them enabled"
    outside = next(number for number in range(1, len(lines)) if all(number not in r.span for r in document.log.reports))
    assert panel.view.tip_of(outside) == ""
    assert panel.view.tip_of(0) == ""
