"""A recorded run as the user meets it: opened like a log, played, scrubbed, stopped at a lock."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from lockview import cli_simulate
from lockview.document.opening import SMALL
from lockview.gui.timeline.page import TracePage
from lockview.gui.timeline.rows import moment_rows
from lockview.gui.window import MainWindow
from lockview.layout.drawing import Role
from lockview.sim.running import Ending

FTRACE = "".join(
    f"              sh-{54 + number % 3}      [001] .....    10.98{number:04}: {event}: ffff888000849458 &a<b>&->lock\n"
    for number in range(400)
    for event in ("lock_acquire", "lock_release")
)


def page_of(window: MainWindow) -> TracePage:
    page = window.central.trace
    assert page is not None
    assert window.central.page is page
    return page


@pytest.fixture(scope="module")
def deadlock(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("traces") / "s19.jsonl"
    cli_simulate.run(["S19", "-o", str(path)])
    return path


@pytest.fixture
def page(make_window: Callable[..., MainWindow], deadlock: Path) -> TracePage:
    return page_of(make_window(deadlock))


def test_a_trace_opens_with_its_moment_beside_it(make_window: Callable[..., MainWindow], deadlock: Path) -> None:
    window = make_window(deadlock)
    page = page_of(window)
    assert page.moment.isVisible()
    assert not window.board.action("follow").isEnabled()
    page.last()
    assert page.state.text.endswith("Deadlock: nobody can go on.")
    spoken = [row.spoken() for row in page.moment.rows]
    assert any("waits for i_mmap" in words for words in spoken)
    assert any("waits for vm_lock" in words for words in spoken)


def test_it_is_stepped_and_scrubbed(page: TracePage) -> None:
    page.transport.button("forward").click()
    page.transport.button("forward").click()
    assert page.position == 2
    page.transport.button("back").click()
    assert page.position == 1
    page.transport.slider.setValue(7)
    assert page.position == 7
    page.lanes.position_chosen.emit(3)
    assert (page.position, page.transport.slider.value()) == (3, 3)
    page.go_to(-1)
    page.go_to(10_000)
    assert page.position == 3


def test_playing_stops_at_the_end_and_at_a_lock(qtbot: QtBot, page: TracePage) -> None:
    page.transport.speed.setCurrentIndex(page.transport.speed.count() - 1)
    page.lanes.stop_toggled.emit("i_mmap")
    page.toggle_play()
    qtbot.waitUntil(lambda: not page.playing)
    run = page.run
    assert run is not None
    assert run.lock(page.position - 1) == "i_mmap"
    page.lanes.next_wanted.emit("vm_lock")
    assert run.lock(page.position - 1) == "vm_lock"
    page.go_to(run.length - 1)
    page.toggle_play()
    qtbot.waitUntil(lambda: not page.playing)
    assert page.position == run.length


def test_a_capture_of_a_real_kernel_opens_in_the_lanes(
    qtbot: QtBot, make_window: Callable[..., MainWindow], tmp_path: Path
) -> None:
    path = tmp_path / "trace.txt"
    path.write_text(FTRACE)
    window = make_window(path)
    page = page_of(window)
    run = page.run
    assert run is not None
    assert run.length == 800
    page.go_to(1)
    assert "&a<b>&->lock" in page.state.text or "ffff888000849458" in page.state.text
    assert window.central.grab().width() > 0
    assert window.workspace.selection.line == 1
    page.lanes.position_chosen.emit(5)
    assert (window.workspace.selection.line, page.position) == (5, 5)


def test_a_long_trace_is_read_by_the_worker(
    qtbot: QtBot, make_window: Callable[..., MainWindow], tmp_path: Path, deadlock: Path
) -> None:
    path = tmp_path / "long.jsonl"
    records = [json.loads(line) for line in deadlock.read_text().splitlines()]
    body = [record for record in records if record["k"] in ("head", "task", "class", "lock")]
    events = [{"k": "ev", "i": n, "t": n, "d": 0, "cpu": 0, "task": n % 2, "op": "exit"} for n in range(6000)]
    path.write_text("".join(json.dumps(record, separators=(",", ":")) + "\n" for record in [*body, *events]))
    assert path.stat().st_size > SMALL
    window = make_window(path)
    qtbot.waitUntil(lambda: window.central.trace is not None, timeout=20_000)
    run = page_of(window).run
    assert run is not None
    assert run.length == 6000
    assert "end of this trace is missing" in page_of(window).remarks.text


def test_a_broken_trace_is_a_message_that_names_the_line(
    make_window: Callable[..., MainWindow], tmp_path: Path, deadlock: Path
) -> None:
    path = tmp_path / "broken.jsonl"
    lines = deadlock.read_text().splitlines()
    path.write_text("\n".join([*lines[:3], "{}", *lines[3:]]))
    window = make_window(path)
    assert window.central.trace is None
    assert "line 4" in window.central.messages.messages[0].text


def test_two_runs_keep_their_places(make_window: Callable[..., MainWindow], deadlock: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    other.write_bytes(deadlock.read_bytes())
    window = make_window(deadlock, other)
    page = page_of(window)
    page.go_to(5)
    window.workspace.select_document(1)
    assert page.position == 0
    window.workspace.select_document(0)
    assert page.position == 5


def test_the_rows_of_a_moment_have_the_stack_and_the_holders(page: TracePage) -> None:
    run = page.run
    assert run is not None
    assert [row for row in moment_rows(run, 0) if row.role == Role.task(0)] == []
    for position in range(run.length + 1):
        for row in moment_rows(run, position):
            assert row.spoken()


def test_a_counterexample_is_steered_from_any_step(make_window: Callable[..., MainWindow], deadlock: Path) -> None:
    window = make_window(deadlock)
    page = page_of(window)
    page.go_to(3)
    page.steer.click()
    simulation = window.central.simulation
    assert simulation is not None
    assert window.central.page is simulation
    simulated = simulation.simulated
    assert simulated is not None
    assert simulated.course.ending is Ending.DEADLOCK
    assert 0 < simulated.position < len(simulated.course)
    enabled = simulated.course.machine.enabled(simulated.state)
    simulation.choose(enabled[-1])
    simulation.go_on()


def test_a_frame_leads_to_its_source(page: TracePage) -> None:
    page.last()
    run = page.run
    assert run is not None
    assert page.source.line == int(run.stack(run.length - 1)[0][1].rpartition(":")[2])
    page.moment.row_chosen.emit(next(row for row in page.moment.rows if row.frame == 1))
    assert page.source.line == int(run.stack(run.length - 1)[1][1].rpartition(":")[2])
