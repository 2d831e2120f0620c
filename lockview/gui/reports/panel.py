"""The Reports panel: what is open, as a tree; choosing a report there selects it everywhere."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPalette
from PySide6.QtWidgets import QFrame, QMenu, QStackedLayout, QStyleOptionViewItem, QTreeView, QWidget

from lockview.document.selection import Selection
from lockview.gui.plain import PlainLabel
from lockview.gui.reports.model import ReportsModel
from lockview.gui.theme import Appearance
from lockview.gui.two_lines import Index, TwoLineDelegate
from lockview.gui.workspace import Workspace
from lockview.layout.drawing import Role

CROSS = 24
"""Width of the cross at the right end of a document's row."""


class ReportsPanel(QWidget):
    """``close_wanted`` and ``reload_wanted`` carry the number of a document; the window does both."""

    close_wanted = Signal(int)
    reload_wanted = Signal(int)

    def __init__(self, workspace: Workspace, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.model = ReportsModel(self)
        self.view = ReportsView(appearance, self)
        self.view.setModel(self.model)
        empty = PlainLabel("Nothing is open.\nDrop a log here, paste one, or press Ctrl+O.", self)
        empty.setObjectName("secondary")
        empty.setWordWrap(True)
        empty.setAutoFillBackground(True)
        empty.setBackgroundRole(QPalette.ColorRole.Base)
        empty.setMargin(8)
        empty.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(empty)
        self._stack.addWidget(self.view)
        self.setFocusProxy(self.view)
        self.view.chosen.connect(self._choose)
        self.view.close_wanted.connect(self.close_wanted)
        self.view.reload_wanted.connect(self.reload_wanted)
        workspace.documents_changed.connect(self._show_documents)
        workspace.document_grew.connect(self._take_growth)
        workspace.selection_changed.connect(self._show_selection)
        self._show_documents()

    def _show_documents(self) -> None:
        self.view.set_quietly(self._take_documents)
        self._stack.setCurrentIndex(1 if self._workspace.documents else 0)
        self._show_selection(self._workspace.selection)

    def _take_growth(self, number: int, reread: frozenset[int]) -> None:
        self.view.set_quietly(lambda: self.model.grow(number, self._workspace.documents[number], reread))
        self.view.expand(self.model.index(number, 0))

    def _take_documents(self) -> None:
        kept = self.model.set_documents(self._workspace.documents)
        for number in range(kept, len(self._workspace.documents)):
            self.view.expand(self.model.index(number, 0))

    def _show_selection(self, selection: Selection) -> None:
        index = self.model.index_of(selection.document, selection.report)
        if index != self.view.currentIndex():
            self.view.set_quietly(lambda: self.view.setCurrentIndex(index))

    def _choose(self, document: int, report: int) -> None:
        now = self._workspace.selection
        if (document, report) != (now.document, now.report):
            self._workspace.select(Selection(document=document, report=report))


class ReportsView(QTreeView):
    """The tree. ``chosen`` carries document and report, -1 for a document without any."""

    chosen = Signal(int, int)
    close_wanted = Signal(int)
    reload_wanted = Signal(int)

    def __init__(self, appearance: Appearance, parent: QWidget) -> None:
        super().__init__(parent)
        self._quiet = False
        self.setObjectName("reports-tree")
        self.setAccessibleName("Open documents and their reports")
        self.setHeaderHidden(True)
        self.setIndentation(0)
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.setExpandsOnDoubleClick(False)
        self.setMouseTracking(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setVerticalScrollMode(QTreeView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setItemDelegate(ReportDelegate(appearance, self))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)

    def set_quietly(self, change: object) -> None:
        """Change model or current row without taking it for the user's choice."""
        assert callable(change)
        self._quiet = True
        try:
            change()
        finally:
            self._quiet = False

    def currentChanged(self, current: QModelIndex | Index, previous: QModelIndex | Index) -> None:
        super().currentChanged(current, previous)
        row = self._model().row_at(current)
        if row is not None and not self._quiet and row.selectable:
            self.chosen.emit(row.document, row.report)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        row = self._model().row_at(index)
        if row is not None and row.report < 0:
            on_cross = event.position().x() >= self.visualRect(index).right() - CROSS
            if event.button() == Qt.MouseButton.MiddleButton or (
                event.button() == Qt.MouseButton.LeftButton and on_cross
            ):
                self.close_wanted.emit(row.document)
                return
            if event.button() == Qt.MouseButton.LeftButton and not row.selectable:
                self.chosen.emit(row.document, 0)
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self._model().row_at(self.currentIndex())
        if event.key() == Qt.Key.Key_Delete and row is not None:
            self.close_wanted.emit(row.document)
            return
        super().keyPressEvent(event)

    def _show_menu(self, place: QPoint) -> None:
        row = self._model().row_at(self.indexAt(place))
        if row is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Reload").triggered.connect(lambda: self.reload_wanted.emit(row.document))
        menu.addAction("Close").triggered.connect(lambda: self.close_wanted.emit(row.document))
        menu.popup(self.viewport().mapToGlobal(place))

    def _model(self) -> ReportsModel:
        model = self.model()
        assert isinstance(model, ReportsModel)
        return model


class ReportDelegate(TwoLineDelegate):
    """Rows of two lines; a document's row ends in a cross that closes it."""

    def kept_free(self, index: Index) -> int:
        return 0 if index.parent().isValid() else CROSS - 8

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        super().paint(painter, option, index)
        if not index.parent().isValid():
            area = QRect(option.rect)
            painter.save()
            painter.setPen(self._appearance.colour(Role.DIM))
            cross = QRect(area.right() - CROSS, area.top(), CROSS, area.height())
            painter.drawText(cross, Qt.AlignmentFlag.AlignCenter, "\N{MULTIPLICATION SIGN}")
            painter.restore()
