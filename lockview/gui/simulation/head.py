"""The head of a scenario: its title, what it teaches, and what the embedded validator has said."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from lockview.document.simulated import Simulated
from lockview.document.visible import visible
from lockview.gui.plain import PlainLabel
from lockview.gui.simulation.sharing import ScheduleButton
from lockview.gui.simulation.words import report_words
from lockview.gui.theme import Appearance
from lockview.gui.wrapped_text import WrappedText
from lockview.layout.drawing import Role

PADDING = 8


class Head(QWidget):
    """The lesson opens and closes. It is made once for all scenarios."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self.title = PlainLabel("", self, selectable=True)
        self.title.setWordWrap(True)
        self.lesson = WrappedText(appearance, scale=0.87, role=Role.DIM)
        self.lesson.hide()
        self.about = QToolButton(self)
        self.about.setText("Lesson")
        self.about.setToolTip("What this scenario teaches")
        self.about.setCheckable(True)
        self.about.setAutoRaise(True)
        self.about.toggled.connect(self.lesson.setVisible)
        self.schedule = ScheduleButton(self)
        row = QHBoxLayout()
        row.addWidget(self.title, 1)
        row.addWidget(self.schedule)
        row.addWidget(self.about)
        column = QVBoxLayout(self)
        column.setContentsMargins(PADDING, PADDING, PADDING, 0)
        column.setSpacing(4)
        column.addLayout(row)
        column.addWidget(self.lesson)
        appearance.changed.connect(self._dress)
        self._dress()

    def show_simulated(self, simulated: Simulated) -> None:
        """Show a scenario's title and lesson."""
        described = simulated.description
        self.schedule.show_simulated(simulated)
        self.title.setText(visible(" ".join(part for part in (described.id, described.title) if part)))
        self.lesson.set_text(visible(" ".join(described.lesson.split())))
        self.about.setVisible(bool(described.lesson.strip()))

    def _dress(self) -> None:
        font = self._appearance.scaled(self._appearance.ui_font, 1.25)
        font.setWeight(font.Weight.DemiBold)
        self.title.setFont(font)


class ReportLine(QWidget):
    """What the validator said, and the ways to it. Hidden while it has said nothing."""

    step_wanted = Signal()
    report_wanted = Signal()
    comparison_wanted = Signal()

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.words = WrappedText(appearance, semibold=True)
        self.step = QPushButton("Go to that step", self)
        self.report = QPushButton("Show the report", self)
        self.compare = QPushButton("Compare with the mail", self)
        self.compare.setToolTip("Side by side with the report that the scenario reproduces")
        self.step.clicked.connect(self.step_wanted)
        self.report.clicked.connect(self.report_wanted)
        self.compare.clicked.connect(self.comparison_wanted)
        column = QVBoxLayout(self)
        column.setContentsMargins(PADDING, 0, PADDING, 4)
        column.setSpacing(4)
        row = QHBoxLayout()
        row.setSpacing(PADDING)
        for button in (self.step, self.report, self.compare):
            row.addWidget(button)
        row.addStretch()
        column.addWidget(self.words)
        column.addLayout(row)
        self.hide()

    def show_simulated(self, simulated: Simulated) -> None:
        """Show the first of the reports of a run, and how many there are."""
        spoke = simulated.course.spoke
        reports = simulated.course.reports
        self.setVisible(bool(reports))
        self.compare.setVisible(simulated.is_of_the_mail)
        self.step.setVisible(bool(spoke))
        if reports:
            when = f"Step {min(spoke) + 1}: " if spoke else ""
            more = f" ({len(reports) - 1} more in the list of reports)" if len(reports) > 1 else ""
            self.words.set_text(f"{when}{report_words(reports[0])}{more}")
