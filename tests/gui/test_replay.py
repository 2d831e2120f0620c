from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from lockview.analysis.lock_graph import LockGraph, LockKind, LockNode
from lockview.document.documents import Document
from lockview.gui.replay.event_rows import position_of
from lockview.gui.replay.panel import ReplayPanel
from lockview.gui.replay.runs import any_run, run_past_deadlock
from lockview.gui.replay.words import next_words, notice, state_sentence
from lockview.gui.theme import Appearance
from lockview.gui.window import MainWindow
from lockview.gui.workspace import Workspace
from lockview.model.locks import LockClass
from lockview.model.logs import Log
from lockview.model.reports import ReportKind
from lockview.model.traces import Outcome, Schedule
from lockview.parsing.reader import read_bytes
from lockview.sim.replay import Replay
from lockview.sim.scenario import Acquisition, Scenario, ScenarioTask

# Only the offscreen platform says so, of every window that has a smallest size.
pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")

A, B = LockClass("&a->lock"), LockClass("b")
HOSTILE = '<img src=x>"-&%n'


def document_of(data: bytes) -> Document:
    return Document(read_bytes(data, "test"), data.decode().splitlines())


@pytest.fixture
def workspace() -> Workspace:
    return Workspace()


@pytest.fixture
def panel(qtbot: QtBot, workspace: Workspace, sample: Path) -> ReplayPanel:
    return shown(qtbot, workspace, document_of(sample.read_bytes()))


def shown(qtbot: QtBot, workspace: Workspace, document: Document) -> ReplayPanel:
    panel = ReplayPanel(workspace, Appearance("light"))
    qtbot.addWidget(panel)
    panel.resize(900, 260)
    workspace.add(document)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def run_of(panel: ReplayPanel) -> Replay:
    assert panel.replay is not None
    return panel.replay


def press(qtbot: QtBot, panel: ReplayPanel, name: str) -> None:
    QTest.mouseClick(panel.transport.button(name), Qt.MouseButton.LeftButton)


def test_nothing_is_replayed_before_the_user_starts(panel: ReplayPanel, workspace: Workspace) -> None:
    """The graph would show holders that nobody asked for."""
    assert workspace.replay is None
    assert run_of(panel).position == 0
    assert panel.state.text == "Before the first step: 3 tasks, nothing is held."
    assert len(panel.tasks.buttons) == 3


def test_stepping_to_the_deadlock_and_back(qtbot: QtBot, panel: ReplayPanel, workspace: Workspace) -> None:
    """The heart of the panel: every step forward, the deadlock named, every step back."""
    length = run_of(panel).length
    for position in range(1, length + 1):
        press(qtbot, panel, "forward")
        assert workspace.replay is not None
        assert workspace.replay.position == position
    assert run_of(panel).outcome is Outcome.DEADLOCK
    assert panel.state.text.startswith("Deadlock: ")
    assert "khugepaged/43 waits for &mapping->i_mmap_rwsem, held by execve" in panel.state.text
    assert not panel.transport.button("forward").isEnabled()
    assert not any(button.isEnabled() for button in panel.tasks.buttons)
    for _ in range(length):
        press(qtbot, panel, "back")
    assert run_of(panel).position == 0
    assert run_of(panel).outcome is Outcome.RUNNING


def test_the_deadlock_button_leads_there_at_once(qtbot: QtBot, panel: ReplayPanel, workspace: Workspace) -> None:
    """Graph and lanes must show who waits for whom."""
    press(qtbot, panel, "deadlock")
    assert workspace.replay is not None
    assert workspace.replay.outcome is Outcome.DEADLOCK
    assert len(workspace.replay.waiters) == 3
    assert [button.text_shown for button in panel.tasks.buttons][2] == (
        "waits for &mapping->i_mmap_rwsem, held by execve"
    )


def test_a_way_past_the_deadlock_keeps_the_steps_that_it_can(qtbot: QtBot, panel: ReplayPanel) -> None:
    """The schedule that avoids it should be the nearest one."""
    panel.deadlock()
    before = run_of(panel).schedule.choices
    press(qtbot, panel, "avoid")
    run = run_of(panel)
    assert run.outcome is Outcome.DONE
    assert panel.state.text == "All 3 tasks finished; nobody waits any more."
    assert panel.hint.text == "The first 4 steps are kept; from step 5 on the order is another."
    assert run.schedule.choices[:4] == before[:4]
    assert run.schedule.choices[4] != before[4]


def test_the_point_of_no_return_is_said(panel: ReplayPanel) -> None:
    """After it no choice helps, and the user should not search for one."""
    panel.go_to(4)
    assert panel.hint.text == ""
    panel.go_to(5)
    assert panel.hint.text == "From here on every order of steps ends in the deadlock."


def test_choosing_by_hand_departs_from_the_schedule(qtbot: QtBot, panel: ReplayPanel) -> None:
    """The user steers: the chosen task steps, what was planned is dropped."""
    QTest.mouseClick(panel.tasks.buttons[2], Qt.MouseButton.LeftButton)
    run = run_of(panel)
    assert run.schedule.choices == (2,)
    assert panel.state.text == "Step 1: khugepaged/43 takes fs_reclaim."
    assert len(panel.events.rows) == 1


def test_a_waiting_task_cannot_be_chosen(panel: ReplayPanel) -> None:
    """It says for what and whom it waits instead."""
    panel.go_to(4)
    button = panel.tasks.buttons[2]
    assert not button.isEnabled()
    assert button.text_shown == "waits for &mapping->i_mmap_rwsem, held by execve"
    before = run_of(panel)
    panel.choose(2)
    assert run_of(panel) == before


def test_a_step_selects_what_it_was_about(panel: ReplayPanel, workspace: Workspace) -> None:
    """Graph, stacks and log follow the replay."""
    panel.go_to(2)
    assert workspace.selection.item == "edge:0"
    assert workspace.selection.line is not None
    panel.back()
    assert workspace.selection.item == "lock:0"


def test_slider_and_list_scrub(qtbot: QtBot, panel: ReplayPanel) -> None:
    """Both are the same position, whichever is moved."""
    panel.transport.slider.setValue(3)
    assert run_of(panel).position == 3
    assert panel.events.current is not None
    assert panel.events.current.item == "event:2"
    panel.events.setFocus()
    QTest.keyClick(panel.events, Qt.Key.Key_Down)
    assert run_of(panel).position == 4
    assert panel.transport.slider.value() == 4


def test_a_click_into_the_lanes_goes_there(qtbot: QtBot, panel: ReplayPanel) -> None:
    """A bar is the step that began it."""
    panel.lanes.position_chosen.emit(6)
    assert run_of(panel).position == 6


def test_playing_goes_on_by_itself_and_stops_at_the_end(qtbot: QtBot, panel: ReplayPanel) -> None:
    """A run that is over must not keep a timer busy."""
    panel.transport.speed.setCurrentIndex(3)
    panel.go_to(5)
    panel.toggle_play()
    assert panel.playing
    qtbot.waitUntil(lambda: not panel.playing, timeout=5000)
    assert run_of(panel).position == run_of(panel).length
    panel.toggle_play()
    assert run_of(panel).position == 0
    panel.toggle_play()
    assert not panel.playing


def test_a_move_by_hand_ends_the_playing(panel: ReplayPanel) -> None:
    """Two hands on one wheel."""
    panel.toggle_play()
    panel.forward()
    assert not panel.playing


def test_the_notice_names_what_blocks_nobody(panel: ReplayPanel) -> None:
    """The reading is lockdep's; a sequence counter keeps nobody waiting."""
    assert panel.notice.text == (
        "This is lockdep's reading: every class blocks. A real kernel may be unable to do it: &vma->vm_sequence and "
        "&vma->vm_sequence/1 are sequence counters, fs_reclaim is a marker without a lock behind it; "
        "they keep nobody waiting."
    )


def test_the_notice_comes_from_the_report() -> None:
    """A report of mutexes must not be told to be harmless."""
    graph = LockGraph((LockNode(0, A, LockKind.MUTEX), LockNode(1, B, LockKind.RWSEM)), (), ())
    assert "unable" not in notice(graph)
    assert notice(graph, ReportKind.HELGRIND).startswith("This is Helgrind's reading")
    counter = LockGraph((LockNode(0, A, LockKind.SEQCOUNT), LockNode(1, B, LockKind.RWSEM)), (), ())
    assert "&a->lock is a sequence counter; it keeps nobody waiting." in notice(counter)


def test_another_report_brings_another_run(panel: ReplayPanel, workspace: Workspace, sample: Path) -> None:
    """The run of a closed report must not stay."""
    panel.deadlock()
    workspace.add(document_of(sample.read_bytes().replace(b"khugepaged/43", b"other/7")))
    assert workspace.replay is None
    assert run_of(panel).position == 0
    assert "other/7" in run_of(panel).tasks


@pytest.mark.parametrize("data", [b"nothing here\n", b""])
def test_without_a_report_the_panel_says_how_to_fill_it(qtbot: QtBot, workspace: Workspace, data: bytes) -> None:
    """Every button must be safe with nothing to replay."""
    panel = shown(qtbot, workspace, Document(Log("empty"), data.decode().splitlines()))
    assert "Open a log" in panel.state.text
    for act in (panel.first, panel.back, panel.forward, panel.last, panel.toggle_play, panel.deadlock, panel.avoid):
        act()
    panel.choose(0)
    panel.grab()
    assert workspace.replay is None


def test_hidden_panels_compute_nothing_but_obey(qtbot: QtBot, workspace: Workspace, sample: Path) -> None:
    """The start must not pay for a panel behind a tab, and the window's actions work without it."""
    panel = ReplayPanel(workspace, Appearance("light"))
    qtbot.addWidget(panel)
    workspace.add(document_of(sample.read_bytes()))
    assert not panel.events.rows
    panel.forward()
    assert workspace.replay is not None
    assert workspace.replay.position == 1


def test_behind_the_tab_of_the_log_nothing_is_computed(window: MainWindow) -> None:
    """Qt calls a widget behind another tab visible."""
    panel = window.docks.dock("replay").widget()
    assert isinstance(panel, ReplayPanel)
    window.docks.bring_up("log")
    window.open_sample()
    assert not panel.events.rows
    window.docks.bring_up("replay")
    assert panel.events.rows
    window.docks.bring_up("log")
    run = run_of(panel)
    window.workspace.show_replay(run.last())
    assert panel.state.text.startswith("Before the first step")
    window.docks.bring_up("replay")
    assert panel.state.text.startswith("Deadlock")


def test_hostile_names_stay_plain_text(qtbot: QtBot, workspace: Workspace, sample: Path) -> None:
    """Task and lock names from a log must be shown letter by letter."""
    raw = sample.read_bytes().replace(b"fs_reclaim)", HOSTILE.encode() + b")").replace(b"SyS_mremap", HOSTILE.encode())
    panel = shown(qtbot, workspace, document_of(raw))
    panel.deadlock()
    panel.grab()
    assert HOSTILE in panel.state.text
    for widget in (panel, *panel.findChildren(QWidget)):
        assert "<img" not in widget.toolTip()
    assert QApplication.activePopupWidget() is None


def test_both_shapes_are_painted_in_every_theme(qtbot: QtBot, workspace: Workspace, sample: Path) -> None:
    """A narrow dock at the side, a wide one below."""
    for theme in ("light", "dark", "high-contrast"):
        panel = ReplayPanel(workspace, Appearance(theme))
        qtbot.addWidget(panel)
        panel.show()
        if not workspace.documents:
            workspace.add(document_of(sample.read_bytes()))
        for width, height in ((380, 600), (900, 260)):
            panel.resize(width, height)
            panel.grab()
        assert panel.parts.orientation() == Qt.Orientation.Horizontal


def two_tasks(*, crossing: bool) -> Scenario:
    orders = ((A, B), (B, A)) if crossing else ((A, B), (A, B))
    tasks = tuple(
        ScenarioTask(f"t/{number}", tuple(Acquisition(lock) for lock in order)) for number, order in enumerate(orders)
    )
    return Scenario("two", tasks)


def test_words_of_a_run_from_start_to_end() -> None:
    """Each state has its sentence."""
    run = Replay.start(two_tasks(crossing=True), Schedule((0, 1, 0, 1)))
    assert state_sentence(run) == "Before the first step: 2 tasks, nothing is held."
    assert state_sentence(run.to(1)) == "Step 1: t/0 takes &a->lock."
    assert next_words(run.to(1), 1) == "takes b"
    assert next_words(run.to(2), 0) == "asks for b, held by t/1"
    assert state_sentence(run.to(3)) == "Step 3: t/0 waits for b, held by t/1."
    assert state_sentence(run.last()) == (
        "Deadlock: t/0 waits for b, held by t/1; t/1 waits for &a->lock, held by t/0."
    )
    past = run_past_deadlock(run.last())
    assert past is not None
    assert past.position == 1
    assert state_sentence(past.last()) == "All 2 tasks finished; nobody waits any more."
    assert next_words(past.last(), 0) == "has finished"


def test_a_scenario_without_deadlock_is_run_to_its_end() -> None:
    """There is something to watch even when nothing goes wrong."""
    run = any_run(two_tasks(crossing=False))
    assert run.last().outcome is Outcome.DONE


@pytest.mark.parametrize(("item", "position"), [("event:0", 1), ("event:12", 13), ("event:x", None), ("lock:1", None)])
def test_items_of_steps(item: str, position: int | None) -> None:
    """Names of the drawing and of the list are the same."""
    assert position_of(item) == position


def test_the_panel_gets_as_narrow_as_a_side_dock(qtbot: QtBot, panel: ReplayPanel) -> None:
    """Once wide, it must not keep its dock wide."""
    assert panel.minimumSizeHint().width() <= 380
    panel.resize(380, 600)
    assert panel.width() == 380
    assert panel.parts.orientation() == Qt.Orientation.Vertical
