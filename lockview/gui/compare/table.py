"""The table of a comparison: two columns, a sign for what is the same and what is not."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QBrush, QFont
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from lockview.analysis.report_difference import Comparison, Pair, Standing
from lockview.document.visible import visible
from lockview.gui.plain import tip
from lockview.gui.theme import Appearance, blend
from lockview.layout.drawing import Role

SIGNS = {Standing.SAME: "=", Standing.DIFFERENT: "\u2260", Standing.LEFT_ONLY: "\u25c2", Standing.RIGHT_ONLY: "\u25b8"}
WHAT, LEFT, SIGN, RIGHT = range(4)
Index = QModelIndex | QPersistentModelIndex


class ComparisonModel(QAbstractTableModel):
    """A row is a title (no pair) or a pair."""

    def __init__(self, appearance: Appearance, parent: QObject) -> None:
        super().__init__(parent)
        self._appearance = appearance
        self._names = ("", "")
        self.rows: tuple[tuple[str, Pair | None], ...] = ()

    def show(self, comparison: Comparison, names: tuple[str, str], *, differing_only: bool) -> None:
        """Show a comparison, all of it or what differs."""
        self.beginResetModel()
        self._names = names
        rows: list[tuple[str, Pair | None]] = []
        for section in comparison.sections:
            pairs = [pair for pair in section.pairs if not differing_only or pair.standing is not Standing.SAME]
            if pairs:
                words = f"{section.differing} of {len(section.pairs)} differ" if section.differing else "all the same"
                rows.append((f"{visible(section.title)}  \N{MIDDLE DOT}  {words}", None))
                rows += [("", pair) for pair in pairs]
        self.rows = tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, _: Index = QModelIndex()) -> int:  # noqa: B008
        return 4

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> str | None:
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return ("", self._names[0], "", self._names[1])[section]
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        title, pair = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return _text(title, pair, index.column())
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return title if pair is None else spoken(pair)
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(title if pair is None else spoken(pair))
        if role == Qt.ItemDataRole.FontRole:
            return self._font(pair, index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == SIGN:
            return Qt.AlignmentFlag.AlignCenter
        if role == Qt.ItemDataRole.BackgroundRole and pair is not None and pair.standing is not Standing.SAME:
            ground, accent = self._appearance.colour(Role.BACKGROUND), self._appearance.colour(Role.ACCENT)
            return QBrush(blend(ground, accent, 0.16))
        if role == Qt.ItemDataRole.ForegroundRole:
            quiet = pair is not None and index.column() in (WHAT, SIGN)
            return QBrush(self._appearance.colour(Role.DIM if quiet else Role.TEXT))
        return None

    def _font(self, pair: Pair | None, column: int) -> QFont:
        look = self._appearance
        if pair is None or (column == SIGN and pair.standing is not Standing.SAME):
            font = QFont(look.ui_font)
            font.setWeight(QFont.Weight.DemiBold)
            return font
        return look.fixed_font if column in (LEFT, RIGHT) else look.ui_font


class ComparisonTable(QTableView):
    """The table, with titles over its whole width."""

    def __init__(self, appearance: Appearance, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAccessibleName("Comparison of two reports")
        self._rows = ComparisonModel(appearance, self)
        self.setModel(self._rows)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setTabKeyNavigation(False)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(24)
        head = self.horizontalHeader()
        head.setHighlightSections(False)
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column, mode in (
            (WHAT, QHeaderView.ResizeMode.ResizeToContents),
            (LEFT, QHeaderView.ResizeMode.Stretch),
            (SIGN, QHeaderView.ResizeMode.ResizeToContents),
            (RIGHT, QHeaderView.ResizeMode.Stretch),
        ):
            head.setSectionResizeMode(column, mode)
        appearance.changed.connect(self.viewport().update)

    @property
    def rows(self) -> tuple[tuple[str, Pair | None], ...]:
        """What is shown."""
        return self._rows.rows

    def show_comparison(self, comparison: Comparison, names: tuple[str, str], *, differing_only: bool) -> None:
        """Show a comparison."""
        self._rows.show(comparison, names, differing_only=differing_only)
        self.clearSpans()
        for number, (_, pair) in enumerate(self.rows):
            if pair is None:
                self.setSpan(number, 0, 1, 4)


def spoken(pair: Pair) -> str:
    """A pair in one line."""
    what = f"{visible(pair.what)}: " if pair.what else ""
    left, right = visible(pair.left), visible(pair.right)
    match pair.standing:
        case Standing.SAME:
            return f"{what}{left}, the same in both"
        case Standing.DIFFERENT:
            return f"{what}{left} on the left, {right} on the right"
        case Standing.LEFT_ONLY:
            return f"{what}{left}, only on the left"
        case Standing.RIGHT_ONLY:
            return f"{what}{right}, only on the right"


def _text(title: str, pair: Pair | None, column: int) -> str:
    if pair is None:
        return title if column == 0 else ""
    return (visible(pair.what), visible(pair.left), SIGNS[pair.standing], visible(pair.right))[column]
