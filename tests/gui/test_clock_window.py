"""The window of curves, as a user sees it: lines grow while they are computed, and closing stops the work."""

from pytestqt.qtbot import QtBot

from lockview.export.chart_curves import GAIN
from lockview.gui.clock.window import ClockWindow
from lockview.gui.jobs import Jobs
from lockview.gui.theme import Appearance
from lockview.gui.window import MainWindow


def test_curves_are_drawn_as_they_come(qtbot: QtBot) -> None:
    jobs = Jobs()
    window = ClockWindow(jobs, Appearance("light"))
    window.show()
    qtbot.addWidget(window)
    window.size_box.setCurrentIndex(1)
    qtbot.waitUntil(lambda: window.view.chart is not None and len(window.view.chart.series) == 7, timeout=30_000)
    chart = window.view.chart
    assert chart is not None
    assert "model time, not measured" in chart.note
    assert "model time, not measured" in window.note.text()
    window.shown_box.setCurrentIndex(window.shown_box.findData(GAIN))
    window.log.setChecked(True)
    assert window.view.chart is not None
    assert len(window.view.chart.series) == 6
    assert window.view.chart.up.log
    window.close()
    assert not jobs.running
    jobs.stop()


def test_the_menu_opens_it_and_it_goes_with_its_work(qtbot: QtBot, window: MainWindow) -> None:
    window.board.action("clock").trigger()
    curves = window.findChild(ClockWindow)
    assert isinstance(curves, ClockWindow)
    qtbot.waitUntil(lambda: curves.view.chart is not None, timeout=30_000)
    curves.close()
    assert not window.jobs.running
