"""The curves of the storm in a window of their own: drawn while they are computed, in the worker."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QHBoxLayout, QVBoxLayout, QWidget

from lockview.document.clock_job import curves_of, point_in
from lockview.export.chart_curves import GAIN, QUANTITIES, storm_chart
from lockview.gui.clock.chart_view import ChartView
from lockview.gui.jobs import Jobs
from lockview.gui.plain import PlainLabel
from lockview.gui.theme import Appearance
from lockview.sim.clock.curves import MODEL_TIME, Point, base_of

PADDING = 8
SLOT = "clock"
_SIZES = {"128 page faults per record": False, "1 page fault per record": True}
"""Whether the records are small."""
_GAIN_WORDS = "records, as many times as classic"


class ClockWindow(QDialog):
    """Stays open beside the window. Computing stops when it is closed."""

    def __init__(self, jobs: Jobs, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("clock")
        self.setWindowTitle("Curves of the page fault storm")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(False)
        self.resize(900, 560)
        self._jobs = jobs
        self._points: dict[str, list[Point]] = {}
        self.size_box = self._box("Page faults per record", _SIZES)
        words = {quantity.title: name for name, quantity in QUANTITIES.items()} | {_GAIN_WORDS: GAIN}
        self.shown_box = self._box("What is shown", words)
        self.log = QCheckBox("Logarithmic", self)
        self.note = PlainLabel(f"Computed from a model of costs, in {MODEL_TIME}.", self)
        self.note.setObjectName("secondary")
        self.view = ChartView(appearance, self)
        self._lay_out()
        self.size_box.currentIndexChanged.connect(self._compute)
        self.shown_box.currentIndexChanged.connect(self._show)
        self.log.toggled.connect(self._show)
        self.finished.connect(self._stop)
        self._compute()

    def _lay_out(self) -> None:
        choice = QHBoxLayout()
        choice.setSpacing(PADDING)
        for widget in (self.size_box, self.shown_box, self.log):
            choice.addWidget(widget)
        choice.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(PADDING, PADDING, PADDING, PADDING)
        column.setSpacing(PADDING)
        column.addLayout(choice)
        column.addWidget(self.view, 1)
        column.addWidget(self.note)

    def _box(self, name: str, values: Mapping[str, object]) -> QComboBox:
        box = QComboBox(self)
        box.setAccessibleName(name)
        for words, value in values.items():
            box.addItem(words, value)
        return box

    def _compute(self) -> None:
        """Begin anew; what is computed is drawn as it comes."""
        self._points = {}
        self._show()
        small = bool(self.size_box.currentData())
        self._jobs.run(
            SLOT, {"small": small}, self._done, self._failed, title="Curves of the storm", on_news=self._take
        )

    def _take(self, news: object) -> None:
        name, point = point_in(news)
        self._points.setdefault(name, []).append(point)
        self._show()

    def _done(self, _result: object) -> None:
        self._show()

    def _failed(self, sentence: str) -> None:
        self.note.setText(sentence)

    def _show(self) -> None:
        curves = curves_of(self._points)
        shown = self.shown_box.currentData()
        if not curves or (shown == GAIN and (base_of(curves) is None or len(curves) == 1)):
            self.view.show_chart(None)
            return
        self.view.show_chart(storm_chart(curves, shown, log=self.log.isChecked()))

    def _stop(self) -> None:
        self._jobs.cancel(SLOT)
