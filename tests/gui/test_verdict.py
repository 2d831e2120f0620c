"""The window says whether a report can happen, when asked, and what a change would do."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from lockview.analysis.build import lock_graph
from lockview.document.judging import changes_in, judge, request, verdicts_in
from lockview.gui.details.panel import EDGE
from lockview.gui.details.verdict_rows import ASSUMED, HOW, VERDICTS, WHAT_IF, verdict_rows
from lockview.gui.rows.row import Kind, Row
from lockview.gui.rows.row_list import RowList
from lockview.gui.window import MainWindow
from lockview.model.held_reports import RecursiveReport
from lockview.model.locks import HeldLock, LockClass
from lockview.model.reports import Report
from lockview.parsing.reader import read_file


@pytest.fixture(scope="module")
def seed(sample: Path) -> Report:
    (report,) = read_file(str(sample)).reports
    return report


def press(qtbot: QtBot, rows: RowList, start: str) -> None:
    """Go to the row that begins so, and open or close it with the keyboard."""
    number = next(number for number, row in enumerate(rows.rows) if row.text.startswith(start))
    rows.setCurrentIndex(rows.model().index(number, 0))
    QTest.keyClick(rows, Qt.Key.Key_Space)


def said(rows: RowList) -> str:
    return "\n".join(row.spoken() for row in rows.rows)


def test_nothing_is_tried_before_the_user_asks(window: MainWindow) -> None:
    why = window.details.why
    assert [row.opened for row in why.rows if row.fold == VERDICTS] == [False]
    assert not any(job.title == "Trying every order" for job in window.jobs.running)


def test_verdicts_come_from_the_worker(qtbot: QtBot, window: MainWindow) -> None:
    why = window.details.why
    press(qtbot, why, "Try every order")
    assert "Every order is being tried." in said(why)
    qtbot.waitUntil(lambda: "As classified Cannot." in said(why), timeout=20_000)
    assert "As lockdep believes Cannot. A gate lock that the report does not list" in said(why)
    assert "With readers that wait Depends." in said(why)
    assert "If counters block and truncation joins Deadlocks." in said(why)
    press(qtbot, why, "Try every order")
    assert "As classified" not in said(why)


def test_what_if_at_an_edge(qtbot: QtBot, window: MainWindow) -> None:
    why = window.details.why
    press(qtbot, why, "Try every order")
    qtbot.waitUntil(lambda: "As classified" in said(why), timeout=20_000)
    folds = [row.fold for row in why.rows if row.fold.startswith(WHAT_IF)]
    number = next(number for number, row in enumerate(why.rows) if row.fold == folds[2])
    why.setCurrentIndex(why.model().index(number, 0))
    QTest.keyClick(why, Qt.Key.Key_Space)
    wanted = "Allocate with GFP_NOFS there Then it can deadlock no more"
    qtbot.waitUntil(lambda: wanted in said(why), timeout=20_000)


def test_a_suspect_selects_its_edge(qtbot: QtBot, window: MainWindow) -> None:
    why = window.details.why
    press(qtbot, why, "Try every order")
    number = next(number for number, row in enumerate(why.rows) if row.label == "Edge 3")
    why.setCurrentIndex(why.model().index(number, 0))
    assert window.workspace.selection.edge == 2
    window.workspace.select_item("")
    window.workspace.select_item("edge:2")
    assert window.details.tabs.currentIndex() == EDGE


def test_another_report_starts_closed(
    qtbot: QtBot, make_window: Callable[..., MainWindow], sample: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.log"
    other.write_bytes(sample.read_bytes())
    window = make_window(sample)
    press(qtbot, window.details.why, "Try every order")
    window.open_paths([str(other)])
    qtbot.waitUntil(lambda: not any(row.opened for row in window.details.why.rows if row.fold), timeout=10_000)


def test_rows_show_schedules_assumptions_and_orders_side_by_side(seed: Report) -> None:
    graph = lock_graph(seed)
    fold = f"{WHAT_IF}2"
    answers = {VERDICTS: verdicts_in(judge(request(seed))), fold: changes_in(judge(request(seed, 2)))}
    opened = frozenset((VERDICTS, ASSUMED, fold, f"{HOW}1.0", f"{HOW}2:0"))
    rows = verdict_rows(graph, answers, opened)
    spoken = [row.spoken() for row in rows]
    assert "1. execve takes &mapping->i_mmap_rwsem" in spoken
    assert "One lock stands for each class." in spoken
    assert any(row.label == "Before" and "mremap waits for fs_reclaim" in row.text for row in rows)
    assert any(row.label == "After" and "waits" not in row.text for row in rows)


def test_a_failure_is_said(seed: Report) -> None:
    rows = verdict_rows(lock_graph(seed), {VERDICTS: "It took too long."}, frozenset((VERDICTS,)))
    assert Row(Kind.NOTE, "It took too long.", dim=True) in rows


def test_hostile_names_are_made_visible() -> None:
    lock = HeldLock(LockClass('<img src=x>"\u202e\x1b'))
    report = RecursiveReport("WARNING: possible recursive locking detected", wanted=lock, held=lock)
    answers = {VERDICTS: verdicts_in(judge(request(report)))}
    rows = verdict_rows(lock_graph(report), answers, frozenset((VERDICTS, f"{HOW}0")))
    assert any("<img src=x>" in row.text for row in rows)
    assert not any({"\u202e", "\x1b"} & set(row.spoken()) for row in rows)
