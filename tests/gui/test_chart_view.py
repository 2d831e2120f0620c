"""A chart in the window: painted in each theme, told to a screen reader, its lines asked for with the pointer."""

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from lockview.gui.clock.chart_view import ChartView
from lockview.gui.theme import Appearance
from lockview.layout.charts import Axis, Chart, Series
from lockview.layout.theme import THEMES

CHART = Chart(
    "ebizzy storm",
    Axis("CPUs", log=True, ticks=(1, 2, 4)),
    Axis("records per second"),
    (Series("classic", ((1, 10.0), (4, 30.0))), Series("SPF v2", ((1, 11.0), (4, 60.0)))),
    "model time, not measured",
)


@pytest.mark.parametrize("theme", sorted(THEMES))
def test_it_is_painted_in_the_colours_of_the_theme(qtbot: QtBot, theme: str) -> None:
    view = ChartView(Appearance(theme))
    qtbot.addWidget(view)
    view.resize(600, 360)
    view.show_chart(CHART)
    picture = view.grab().toImage()
    colours = {picture.pixelColor(x, y).name() for x in range(picture.width()) for y in range(0, picture.height(), 2)}
    assert QColor(THEMES[theme].colours["background"]).name() in colours
    assert QColor(THEMES[theme].colours["task-1"]).name() in colours
    assert QColor(THEMES[theme].colours["task-2"]).name() in colours


def test_its_figures_can_be_heard(qtbot: QtBot) -> None:
    view = ChartView(Appearance())
    qtbot.addWidget(view)
    view.show_chart(CHART)
    assert view.accessibleName() == "ebizzy storm"
    assert "SPF v2: 1: 11; 4: 60" in view.accessibleDescription()
    assert "model time" in view.accessibleDescription()
    view.show_chart(None)
    assert view.accessibleDescription() == ""
    view.grab()


def test_the_pointer_finds_lines_by_mark_and_by_name(qtbot: QtBot) -> None:
    view = ChartView(Appearance())
    qtbot.addWidget(view)
    view.resize(600, 360)
    view.show_chart(CHART)
    found = set()
    for x in range(0, 600, 4):
        for y in range(0, 360, 4):
            line = view.line_at(QPointF(x, y))
            found.add(line.title.split(":")[0] if line else "")
    assert found == {"", "classic", "SPF v2"}
