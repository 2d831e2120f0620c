"""A scenario as the user meets it: opened, run, looked at, steered, compared."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QWidget
from pytestqt.qtbot import QtBot

from lockview.document.simulated import BY_HAND, DICE, Simulated, own_source
from lockview.gui.actions import ACTIONS
from lockview.gui.compare.window import CompareWindow
from lockview.gui.rows.row import Row
from lockview.gui.simulation.page import SimulationPage
from lockview.gui.simulation.switches import SwitchesDialog
from lockview.gui.simulation.words import outcomes
from lockview.gui.start.page import StartPage
from lockview.gui.window import MainWindow
from lockview.kernel.switches import Switch
from lockview.sim.running import Ending

SCENARIOS = Path(__file__).parents[2] / "resources" / "scenarios"
SEED = SCENARIOS / "S01-seed-2017.toml"
HOSTILE = '<img src=x>"->&%n'
TWO_LOCKS = f"""format = "lockview.scenario 1"
id = "T1"
title = '{HOSTILE}'
lesson = "Two tasks, two locks, two orders."
variant = "spf-v2"
order = ["one", "two"]

[[lock]]
name = "a"
class = '{HOSTILE}'

[[lock]]
name = "b"
class = "&b->lock"

[[task]]
name = "one"
pid = 1

[[task.call]]
routine = "lock-program"
steps = ["take a", "take b", "release b", "release a"]

[[task]]
name = "two"
pid = 2

[[task.call]]
routine = "lock-program"
steps = ["take b", "take a", "release a", "release b"]
"""


def page_of(window: MainWindow) -> SimulationPage:
    page = window.central.simulation
    assert page is not None
    assert window.central.page is page
    return page


def simulated_of(page: SimulationPage) -> Simulated:
    assert page.simulated is not None
    return page.simulated


def opened(qtbot: QtBot, window: MainWindow, path: Path) -> SimulationPage:
    window.open_path(str(path))
    page = page_of(window)
    qtbot.waitUntil(lambda: not page.running)
    return page


@pytest.fixture
def page(qtbot: QtBot, make_window: Callable[..., MainWindow]) -> SimulationPage:
    return opened(qtbot, make_window(), SEED)


@pytest.fixture
def two_locks(qtbot: QtBot, make_window: Callable[..., MainWindow], tmp_path: Path) -> SimulationPage:
    path = tmp_path / "two.toml"
    path.write_text(TWO_LOCKS)
    return opened(qtbot, make_window(), path)


def window_of(page: QWidget) -> MainWindow:
    window = page.window()
    assert isinstance(window, MainWindow)
    return window


def spoke_at(page: SimulationPage) -> int:
    """The position right after the first report."""
    return min(simulated_of(page).course.spoke) + 1


def length(page: SimulationPage) -> int:
    return len(simulated_of(page).course)


def position_after(page: SimulationPage, what: str, value: str) -> int:
    """The position right after something first happened."""
    course = simulated_of(page).course
    return next(number for number in range(len(course) + 1) if course.counts(number)[(what, value)])


def click(button: QAbstractButton) -> None:
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def run_again(qtbot: QtBot, page: SimulationPage) -> None:
    click(page.controls.run)
    qtbot.waitUntil(lambda: not page.running)


def told(window: MainWindow) -> str:
    return "\n".join(message.text for message in window.messages.messages)


def ending(page: SimulationPage) -> Ending | None:
    return simulated_of(page).course.ending


def words(rows: tuple[Row, ...]) -> list[str]:
    return [row.spoken() for row in rows]


def test_a_scenario_opens_like_a_log_and_runs(page: SimulationPage) -> None:
    window = window_of(page)
    assert window.windowTitle().startswith("S01 khugepaged against mremap, as reported")
    assert window.workspace.selection.report == -1
    assert simulated_of(page).course.ending is Ending.DONE
    said = f"Step {spoke_at(page)}: lockdep: WARNING: possible circular locking dependency detected"
    assert page.spoken.words.text == said
    (report,) = window.workspace.documents[0].reports
    assert [node.lock_class.name for node in report.graph.nodes] == [
        "&mapping->i_mmap_rwsem",
        "&vma->vm_sequence",
        "&vma->vm_sequence/1",
        "fs_reclaim",
    ]
    assert len(report.graph.tasks) == 3


def test_its_report_is_one_like_any_other(qtbot: QtBot, page: SimulationPage) -> None:
    """Graph, details and the log with the kernel's text, whose lines the selection marks."""
    window = window_of(page)
    click(page.spoken.report)
    assert window.central.page is window.graph
    document, report = window.workspace.document, window.workspace.report
    assert document is not None
    assert report is not None
    assert document.lines[2] == "WARNING: possible circular locking dependency detected"
    assert report.report.span.first == 3
    assert "khugepaged/43 wants" in window.details.why.rows[0].text
    window.step_report(-1)
    assert page_of(window) is page


def test_each_step_shows_its_source_and_the_stack(page: SimulationPage) -> None:
    page.go_to_report()
    assert page.state.text == (f"Step {spoke_at(page)}: khugepaged/43, down_read: take file:0.i_mmap_rwsem shared.")
    assert page.source.place.text().endswith(f"lockview/kernel/locks/rwsem.py:{page.source.line}")
    marked = page.source.text.toPlainText().splitlines()[page.source.line - 1]
    assert marked.startswith("\u25b8")
    assert "yield Acquire(sem, Access.SHARED)" in marked
    row = page.stacks.current
    assert row is not None
    assert row.text == "down_read"


def test_a_frame_that_is_chosen_shows_its_line(page: SimulationPage) -> None:
    page.go_to_report()
    row = next(row for row in page.stacks.rows if row.text == "shrink_page_list")
    page.stacks.row_chosen.emit(row)
    assert page.source.place.text().startswith("shrink_page_list")
    assert str(page.source.line) == row.right.partition(":")[2]


def test_an_open_section_is_seen_in_the_world(page: SimulationPage) -> None:
    """Odd counters, holders, dead VMAs, callbacks; what the step changed is marked."""
    page.go_to(position_after(page, "seq_begin", "vma:1.vm_sequence"))
    rows = words(page.world.rows)
    assert "vma:1 0-2 rw-p [changed] seq 1 ODD" in rows
    assert "  held by worker/101" in rows
    course = simulated_of(page).course
    page.go_to(next(number + 1 for number, move in enumerate(course.moves) if move.task == 1))
    assert any("free-vma" in row and "ready" in row for row in words(page.world.rows))


def test_keys_move_through_the_run(page: SimulationPage) -> None:
    """The same as for the replay of a report."""
    window = window_of(page)
    window.activateWindow()
    for key, position in ((".", 1), (".", 2), (",", 1), (">", length(page)), ("<", 0)):
        QTest.keyClicks(window, key)
        assert simulated_of(page).position == position, key
    page.transport.slider.setValue(40)
    assert simulated_of(page).position == 40
    assert page.transport.place.text() == f"40 of {length(page)}"


def test_playing_goes_on_by_itself_and_stops_when_hidden(qtbot: QtBot, page: SimulationPage) -> None:
    page.transport.speed.setCurrentIndex(3)
    page.toggle_play()
    qtbot.waitUntil(lambda: simulated_of(page).position > 0)
    page.show_report()
    assert not page.playing


def test_the_list_of_steps_leads_anywhere(page: SimulationPage) -> None:
    page.tabs.setCurrentWidget(page.steps)
    assert len(page.steps.rows) == length(page)
    spoke = page.steps.rows[spoke_at(page) - 1]
    assert spoke.text.startswith("lockdep speaks")
    page.steps.row_chosen.emit(spoke)
    assert simulated_of(page).position == spoke_at(page)


def test_the_sign_moves_with_the_line(page: SimulationPage) -> None:
    """Each line of a file is as it is there, also after it was the current one."""
    for position in range(1, length(page) + 1):
        page.go_to(position)
        frame = simulated_of(page).course.steps[position - 1].stack.frames[0]
        lines = page.source.text.toPlainText().splitlines()
        width = len(str(len(lines)))
        assert [line[4 + width :] for line in lines] == own_source(frame.file).splitlines()
        assert [number for number, line in enumerate(lines, 1) if line.startswith("\u25b8")] == [frame.line]


def test_the_lanes_lead_to_their_steps(qtbot: QtBot, page: SimulationPage) -> None:
    page.middle.setCurrentWidget(page.lanes)
    for position in (1, 2, len(simulated_of(page).course)):
        page.lanes.position_chosen.emit(position)
        assert simulated_of(page).position == position


def test_playing_stops_at_a_lock(qtbot: QtBot, two_locks: SimulationPage) -> None:
    page = two_locks
    page.middle.setCurrentWidget(page.lanes)
    page.first()
    page.lanes.stop_toggled.emit("b")
    page.transport.speed.setCurrentIndex(page.transport.speed.count() - 1)
    page.toggle_play()
    qtbot.waitUntil(lambda: not page.playing)
    assert 0 < simulated_of(page).position < len(simulated_of(page).course)
    assert page.middle.stops.stops_after(simulated_of(page).position)
    before = simulated_of(page).position
    page.lanes.next_wanted.emit("b")
    assert simulated_of(page).position > before
    assert page.middle.stops.stops_after(simulated_of(page).position)


def test_dice_with_one_seed_make_one_run(qtbot: QtBot, page: SimulationPage) -> None:
    page.controls.way.setCurrentIndex(page.controls.way.findData(DICE))
    page.controls.seed.setValue(3)
    run_again(qtbot, page)
    moves = list(simulated_of(page).course.moves)
    run_again(qtbot, page)
    assert simulated_of(page).course.moves == moves
    assert window_of(page).workspace.documents[0].reports == []
    assert page.spoken.isHidden()


def test_by_hand_the_user_says_who_goes(qtbot: QtBot, two_locks: SimulationPage) -> None:
    """Into the deadlock, and past it again."""
    page = two_locks
    page.controls.way.setCurrentIndex(page.controls.way.findData(BY_HAND))
    run_again(qtbot, page)
    simulated = simulated_of(page)
    assert simulated.course.moves == []
    click(page.tasks.buttons[0])
    click(page.tasks.buttons[1])
    assert ending(page) is Ending.DEADLOCK
    assert "Deadlock: one/1 waits for b, held by two/2; two/2 waits for a, held by one/1." in page.state.text
    assert not any(button.isEnabled() for button in page.tasks.buttons)
    assert page.tasks.buttons[0].text_shown == "waits for b, held by two/2"
    page.back()
    click(page.tasks.buttons[0])
    click(page.controls.on)
    qtbot.waitUntil(lambda: not page.running)
    assert ending(page) is Ending.DONE
    assert len(window_of(page).workspace.documents[0].reports) == 1


def test_open_outcomes_are_the_users_to_choose(qtbot: QtBot, page: SimulationPage) -> None:
    simulated = simulated_of(page)
    course = simulated.course
    asked = next(number for number, move in enumerate(course.moves) if move.task == 2 and outcomes(course, number, 2))
    page.go_to(asked)
    click(page.tasks.buttons[2])
    menu = page.findChild(QMenu, "outcomes")
    assert isinstance(menu, QMenu)
    assert [action.text() for action in menu.actions()] == ["reclaim: no", "reclaim: yes"]
    menu.actions()[0].trigger()
    menu.close()
    assert simulated.position == len(simulated.course) == asked + 1
    assert simulated.course.moves[-1].choice == 0
    assert window_of(page).workspace.documents[0].reports == []


def test_another_variant_runs_at_once_with_its_own_switches(qtbot: QtBot, page: SimulationPage) -> None:
    box = page.controls.variant
    box.setCurrentIndex(box.findData("classic"))
    box.activated.emit(box.currentIndex())
    qtbot.waitUntil(lambda: not page.running)
    assert simulated_of(page).setup.switches == frozenset()
    assert simulated_of(page).course.reports == ()
    assert window_of(page).workspace.documents[0].reports == []


def test_a_switch_is_turned(qtbot: QtBot, page: SimulationPage) -> None:
    page.controls.ask_for_switches()
    dialog = page.controls.findChild(SwitchesDialog)
    assert isinstance(dialog, SwitchesDialog)
    dialog.search.setText("m9")
    shown = [dialog.list.item(n).text() for n in range(dialog.list.count()) if not dialog.list.item(n).isHidden()]
    assert shown == ["M9: munmap does not raise the counter"]
    dialog.set_on(Switch.M9, on=True)
    dialog.accept()
    qtbot.waitUntil(lambda: not page.running)
    assert Switch.M9 in simulated_of(page).course.built.kernel.switches
    assert page.controls.switches.text().startswith("Switches (1 changed)")
    assert page.controls.switches.toolTip() == "M9 on: munmap does not raise the counter"


def test_the_mail_stands_beside_the_report(qtbot: QtBot, page: SimulationPage) -> None:
    window = window_of(page)
    click(page.spoken.compare)
    compare = window.findChild(CompareWindow)
    assert isinstance(compare, CompareWindow)
    said = "76 of 81 compared parts are the same; 5 differ, all of them functions of lockdep or of the lock itself."
    assert compare.verdict.text() == said
    whole = len(compare.table.rows)
    compare.differing.setChecked(True)
    pairs = [pair for _, pair in compare.table.rows if pair]
    assert [pair.right for pair in pairs] == [
        "lock_acquire", "dump_stack", "print_circular_bug", "__lock_acquire", "lock_acquire",
    ]  # fmt: skip
    assert whole > len(compare.table.rows)
    index = compare.table.model().index(1, 0)
    assert index.data(Qt.ItemDataRole.AccessibleTextRole) == "lock_acquire, only on the right"
    compare.close()


def test_nothing_said_is_nothing_to_compare(qtbot: QtBot, make_window: Callable[..., MainWindow]) -> None:
    window = make_window()
    opened(qtbot, window, next(SCENARIOS.glob("S18-*.toml")))
    window.run(next(spec for spec in ACTIONS if spec.name == "compare"))
    assert "There is no report to compare" in told(window)


def test_names_of_a_file_do_no_harm(two_locks: SimulationPage) -> None:
    window = window_of(two_locks)
    assert two_locks.head.title.text() == f"T1 {HOSTILE}"
    assert two_locks.head.title.textFormat() is Qt.TextFormat.PlainText
    two_locks.go_to(1)
    assert any(HOSTILE in row for row in words(two_locks.world.rows))
    assert HOSTILE in window.windowTitle()


def test_a_broken_file_is_refused_with_its_line(make_window: Callable[..., MainWindow], tmp_path: Path) -> None:
    window = make_window()
    path = tmp_path / "broken.toml"
    path.write_text(TWO_LOCKS.replace('variant = "spf-v2"', 'variant = "spf-v99"'))
    window.open_path(str(path))
    assert window.workspace.documents == []
    assert "line 5" in told(window)
    assert "spf-v99" in told(window)


def test_a_scenario_is_read_again_from_its_file(qtbot: QtBot, two_locks: SimulationPage) -> None:
    window = window_of(two_locks)
    document = window.workspace.document
    assert document is not None
    Path(document.path).write_text(TWO_LOCKS.replace('id = "T1"', 'id = "T2"'))
    window.reload()
    qtbot.waitUntil(lambda: not two_locks.running)
    assert two_locks.head.title.text().startswith("T2 ")
    assert len(window.workspace.documents) == 1


def test_a_pasted_scenario_is_one(qtbot: QtBot, make_window: Callable[..., MainWindow]) -> None:
    window = make_window()
    QApplication.clipboard().setText(TWO_LOCKS)
    window.paste()
    qtbot.waitUntil(lambda: not page_of(window).running)
    assert page_of(window).head.title.text().startswith("T1 ")


def test_the_start_page_lists_the_library(qtbot: QtBot, make_window: Callable[..., MainWindow]) -> None:
    window = make_window()
    start = window.central.page
    assert isinstance(start, StartPage)
    qtbot.waitUntil(lambda: start.scenarios.count() > 0)
    assert start.scenarios.item(0).text() == "S01  khugepaged against mremap, as reported"
    start.scenarios.itemActivated.emit(start.scenarios.item(0))
    qtbot.waitUntil(lambda: not page_of(window).running)
    assert window.store.recent == ()


def test_the_menu_lists_the_library(make_window: Callable[..., MainWindow]) -> None:
    window = make_window()
    menu = window.findChild(QMenu, "scenarios")
    assert isinstance(menu, QMenu)
    menu.aboutToShow.emit()
    assert menu.actions()[0].text() == "S01  khugepaged against mremap, as reported"


def test_closing_a_scenario_brings_the_details_back(page: SimulationPage) -> None:
    window = window_of(page)
    assert page.tabs.isVisible()
    page.toggle_play()
    window.close_document()
    assert window.workspace.documents == []
    assert not page.tabs.isVisible()
    assert window.details.isVisible()


def test_two_scenarios_keep_their_places(qtbot: QtBot, page: SimulationPage) -> None:
    window = window_of(page)
    page.go_to(40)
    opened(qtbot, window, next(SCENARIOS.glob("S18-*.toml")))
    assert page.head.title.text().startswith("S18")
    window.workspace.select_document(0)
    assert page.head.title.text().startswith("S01")
    assert simulated_of(page).position == 40


def test_everything_has_a_name_for_a_screen_reader(page: SimulationPage) -> None:
    for widget in (page.stacks, page.world, page.steps, page.source.text, page.controls.variant, page.controls.way):
        assert widget.accessibleName()
    assert page.tasks.buttons[0].accessibleName().startswith("swapper/0/1 ")


def test_only_our_own_routines_are_shown() -> None:
    assert "def down_read" in own_source("lockview/kernel/locks/rwsem.py")
    for path in (
        "lockview/gui/window.py",
        "lockview/kernel/../gui/window.py",
        "/etc/passwd",
        "",
        "lockview/kernel/no.py",
    ):
        assert own_source(path) == ""
