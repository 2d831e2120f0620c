"""Two reports side by side, each chosen among all that are open and the bundled sample."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QHBoxLayout, QVBoxLayout, QWidget

from lockview.analysis.report_difference import Comparison, compare
from lockview.document.documents import Document
from lockview.document.errors import UserError
from lockview.document.names import display_name
from lockview.document.opening import read_small
from lockview.document.resources import resource
from lockview.gui.compare.table import ComparisonTable
from lockview.gui.plain import PlainLabel, shown
from lockview.gui.reports.words import report_name
from lockview.gui.theme import Appearance
from lockview.gui.workspace import Workspace
from lockview.model.reports import Report

NOT_COMPARED = "Addresses, offsets, usage marks and source lines are not compared: no two kernels share them."
PADDING = 8


class Side(NamedTuple):
    """A report that can be compared, and what it is called."""

    name: str
    report: Report
    of_sample: bool = False


class CompareWindow(QDialog):
    """Stays open beside the window; it holds the reports that were open when it was made."""

    def __init__(self, sides: tuple[Side, ...], left: int, right: int, appearance: Appearance, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("compare")
        self.setWindowTitle("Compare two reports")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(False)
        self.resize(980, 680)
        self._sides = sides
        self.left, self.right = self._box("The report on the left", left), self._box("The report on the right", right)
        self.verdict = PlainLabel("", self, selectable=True)
        self.verdict.setWordWrap(True)
        self.note = PlainLabel(NOT_COMPARED, self)
        self.note.setObjectName("secondary")
        self.note.setWordWrap(True)
        self.differing = QCheckBox("Only what differs", self)
        self.table = ComparisonTable(appearance, self)
        self._lay_out()
        font = appearance.scaled(appearance.ui_font, 1.25)
        font.setWeight(font.Weight.DemiBold)
        self.verdict.setFont(font)
        for box in (self.left, self.right):
            box.currentIndexChanged.connect(self._show)
        self.differing.toggled.connect(self._show)
        self._show()
        self.table.setFocus()

    def _lay_out(self) -> None:
        choice = QHBoxLayout()
        choice.setSpacing(PADDING)
        choice.addWidget(self.left, 1)
        choice.addWidget(PlainLabel("with", self))
        choice.addWidget(self.right, 1)
        choice.addWidget(self.differing)
        column = QVBoxLayout(self)
        column.setContentsMargins(PADDING, PADDING, PADDING, PADDING)
        column.setSpacing(PADDING)
        column.addLayout(choice)
        column.addWidget(self.verdict)
        column.addWidget(self.note)
        column.addWidget(self.table, 1)

    @property
    def comparison(self) -> Comparison:
        """What is shown."""
        left, right = (self._sides[box.currentIndex()] for box in (self.left, self.right))
        return compare(left.report, right.report)

    def _box(self, name: str, chosen: int) -> QComboBox:
        box = QComboBox(self)
        box.setAccessibleName(name)
        box.setToolTip(name)
        box.setMinimumContentsLength(12)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for side in self._sides:
            box.addItem(shown(side.name))
        box.setCurrentIndex(chosen)
        return box

    def _show(self, _: object = None) -> None:
        comparison = self.comparison
        self.verdict.setText(verdict(comparison))
        names = (shown(self._sides[self.left.currentIndex()].name), shown(self._sides[self.right.currentIndex()].name))
        self.table.show_comparison(comparison, names, differing_only=self.differing.isChecked())


def compare_from(workspace: Workspace, sample: str, appearance: Appearance, parent: QWidget) -> None:
    """Compare the selected report, or the first of the selected document, with the bundled sample.

    The sample itself is compared with the next report. UserError when there is nothing to compare.
    """
    sides = sides_of(workspace.documents, sample)
    chosen = workspace.report or next(iter(workspace.document.reports if workspace.document else ()), None)
    left = next((number for number, side in enumerate(sides) if chosen and side.report is chosen.report), None)
    if left is None:
        raise UserError("There is no report to compare; run the scenario until lockdep speaks, or open a log.")
    right = next(
        (number for number, side in enumerate(sides) if side.of_sample and number != left), (left + 1) % len(sides)
    )
    CompareWindow(sides, left, right, appearance, parent).show()


def verdict(comparison: Comparison) -> str:
    """How much is the same, in one sentence."""
    if not comparison.differing:
        return f"All {comparison.same} compared parts are the same."
    whole = comparison.same + comparison.differing
    said = f"{comparison.same} of {whole} compared parts are the same; {comparison.differing} differ"
    if comparison.differs_in_machinery_only:
        return f"{said}, all of them functions of lockdep or of the lock itself."
    return f"{said}."


def sides_of(documents: list[Document], sample: str) -> tuple[Side, ...]:
    """All reports that are open, and those of the bundled sample if it is not among them."""
    path = resource(sample)
    sides = tuple(_open_sides(documents, path))
    if any(side.of_sample for side in sides):
        return sides
    mail = read_small(path).reports
    return (
        *sides,
        *(Side(f"The mail: {report_name(opened.report)}", opened.report, of_sample=True) for opened in mail),
    )


def _open_sides(documents: list[Document], sample: str) -> Iterator[Side]:
    for document in documents:
        for opened in document.reports:
            name = f"{display_name(document)}: {report_name(opened.report)}"
            yield Side(name, opened.report, of_sample=document.path == sample)
