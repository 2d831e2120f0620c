"""Schedules in the window: copied as a line, and followed from one."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lockview.gui.simulation.page import SimulationPage
from lockview.gui.window import MainWindow
from lockview.sim.machine import Move
from lockview.sim.running import Ending
from lockview.sim.schedule_text import write_schedule

SCENARIOS = Path(__file__).parents[2] / "resources" / "scenarios"


@pytest.fixture
def page(qtbot: QtBot, make_window: Callable[..., MainWindow]) -> SimulationPage:
    page = make_window(next(SCENARIOS.glob("S19-*"))).central.simulation
    assert page is not None
    qtbot.waitUntil(lambda: not page.running)
    return page


def moves_of(page: SimulationPage) -> list[Move]:
    assert page.simulated is not None
    return page.simulated.course.moves


def paste(page: SimulationPage, text: str) -> None:
    QApplication.clipboard().setText(text)
    page.head.schedule.pasting.trigger()


def test_a_run_is_copied_and_followed_again(page: SimulationPage) -> None:
    before = list(moves_of(page))
    page.head.schedule.copying.trigger()
    line = QApplication.clipboard().text()
    assert line.startswith("lv1:S19:")
    page.first()
    page.choose(0)
    assert moves_of(page) != before
    paste(page, f"  {line}\n")
    assert moves_of(page) == before
    assert page.simulated is not None
    assert page.simulated.course.ending is Ending.DEADLOCK
    assert page.simulated.position == len(before)
    assert "Deadlock" in page.state.text


def test_what_does_not_fit_says_where_and_why(page: SimulationPage) -> None:
    before = list(moves_of(page))
    paste(page, write_schedule([*before, Move(0)], "S19"))
    assert moves_of(page) == before
    assert (
        page.state.text
        == f"The schedule fits up to step {len(before)} of {len(before) + 1}; at step 6 the run is over."
    )
    paste(page, write_schedule([before[0], Move(7)]))
    assert "at step 2 there is no task 7" in page.state.text
    page.first()
    assert page.state.text.startswith("Before the first step")


@pytest.mark.parametrize("text", ["", "lv1:S19:AB:00000000", "lv9:x", "<img src=x>", write_schedule([Move(0)], "S01")])
def test_other_text_changes_nothing(page: SimulationPage, text: str) -> None:
    before = list(moves_of(page))
    paste(page, text)
    assert moves_of(page) == before
    assert page.state.text.startswith("This ")
