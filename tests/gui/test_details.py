from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QTextEdit
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from lockview.document.documents import Document
from lockview.gui.details.panel import EDGE, LOCK, WHY, DetailsPanel
from lockview.gui.details.stack_rows import COMMON, OPENED, OTHER, edge_rows
from lockview.gui.details.why import fixed_parts
from lockview.gui.rows.model import RowsModel
from lockview.gui.rows.row import Kind, Row
from lockview.gui.rows.row_list import RowList
from lockview.gui.theme import Appearance
from lockview.gui.workspace import Workspace
from lockview.parsing.reader import read_bytes

# Only the offscreen platform says so, of every window that has a smallest size.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

HOSTILE = '<img src=x>"-&%n'


def document_of(data: bytes) -> Document:
    return Document(read_bytes(data, "test"), data.decode().splitlines())


@pytest.fixture
def workspace() -> Workspace:
    return Workspace()


@pytest.fixture
def document(sample: Path) -> Document:
    return document_of(sample.read_bytes())


@pytest.fixture
def panel(qtbot: QtBot, workspace: Workspace, document: Document) -> DetailsPanel:
    panel = DetailsPanel(workspace, Appearance("light"))
    qtbot.addWidget(panel)
    panel.resize(380, 600)
    workspace.add(document)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def texts(rows: RowList) -> list[str]:
    return [row.spoken() for row in rows.rows]


def place(rows: RowList, text: str) -> int:
    return next(number for number, spoken in enumerate(texts(rows)) if text in spoken)


def click(qtbot: QtBot, rows: RowList, text: str) -> None:
    index = rows.model().index(place(rows, text), 0)
    rows.scrollTo(index)
    spot = rows.visualRect(index).center()
    QTest.mouseClick(rows.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, spot)


def test_the_page_follows_the_selection(panel: DetailsPanel, workspace: Workspace) -> None:
    """A selected edge must show its stacks, a lock its facts, the report why."""
    assert panel.tabs.currentIndex() == WHY
    workspace.select_item("edge:1")
    assert panel.tabs.currentIndex() == EDGE
    workspace.select_item("lock:2")
    assert panel.tabs.currentIndex() == LOCK
    workspace.select_item("")
    assert panel.tabs.currentIndex() == WHY


def test_an_edge_shows_the_stacks_of_both_ends(panel: DetailsPanel, workspace: Workspace) -> None:
    """Edge 2: one run of __vma_adjust took both sequence counters, and the way there is listed once."""
    workspace.select_item("edge:1")
    shown = texts(panel.edge)
    assert shown[0] == "&vma->vm_sequence \u2192 &vma->vm_sequence/1"
    assert [row.text for row in panel.edge.rows if row.strong] == ["__vma_adjust", "__vma_adjust"]
    assert "__vma_adjust+0x1b7/0x5d6" in shown
    assert "__vma_adjust+0x19c/0x5d6" in shown
    assert sum("elf_map" in text for text in shown) == 1
    assert "On the way to both 11 frames" in shown


def test_a_first_lock_that_is_not_recorded_is_said_to_be_so(panel: DetailsPanel, workspace: Workspace) -> None:
    """Another task's stack must not pass for this task's."""
    workspace.select_item("edge:0")
    shown = texts(panel.edge)
    assert "The report does not say where this task took it." in shown
    assert "How khugepaged/43 takes it: 15 frames -> #0" in shown
    workspace.select_item("edge:3")
    shown = texts(panel.edge)
    assert "fs_reclaim_acquire+0x12/0x35" in shown
    assert "The report names this place and prints no stack for it." in shown


def test_lock_internal_frames_are_folded_with_their_count(
    qtbot: QtBot, panel: DetailsPanel, workspace: Workspace
) -> None:
    """lock_acquire and down_read say nothing about who wants the lock, but must be one click away."""
    workspace.select_item("edge:3")
    assert "2 lock-internal frames" in texts(panel.edge)
    assert not any("down_read" in text for text in texts(panel.edge))
    click(qtbot, panel.edge, "2 lock-internal frames")
    assert "down_read+0x3b/0x55" in texts(panel.edge)
    QTest.keyClick(panel.edge, Qt.Key.Key_Space)
    assert "down_read+0x3b/0x55" not in texts(panel.edge)


def test_a_frame_chosen_elsewhere_is_unfolded_and_marked(panel: DetailsPanel, workspace: Workspace) -> None:
    """A log line of a folded frame would lead to nothing."""
    workspace.select_item("edge:3", 1)
    assert panel.edge.current is not None
    assert panel.edge.current.text == "down_read"


def test_a_clicked_frame_is_selected_with_its_log_line(
    qtbot: QtBot, panel: DetailsPanel, workspace: Workspace, document: Document
) -> None:
    """The raw log follows the frames."""
    workspace.select_item("edge:1")
    click(qtbot, panel.edge, "do_munmap")
    assert workspace.selection.frame == 3
    assert workspace.selection.line is not None
    assert "do_munmap+0x128/0x2af" in document.lines[workspace.selection.line - 1]


def test_the_arrow_keys_walk_the_frames(qtbot: QtBot, panel: DetailsPanel, workspace: Workspace) -> None:
    """Everything can be done from the keyboard; headings and remarks are stepped over."""
    workspace.select_item("edge:3", 2)
    QTest.keyClick(panel.edge, Qt.Key.Key_Down)
    assert workspace.selection.frame == 3
    for _ in range(14):
        QTest.keyClick(panel.edge, Qt.Key.Key_Down)
    assert panel.edge.current is not None
    assert panel.edge.current.fold == OTHER
    assert workspace.selection.item == "edge:3"


def test_frame_and_stack_are_copied_as_the_kernel_prints_them(panel: DetailsPanel, workspace: Workspace) -> None:
    """They are pasted into mails."""
    workspace.select_item("edge:3", 2)
    panel.copy_frame()
    assert QApplication.clipboard().text() == "rmap_walk_file+0x5a/0x147"
    panel.copy_stack()
    lines = QApplication.clipboard().text().split("\n")
    assert len(lines) == 15
    assert lines[0] == "lock_acquire+0x176/0x19e"
    assert lines[-1] == "ret_from_fork+0x27/0x40"


def test_copying_without_an_edge_keeps_the_clipboard(panel: DetailsPanel, workspace: Workspace) -> None:
    """An action without a subject must not empty the clipboard."""
    QApplication.clipboard().setText("kept")
    workspace.select_item("")
    panel.copy_frame()
    panel.copy_stack()
    assert QApplication.clipboard().text() == "kept"


def test_a_sentence_selects_its_thing_and_stays_on_the_page(
    qtbot: QtBot, panel: DetailsPanel, workspace: Workspace, document: Document
) -> None:
    """Reading on must stay possible while graph and log follow."""
    click(qtbot, panel.why, "mremap took fs_reclaim")
    assert workspace.selection.item == "edge:2"
    assert panel.tabs.currentIndex() == WHY
    assert workspace.selection.line is not None
    assert "fs_reclaim" in document.lines[workspace.selection.line - 1] + document.lines[workspace.selection.line]
    assert workspace.selection.spans
    assert panel.why.current is not None
    assert "mremap took fs_reclaim" in panel.why.current.text


def test_why_says_who_wants_what_and_how_many_tasks(panel: DetailsPanel) -> None:
    """The sentences of the analysis must reach the user."""
    said = "\n".join(texts(panel.why))
    assert said.startswith("khugepaged/43 wants &mapping->i_mmap_rwsem while holding fs_reclaim")
    assert "3 tasks" in said
    assert "sequence counter" in said
    assert "4.13.0-rc5-next-20170817-dbg-00039-gaf11d7500492-dirty" in said


def test_a_lock_tells_kind_usage_people_and_links(qtbot: QtBot, panel: DetailsPanel, workspace: Workspace) -> None:
    """What is known about a lock stands on one page, and its links lead on."""
    workspace.select_item("lock:0")
    said = "\n".join(texts(panel.lock))
    assert "Kind Reader-writer semaphore (rwsem)" in said
    assert "Wanted by khugepaged/43 in rmap_walk_file+0x5a/0x147" in said
    assert "Usage {++++}" in said
    click(qtbot, panel.lock, "fs_reclaim \u2192 &mapping->i_mmap_rwsem")
    assert workspace.selection.item == "edge:3"
    assert panel.tabs.currentIndex() == EDGE


def test_walking_over_a_link_does_not_follow_it(qtbot: QtBot, panel: DetailsPanel, workspace: Workspace) -> None:
    """The page would flip away under the keys."""
    workspace.select_item("lock:0")
    panel.lock.setFocus()
    QTest.keyClick(panel.lock, Qt.Key.Key_Down)
    assert workspace.selection.item == "lock:0"
    QTest.keyClick(panel.lock, Qt.Key.Key_Return)
    assert workspace.selection.item.startswith("edge:")


def test_hostile_names_stay_plain_text(qtbot: QtBot, workspace: Workspace, sample: Path) -> None:
    """Markup in a lock or function name must be shown letter by letter, and nothing may be fetched."""
    raw = sample.read_bytes().decode()
    for name in ("fs_reclaim)", "rmap_walk_file"):
        raw = raw.replace(name, HOSTILE + (")" if name.endswith(")") else ""))
    panel = DetailsPanel(workspace, Appearance("light"))
    qtbot.addWidget(panel)
    workspace.add(document_of(raw.encode()))
    panel.show()
    for item in ("", "edge:2", "edge:3", "lock:0", "lock:3"):
        workspace.select_item(item)
        panel.grab()
        page = panel.tabs.currentWidget()
        assert isinstance(page, RowList)
        assert any(HOSTILE in text for text in texts(page)), item
        for row in range(page.model().rowCount()):
            tip = page.model().index(row, 0).data(Qt.ItemDataRole.ToolTipRole)
            assert tip is None or "<img" not in tip
    assert not panel.findChildren(QTextEdit)
    assert not panel.findChildren(QLabel)


def test_without_a_report_the_pages_say_how_to_fill_them(qtbot: QtBot, workspace: Workspace) -> None:
    """Empty panels must not be empty."""
    panel = DetailsPanel(workspace, Appearance("light"))
    qtbot.addWidget(panel)
    for page in range(3):
        panel.tabs.setCurrentIndex(page)
        widget = panel.tabs.currentWidget()
        assert isinstance(widget, RowList)
        assert "Open a log" in texts(widget)[0]


def test_unreliable_frames_are_marked_and_dim(sample: Path) -> None:
    """A guess of the unwinder must not look like a call."""
    raw = sample.read_bytes().replace(b"] pte_alloc_one+", b"] ? pte_alloc_one+")
    opened = document_of(raw).reports[0]
    row = next(row for row in edge_rows(opened.report, opened.graph, 2) if "pte_alloc_one" in row.text)
    assert row.text == "? pte_alloc_one"
    assert row.dim


def test_every_frame_of_every_edge_can_be_reached(document: Document) -> None:
    """Folding must not lose frames."""
    opened = document.reports[0]
    for edge in opened.graph.edges:
        rows = edge_rows(opened.report, opened.graph, edge.number, frozenset({COMMON}))
        folds = {row.fold for row in rows if row.fold}
        rows = edge_rows(opened.report, opened.graph, edge.number, OPENED | folds)
        numbers = [row.frame for row in rows if row.frame is not None]
        assert sorted(numbers) == list(range(len(edge.dependency.stack)))


def test_kernel_words_are_found_in_sentences() -> None:
    """They are set in the fixed-pitch face."""
    text = "a/1 holds &x->y, then (foo)."
    assert fixed_parts(text, frozenset({"a/1", "&x->y", "foo"})) == ((0, 3), (10, 5), (23, 3))


@pytest.fixture
def rows_model() -> Iterator[RowsModel]:
    model = RowsModel()
    model.set_rows((Row(Kind.TITLE, "title"), Row(Kind.FRAME, "f", detail="+0x1/0x2", item="edge:0", frame=0)))
    yield model
    model.deleteLater()


def test_the_model_keeps_qts_rules(qtmodeltester: ModelTester, rows_model: RowsModel) -> None:
    """A model that breaks them crashes views and screen readers."""
    qtmodeltester.check(rows_model)
